"""The database is away for a while: cars stay, new ones come in, nothing acknowledged is lost."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import NamedTuple

import httpx
import pytest

from ovms.server.storage.sqlite.connections import BUSY_TIMEOUT
from tests.attacks.conftest import Aim, Target, Tell
from tests.attacks.reporters import IDENTITY, Reporters
from tests.attacks.test_kills import stored
from tests.conformance.client import Caller
from tests.programs.test_refusals import resident
from tests.waiting import PATIENCE

BETWEEN = 0.2
"""Seconds that cars report between two looks at everything else."""

MEMORY = 150 * 2**20
"""Bytes that the server may grow by: 64 MiB of records by its own count, and what carries them."""


class Load(NamedTuple):
    """How long the database is away, and how much comes meanwhile."""

    seconds: float
    cars: int
    window: int
    """Records that each car has on their way."""


SHORT = Load(2, 8, 50)
LONG = pytest.param(Load(30, 60, 4000), marks=pytest.mark.soak)


@contextmanager
def locked(target: Target) -> Iterator[None]:
    """Hold the database, as a backup that hangs does."""
    with closing(sqlite3.connect(target.data / "ovms.db", isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        yield
        database.execute("ROLLBACK")


@pytest.mark.parametrize("load", [SHORT, LONG])
def test_the_database_is_away(aim: Aim, tell: Tell, load: Load) -> None:
    """Live messages go on, what waits is acknowledged later, and memory stays in its bound."""
    vehicles = tuple(f"CAR{number}" for number in range(load.cars + 2))
    target = aim(vehicles)
    crowd = Reporters(target, vehicles[2:])
    crowd.call()
    crowd.gain(500)
    car = target.call("C", vehicles[0])
    car.say(IDENTITY, b"S0,K")
    app = target.call("A", vehicles[0])
    before = resident(target)
    away = time.monotonic()
    with locked(target):
        late = target.call("C", vehicles[1])
        late.say(IDENTITY)
        while time.monotonic() < away + load.seconds:
            passes_on(car, app, b"S%.2f,K" % time.monotonic())
            crowd.run_for(BETWEEN, load.window)
    back = time.monotonic()
    grown = resident(target) - before
    waiting = sum(len(each.waiting) for each in crowd.cars)
    crowd.settle()
    tell(f"away for {back - away:.0f} s: {waiting} records waited, {grown / 2**20:.0f} MiB more; "
         f"all acknowledged {time.monotonic() - back:.1f} s later")  # fmt: skip
    assert grown < MEMORY
    passes_on(car, app, b"S1,K")
    assert late.settle() is not None
    assert crowd.connected == load.cars
    crowd.hang_up()
    assert stored(target) == Counter(crowd.acknowledged)
    output = target.program.output()
    assert output.count("cannot save to the database") == 1
    assert output.count("saving to the database again") == 1


def passes_on(car: Caller, app: Caller, said: bytes) -> None:
    """Have a car say something, and wait until an app hears it."""
    car.say(said)
    while app.hear_code(b"S") != said:
        pass


@pytest.mark.soak
def test_calls_by_http_are_not_kept_waiting(target: Target) -> None:
    """Who would change something is refused in a clear text, many together as soon as one."""
    token = target.ovms("token", "add", "--owner", "tester", "--permit", "*").split()[-1]
    given = {"Authorization": f"Bearer {token}"}
    site = f"http://127.0.0.1:{target.http_port}/api/v1/vehicles"

    def rename(number: int) -> httpx.Response:
        body = {"name": f"Car {number}"}
        path = f"{site}/CAR1"
        return httpx.patch(path, json=body, headers=given, timeout=PATIENCE, trust_env=False)

    with ThreadPoolExecutor(10) as threads:
        began = time.monotonic()
        with locked(target):
            answers = list(threads.map(rename, range(10)))
            assert time.monotonic() < began + 3 * BUSY_TIMEOUT
            shown = httpx.get(site, headers=given, timeout=PATIENCE, trust_env=False)
            assert shown.status_code == 200
        assert {each.status_code for each in answers} == {503}
        assert {each.json()["error"]["message"] for each in answers} == {"The database is away"}
        assert {each.headers["Retry-After"] for each in answers} == {"10"}
        assert rename(0).status_code == 200
