"""Welcomes that somebody may have overheard, and vehicles that take TLS only."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from ovms.protocol import Role
from ovms.server.hub.hub import CAR_REFUSED
from ovms.server.refusals import Repeated, TlsOnly, WarningKind
from ovms.server.storage.errors import DatabaseUnwritable
from tests.net.ends import CALLER_TOKEN, SECRET, Certificate
from tests.server.conftest import Log
from tests.server.hub.fakes import make_vehicle
from tests.server.sites import Site, greeting
from tests.waiting import PATIENCE, until


@pytest.mark.parametrize("role", [Role.APP, Role.BATCH, Role.SERVER])
async def test_a_repeated_welcome(site: Site, log: Log, role: Role) -> None:
    """It is closed without a word, and the owner is told once, in words that help."""
    site.tokens.seen.add(CALLER_TOKEN)
    vehicle_id = "PEER" if role is Role.SERVER else "CAR1"
    for _ in range(3):
        caller = await site.calls()
        await caller.says(caller.greeting(role, vehicle_id))
        assert await caller.is_closed()
    await until(lambda: len(log.lines("refused")) == 3)
    assert {line["reason"] for line in log.lines("refused")} == {str(Repeated())}
    assert [alert.text for alert in site.alerts.raised] == [WarningKind.REPEATED.value]
    assert not log.lines("connected")
    assert not site.hub.rooms


async def test_a_repeated_welcome_is_told_to_those_who_are_there(site: Site) -> None:
    """The alert comes to the apps that are connected."""
    app = await site.enters(Role.APP)
    assert await app.hears_messages(2) == ["Z0", "T0"]
    site.tokens.seen.add(CALLER_TOKEN)
    caller = await site.calls()
    await caller.says(caller.greeting(Role.APP))
    assert await caller.is_closed()
    assert await app.hears_messages(1) == [f"PA{WarningKind.REPEATED.value}"]


async def test_a_car_that_repeats_its_token(site: Site) -> None:
    """A module's tokens may come again: it is welcomed."""
    site.tokens.seen.add(CALLER_TOKEN)
    await site.enters(Role.CAR)
    assert site.alerts.raised == []


@pytest.mark.parametrize("role", [Role.APP, Role.CAR])
async def test_a_token_is_remembered_before_the_answer(site: Site, role: Role) -> None:
    """Nothing is said before; what a caller without the secret says is not remembered."""
    stranger = await site.calls()
    await stranger.says(greeting(role, "CAR1", b"wrong"))
    assert await stranger.is_closed()
    assert site.tokens.remembered == []
    site.tokens.gate = asyncio.Event()
    caller = await site.calls()
    await caller.says(caller.greeting(role))
    await until(lambda: site.tokens.remembered)
    assert site.tokens.remembered == [(SECRET.decode(), CALLER_TOKEN)]
    assert caller.reader._buffer == b""  # type: ignore[attr-defined]
    site.tokens.gate.set()
    await caller.hears_welcome()
    assert site.tokens.asked == []


async def test_a_caller_that_hangs_up_meanwhile(site: Site) -> None:
    """Its token is remembered all the same: it was overheard."""
    site.storage.gate = asyncio.Event()
    caller = await site.calls()
    await caller.says(caller.greeting(Role.APP))
    await until(lambda: site.storage.loads)
    (connection,) = site.acceptor.connections
    assert connection.pump is not None
    connection.pump.abort()
    await until(lambda: not site.acceptor.connections)
    site.storage.gate.set()
    await until(lambda: site.tokens.remembered)


async def test_a_token_that_cannot_be_remembered(site: Site, log: Log) -> None:
    """An app comes again later, a car is not held up."""
    site.tokens.error = DatabaseUnwritable("the disk is full")
    caller = await site.calls()
    await caller.says(caller.greeting(Role.APP))
    assert await caller.is_closed()
    await until(lambda: log.lines("refused"))
    assert log.lines("refused")[0]["reason"] == "the disk is full"
    await site.enters(Role.CAR)
    assert len(log.lines("a car's token is not remembered yet")) == 1


async def test_a_database_that_hangs(site: Site) -> None:
    """A car waits a second for it, an app until it answers."""
    site.acceptor.patience.seconds = 0.01
    site.tokens.gate = asyncio.Event()
    app = await site.calls()
    await app.says(app.greeting(Role.APP))
    await until(lambda: site.tokens.remembered)
    await site.enters(Role.CAR)
    assert app.reader._buffer == b""  # type: ignore[attr-defined]
    site.tokens.gate.set()
    await app.hears_welcome()


async def test_a_warning_that_cannot_be_noted(site: Site, log: Log) -> None:
    """It is logged, and due again with the next refusal."""
    (room,) = [await site.hub.find("CAR1")]
    assert room is not None
    site.tokens.error = DatabaseUnwritable("the disk is full")
    site.acceptor.warn(room, WarningKind.REPEATED)
    await until(lambda: log.lines("cannot tell an owner of a refused login"))
    assert site.alerts.raised == []
    site.tokens.error = None
    site.acceptor.warn(room, WarningKind.REPEATED)
    await until(lambda: site.alerts.raised)


