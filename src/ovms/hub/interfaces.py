"""What the hub needs of others: a place to keep things, and connections to speak on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ovms.protocol.messages import LatestMessage, Message


class Vehicle(Protocol):
    """What is known of a vehicle."""

    @property
    def id(self) -> str:
        """Its id, in upper case."""

    @property
    def secret(self) -> str:
        """The secret shared with its module and apps."""

    @property
    def type(self) -> str:
        """``car``, or ``server`` for another server that calls as one."""

    @property
    def paranoid_token(self) -> str:
        """The token of its sealed messages; empty without."""

    @property
    def created(self) -> float:
        """When it was made known to the server, Unix seconds."""


class Change(Protocol):
    """A vehicle that was changed lately."""

    @property
    def id(self) -> str:
        """Its id, in upper case."""

    @property
    def secret(self) -> str:
        """Its secret now; empty for a vehicle that was removed."""


class Keeper(Protocol):
    """Where the hub keeps what must survive. The ``keep_…`` calls return at once."""

    async def load_vehicle(self, vehicle_id: str) -> tuple[Vehicle, Sequence[LatestMessage]] | None:
        """Give a vehicle and its stored messages; ``None`` if unknown."""

    def keep_message(self, vehicle_id: str, message: LatestMessage) -> None:
        """Keep the latest message of its code."""

    def keep_token(self, vehicle_id: str, token: str) -> None:
        """Keep the paranoid token; sealed messages under another one are void."""

    def keep_presence(self, vehicle_id: str, *, car: bool, apps: int, batch: int) -> None:
        """Keep who is connected, for the operator's lists."""


class Line(Protocol):
    """A connection that has been welcomed."""

    @property
    def peer(self) -> str:
        """Address of the other end, for logs."""

    def send(self, message: Message) -> bool:
        """Send a message; false if it cannot be sent."""

    def close(self, error: Exception | None = None) -> None:
        """End the connection, in order."""
