"""Owners at the acceptor: by name and password, one vehicle or any."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ovms.protocol import Message, Role
from ovms.server.acceptor import (
    PAGE_LIFE,
)
from ovms.server.accounts.login import Credential, Login
from tests.server.conftest import Log
from tests.server.sites import Site
from tests.waiting import until


@pytest.fixture
def owners(site: Site) -> Site:
    """Let an owner with two cars, one without, and one whose car is a server log in."""
    site.accounts.owners |= {
        "me": ("pw", ("CAR1", "CAR2")),
        "none": ("pw", ()),
        "other": ("pw", ("PEER", "GONE")),
    }
    return site


@pytest.mark.parametrize(("asked", "vehicle"), [("*", "CAR1"), ("car2", "CAR2"), ("CAR1", "CAR1")])
async def test_an_owner(owners: Site, log: Log, asked: str, vehicle: str) -> None:
    """An owner's app is told all the vehicles, and speaks and hears plain lines of one."""
    app = await owners.calls()
    await app.says(f"MP-A 1 me pw {asked}\r\n".encode())
    assert await app.hears_line() == f"MP-S 1 me {vehicle} CAR1 CAR2\r\n".encode()
    assert [await app.hears_line() for _ in range(2)] == [b"Z0\r\n", b"T0\r\n"]
    car = await owners.enters(Role.CAR, vehicle)
    assert await car.hears_messages(1) == ["Z1"]
    assert await app.hears_line() == b"Z1\r\n"
    await app.says(b"C20,1234\r\n")
    assert await car.hears_messages(1) == ["C20,1234"]
    await car.says(car.session.send(Message("c", b"20,0")))
    assert await app.hears_line() == b"c20,0\r\n"
    [(user, right, address)] = owners.accounts.asked
    assert (user, right, address) == ("me", "v2", "127.0.0.1")
    assert log.lines("connected")[0]["user"] == "me"
    assert "pw" not in log.text


async def test_an_owners_batch_client_is_not_counted(owners: Site) -> None:
    """A look must not make the car report ten times as often, whoever looks."""
    car = await owners.enters(Role.CAR)
    batch = await owners.calls()
    await batch.says(b"MP-B 1 me pw *\r\n")
    await batch.hears_line()
    assert await batch.hears_line() == b"Z1\r\n"
    await car.says(car.session.send(Message("A")))
    assert await car.hears_messages(2) == ["Z0", "a"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"MP-A 1 me wrong *", "wrong name or password"),
        (b"MP-A 1 nobody pw *", "wrong name or password"),
        (b"MP-A 1 me pw CAR3", "the owner has no such vehicle"),
        (b"MP-A 1 me pw PEER", "the owner has no such vehicle"),
        (b"MP-A 1 none pw *", "the owner has no such vehicle"),
        (b"MP-A 1 other pw PEER", "the owner has no such vehicle"),
        (b"MP-A 1 other pw GONE", "the owner has no such vehicle"),
    ],
)
async def test_an_owner_who_is_refused(owners: Site, log: Log, line: bytes, reason: str) -> None:
    """Closed without an answer, with one line in the log."""
    app = await owners.calls()
    await app.says(line + b"\r\n")
    assert await app.is_closed()
    await until(lambda: log.lines("refused"))
    assert log.lines("refused")[0]["reason"] == reason
    assert owners.hub.rooms == {}


@pytest.mark.parametrize("line", [b"me one two *", b"my name pw1 pw2 pw3", b"me pw1"])
async def test_a_password_with_a_blank_is_not_logged(owners: Site, log: Log, line: bytes) -> None:
    """A word of a password that stands where the vehicle id is expected reaches no log."""
    app = await owners.calls()
    await app.says(b"MP-A 1 " + line + b"\r\n")
    assert await app.is_closed()
    await until(lambda: log.lines("refused"))
    assert not [word for word in line.split()[2:] if word != b"*" and word.decode() in log.text]
    assert "vehicle" not in log.lines("refused")[0]


