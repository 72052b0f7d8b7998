"""``A`` ``a`` ``T`` ``Z``: the link itself, and who is at its ends."""

from __future__ import annotations

from ovms.protocol.records.record import Record, number, record


@record("A")
class Ping(Record):
    """A ping; any data in it is ignored."""


@record("a")
class PingAnswer(Record):
    """The answer to a ping; any data in it is ignored."""


@record("T")
class UpdateAge(Record):
    """How old the car's last message is."""

    age: float | None = number("s", "since the car last sent an update")


@record("Z")
class Peers(Record):
    """Who is at the other end: for an app, the car (0 or 1); for a car, its apps."""

    count: float | None = number("", "peers connected")
