"""The content of messages: a small module for each family, a field table for each record.

These modules know nothing of the table of codes, :mod:`ovms.protocol.codes`, which finds the record
of a message.
"""

from __future__ import annotations

from typing import ClassVar, Protocol, Self

from ovms.protocol.messages import Message
from ovms.protocol.records.alert import Alert
from ovms.protocol.records.capabilities import Capabilities
from ovms.protocol.records.environment import Environment
from ovms.protocol.records.firmware import CarFirmware, ServerFirmware
from ovms.protocol.records.group import GroupPosition
from ovms.protocol.records.link import Peers, Ping, PingAnswer, UpdateAge
from ovms.protocol.records.location import Location
from ovms.protocol.records.power_export import PowerExport
from ovms.protocol.records.record import Field, Freshness, JsonValue, Record, legible
from ovms.protocol.records.status import Status
from ovms.protocol.records.tyres import Tyres, WheelPressures

__all__ = [
    "Alert",
    "Capabilities",
    "CarFirmware",
    "Content",
    "Environment",
    "Field",
    "Freshness",
    "GroupPosition",
    "JsonValue",
    "Location",
    "Peers",
    "Ping",
    "PingAnswer",
    "PowerExport",
    "Record",
    "ServerFirmware",
    "Status",
    "Tyres",
    "UpdateAge",
    "WheelPressures",
    "legible",
    "message_of",
]


class Content(Protocol):
    """What all records have in common."""

    CODE: ClassVar[str]
    """The message code."""

    @classmethod
    def parse(cls, data: bytes) -> Self | None:
        """Read a message's data; ``None`` if there is no content in it."""
        ...

    @property
    def extra(self) -> tuple[str, ...]:
        """Fields behind the last known one."""
        ...

    def encode(self) -> bytes:
        """Return the message's data."""
        ...

    def as_json(self) -> dict[str, JsonValue]:
        """Return every field by name."""
        ...


def message_of(content: Content) -> Message:
    """Return the message that carries ``content``."""
    return Message(content.CODE, content.encode())