async def test_an_owner_while_the_database_is_away(owners: Site, log: Log) -> None:
    """An app is closed at once: it tries again, and silence would hang it."""
    owners.accounts.error = OSError("the disk is away")
    app = await owners.calls()
    await app.says(b"MP-A 1 me pw *\r\n")
    assert await app.is_closed()
    assert log.lines("cannot check a welcome now")[0]["reason"] == "the disk is away"


async def test_an_owner_who_is_revoked(owners: Site, log: Log) -> None:
    """Apps of a changed password or a removed token are closed, the others are not."""
    first, second = await owners.calls(), await owners.calls()
    for app in (first, second):
        await app.says(b"MP-A 1 me pw *\r\n")
        await app.hears_line()
    by_secret = await owners.enters(Role.APP)
    await owners.accounts.check_logins()
    (login,) = set(owners.acceptor.logins())
    owners.accounts.changes[login] = None
    await owners.accounts.check_logins()
    for app in (first, second):
        while await app.hears_line():
            pass
    await until(lambda: len(owners.acceptor.connections) == 1)
    assert {line["reason"] for line in log.lines("disconnected")} == {
        "the owner's password, token or vehicles changed"
    }
    await by_secret.says(by_secret.session.send(Message("A")))
    assert (await by_secret.hears_messages(3))[-1] == "a"


async def test_a_page_comes_again(owners: Site, log: Log) -> None:
    """An app of a session is closed after half a day, for its session may have lapsed."""
    page, app = await owners.calls(), await owners.calls()
    for each in (page, app):
        await each.says(b"MP-A 1 me pw *\r\n")
        await each.hears_line()
    (login, _) = owners.acceptor.logins()
    connection = next(iter(owners.acceptor.connections))
    connection.login = replace(login, credential=Credential("", session_id=7))
    owners.clock.advance(PAGE_LIFE - 1)
    owners.acceptor.tick()
    assert len(owners.acceptor.connections) == 2
    owners.clock.advance(1)
    owners.acceptor.tick()
    await until(lambda: len(owners.acceptor.connections) == 1)
    assert owners.acceptor.logins() == [login]
    assert log.lines("disconnected")[0]["reason"] == "come again with a new ticket"


async def test_an_owner_who_is_revoked_on_the_way_in(owners: Site, log: Log) -> None:
    """A login that ends between password and welcome is closed: it is looked for only once."""
    owners.storage.gate = asyncio.Event()
    app = await owners.calls()
    await app.says(b"MP-A 1 me pw *\r\n")
    await until(lambda: owners.storage.loads)
    owners.accounts.changes[Login(1, "me", ("CAR1", "CAR2"), Credential("v2"))] = None
    await owners.accounts.check_logins()
    owners.accounts.changes.clear()
    owners.storage.gate.set()
    assert await app.is_closed()
    await until(lambda: log.lines("refused"))
    assert owners.hub.rooms == {}


async def test_an_owner_whose_login_changes(owners: Site) -> None:
    """An app goes on when its token has other rights, and is closed when its vehicles changed."""
    app = await owners.calls()
    await app.says(b"MP-A 1 me pw *\r\n")
    await app.hears_line()
    (before,) = owners.acceptor.logins()
    after = replace(before, permit="v2")
    owners.accounts.changes[before] = after
    await owners.accounts.check_logins()
    assert owners.acceptor.logins() == [after]
    owners.accounts.changes[after] = replace(after, vehicles=("CAR2",))
    await owners.accounts.check_logins()
    await until(lambda: not owners.acceptor.connections)


async def test_one_owner_never_hears_another(owners: Site) -> None:
    """What is known of a caller belongs to its connection: a new one starts from nothing."""
    for vehicle in ("CAR1", "CAR2") * 5:
        app = await owners.calls()
        await app.says(f"MP-A 1 me pw {vehicle}\r\n".encode())
        assert (await app.hears_line()).split()[3] == vehicle.encode()
        app.writer.transport.abort()
        await until(lambda: not owners.acceptor.connections)
