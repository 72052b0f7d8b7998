"""Services of an acceptor, in memory: owners, provisioning records, other servers."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field

from ovms.base.clock import Clock
from ovms.protocol import Message, Role
from ovms.protocol.crypto import make_token
from ovms.protocol.welcome import ProvisionRecord
from ovms.server.accounts.errors import LoginRefused
from ovms.server.accounts.login import Credential, Login, LoginHolder
from ovms.server.failed_calls import FailureReason
from ovms.server.hub.hub import Hub
from ovms.server.peers.called import PeerService
from ovms.server.peers.exchange import PeerExchange
from ovms.server.rights import VehicleRight
from ovms.server.services import Services
from tests.server.peers.fakes import FakeStore


@dataclass
class FakeAccounts:
    """Owners by name: the password and the vehicles of each."""

    owners: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    shared: dict[str, dict[str, VehicleRight]] = field(default_factory=dict)
    """Which of the vehicles are shared with an owner."""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """User, right and address of each try."""
    changes: dict[Login, Login | None] = field(default_factory=dict)
    """What :meth:`check_logins` tells."""
    holders: list[LoginHolder] = field(default_factory=list)
    error: Exception | None = None

    async def log_in(self, user: str, password: str, right: str, address: str) -> Login:
        """Believe who knows the password."""
        self.asked.append((user, right, address))
        if self.error is not None:
            raise self.error
        known, vehicles = self.owners.get(user, ("", ()))
        if not known or known != password:
            raise LoginRefused
        shared = self.shared.get(user, {})
        return Login(1, user, vehicles, Credential(right), shared=shared)

    def add_holder(self, holder: LoginHolder) -> None:
        """Tell somebody of changes."""
        self.holders.append(holder)

    async def check_logins(self) -> None:
        """Tell what a test has changed."""
        for holder in self.holders:
            holder.update(self.changes)


@dataclass
class FakeProvisions:
    """Provisioning records by key; the look-up can be made to fail."""

    records: dict[str, ProvisionRecord] = field(default_factory=dict)
    error: Exception | None = None
    gate: asyncio.Event | None = None
    """What look-ups wait for."""

    async def find(self, key: str) -> ProvisionRecord | None:
        """Look a record up."""
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        return self.records.get(key)


@dataclass
class FakeTokens:
    """Tokens that a test says were seen; the memory can be held back or made to fail."""

    seen: set[str] = field(default_factory=set)
    remembered: list[tuple[str, str]] = field(default_factory=list)
    """Secret and token of each that others could read."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Secret and token of each that nobody could read."""
    warned: set[tuple[str, str]] = field(default_factory=set)
    own: str = ""
    """What :meth:`make` gives, instead of a random token."""
    gate: asyncio.Event | None = None
    error: Exception | None = None

    def make(self) -> str:
        """Make a token."""
        return self.own or make_token(os.urandom)

    async def remember(self, secret: str, token: str) -> bool:
        """Note a token, and return whether it was seen, once the gate is open."""
        self.remembered.append((secret, token))
        return await self._answer(token)

    async def knows(self, secret: str, token: str) -> bool:
        """Return whether a token was seen, once the gate is open."""
        self.asked.append((secret, token))
        return await self._answer(token)

    async def warns(self, vehicle_id: str, kind: str, secret: str) -> bool:
        """Return true once for a vehicle and a kind."""
        if self.error is not None:
            raise self.error
        is_first = (vehicle_id, kind) not in self.warned
        self.warned.add((vehicle_id, kind))
        return is_first

    async def _answer(self, token: str) -> bool:
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        return token in self.seen


class FakeNotes:
    """Keeps what is noted of callers."""

    def __init__(self) -> None:
        self.failures: list[tuple[str, str, FailureReason]] = []
        self.commands: list[tuple[str, str, str]] = []

    def failed(self, vehicle_id: str, address: str, reason: FailureReason) -> None:
        """Keep why a car failed to connect."""
        self.failures.append((vehicle_id, address, reason))

    def command(
        self, message: Message, role: Role, vehicle_id: str, login: Login | None, address: str
    ) -> None:
        """Keep a message of an app, and who said it."""
        actor = login.owner if login is not None else ""
        self.commands.append((message.code, vehicle_id, actor))


def services(hub: Hub, clock: Clock) -> tuple[Services, FakeAccounts, FakeProvisions]:
    """Make the services of an acceptor, and what a test moves in them."""
    accounts, provisions = FakeAccounts(), FakeProvisions()
    exchange = PeerExchange()
    hub.add_observer(exchange)
    peers = PeerService(hub, exchange, FakeStore(), clock)
    made = Services(hub, accounts, peers, FakeTokens(), provisions.find, FakeNotes())
    return made, accounts, provisions
