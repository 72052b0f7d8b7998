"""An acceptor with all that it needs, for tests of who is let in."""

from __future__ import annotations

from contextlib import AsyncExitStack

from ovms.base.clock import ManualClock
from ovms.protocol import Message, Party, Role, Session
from ovms.server.acceptor import (
    Acceptor,
)
from ovms.server.hub.hub import Hub, HubSettings
from tests.net.ends import CALLER_TOKEN, SECRET, Caller, calling
from tests.server.fakes import FakeNotes, FakeTokens, services
from tests.server.hub.fakes import START, VERSION, FakeAlerts, FakeStorage, make_vehicle
from tests.waiting import until


class Site:
    """An acceptor and a hub, with a storage in memory and a clock that the test moves."""

    def __init__(self) -> None:
        self.host = "127.0.0.1"
        self.port = 0
        self.clock = ManualClock(START)
        secret = SECRET.decode()
        self.storage = FakeStorage(
            {
                "CAR1": make_vehicle("CAR1", secret),
                "CAR2": make_vehicle("CAR2", secret),
                "PEER": make_vehicle("PEER", secret, type="server"),
            }
        )
        self.alerts = FakeAlerts()
        self.hub = Hub(self.storage, self.alerts, self.clock, HubSettings(VERSION))
        made, self.accounts, self.provisions = services(self.hub, self.clock)
        assert isinstance(made.tokens, FakeTokens)
        self.tokens = made.tokens
        assert isinstance(made.notes, FakeNotes)
        self.notes = made.notes
        self.acceptor = Acceptor(made, self.clock)
        self.accounts.add_holder(self.acceptor)
        self.stack = AsyncExitStack()

    async def calls(self) -> Caller:
        """Connect a plain socket, for as long as the test runs."""
        before = len(self.acceptor.connections)
        caller = await self.stack.enter_async_context(calling(self))
        await until(lambda: len(self.acceptor.connections) > before)
        return caller

    async def enters(self, role: Role, vehicle_id: str = "CAR1") -> Caller:
        """Connect somebody who is welcomed; what they hear at login is left to them.

        A car answers the server's ping and proves itself.
        """
        caller = await self.calls()
        await caller.says(caller.greeting(role, vehicle_id))
        await caller.hears_welcome()
        if role is Role.CAR:
            assert await caller.hears_messages(1) == ["A"]
            for _ in range(2):
                await caller.says(caller.session.send(Message("a")))
        return caller

    def passes(self, seconds: float) -> None:
        """Let time pass, then tick as the server does."""
        self.clock.advance(seconds)
        self.hub.tick()
        self.acceptor.tick()


def greeting(role: Role, vehicle_id: str, secret: bytes = SECRET) -> bytes:
    """Return a caller's welcome line; the token is always the same."""
    return Session(Party.CALLER, CALLER_TOKEN).send_welcome(role, vehicle_id, secret)
