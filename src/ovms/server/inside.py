"""What a welcomed caller is inside the server, whoever it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from ovms.accounts.login import Login
from ovms.hub.hub import Hub
from ovms.peers.called import PeerDesk
from ovms.protocol import Message
from ovms.protocol.welcome import ProvisionRecord


class Inside(Protocol):
    """A welcomed caller: :class:`ovms.hub.hub.Guest` in a vehicle's room, or another server."""

    def receive(self, message: Message) -> None:
        """Take a message that came on the connection."""

    def closed(self, error: Exception | None) -> None:
        """Learn that the connection is gone; ``error`` says why if it was not in order."""


class AccountDesk(Protocol):
    """Who knows owners: :class:`ovms.accounts.login.Accounts`."""

    async def log_in(self, user: str, password: str, right: str, address: str) -> Login:
        """Log an owner in. Raises :class:`~ovms.accounts.errors.LoginRefused` and others."""
        ...

    async def revoked(self, logins: Collection[Login]) -> list[Login]:
        """Give those that no longer hold."""
        ...


FindProvision = Callable[[str], Awaitable[ProvisionRecord | None]]
"""Finds the record for a car by its key; ``None`` without one."""


@dataclass(frozen=True, slots=True)
class Desks:
    """Where callers are taken in, each kind at its own."""

    hub: Hub
    accounts: AccountDesk
    peers: PeerDesk
    find_provision: FindProvision
