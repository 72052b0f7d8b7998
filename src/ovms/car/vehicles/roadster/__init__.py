"""The Tesla Roadster: all that is particular to it is in this folder's DBC file and TOML mapping.

Beside them lies a synthetic recording, and what makes it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ovms.car.trust import Trust
from ovms.car.vehicles.data import DataVehicle, VehicleType, read_folder

FOLDER = Path(__file__).parent


@cache
def roadster_type() -> VehicleType:
    """Read the folder, once."""
    return read_folder(FOLDER)


class Roadster(DataVehicle):
    """A Roadster; ``vin`` is believed more than the bus."""

    def __init__(self, vin: str | None = None, trust: Trust = Trust.LISTEN) -> None:
        super().__init__(roadster_type(), vin, trust)
