"""Energies of a charge: from counters that modules reset when they like, and from powers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MOST_POWER: Final = 500.0
"""kW; a counter that rises faster was read wrong."""
METER_SLACK: Final = 0.5
"""kWh that a counter may rise at once: some count in whole or half ones."""
RESET_PART: Final = 0.5
"""A counter that falls to less than this part was reset; to more, its report was late."""
FLOW_GAP: Final = 900
"""Seconds between two readings of a power over which it is taken to have gone on."""


@dataclass(slots=True)
class ChargeMeter:
    """Adds up what a counter says of one charge, from the last reading before it on.

    It may be reset at the start, a minute later, at the end, or in the middle, or never.
    """

    is_lifetime: bool = False
    """It counts for ever, and is no energy of one charge when it falls."""
    total: float = 0.0
    last: float | None = None
    time: int = 0
    is_old: bool = True
    """It still says what it said before the charge."""
    high: float | None = None
    """What it said before it fell; ``None`` if it has not."""
    fallen: int = 0
    """When that was."""
    kept: float = 0.0
    """The total then."""
    doubtful: bool = False

    def add(
        self, value: float, time: int, *, expected: float | None = None, is_end: bool = False
    ) -> None:
        """Take a reading in. ``expected`` is about what the charge has taken until the first."""
        last = self.last
        if last is None:
            self.total = 0.0 if self.is_lifetime else value
            self._read(value, time)
        elif self.is_old:
            self._first(value, last, time, expected)
        elif value >= last:
            self._rise(value, last, time)
        elif not is_end and value < RESET_PART * last:
            self.high, self.fallen, self.kept = last, self.time, self.total
            self.total += 0.0 if self.is_lifetime else value
            self._read(value, time)

    def _first(self, value: float, last: float, time: int, expected: float | None) -> None:
        """Take in the first reading of a charge that may be that of the one before."""
        if value == last:
            self.time = time
            return
        grown = value - last
        is_new = grown < 0 or (
            expected is not None and abs(value - expected) < abs(grown - expected)
        )
        if self.is_lifetime:
            self.total = max(0.0, grown)
        else:
            self.total = value if is_new else grown
        self._read(value, time)

    def _rise(self, value: float, last: float, time: int) -> None:
        if value - last <= self._most(time - self.time):
            self.total += value - last
        elif self.high is not None and 0 <= value - self.high <= self._most(time - self.fallen):
            self.total = self.kept + value - self.high
        elif not self.doubtful:
            self.doubtful = True
            return
        self._read(value, time)

    def _most(self, seconds: int) -> float:
        return METER_SLACK + MOST_POWER * seconds / 3600

    def _read(self, value: float, time: int) -> None:
        self.last, self.time, self.is_old, self.doubtful = value, time, False, False


@dataclass(slots=True)
class PowerFlow:
    """Adds up a power over time."""

    total: float = 0.0
    seconds: int = 0
    """Over which it is known."""
    power: float | None = None
    first: float | None = None
    time: int = 0

    def add(self, power: float, time: int) -> None:
        """Take a reading in, kW."""
        if self.power is not None and time - self.time <= FLOW_GAP:
            seconds = time - self.time
            self.total += (self.power + power) / 2 * seconds / 3600
            self.seconds += seconds
        if self.first is None:
            self.first = power
        self.power, self.time = power, time

    def stop(self) -> None:
        """Handle an interruption: nothing flows until the next reading."""
        self.power = None

    def whole(self, before: int, after: int, duration: int) -> float | None:
        """Return the energy of a charge; ``None`` if too little of it is known.

        ``before`` and ``after`` are the seconds from its start to the first reading, and from the
        last one to its end.
        """
        known = self.seconds + min(before, FLOW_GAP) + min(after, FLOW_GAP)
        if self.first is None or known < 0.8 * duration:
            return None
        head = self.first * min(before, FLOW_GAP) / 3600
        tail = (self.power or 0.0) * min(after, FLOW_GAP) / 3600
        return self.total + head + tail or None
