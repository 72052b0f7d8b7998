"""The database is away for a while: cars stay, new ones come in, nothing acknowledged is lost."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from typing import NamedTuple

import httpx
import pytest

from ovms.server.storage.sqlite.connections import BUSY_TIMEOUT
from ovms.server.storage.sqlite.database import WRITER_BUSY_TIMEOUT
from tests.attacks.conftest import Aim, Target, Tell
from tests.attacks.reporters import IDENTITY, Reporters
from tests.attacks.test_kills import stored
from tests.conformance.client import Caller
from tests.postgres import durable_server
from tests.programs.conftest import SECRET
from tests.programs.test_refusals import resident
from tests.waiting import PATIENCE

LOCK_PATIENCE = WRITER_BUSY_TIMEOUT + 1
"""Seconds that a file may be locked without a line in the log."""

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
    """Hold a file, as a backup that hangs does."""
    with closing(sqlite3.connect(target.data / "ovms.db", isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        yield
        database.execute("ROLLBACK")


@contextmanager
def stopped(target: Target) -> Iterator[None]:
    """Stop PostgreSQL, as for an upgrade of it."""
    server = durable_server()
    server.stop("fast")
    yield
    server.start()


@pytest.mark.parametrize("load", [SHORT, LONG])
@pytest.mark.parametrize("away", [locked, stopped])
def test_the_database_is_away(
    aim: Aim, tell: Tell, away: Callable[[Target], AbstractContextManager[None]], load: Load
) -> None:
    """Live messages go on, what waits is acknowledged later, and memory stays in its bound."""
    vehicles = tuple(f"CAR{number}" for number in range(load.cars + 2))
    url = durable_server().url(durable_server().create()) if away is stopped else None
    target = aim(vehicles, url)
    crowd = Reporters(target, vehicles[2:])
    crowd.call()
    crowd.gain(500)
    car = target.call("C", vehicles[0])
    car.say(IDENTITY, b"S0,K")
    app = target.call("A", vehicles[0])
    before = resident(target)
    with away(target):
        began = time.monotonic()
        late = Caller(target.dial(), SECRET)
        late.send_welcome("C", vehicles[1])
        while time.monotonic() < began + load.seconds:
            passes_on(car, app, b"S%.2f,K" % time.monotonic())
            crowd.run_for(BETWEEN, load.window)
        if away is stopped:  # silence: a module calls again, and a close is a wrong secret to it
            assert late.wire.is_quiet()
            late.wire.close()
    back = time.monotonic()
    grown = resident(target) - before
    waiting = sum(len(each.waiting) for each in crowd.cars)
    crowd.settle()
    tell(f"away for {back - began:.0f} s: {waiting} records waited, {grown / 2**20:.0f} MiB more; "
         f"all acknowledged {time.monotonic() - back:.1f} s later")  # fmt: skip
    assert grown < MEMORY
    passes_on(car, app, b"S1,K")
    assert crowd.connected == load.cars
    if away is stopped:
        late = target.call("C", vehicles[1])
    else:
        late.be_welcomed()
    crowd.hang_up()
    assert stored(target) == Counter(crowd.acknowledged)
    target.program.kill()  # it would wait for the car that got no answer, as long as a module does
    lines = target.program.output().splitlines()
    events = "cannot save to the database", "saving to the database again"
    counts = [sum(event in line for line in lines) for event in events]
    notable = [line for line in lines if "[info" not in line or events[1] in line]
    is_short = counts == [0, 0] and load.seconds < LOCK_PATIENCE
    assert counts == [1, 1] or is_short, notable
    told = Counter(line.split(maxsplit=1)[1] for line in notable)
    assert max(told.values()) == 1, told


def passes_on(car: Caller, app: Caller, said: bytes) -> None:
    """Have a car say something, and wait until an app hears it."""
    car.say(said)
    while app.hear_code(b"S") != said:
        pass


@pytest.mark.soak
def test_calls_by_http_are_not_kept_waiting(target: Target) -> None:
    """Who would change something is refused in a clear text, many together as soon as one."""
    site = Site(target)
    with ThreadPoolExecutor(10) as threads:
        began = time.monotonic()
        with locked(target):
            answers = list(threads.map(site.rename, range(10)))
            assert time.monotonic() < began + 3 * BUSY_TIMEOUT
            assert site.call("GET").status_code == 200
        check_refused(answers)
        assert site.rename(0).status_code == 200


@pytest.mark.soak
def test_calls_by_http_without_postgresql(aim: Aim) -> None:
    """Who would look is refused as well, at once, and is answered when it is back."""
    server = durable_server()
    target = aim(database=server.url(server.create()))
    site = Site(target)
    assert site.call("GET").status_code == 200
    with stopped(target):
        check_refused([site.call("GET"), site.rename(0), site.call("GET")])
    assert site.call("GET").status_code == 200
    assert site.rename(0).status_code == 200


class Site:
    """The API of a server, called with a token that may everything."""

    def __init__(self, target: Target) -> None:
        made = target.ovms("token", "add", "--owner", "tester", "--permit", "*")
        self._given = {"Authorization": f"Bearer {made.split()[-1]}"}
        self._vehicles = f"http://127.0.0.1:{target.http_port}/api/v1/vehicles"

    def call(self, method: str, path: str = "", body: object = None) -> httpx.Response:
        """Call it about vehicles."""
        return httpx.request(
            method, self._vehicles + path, json=body, headers=self._given, timeout=PATIENCE,
            trust_env=False,
        )  # fmt: skip

    def rename(self, number: int) -> httpx.Response:
        """Give a vehicle another name."""
        return self.call("PATCH", "/CAR1", {"name": f"Car {number}"})


def check_refused(answers: list[httpx.Response]) -> None:
    """Check that all were told that the database is away, and when to call again."""
    assert {each.status_code for each in answers} == {503}
    assert {each.json()["error"]["message"] for each in answers} == {"The database is away"}
    assert {each.headers["Retry-After"] for each in answers} == {"10"}
