"""What the acceptor counts."""

from __future__ import annotations

import asyncio

from ovms.protocol import Message, Role
from tests.server.sites import Site, greeting
from tests.waiting import PATIENCE, until


def counted(site: Site) -> dict[str, int]:
    """Return how many connections there are of each kind."""
    return {kind: each.connections for kind, _, each in site.acceptor.counts if each.connections}


async def test_connections_count_by_kind(site: Site) -> None:
    """A caller is a stranger until its welcome, then what it said it is, and nothing at its end."""
    site.accounts.owners["me"] = ("pw", ("CAR1",))
    stranger = await site.calls()
    await site.enters(Role.CAR)
    app = await site.enters(Role.APP)
    await site.enters(Role.BATCH)
    await site.enters(Role.SERVER, "PEER")
    assert counted(site) == {"stranger": 1, "car": 1, "app": 1, "batch": 1, "server": 1}
    app.writer.close()
    await stranger.says(b"MP-A 1 me pw *\r\n")
    await until(lambda: "stranger" not in counted(site))
    await until(lambda: counted(site)["app"] == 1)
    assert site.acceptor.welcomes == {"accepted": 4}


async def test_messages_count_by_kind(site: Site) -> None:
    """What a car says counts once as received, and as sent for each app that hears it."""
    car = await site.enters(Role.CAR)
    apps = [await site.enters(Role.APP) for _ in range(2)]
    for app in apps:
        await app.hears_messages(2)
    await until(lambda: site.acceptor.counts.of("car", "plain").messages_received == 2)
    of_apps = site.acceptor.counts.of("app", "plain")
    before = of_apps.messages_sent
    said = car.session.send(Message("S", b"80"))
    came = site.acceptor.counts.of("car", "plain").bytes_received
    await car.says(said)
    for app in apps:
        assert await app.hears_messages(2) == ["S80", "T0"]
    assert of_apps.messages_sent - before == 4
    of_cars = site.acceptor.counts.of("car", "plain")
    assert of_cars.messages_received == 3
    assert of_cars.bytes_received - came == len(said)


async def test_refusals_count_by_reason(site: Site) -> None:
    """Wrong secret, unknown vehicle, wrong password, and what is no welcome, are told apart."""
    for line in (
        greeting(Role.APP, "CAR1", b"wrong"),
        greeting(Role.APP, "NONE"),
        b"MP-A 1 me wrong *\r\n",
        b"what is this\r\n",
    ):
        caller = await site.calls()
        await caller.says(line)
        async with asyncio.timeout(PATIENCE):
            await caller.reader.read()
    await until(lambda: not site.acceptor.connections)
    assert site.acceptor.refusals == {
        "wrong_secret": 1, "unknown_vehicle": 1, "wrong_password": 1, "no_protocol": 1
    }  # fmt: skip
    assert site.acceptor.welcomes == {"refused": 2}
    assert counted(site) == {}


async def test_a_car_without_an_answer_is_counted(site: Site) -> None:
    """While the database is away a car is not closed; that it waits is counted."""
    site.storage.error = RuntimeError("away")
    caller = await site.calls()
    await caller.says(caller.greeting())
    await until(lambda: site.acceptor.unanswered == 1)
    assert site.acceptor.refusals == {}
