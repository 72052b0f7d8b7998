"""Time as an argument: code asks a clock it was given, so that tests and replays need not wait."""

from __future__ import annotations

from datetime import UTC, datetime
from time import monotonic as _monotonic
from time import time as _time
from typing import Protocol


class Clock(Protocol):
    """Where a room gets its time from."""

    def time(self) -> float:
        """Return the time of day, in Unix seconds. It may jump, in both directions."""
        ...

    def monotonic(self) -> float:
        """Return seconds since some fixed moment. It never goes back; measure spans with it."""
        ...


class SystemClock:
    """The machine's clock. Each message asks it twice, so it asks the system without a detour."""

    time = staticmethod(_time)
    monotonic = staticmethod(_monotonic)


class ManualClock:
    """A clock that stands still until it is moved; ``start`` is in Unix seconds."""

    def __init__(self, start: float = 0.0) -> None:
        self._start = start
        self._passed = 0.0

    def time(self) -> float:
        """Return the time of day, in Unix seconds."""
        return self._start + self._passed

    def monotonic(self) -> float:
        """Return the seconds this clock was advanced by."""
        return self._passed

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass. Raises :class:`ValueError` when they are negative."""
        if seconds < 0:
            raise ValueError(f"a clock does not go back: {seconds}")
        self._passed += seconds


def iso_time(time: float) -> str:
    """Return Unix seconds as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
