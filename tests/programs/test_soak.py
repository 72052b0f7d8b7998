"""What takes minutes: the server killed by the dozen, connections by the thousand."""

from __future__ import annotations

import asyncio
import random
import resource
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from ovms.net.client import ClientConnection, NetError, connect
from ovms.net.tls import client_context
from ovms.protocol import Message, Role
from tests.programs.conftest import DRIVE, SECRET, Server, Start, needs_recordings, status_of
from tests.programs.test_refusals import resident

pytestmark = pytest.mark.soak


@pytest.fixture
def server(start: Start, tmp_path: Path) -> Server:
    """Run a server that lets thousands of apps watch one vehicle."""
    many = partial(start, env={"OVMS_LIMIT_APPS": "5000"})
    return Server(many, tmp_path / "data", ("CAR1",))


@needs_recordings
def test_a_dozen_kills_during_drives(start: Start, tmp_path: Path) -> None:
    """However often the server is killed, all cars come back and their last state is right."""
    chance = random.Random(20120218)  # noqa: S311 (the same kills each time)
    vehicles = tuple(f"CAR{number}" for number in range(1, 5))
    server = Server(start, tmp_path / "data", vehicles)
    for _ in range(4):
        cars = [
            start(
                "car", "--type", "roadster", "--replay", str(DRIVE), "--speed", "30",
                *server.link(vehicle),
            )
            for vehicle in vehicles
        ]  # fmt: skip
        for _ in range(3):
            server.program.wait_for("connected .*role=car")
            time.sleep(chance.uniform(0.05, 6))
            server.program.kill()
            server.run()
        for vehicle, car in zip(vehicles, cars, strict=True):
            assert car.end() == 0, car.output()
            shown = status_of(server, vehicle)["messages"]
            assert isinstance(shown, dict)
            assert shown["S"]["fields"]["soc"] == 93
            assert shown["D"]["fields"]["doors_1"] == 0x68


async def test_two_thousand_connections_come_and_go(server: Server) -> None:
    """A crowd that logs in, talks and leaves costs no memory once it has gone."""
    allow_files(8192)
    for _ in range(9):  # the allocator reaches its height with the third to the seventh crowd
        await _crowd(server, 2000)
    before = resident(server)
    for _ in range(5):
        await _crowd(server, 2000)
    assert resident(server) - before < 3_000_000


async def test_a_crowd_over_tls_is_small(server: Server) -> None:
    """An idle app over TLS takes about four times the memory of a plain one, not more."""
    allow_files(4096)
    tls = client_context(server.data / "tls" / "cert.pem")

    async def apps(count: int) -> list[ClientConnection]:
        return [
            await connect("127.0.0.1", server.tls_port, Role.APP, "CAR1", SECRET.encode(), tls=tls)
            for _ in range(count)
        ]

    warm = await apps(100)
    before = resident(server)
    crowd = await apps(1000)
    assert (resident(server) - before) / len(crowd) < 45_000
    for each in (*warm, *crowd):
        await each.close()


async def _crowd(server: Server, size: int) -> None:
    """Connect many apps and one car, let the car report to all of them, and leave."""
    car = await connect("127.0.0.1", server.port, Role.CAR, "CAR1", SECRET.encode())
    apps: list[ClientConnection] = []
    for _ in range(size // 100):
        apps += await asyncio.gather(
            *(
                connect("127.0.0.1", server.port, Role.APP, "CAR1", SECRET.encode())
                for _ in range(100)
            )
        )
    car.send_all([Message("a"), Message("S", b"42,K")])
    for app in apps:
        while (await app.receive()) != Message("S", b"42,K"):
            pass
    for each in (*apps, car):
        with suppress(NetError):
            await each.close()


def allow_files(count: int) -> None:
    """Let this process have so many open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))
