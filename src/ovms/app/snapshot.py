"""What an app knows of its vehicle: the latest message of each code, and whether the car is there.

Pure: messages and times come in, nothing goes out.

The wire tells no times but one: ``T``, the age of the newest message that the server had stored. So
a stored message is dated to that age (it is as old or older), a live one to the moment it came.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from ovms.protocol import Message
from ovms.protocol.records import (
    CarFirmware,
    Content,
    Environment,
    Location,
    Peers,
    ServerFirmware,
    Status,
    UpdateAge,
    WheelPressures,
    legible,
    parse_content,
)

LINK_CODES = frozenset("AaCcTZ")
"""Codes that speak of the link or carry commands, not of the vehicle."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A message and when it came, Unix seconds; ``content`` is ``None`` for an unknown code."""

    message: Message
    time: float
    content: Content | None

    def as_json(self, now: float) -> dict[str, Any]:
        """Give time, age in seconds, fields by name, and fields without a name."""
        extra = self.content.extra if self.content else (self.message.data.decode("latin-1"),)
        return {
            "time": iso_time(self.time),
            "age": max(0, int(now - self.time)),
            "fields": self.content.as_json() if self.content else {},
            "extra": list(map(legible, extra)),
        }


C = TypeVar("C")


@dataclass(slots=True)
class Snapshot:
    """The state of one vehicle as its app sees it."""

    vehicle_id: str
    connected: bool | None = None
    """The car is connected to the server; ``None`` until the server has said."""
    messages: dict[str, Seen] = field(default_factory=dict)
    _is_dated: bool = False
    """The first ``T`` has come: what comes from now on is live."""

    def restart(self) -> None:
        """Begin a new connection: what comes first is stored, not live."""
        self._is_dated = False

    def receive(self, message: Message, now: float) -> None:
        """Take a message that came at ``now``, Unix seconds."""
        content = parse_content(message)
        if isinstance(content, Peers):
            self.connected = bool(content.count)
        elif isinstance(content, UpdateAge):
            self._date(max(0, now - (content.age or 0)))
        elif message.code not in LINK_CODES:
            self.messages[message.code] = Seen(message, now, content)

    def _date(self, newest: float) -> None:
        """Date what the server had stored: not younger than its newest."""
        if not self._is_dated:
            self._is_dated = True
            self.messages = {
                code: Seen(seen.message, min(seen.time, newest), seen.content)
                for code, seen in self.messages.items()
            }

    def _content(self, code: str, make: Callable[[], C], kind: type[C]) -> C:
        seen = self.messages.get(code)
        return seen.content if seen and isinstance(seen.content, kind) else make()

    @property
    def status(self) -> Status:
        """The latest ``S``; empty if there is none."""
        return self._content("S", Status, Status)

    @property
    def environment(self) -> Environment:
        """The latest ``D``; empty if there is none."""
        return self._content("D", Environment, Environment)

    @property
    def location(self) -> Location:
        """The latest ``L``; empty if there is none."""
        return self._content("L", Location, Location)

    @property
    def firmware(self) -> CarFirmware:
        """The latest ``F``; empty if there is none."""
        return self._content("F", CarFirmware, CarFirmware)

    @property
    def server(self) -> ServerFirmware:
        """The latest ``f``; empty if there is none."""
        return self._content("f", ServerFirmware, ServerFirmware)

    @property
    def wheels(self) -> WheelPressures:
        """The latest ``W``; empty if there is none."""
        return self._content("W", WheelPressures, WheelPressures)

    @property
    def updated(self) -> float | None:
        """When the car last said something, Unix seconds."""
        times = [seen.time for code, seen in self.messages.items() if code != "f"]
        return max(times, default=None)

    def as_json(self, now: float) -> dict[str, Any]:
        """Give everything that is known, as ``ovms app status --json`` prints it."""
        return {
            "vehicle": self.vehicle_id,
            "connected": self.connected,
            "messages": {code: self.messages[code].as_json(now) for code in sorted(self.messages)},
        }


def iso_time(time: float) -> str:
    """Write Unix seconds as ISO 8601 in UTC, whole seconds."""
    return datetime.fromtimestamp(int(time), UTC).isoformat().replace("+00:00", "Z")
