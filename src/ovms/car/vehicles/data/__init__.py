"""Vehicle types as data: a folder with a DBC file and a TOML mapping. See ``docs/vehicles.md``.

:mod:`~ovms.car.vehicles.data.folder` reads a folder as a whole and reports everything that is wrong
with it. :mod:`~ovms.car.vehicles.data.vehicle` is a car of such a type.
"""

from pathlib import Path

from ovms.car.vehicles.data.folder import VehicleType, read_folder
from ovms.car.vehicles.data.problems import Problem, VehicleTypeError
from ovms.car.vehicles.data.vehicle import DataVehicle
from ovms.car.vehicles.interface import VehicleOptions

__all__ = [
    "DataVehicle", "Problem", "VehicleType", "VehicleTypeError", "make_from_folder", "read_folder",
]  # fmt: skip


def make_from_folder(folder: Path, options: VehicleOptions) -> DataVehicle:
    """Return a vehicle of the type in a folder. Raise :class:`VehicleTypeError` for mistakes."""
    return DataVehicle(read_folder(folder), options.vin, options.trust, logs=options.logs)
