"""The content of each message, one small module a family, one field table a record.

:data:`RECORDS` finds the record of a code; :func:`parse_content` reads a message with it.
"""

from __future__ import annotations

from typing import Protocol

from ovms.protocol.messages import Message
from ovms.protocol.records.alert import Alert
from ovms.protocol.records.capabilities import Capabilities
from ovms.protocol.records.environment import Environment
from ovms.protocol.records.firmware import CarFirmware, ServerFirmware
from ovms.protocol.records.group import GroupPosition
from ovms.protocol.records.link import Peers, Ping, PingAnswer, UpdateAge
from ovms.protocol.records.location import Location
from ovms.protocol.records.power_export import PowerExport
from ovms.protocol.records.record import Field, JsonValue, Record, legible
from ovms.protocol.records.status import Status
from ovms.protocol.records.tyres import Tyres, WheelPressures

__all__ = [
    "RECORDS",
    "Alert",
    "Capabilities",
    "CarFirmware",
    "Content",
    "Environment",
    "Field",
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
    "parse_content",
]


class Content(Protocol):
    """A message's content, whatever its shape."""

    @property
    def CODE(self) -> str:  # noqa: N802 (a class constant of every record)
        """The message code."""
        ...

    @property
    def extra(self) -> tuple[str, ...]:
        """Fields that are not known."""
        ...

    def encode(self) -> bytes:
        """Write the message's data."""
        ...

    def as_json(self) -> dict[str, JsonValue]:
        """Name every field."""
        ...


RECORDS: dict[str, type[Record] | type[Capabilities] | type[Tyres]] = {
    kind.CODE: kind
    for kind in (
        Ping,
        PingAnswer,
        Environment,
        CarFirmware,
        ServerFirmware,
        GroupPosition,
        Location,
        Status,
        UpdateAge,
        Capabilities,
        WheelPressures,
        PowerExport,
        Tyres,
        Peers,
    )
}
"""The record of each code. Commands and their answers are in :mod:`ovms.protocol.commands`."""


def parse_content(message: Message) -> Content | None:
    """Read a message's content; ``None`` for a code that has no record. Never fails."""
    if message.code == Alert.CODE:
        return Alert.parse(message.data)
    kind = RECORDS.get(message.code)
    return None if kind is None else kind.parse(message.data)


def message_of(content: Content) -> Message:
    """Make the message that carries ``content``."""
    return Message(content.CODE, content.encode())
