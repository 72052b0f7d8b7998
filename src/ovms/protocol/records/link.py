"""``A`` ``a`` ``T`` ``Z``: the connection, and who is at its ends."""

from __future__ import annotations

from dataclasses import dataclass

from ovms.protocol.records.record import Record, number, record


@record("A")
@dataclass(frozen=True, slots=True, kw_only=True)
class Ping(Record):
    """A ping; any data in it is ignored."""


@record("a")
@dataclass(frozen=True, slots=True, kw_only=True)
class PingAnswer(Record):
    """The answer to a ping; any data in it is ignored."""


@record("T")
@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateAge(Record):
    """How old the car's last message is."""

    age: float | None = number("s", "since the car last sent an update")


@record("Z")
@dataclass(frozen=True, slots=True, kw_only=True)
class Peers(Record):
    """How many are at the other end: for an app its car, 0 or 1; for a car its apps."""

    count: float | None = number("", "peers connected")
