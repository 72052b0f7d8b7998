"""Meters of a journey: a counter's share of it, a mean over its time, how much it climbed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

BELIEVED_AFTER: Final = 5
"""Readings after which a counter that fell was reset."""

ALTITUDE_NOISE: Final = 10.0
"""m; a height that changes by less may be the receiver's noise."""


@dataclass(slots=True)
class Counter:
    """A counter that starts at 0 with each trip, or counts on for ever: which, is learnt."""

    reading: float | None = None
    """What was read last."""
    is_total: bool = False
    """It was seen to count on over the start of a trip."""
    before: float | None = None
    """What it showed when this trip began."""
    top: float | None = None
    """What counts last of this trip; so the next."""
    base: float = 0.0
    carried: float = 0.0
    """What was counted until it was reset on the way."""
    undo: tuple[float, float, float] | None = None
    """Top, base and carried before a reset, until it is believed."""
    readings: int = 0
    """Since then."""
    is_restarted: bool = False
    """A reset is to be expected: it needs no readings to confirm it."""
    doubtful: float | None = None
    """More than can have been counted since the last reading; it counts if it is said again."""

    @property
    def amount(self) -> float | None:
        """What was counted on this trip; ``None`` if nothing was read."""
        return None if self.top is None else self.carried + self.top - self.base

    @property
    def _is_old(self) -> bool:
        """Whether what was read was read before the counter began anew."""
        return self.top is not None and self.top == self.base == self.before

    def restart(self) -> None:
        """Take in that the car was switched off and on on the way: a reset is to be expected."""
        self.is_restarted = True

    def begin(self) -> None:
        """Begin a trip."""
        self.before, self.top, self.base, self.carried = self.reading, None, 0.0, 0.0
        self.undo = self.doubtful = None
        self.is_restarted = False

    def read(self, value: float, most: float, step: float, *, is_begun: bool = False) -> None:
        """Take in a reading on the way.

        ``most`` is what can have been counted on this trip, ``step`` since the last reading.
        ``is_begun`` is whether the counter has certainly begun anew for this trip if it ever does:
        then what is as before was counted anew, since two trips may use the same.
        """
        self.reading = value
        if self.top is None or (self._is_old and (is_begun or value != self.before)):
            self._first(value, most, is_begun=is_begun)
            return
        if self.undo is not None:
            self._confirm(value)
        if value > self.top + step and (self.doubtful is None or value < self.doubtful):
            self.doubtful = value
            return
        self.doubtful = None
        if value >= self.top:
            self.is_restarted = self.is_restarted and value == self.top
            self.top = value
        elif value <= step and self.undo is None:
            self.undo = None if self.is_restarted else (self.top, self.base, self.carried)
            self.is_restarted, self.readings = False, 0
            self.carried += self.top - self.base
            self.top, self.base = value, 0.0

    def _confirm(self, value: float) -> None:
        """Go on as before a reset that was none: a report came late."""
        self.readings += 1
        if self.undo is not None and value >= self.undo[0]:
            self.top, self.base, self.carried = self.undo
            self.undo = None
        elif self.readings >= BELIEVED_AFTER:
            self.undo = None

    def read_after(self, value: float, most: float, *, is_begun: bool = False) -> None:
        """Take in a reading after the end: what is less already belongs to the next trip."""
        if self.undo is not None:
            self._confirm(value)
        if self.top is not None and not self._is_old:
            self.top = max(self.top, value)
        elif value != self.before or (is_begun and self.top is not None):
            self._first(value, most, is_begun=True)
        self.reading = value

    def _first(self, value: float, most: float, *, is_begun: bool) -> None:
        before = self.before
        self.top, self.base = value, 0.0
        if before is None:
            self.base = 0.0 if value <= most else value
        elif value < before:
            self.is_total = False
        elif self.is_total or value > most:
            self.base, self.is_total = before, self.is_total or value > before
        elif value == before and not is_begun:
            self.base = value


@dataclass(slots=True)
class Mean:
    """A mean over time: a value counts until the next."""

    last: float | None = None
    time: int = 0
    total: float = 0.0
    seconds: int = 0

    def read(self, value: float, time: int) -> None:
        """Take in a value."""
        if self.last is not None and time > self.time:
            self.total += self.last * (time - self.time)
            self.seconds += time - self.time
        self.last, self.time = value, time

    def value(self, until: int) -> float | None:
        """Return the mean; the last value counts until a time."""
        if self.last is None:
            return None
        more = max(until - self.time, 0)
        seconds = self.seconds + more
        return (self.total + self.last * more) / seconds if seconds else self.last


@dataclass(slots=True)
class Climb:
    """Heights of a trip: each the median of three. What exceeds the receiver's noise is a climb."""

    latest: list[float] = field(default_factory=list)
    """The last two as read."""
    least: float | None = None
    most: float | None = None
    ascent: float = 0.0
    descent: float = 0.0
    turn: float = 0.0
    """The height from which the next climb or fall counts."""

    def read(self, altitude: float) -> None:
        """Take in a height."""
        latest = self.latest
        if len(latest) == 2:
            self._count(sorted((*latest, altitude))[1])
            latest[0], latest[1] = latest[1], altitude
        else:
            latest.append(altitude)

    def finished(self) -> Climb:
        """Return it with the last height, which has one neighbour."""
        if not self.latest:
            return self
        first, last = self.latest[0], self.latest[-1]
        if self.least is None:
            found = Climb()
            found._count(first)
        else:
            found = replace(self)
        found._count(last)
        return found

    def _count(self, altitude: float) -> None:
        if self.least is None or self.most is None:
            self.least = self.most = self.turn = altitude
            return
        self.least, self.most = min(self.least, altitude), max(self.most, altitude)
        climb = altitude - self.turn
        if climb >= ALTITUDE_NOISE:
            self.ascent += climb
            self.turn = altitude
        elif climb <= -ALTITUDE_NOISE:
            self.descent -= climb
            self.turn = altitude