async def test_a_secret_that_changes_meanwhile(site: Site) -> None:
    """Who has proven the old one while a token is remembered is weighed by the new one."""
    keeper = await site.enters(Role.APP)
    await keeper.hears_messages(2)
    site.tokens.gate = asyncio.Event()
    caller = await site.calls()
    await caller.says(caller.greeting(Role.APP))
    await until(lambda: len(site.tokens.remembered) == 2)
    site.storage.vehicles["CAR1"] = make_vehicle("CAR1", "new")
    site.hub.refresh([site.storage.vehicles["CAR1"].change])
    site.tokens.gate.set()
    assert await caller.is_closed()


@pytest.mark.parametrize("role", [Role.APP, Role.CAR])
async def test_over_tls(site: Site, role: Role) -> None:
    """What nobody can overhear is not remembered; a copy of what was overheard is refused."""
    certificate = Certificate.make()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(site.acceptor.answer, site.host, 0, ssl=certificate.server)
    port = server.sockets[0].getsockname()[1]
    for seen in (False, True):
        if seen:
            site.tokens.seen.add(CALLER_TOKEN)
        reader, writer = await asyncio.open_connection(
            site.host, port, ssl=certificate.trust, server_hostname="localhost"
        )
        writer.write(greeting(role, "CAR1"))
        async with asyncio.timeout(PATIENCE):
            line = await reader.readline()
        assert line.startswith(b"MP-S 0 ") is (role is Role.CAR or not seen)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    assert site.tokens.remembered == []
    assert site.tokens.asked == [(SECRET.decode(), CALLER_TOKEN)] * 2
    server.close()


async def _stray(site: Site, role: Role, vehicle_id: str, *, padded: bool = True) -> None:
    """Say a right welcome where it proves nothing."""
    line = greeting(role, vehicle_id)
    caller = await site.calls()
    await caller.says(line if padded else line.replace(b"==", b""))
    assert await caller.is_closed()


@pytest.mark.parametrize("padded", [True, False])
async def test_a_welcome_for_a_mistyped_vehicle(site: Site, padded: bool) -> None:
    """It was overheard, so it opens the vehicle that was meant no more; a car is let in."""
    await _stray(site, Role.APP, "CAR", padded=padded)
    assert site.tokens.remembered == []
    caller = await site.calls()
    await caller.says(caller.greeting(Role.APP))
    assert await caller.is_closed()
    assert [alert.text for alert in site.alerts.raised] == [WarningKind.REPEATED.value]
    await site.enters(Role.CAR)


async def test_a_welcome_while_the_database_was_away(site: Site) -> None:
    """It was overheard, though nobody could say whether it was right."""
    site.storage.error = DatabaseUnwritable("the disk is full")
    await _stray(site, Role.APP, "CAR1")
    site.storage.error = None
    caller = await site.calls()
    await caller.says(caller.greeting(Role.APP))
    assert await caller.is_closed()


@pytest.fixture
def strict(site: Site) -> Site:
    """Have all vehicles take TLS only."""
    for vehicle_id, vehicle in site.storage.vehicles.items():
        site.storage.vehicles[vehicle_id] = replace(vehicle, tls_only=True)
    site.accounts.owners["me"] = ("pw", ("CAR1",))
    return site


@pytest.mark.parametrize("role", list(Role))
async def test_a_vehicle_that_takes_tls_only(strict: Site, log: Log, role: Role) -> None:
    """A right login without TLS is refused, remembered and told once; a wrong one is as ever."""
    vehicle_id = "PEER" if role is Role.SERVER else "CAR1"
    for secret in (SECRET, SECRET, b"wrong"):
        caller = await strict.calls()
        await caller.says(greeting(role, vehicle_id, secret))
        assert await caller.is_closed()
    await until(lambda: len(log.lines("refused")) == 3)
    reasons = [line["reason"] for line in log.lines("refused")]
    assert reasons == [str(TlsOnly())] * 2 + ["the digest does not prove the secret"]
    assert strict.tokens.remembered == [(SECRET.decode(), CALLER_TOKEN)] * 2
    told = [alert.text for alert in strict.alerts.raised]
    assert told == [WarningKind.PLAIN.value] + [CAR_REFUSED] * (role is Role.CAR)


async def test_an_owner_of_a_vehicle_that_takes_tls_only(strict: Site, log: Log) -> None:
    """By name and password nobody gets in without TLS either."""
    for vehicle_id in ("*", "CAR1"):
        app = await strict.calls()
        await app.says(f"MP-A 1 me pw {vehicle_id}\r\n".encode())
        assert await app.is_closed()
    assert [line["reason"] for line in log.lines("refused")] == [str(TlsOnly())] * 2
    assert [alert.text for alert in strict.alerts.raised] == [WarningKind.PLAIN.value]


@pytest.mark.parametrize("welcome", [greeting(Role.CAR, "CAR1"), b"MP-A 1 me pw *\r\n"])
async def test_tls_where_it_is_a_must(strict: Site, welcome: bytes) -> None:
    """Over TLS everything is as it is elsewhere."""
    certificate = Certificate.make()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        strict.acceptor.answer, strict.host, 0, ssl=certificate.server
    )
    reader, writer = await asyncio.open_connection(
        strict.host, server.sockets[0].getsockname()[1],
        ssl=certificate.trust, server_hostname="localhost",
    )  # fmt: skip
    writer.write(welcome)
    async with asyncio.timeout(PATIENCE):
        assert (await reader.readline()).startswith(b"MP-S ")
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    server.close()
