"""The services to which the acceptor hands its callers, each kind to its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from ovms.protocol import Message, Role
from ovms.protocol.welcome import ProvisionRecord
from ovms.server.accounts.login import Login, LoginHolder
from ovms.server.failed_calls import FailureReason
from ovms.server.hub.hub import Hub
from ovms.server.hub.room import Room
from ovms.server.peers.called import PeerService


class Finding(NamedTuple):
    """What was found out of a welcome by secret: its room, if it proves itself, if it is a copy."""

    room: Room | None
    is_proven: bool = False
    is_repeated: bool = False


class ConnectionHandler(Protocol):
    """What handles a welcomed connection.

    A :class:`ovms.server.hub.hub.RoomSession` for cars, apps and batch clients, a
    :class:`ovms.server.peers.called.CalledPeer` for another server.
    """

    @property
    def is_answering(self) -> bool:
        """An answer to something that came is still due."""
        ...

    def receive(self, message: Message) -> None:
        """Handle a message that came on the connection."""

    def closed(self, error: Exception | None) -> None:
        """Handle the end of the connection; ``error`` says why if it did not end in order."""


class AccountService(Protocol):
    """Checks the logins of owners: :class:`ovms.server.accounts.login.Accounts`."""

    async def log_in(self, user: str, password: str, right: str, address: str) -> Login:
        """Log an owner in. Raises :class:`~ovms.server.accounts.errors.LoginRefused` and others."""
        ...

    def add_holder(self, holder: LoginHolder) -> None:
        """Have :meth:`check_logins` tell somebody of changes."""

    async def check_logins(self) -> None:
        """Tell all who hold logins what became of those that changed."""


class TokenService(Protocol):
    """Knows the tokens of welcomes: :class:`ovms.server.storage.seen_tokens.SeenTokens`."""

    def make(self) -> str:
        """Return a token for a welcome of our own."""
        ...

    def remember(self, secret: str, token: str) -> Awaitable[bool]:
        """Remember a token that others could read; return whether it had been seen before.

        Raises :class:`~ovms.server.storage.errors.StoreError`.
        """
        ...

    async def knows(self, secret: str, token: str) -> bool:
        """Return whether a token had been seen. Raises the same."""
        ...

    async def warns(self, vehicle_id: str, kind: str, secret: str) -> bool:
        """Return whether a vehicle's owner is to be told of something now. Raises the same."""
        ...


class NoteService(Protocol):
    """Notes what callers do: :class:`ovms.server.call_notes.CallNotes`."""

    def failed(self, vehicle_id: str, address: str, reason: FailureReason) -> None:
        """Note why a vehicle's car failed to connect."""

    def command(
        self, message: Message, role: Role, vehicle_id: str, login: Login | None, address: str
    ) -> None:
        """Note a command to a car; other messages pass."""


FindProvision = Callable[[str], Awaitable[ProvisionRecord | None]]
"""Finds the record for a car by its key; ``None`` without one."""


@dataclass(frozen=True, slots=True)
class Services:
    """The services of a server."""

    hub: Hub
    accounts: AccountService
    peers: PeerService
    tokens: TokenService
    find_provision: FindProvision
    notes: NoteService
