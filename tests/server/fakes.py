"""Services of an acceptor, in memory: owners, provisioning records, other servers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from ovms.base.clock import Clock
from ovms.protocol.welcome import ProvisionRecord
from ovms.server.accounts.errors import LoginRefused
from ovms.server.accounts.login import Credential, Login
from ovms.server.hub.hub import Hub
from ovms.server.peers.called import PeerService
from ovms.server.peers.exchange import PeerExchange
from ovms.server.services import Services
from tests.server.peers.fakes import FakeStore


@dataclass
class FakeAccounts:
    """Owners by name: the password and the vehicles of each."""

    owners: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """User, right and address of each try."""
    ended: list[Login] = field(default_factory=list)
    """What :meth:`revoked` gives."""
    error: Exception | None = None

    async def log_in(self, user: str, password: str, right: str, address: str) -> Login:
        """Believe who knows the password."""
        self.asked.append((user, right, address))
        if self.error is not None:
            raise self.error
        known, vehicles = self.owners.get(user, ("", ()))
        if not known or known != password:
            raise LoginRefused
        return Login(1, user, vehicles, Credential(right))

    async def revoked(self, logins: Collection[Login]) -> list[Login]:
        """Return the logins that a test has ended."""
        return [login for login in self.ended if login in logins]


@dataclass
class FakeProvisions:
    """Provisioning records by key; the look-up can be made to fail."""

    records: dict[str, ProvisionRecord] = field(default_factory=dict)
    error: Exception | None = None

    async def find(self, key: str) -> ProvisionRecord | None:
        """Look a record up."""
        if self.error is not None:
            raise self.error
        return self.records.get(key)


def services(hub: Hub, clock: Clock) -> tuple[Services, FakeAccounts, FakeProvisions]:
    """Make the services of an acceptor, and what a test moves in them."""
    accounts, provisions = FakeAccounts(), FakeProvisions()
    exchange = PeerExchange()
    hub.add_observer(exchange)
    peers = PeerService(hub, exchange, FakeStore(), clock)
    return Services(hub, accounts, peers, provisions.find), accounts, provisions
