"""What a car is doing, as far as journeys go: on, plugged in, charging, connected."""

from __future__ import annotations

from typing import Final

from ovms.protocol.records.environment import Doors1
from ovms.protocol.records.history import CONNECTION_TYPE

PHASED: Final = frozenset({"D", "S", CONNECTION_TYPE})
"""The types of records that say it."""

DOORS: Final = int(Doors1.CAR_ON | Doors1.CHARGING | Doors1.PILOT_PRESENT)
"""The bits of door state #1 that say it."""


def phase_of(record_type: str, data: bytes) -> object:
    """Return what a record says of it, to compare with another of its type; ``None`` is nothing."""
    if record_type == "D":
        doors = data.partition(b",")[0]
        return int(doors) & DOORS if doors.isdigit() and len(doors) < 4 else None
    if record_type == "S":
        fields = data.split(b",", 5)
        return fields[4] if len(fields) > 4 else None
    return data if record_type == CONNECTION_TYPE else None
