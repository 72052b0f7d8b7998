"""What the logs that a module keeps have in common: columns as modules on the road write them.

A record of a log is columns separated by commas. A number is never empty there: what is not known
is 0. A word may be empty. All numbers are metric, whatever units the car shows.
"""

from __future__ import annotations

from collections.abc import Iterator

from ovms.car.state import CarState

LIFETIME = 365 * 86400
"""Seconds that the server is asked to keep a record of a log."""

NO_WORD = ""
"""A column for words that we have none for."""


def numbers(*values: float | None, places: int = 0) -> Iterator[str]:
    """Write numbers, each a column, with so many decimal places; never ``-0``."""
    for value in values:
        yield "0" if value is None else f"{round(value, places) + 0.0:.{places}f}"


def place(state: CarState) -> Iterator[str]:
    """Write where the car is: GPS lock, latitude, longitude, altitude, and no name."""
    yield from numbers(state.has_position and state.gps_lock)
    yield from numbers(state.latitude, state.longitude, places=6)
    yield from numbers(state.altitude)
    yield NO_WORD
