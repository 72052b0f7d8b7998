"""Vehicle types as data: a folder with a DBC file and a TOML mapping. See ``docs/vehicles.md``.

:mod:`~ovms.car.vehicles.data.folder` reads a folder as a whole and reports everything that is wrong
with it. :mod:`~ovms.car.vehicles.data.vehicle` is a car of such a type.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ovms.car.vehicles.interface import VehicleOptions

if TYPE_CHECKING:
    from ovms.car.vehicles.data.vehicle import DataVehicle


def make_from_folder(folder: Path, options: VehicleOptions) -> DataVehicle:
    """Return a vehicle of the type in a folder.

    Raise :class:`~ovms.car.vehicles.data.problems.VehicleTypeError` for mistakes.
    """
    from ovms.car.vehicles.data.folder import read_folder  # only here: it needs cantools
    from ovms.car.vehicles.data.vehicle import DataVehicle

    return DataVehicle(read_folder(folder), options.vin, options.trust, logs=options.logs)
