"""What the server keeps of a vehicle, as commands 30, 31 and 32 list it: one row an answer."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any, Self

from ovms.base.clock import iso_time
from ovms.protocol.commands import Answer, Result
from ovms.protocol.records import legible

WIRE_TIME = "%Y-%m-%d %H:%M:%S"
"""How times are written on the wire, in UTC."""

WIRE_DATE = "%Y-%m-%d"
"""The same for days."""

NOTHING = ("No GPRS utilisation data available", "No historical data available")
"""What the server says when there are no rows."""


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A record of the history (command 32). ``value`` is any text."""

    type: str
    time: datetime.datetime | None
    """When the car made the record, in UTC; ``None`` for what is no time."""
    number: int
    value: str
    raw: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """The fields as they came: row, rows, then the attributes in their order."""

    @classmethod
    def parse(cls, answer: Answer) -> Self:
        """Read a row. Raises ``ValueError``."""
        raw = _fields(answer, 6)
        _, _, kind, time, number, value = raw
        return cls(kind, parse_time(time), int(number), value, raw)

    def as_json(self) -> dict[str, Any]:
        """Return the fields by name; the time in ISO 8601, or as it came."""
        return {
            "type": self.type,
            "time": _iso(self.time, self.raw, 3),
            "number": self.number,
            "value": self.value,
        }


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """A type of record in the history (command 31)."""

    type: str
    distinct: int
    """How many different record numbers there are."""
    total: int
    """How many records there are."""
    size: int
    """Bytes of all records."""
    oldest: datetime.datetime | None
    newest: datetime.datetime | None
    raw: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """The fields as they came: row, rows, then the attributes in their order."""

    @classmethod
    def parse(cls, answer: Answer) -> Self:
        """Read a row. Raises ``ValueError``."""
        raw = _fields(answer, 8)
        _, _, kind, distinct, total, size, oldest, newest = raw
        times = parse_time(oldest), parse_time(newest)
        return cls(kind, int(distinct), int(total), int(size), *times, raw)

    def as_json(self) -> dict[str, Any]:
        """Return the fields by name; times in ISO 8601, or as they came."""
        return {
            "type": self.type,
            "distinct": self.distinct,
            "total": self.total,
            "size": self.size,
            "oldest": _iso(self.oldest, self.raw, 6),
            "newest": _iso(self.newest, self.raw, 7),
        }


@dataclass(frozen=True, slots=True)
class UtilisationRow:
    """The traffic of one day (command 30), in bytes, as car and apps see it."""

    date: datetime.date | None
    """The day, in UTC; ``None`` for what is none."""
    car_received: int
    car_sent: int
    apps_received: int
    apps_sent: int
    raw: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """The fields as they came: row, rows, then the attributes in their order."""

    @classmethod
    def parse(cls, answer: Answer) -> Self:
        """Read a row. Raises ``ValueError``."""
        raw = _fields(answer, 7)
        _, _, date, received, sent, apps_received, apps_sent = raw
        sums = int(received), int(sent), int(apps_received), int(apps_sent)
        day = parse_time(date, WIRE_DATE)
        return cls(day.date() if day else None, *sums, raw)

    def as_json(self) -> dict[str, Any]:
        """Return the fields by name."""
        return {
            "date": self.date.isoformat() if self.date else self.raw[2],
            "car_received": self.car_received,
            "car_sent": self.car_sent,
            "apps_received": self.apps_received,
            "apps_sent": self.apps_sent,
        }


def is_nothing(answer: Answer) -> bool:
    """Return whether an answer says that there are no rows."""
    return answer.result == Result.FAILED and answer.text in NOTHING


def wire_time(time: datetime.datetime) -> str:
    """Write a time as commands carry it; one without a zone is UTC."""
    aware = time if time.tzinfo else time.replace(tzinfo=datetime.UTC)
    return aware.astimezone(datetime.UTC).strftime(WIRE_TIME)


def parse_time(text: str, form: str = WIRE_TIME) -> datetime.datetime | None:
    """Read a time of the wire, in UTC; ``None`` for what is none."""
    try:
        return datetime.datetime.strptime(text, form).replace(tzinfo=datetime.UTC)
    except ValueError:
        return None


def _iso(time: datetime.datetime | None, raw: tuple[str, ...], place: int) -> str:
    """Return a time in ISO 8601; what is none, as it came."""
    return iso_time(time.timestamp()) if time else raw[place]


def _fields(answer: Answer, count: int) -> tuple[str, ...]:
    """Cut an answer into so many fields, the last with all the commas that are left."""
    fields = answer.text.split(",", count - 1)
    if len(fields) != count or answer.result != Result.OK:
        raise ValueError(f"not a row of command {answer.number}: {legible(answer.text)[:80]!r}")
    return tuple(legible(text) for text in fields)
