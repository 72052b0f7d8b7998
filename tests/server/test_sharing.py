"""Owners log in to a shared vehicle over the acceptor, with a real database behind it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from ovms.protocol import Role
from ovms.server.acceptor import Acceptor
from ovms.server.rights import parse_rights
from ovms.server.services import Services
from ovms.server.storage import queries
from tests.net.ends import Caller, calling
from tests.server.fakes import services
from tests.server.http.api import HttpSite, open_site
from tests.server.hub.fakes import message
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class SharedSite:
    """An acceptor over a real database; Bob has CAR1 and CAR2, Alice CAR3."""

    host = "127.0.0.1"

    def __init__(self, http: HttpSite, port: int, acceptor: Acceptor) -> None:
        self.http = http
        self.port = port
        self.acceptor = acceptor

    def share(self, rights: str, expires: float | None = None) -> None:
        """Share CAR1 with Alice; with no rights end that."""
        with self.http.database.writing() as connection:
            alice, now = queries.get_owner(connection, "alice"), self.http.clock.time()
            if rights:
                car = queries.get_vehicle(connection, "CAR1")
                queries.put_share(connection, car, alice, parse_rights(rights), now, expires)
            else:
                queries.end_share(connection, "CAR1", alice, now)

    @asynccontextmanager
    async def logged_in(self, user: str, vehicle: str) -> AsyncIterator[tuple[Caller, str]]:
        """Have an app log in; yield it with the words that the server welcomes it with."""
        async with calling(self) as app:
            await app.says(f"MP-A 1 {user} right {vehicle}\r\n".encode())
            yield app, (await app.hears_line()).decode().strip()

    async def hears(self, app: Caller, last: str) -> list[str]:
        """Return what an app hears until a line."""
        heard: list[str] = []
        while not heard or heard[-1] != last:
            heard.append((await app.hears_line()).decode().strip())
        return heard


@asynccontextmanager
async def open_shared(folder: Path) -> AsyncIterator[SharedSite]:
    """Open the site in a folder."""
    async with open_site(folder) as http:
        made, *_ = services(http.hub, http.clock)
        made = Services(
            http.hub, http.accounts, made.peers, made.tokens, made.find_provision, made.notes
        )
        acceptor = Acceptor(made, http.clock)
        http.accounts.add_holder(acceptor)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(acceptor.answer, SharedSite.host, 0)
        try:
            yield SharedSite(http, server.sockets[0].getsockname()[1], acceptor)
        finally:
            server.close()
            for caller in [*acceptor.connections]:
                assert caller.pump is not None
                caller.pump.abort()
            await until(lambda: not acceptor.connections)


async def test_a_shared_vehicle(tmp_path: Path) -> None:
    """It is listed behind the own ones, and its app hears and asks for what the rights allow."""
    async with open_shared(tmp_path) as site:
        site.share("view")
        car, line = await site.http.report("S80", "L51.5,-0.1")
        async with site.logged_in("alice", "*") as (_, welcome):
            assert welcome == "MP-S 1 Alice CAR3 CAR3 CAR1"
        async with site.logged_in("alice", "car1") as (app, welcome):
            assert welcome == "MP-S 1 Alice CAR1 CAR3 CAR1"
            assert await site.hears(app, "T0") == ["Z1", "S80", "T0"]
            car.receive(message("L51.6,-0.1"))
            car.receive(message("S81"))
            assert await site.hears(app, "T0") == ["S81", "T0"]
            line.take()
            await app.says(b"C11\r\nC32,L\r\nA\r\n")
            assert await site.hears(app, "a") == [
                "c11,1,not shared with you: this needs the right command",
                "c32,1,not shared with you: this needs the right location",
                "a",
            ]
            assert line.take() == []


async def test_changes(tmp_path: Path) -> None:
    """An app goes on with other rights, and is closed when the share ends; the owner's stays."""
    async with open_shared(tmp_path) as site:
        site.share("view")
        car, line = await site.http.report("S80", "L51.5,-0.1")
        async with (
            site.logged_in("bob", "CAR1") as (own, _),
            site.logged_in("alice", "CAR1") as (app, _),
            site.logged_in("alice", "CAR1") as (other, _),
        ):
            for each in (own, app, other):
                await site.hears(each, "T0")
            site.share("location,command")
            await site.http.accounts.check_logins()
            assert await site.hears(app, "L51.5,-0.1") == ["L51.5,-0.1"]
            line.take()
            await app.says(b"C11\r\n")
            await until(lambda: line.messages)
            car.receive(message("c11,0"))
            assert await site.hears(app, "c11,0") == ["c11,0"]
            site.share("view", expires=site.http.clock.time() + 60)
            await site.http.accounts.check_logins()
            car.receive(message("L51.6,-0.1"))
            car.receive(message("S81"))
            assert await site.hears(app, "T0") == ["S81", "T0"]
            site.http.clock.advance(61)
            await site.http.accounts.check_logins()
            assert await app.is_closed()
            await own.says(b"A\r\n")
            assert (await site.hears(own, "a"))[-1] == "a"
            assert {each.login.owner for each in site.acceptor.connections if each.login} == {"Bob"}


async def test_a_share_that_ends_on_the_way_in(tmp_path: Path) -> None:
    """An app whose share has ended finds the vehicle no longer."""
    async with open_shared(tmp_path) as site:
        site.share("view,location")
        site.share("")
        async with calling(site) as app:
            await app.says(b"MP-A 1 alice right CAR1\r\n")
            assert await app.is_closed()


async def test_a_batch_client(tmp_path: Path) -> None:
    """It has the same rights as an app."""
    async with open_shared(tmp_path) as site:
        site.share("view")
        await site.http.report("S80", "L51.5,-0.1")
        async with calling(site) as batch:
            await batch.says(b"MP-B 1 alice right CAR1\r\n")
            assert (await batch.hears_line()).startswith(b"MP-S 1 Alice CAR1 ")
            assert await site.hears(batch, "T0") == ["Z1", "S80", "T0"]
            assert site.http.hub.rooms["CAR1"].clients[0].role is Role.BATCH
