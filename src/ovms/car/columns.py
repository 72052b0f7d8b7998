"""What the trip log and the charge log share: columns as modules on the road write them.

A record is columns separated by commas. What is unknown is empty. All numbers are metric, whatever
units the car shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ovms.car.state import CarState
from ovms.protocol.records.history import HistoryRecord

LIFETIME = 365 * 86400
"""Seconds that the server is asked to keep a record of a log."""

NO_WORD = ""
"""A column that is unknown."""


class LogEntry(NamedTuple):
    """A record for the history, and when that happened by the clock that never goes back.

    It is written when it has lasted, with the readings of the moment when it happened.
    """

    record: HistoryRecord
    at: float


def numbers(*values: float | None, places: int = 0) -> Iterator[str]:
    """Return numbers as columns with a number of decimal places; never ``-0``."""
    for value in values:
        yield NO_WORD if value is None else f"{round(value, places) + 0.0:.{places}f}"


def place(state: CarState) -> Iterator[str]:
    """Return the columns of the position: GPS lock, latitude, longitude, altitude, no name."""
    yield from numbers(state.gps_lock if state.has_position else False)
    yield from numbers(state.latitude, state.longitude, places=6)
    yield from numbers(state.altitude)
    yield NO_WORD
