"""Vehicle types as data: a folder with a DBC file and a TOML mapping. See ``docs/vehicles.md``.

:mod:`~ovms.car.vehicles.data.folder` reads one as a whole and finds all that is wrong with it;
:mod:`~ovms.car.vehicles.data.vehicle` is a car of such a type.
"""

from ovms.car.vehicles.data.folder import VehicleType, read_folder
from ovms.car.vehicles.data.problems import Problem, VehicleTypeError
from ovms.car.vehicles.data.vehicle import DataVehicle

__all__ = ["DataVehicle", "Problem", "VehicleType", "VehicleTypeError", "read_folder"]
