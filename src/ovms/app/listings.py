"""What the server keeps of a vehicle, as commands 30, 31 and 32 list it: one answer a row."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Self

from ovms.protocol.commands import Answer, Result
from ovms.protocol.records import legible

WIRE_TIME = "%Y-%m-%d %H:%M:%S"
"""How times are written on the wire, in UTC."""

NOTHING = ("No GPRS utilisation data available", "No historical data available")
"""What the server says when there are no rows."""


class CommandFailed(Exception):
    """A command was answered with a failure, or with something that is no answer to it."""


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A record of the history (command 32). ``time`` is UTC as on the wire, ``value`` any text."""

    type: str
    time: str
    number: int
    value: str

    @classmethod
    def parse(cls, answer: Answer) -> Self:
        """Read a row. Raises ``ValueError``."""
        _, _, kind, time, number, value = _fields(answer, 6)
        return cls(kind, time, int(number), value)

    def as_json(self) -> dict[str, Any]:
        """Name the fields; the time in ISO 8601."""
        return {**asdict(self), "time": iso(self.time)}


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """A type of record in the history (command 31): how many, how large (bytes), from when."""

    type: str
    distinct: int
    total: int
    size: int
    oldest: str
    newest: str

    @classmethod
    def parse(cls, answer: Answer) -> Self:
        """Read a row. Raises ``ValueError``."""
        _, _, kind, distinct, total, size, oldest, newest = _fields(answer, 8)
        return cls(kind, int(distinct), int(total), int(size), oldest, newest)

    def as_json(self) -> dict[str, Any]:
        """Name the fields; times in ISO 8601."""
        return {**asdict(self), "oldest": iso(self.oldest), "newest": iso(self.newest)}


@dataclass(frozen=True, slots=True)
class UtilisationRow:
    """The traffic of one day, UTC (command 30), in bytes, as car and apps see it."""

    date: str
    car_received: int
    car_sent: int
    apps_received: int
    apps_sent: int

    @classmethod
    def parse(cls, answer: Answer) -> Self:
        """Read a row. Raises ``ValueError``."""
        _, _, date, *sums = _fields(answer, 7)
        return cls(date, *map(int, sums))

    def as_json(self) -> dict[str, Any]:
        """Name the fields."""
        return asdict(self)


def is_nothing(answer: Answer) -> bool:
    """Return whether an answer says that there are no rows."""
    return answer.result == Result.FAILED and answer.text in NOTHING


def wire_time(time: datetime) -> str:
    """Write a time as commands carry it; one without a zone is UTC."""
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime(WIRE_TIME)


def iso(time: str) -> str:
    """Write a time of the wire as ISO 8601; what is none, as it came."""
    try:
        parsed = datetime.strptime(time, WIRE_TIME).replace(tzinfo=UTC)
    except ValueError:
        return time
    return parsed.strftime("%Y-%m-%dT%H:%M:%SZ")


def _fields(answer: Answer, count: int) -> list[str]:
    """Cut an answer into so many fields, the last with all the commas that are left."""
    fields = answer.text.split(",", count - 1)
    if len(fields) != count or answer.result != Result.OK:
        raise ValueError(f"not a row of command {answer.number}: {legible(answer.text)[:80]!r}")
    return [legible(field) for field in fields]
