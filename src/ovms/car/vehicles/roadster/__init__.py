"""The Tesla Roadster, as this folder's DBC file and TOML mapping.

The folder also holds a synthetic recording with the program that makes it, and a simulated car.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ovms.car.trust import Trust
from ovms.car.vehicles.data.folder import VehicleType, read_folder
from ovms.car.vehicles.data.vehicle import DataVehicle

FOLDER = Path(__file__).parent


@cache
def roadster_type() -> VehicleType:
    """Return the type in this folder, which is read once."""
    return read_folder(FOLDER)


class Roadster(DataVehicle):
    """A Roadster. ``vin`` overrides the VIN on the bus."""

    def __init__(self, vin: str | None = None, trust: Trust = Trust.LISTEN) -> None:
        super().__init__(roadster_type(), vin, trust)
