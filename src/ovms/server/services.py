"""What a welcomed caller is inside the server, whoever it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from ovms.protocol import Message
from ovms.protocol.welcome import ProvisionRecord
from ovms.server.accounts.login import Login
from ovms.server.hub.hub import Hub
from ovms.server.peers.called import PeerService


class ConnectionHandler(Protocol):
    """Who handles a welcomed connection.

    :class:`ovms.server.hub.hub.RoomSession` in a vehicle's room, or another server.
    """

    def receive(self, message: Message) -> None:
        """Take a message that came on the connection."""

    def closed(self, error: Exception | None) -> None:
        """Learn that the connection is gone; ``error`` says why if it was not in order."""


class AccountService(Protocol):
    """Who knows owners: :class:`ovms.server.accounts.login.Accounts`."""

    async def log_in(self, user: str, password: str, right: str, address: str) -> Login:
        """Log an owner in. Raises :class:`~ovms.server.accounts.errors.LoginRefused` and others."""
        ...

    async def revoked(self, logins: Collection[Login]) -> list[Login]:
        """Return those that no longer hold."""
        ...


FindProvision = Callable[[str], Awaitable[ProvisionRecord | None]]
"""Finds the record for a car by its key; ``None`` without one."""


@dataclass(frozen=True, slots=True)
class Services:
    """Where callers are taken in, each kind at its own."""

    hub: Hub
    accounts: AccountService
    peers: PeerService
    find_provision: FindProvision
