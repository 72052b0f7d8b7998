"""What the acceptor notes of callers: commands, and why cars fail to connect."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ovms.protocol import Message, Role
from ovms.server.failed_calls import FailureReason
from ovms.server.refused_calls import CallTrouble
from tests.server.sites import Site, greeting
from tests.waiting import until

if TYPE_CHECKING:
    from tests.server.conftest import Log


async def test_commands(site: Site) -> None:
    """What may be a command is noted with the vehicle, whoever's app it is."""
    app = await site.enters(Role.APP)
    for message in (Message("C", b"20,1"), Message("A"), Message("E", b"MCx")):
        await app.says(app.session.send(message))
    await until(lambda: len(site.notes.commands) == 2)
    assert site.notes.commands == [("C", "CAR1", ""), ("E", "CAR1", "")]


async def test_an_owners_command(site: Site) -> None:
    """A command of an owner's app is noted with its owner, and the vehicle that was chosen."""
    site.accounts.owners["me"] = ("pw", ("CAR1",))
    app = await site.calls()
    await app.says(b"MP-A 1 me pw *\r\n")
    await until(lambda: site.hub.rooms.get("CAR1"))
    await app.says(b"C20,1\r\n")
    await until(lambda: site.notes.commands)
    assert site.notes.commands == [("C", "CAR1", "me")]


@pytest.mark.parametrize(
    ("role", "failures"),
    [(Role.CAR, [("CAR1", "127.0.0.1", FailureReason.WRONG_SECRET)]), (Role.APP, [])],
)
async def test_a_wrong_secret(site: Site, role: Role, failures: list[object]) -> None:
    """A car with a wrong secret is noted; an app says nothing about the car."""
    caller = await site.calls()
    await caller.says(greeting(role, "car1", b"wrong"))
    await until(lambda: not site.acceptor.connections)
    assert site.notes.failures == failures


@pytest.mark.parametrize("vehicle_id", ["CAR1", "NONE"])
async def test_a_refused_module(site: Site, vehicle_id: str) -> None:
    """It is noted for who sets it up, in the same way whether there is such a vehicle or not."""
    caller = await site.calls()
    await caller.says(greeting(Role.CAR, vehicle_id, b"wrong"))
    await until(lambda: not site.acceptor.connections)
    (call,) = site.acceptor.refused_calls.recent()
    assert (call.address, call.vehicle_id) == ("127.0.0.1", vehicle_id)
    assert call.trouble is CallTrouble.REFUSED


@pytest.mark.parametrize(
    ("said", "troubles"),
    [(b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", [CallTrouble.UNEXPECTED_TLS]),
     (b"HELLO\r\n", [CallTrouble.NO_PROTOCOL]), (greeting(Role.APP, "CAR1", b"wrong"), []),
     (b"MP-A 1 me wrong *\r\n", [])],
)  # fmt: skip
async def test_what_is_no_module(site: Site, said: bytes, troubles: list[CallTrouble]) -> None:
    """TLS at the wrong port, and what is no protocol, may be a module; an app is none."""
    caller = await site.calls()
    await caller.says(said)
    await until(lambda: not site.acceptor.connections)
    assert [each.trouble for each in site.acceptor.refused_calls.recent()] == troubles


async def test_an_unknown_vehicle(site: Site) -> None:
    """A call for a vehicle that does not exist is nobody's."""
    caller = await site.calls()
    await caller.says(greeting(Role.CAR, "NONE"))
    await until(lambda: not site.acceptor.connections)
    assert not site.notes.failures


async def test_tls_only(site: Site) -> None:
    """A car without TLS, of a vehicle that takes TLS only, is noted."""
    vehicle = site.storage.vehicles["CAR1"]
    site.storage.vehicles["CAR1"] = replace(vehicle, tls_only=True)
    caller = await site.calls()
    await caller.says(greeting(Role.CAR, "CAR1"))
    await until(lambda: not site.acceptor.connections)
    assert site.notes.failures == [("CAR1", "127.0.0.1", FailureReason.TLS_ONLY)]


async def test_the_database_is_away(site: Site, log: Log) -> None:
    """A car that cannot be checked now is noted."""
    site.tokens.error = None
    site.storage.gate = asyncio.Event()
    site.storage.error = OSError("away")
    caller = await site.calls()
    await caller.says(greeting(Role.CAR, "CAR1"))
    site.storage.gate.set()
    await until(lambda: site.notes.failures)
    assert site.notes.failures == [("CAR1", "127.0.0.1", FailureReason.BUSY)]


async def test_no_proof(site: Site) -> None:
    """A car that ends before it has proven itself is noted, unless another one is there."""
    caller = await site.calls()
    await caller.says(caller.greeting())
    await caller.hears_welcome()
    caller.writer.close()
    await until(lambda: site.notes.failures)
    assert site.notes.failures == [("CAR1", "127.0.0.1", FailureReason.NO_PROOF)]
    await site.enters(Role.CAR)
    await until(lambda: site.hub.rooms["CAR1"].car)
    other = await site.calls()
    await other.says(other.greeting())
    await other.hears_welcome()
    other.writer.close()
    await until(lambda: len(site.acceptor.connections) == 1)
    assert len(site.notes.failures) == 1


async def test_a_proven_car_goes(site: Site) -> None:
    """The end of a car that was there is no failure, nor is a server that stops."""
    car = await site.enters(Role.CAR)
    await until(lambda: site.hub.rooms["CAR1"].car)
    car.writer.close()
    await until(lambda: not site.acceptor.connections)
    caller = await site.calls()
    await caller.says(caller.greeting())
    await caller.hears_welcome()
    await site.acceptor.empty()
    assert not site.notes.failures
