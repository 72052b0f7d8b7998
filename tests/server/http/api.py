"""The application with a real database, called in process; the test moves its clock."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx

from ovms.base.clock import ManualClock
from ovms.protocol import Message, Role
from ovms.server.accounts.login import Accounts
from ovms.server.audit import Audit
from ovms.server.failed_calls import FailedCalls
from ovms.server.http.account_mail import AccountMailer
from ovms.server.http.app import make_app
from ovms.server.http.callers import Callers
from ovms.server.http.context import HttpContext
from ovms.server.http.desk import AccountDesk
from ovms.server.http.watches import Watches
from ovms.server.hub.hub import Hub, HubSettings, RoomSession
from ovms.server.notify.desk import ChannelDesk
from ovms.server.storage import queries
from ovms.server.storage.limits import MAILS_A_VEHICLE
from ovms.server.storage.notify import NotifyStore
from ovms.server.storage.opening import open_database
from ovms.server.storage.store import Store
from tests.server.hashing import FAST_HASHER, fast_hashes
from tests.server.hub.fakes import START, VERSION, FakeAlerts, FakeLine, message
from tests.server.notify.fakes import TYPES, FakeChannel
from tests.server.storage.databases import Fill, with_schema

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from sqlalchemy import Connection

    from ovms.server.storage.database import Database

PASSWORD = "right"
PASSWORD_HASH = FAST_HASHER.hash(PASSWORD)
BOB = {"username": "bob", "password": PASSWORD}
"""What an owner's call says in its URL."""


class HttpSite:
    """The calls of the API, and the rooms and the database behind them.

    Bob has CAR1 and CAR2, Alice (``right`` too) has CAR3, and PEER is a server of Bob's.
    """

    def __init__(
        self,
        database: Database,
        store: Store,
        clock: ManualClock,
        mqtt_superuser: str | None = None,
    ) -> None:
        self.database = database
        self.store = store
        self.clock = clock
        self.hub = Hub(store, FakeAlerts(), clock, HubSettings(VERSION))
        self.audit = Audit(database, clock)
        self.failed_calls = FailedCalls(database, clock, set())
        self.hub.add_observer(self.failed_calls)
        self.accounts = Accounts(database, clock, self.audit)
        self.watches = Watches(self.hub, clock.monotonic)
        self.accounts.add_holder(self.watches)
        callers = Callers(self.accounts, clock)
        self.desk = AccountDesk(AccountMailer(None, None, clock))
        self.mail = FakeChannel()
        channels = NotifyStore(database, mails_owners=True)
        self.channels = ChannelDesk(channels, TYPES, {"mail": self.mail}, clock, MAILS_A_VEHICLE)
        self.context = HttpContext(
            self.hub, store, callers, clock, self.watches, self.audit, self.desk, self.channels,
            self.failed_calls,
            mqtt_superuser=mqtt_superuser,
        )  # fmt: skip
        self.accounts.add_holder(self.context.live)
        self.accounts.add_holder(self.context.asked)
        self.app = make_app(self.context)
        transport = httpx.ASGITransport(self.app, client=("192.0.2.7", 4000))
        self.client = httpx.AsyncClient(transport=transport, base_url="http://server")
        self._sessions: list[RoomSession] = []

    async def get(self, path: str, **parameters: str) -> httpx.Response:
        """Call as Bob, unless other parameters say who calls."""
        return await self.client.get(path, params=parameters or BOB)

    async def call(
        self, call: str, vehicle_id: str = "CAR1", params: Any = BOB, **body: Any
    ) -> httpx.Response:
        """Make a call (``PUT lock``) of a vehicle as Bob, unless ``params`` say who calls."""
        method, name = call.split()
        path = f"/api/{name}/{vehicle_id}"
        return await self.client.request(method, path, params=params, **body)

    async def enter(self, role: Role, vehicle_id: str = "CAR1") -> tuple[RoomSession, FakeLine]:
        """Let somebody into a vehicle's room; a car has proven itself."""
        room = await self.hub.find(vehicle_id)
        assert room is not None
        line = FakeLine()
        session = self.hub.enter(room, role, line)
        self._sessions.append(session)
        if role is Role.CAR:
            session.receive(Message("a"))
        return session, line

    async def report(self, *texts: str, vehicle_id: str = "CAR1") -> tuple[RoomSession, FakeLine]:
        """Have a car log in and say messages, each as code and data in one text."""
        session, line = await self.enter(Role.CAR, vehicle_id)
        for text in texts:
            session.receive(message(text))
        return session, line

    def change(self, change: Callable[[Connection, float], object]) -> None:
        """Change the database as the command line does, now."""
        with self.database.writing() as connection:
            change(connection, self.clock.time())

    async def close(self) -> None:
        """Have everybody leave."""
        for session in self._sessions:
            session.closed(None)
        self.watches.close()
        await self.desk.mailer.close()
        await self.client.aclose()
        await self.hub.close()
        await self.accounts.close()
        await self.audit.close()
        await self.failed_calls.close()


async def add_token(api: HttpSite, permit: str, token: str = "", owner: str = "bob") -> str:
    """Make a token of an owner; return its digits."""
    token = token or uuid4().hex * 2

    def add(connection: Connection, now: float) -> None:
        whose = queries.get_owner(connection, owner)
        queries.add_token(connection, whose, token, now, "app", "tests", permit)

    api.change(add)
    return token


async def session_of(api: HttpSite, headers: Mapping[str, str] | None = None) -> str:
    """Begin a session as Bob; return what the answer sets as cookie."""
    answer = await api.client.get("/api/cookie", params=BOB, headers=headers)
    api.client.cookies.clear()
    return answer.headers["set-cookie"]


def add_people(connection: Connection) -> None:
    """Add Bob, Alice and their vehicles."""
    bob = queries.add_owner(connection, "Bob", START, password_hash=PASSWORD_HASH)
    alice = queries.add_owner(connection, "Alice", START, password_hash=PASSWORD_HASH)
    for vehicle_id, owner in (("CAR1", bob), ("CAR2", bob), ("CAR3", alice)):
        queries.add_vehicle(connection, vehicle_id, owner, "secret", START)
    queries.add_vehicle(connection, "PEER", bob, "secret", START, type="server")


@asynccontextmanager
async def open_site(
    folder: Path, mqtt_superuser: str | None = None, fill: Fill = add_people
) -> AsyncIterator[HttpSite]:
    """Yield a site whose clock stands at :data:`START`."""
    clock = ManualClock(START)
    database = open_database(with_schema(folder, fill))
    async with AsyncExitStack() as stack:
        stack.enter_context(fast_hashes())
        stack.push_async_callback(database.close)
        store = await Store.open(database, clock.time)
        stack.push_async_callback(store.close)
        site = HttpSite(database, store, clock, mqtt_superuser)
        stack.push_async_callback(site.close)
        yield site
