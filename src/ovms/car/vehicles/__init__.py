"""Vehicle types, one folder each; what the module asks of any is in :mod:`.interface`."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ovms.car.vehicles.interface import MAPPING, CarVehicle, VehicleOptions


def _make_sim(options: VehicleOptions) -> CarVehicle:
    from ovms.car.vehicles.sim import SCENARIOS, SimCar

    return SimCar(
        start=options.start,
        seed=options.seed,
        pin=options.pin,
        vin=options.vin,
        scenario=SCENARIOS[options.scenario],
    )


Maker = Callable[[VehicleOptions], CarVehicle]

HERE = Path(__file__).parent

_FOLDERS = {path.parent.name: path.parent for path in sorted(HERE.glob(f"*/{MAPPING}"))}


def folder_of(name: str) -> Path | None:
    """Return the folder of a vehicle type that is data: one of ours by name, or a path."""
    if name in _FOLDERS:
        return _FOLDERS[name]
    path = Path(name)
    is_path = os.sep in name or name in (".", "..")
    return path if is_path and (path / MAPPING).is_file() else None


def find_maker(name: str) -> Maker | None:
    """Return what makes vehicles of a type; ``None`` if there is no such type.

    A folder is read when a vehicle is made, which then may raise
    :class:`~ovms.car.vehicles.data.problems.VehicleTypeError`.
    """
    folder = folder_of(name)
    return VEHICLE_TYPES.get(name) if folder is None else partial(_make_data, folder)


def _make_data(folder: Path, options: VehicleOptions) -> CarVehicle:
    from ovms.car.vehicles.data import DataVehicle, read_folder

    return DataVehicle(read_folder(folder), options.vin, options.trust, logs=options.logs)


VEHICLE_TYPES: dict[str, Maker] = {
    "sim": _make_sim,
    **{name: partial(_make_data, folder) for name, folder in _FOLDERS.items()},
}
"""Our vehicle types by name; each is imported or read only when it is made."""
