"""What the module's link costs its owner: bytes by what the car did, and whether apps watched.

Pure accounting: the link notes bytes, and the module notes from time to time what the car does.
Time and bytes between two such notes count for the first of them, as do the bytes before the first
note of all. Nothing is kept over a restart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from ovms.car.state import CarState

LEAST_SECONDS = 300.0
"""Seconds below which bytes per hour mean nothing: a login alone takes 1.7 kB."""

HOUR = 3600.0


class UsageCondition(Enum):
    """What bytes are counted by. While an app watches, what the car does is not distinguished."""

    UNKNOWN = "unknown"
    PARKED = "parked"
    CHARGING = "charging"
    DRIVING = "driving"
    WATCHED = "watched"

    @classmethod
    def of(cls, state: CarState, watchers: int) -> UsageCondition:
        """Return the present condition."""
        if watchers > 0:
            return cls.WATCHED
        if state.is_on:
            return cls.DRIVING
        if state.is_charging:
            return cls.CHARGING
        return cls.UNKNOWN if state.is_on is None else cls.PARKED


@dataclass(slots=True)
class UsageRow:
    """What one condition has cost."""

    condition: UsageCondition
    seconds: float = 0.0
    sent: int = 0
    received: int = 0

    @property
    def hours(self) -> float:
        """How long the condition held, with a link or without."""
        return self.seconds / HOUR

    @property
    def bytes_per_hour(self) -> float | None:
        """Bytes per hour, sent and received; ``None`` if the time was too short to say."""
        if self.seconds < LEAST_SECONDS:
            return None
        return (self.sent + self.received) / self.hours

    def __str__(self) -> str:
        """Return the row as one line of text."""
        rate = self.bytes_per_hour
        per_hour = "" if rate is None else f"; {rate / 1000:.1f} kB an hour"
        both = f"sent {self.sent / 1000:.1f} kB; received {self.received / 1000:.1f} kB"
        return f"{self.hours:.1f} h; {both}{per_hour}"


class DataUse:
    """What one module's link has cost so far."""

    __slots__ = ("_now", "_row", "_rows", "is_whole")

    def __init__(self) -> None:
        self._rows: dict[UsageCondition, UsageRow] = {}
        self._row = self._of(UsageCondition.UNKNOWN)
        self._now: float | None = None
        self.is_whole = True
        """Whether headers and TLS are counted, too."""

    def note_sent(self, count: int) -> None:
        """Count bytes that were sent."""
        self._row.sent += count

    def note_received(self, count: int) -> None:
        """Count bytes that were received."""
        self._row.received += count

    def look(self, state: CarState, watchers: int, now: float) -> None:
        """Note what the car does and whether apps watch. ``now`` is in real seconds."""
        before, condition = self._row, UsageCondition.of(state, watchers)
        if self._now is None:
            self._rows = {condition: replace(before, condition=condition)}
        else:
            before.seconds += max(0.0, now - self._now)
        self._now = now
        self._row = self._of(condition)

    def table(self) -> list[UsageRow]:
        """Return a row for each condition that has occurred, up to the last note."""
        rows = (self._rows[condition] for condition in UsageCondition if condition in self._rows)
        return [replace(row) for row in rows if row.seconds or row.sent or row.received]

    def lines(self) -> Iterator[str]:
        """Yield the table as text."""
        rows = self.table()
        if not any(row.sent or row.received for row in rows):
            yield "Nothing is counted"
            return
        yield from (f"{row.condition.value}: {row}" for row in rows)
        if not self.is_whole:
            yield "without TLS and the headers of TCP/IP"

    def _of(self, condition: UsageCondition) -> UsageRow:
        return self._rows.setdefault(condition, UsageRow(condition))
