"""The plug is pulled: nothing that was acknowledged is lost, and no migration is left half done."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from threading import Timer
from typing import NamedTuple

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import select, text

from ovms.server.storage import schema
from ovms.server.storage.opening import open_database
from tests.attacks.conftest import Aim, Target, Tell
from tests.attacks.reporters import KIND, Record, Reporters
from tests.postgres import durable_server, postgres_server
from tests.programs.conftest import run_ovms
from tests.server.storage.databases import close
from tests.waiting import PATIENCE

ROWS = 20_000
"""Rows in a database of an early version: their migration takes a moment."""

UPGRADE = """
import sys
from pathlib import Path
from ovms.server.storage.opening import open_database
database = open_database(Path(sys.argv[1]))
print("begin", flush=True)
database.upgrade()
print("end", flush=True)
"""


class Ordeal(NamedTuple):
    """How often it is killed, after how many records, and from how many cars those come."""

    kills: int
    records: int
    cars: int

    @property
    def vehicles(self) -> tuple[str, ...]:
        """Return the ids of the cars."""
        return tuple(f"CAR{number}" for number in range(self.cars))


SHORT = Ordeal(1, 2000, 15)
LONG = pytest.param(Ordeal(20, 100_000, 60), marks=pytest.mark.soak)


@pytest.mark.parametrize("ordeal", [SHORT, LONG])
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_what_was_acknowledged_is_there(aim: Aim, tell: Tell, ordeal: Ordeal, kind: str) -> None:
    """After each kill all acknowledged records are in the history, once, though sent again."""
    chance = Random(ordeal.kills)  # noqa: S311 (the same kills each time)
    target = aim(ordeal.vehicles, url_of(kind))
    crowd = Reporters(target, ordeal.vehicles)
    for turn in range(ordeal.kills):
        before, began = crowd.count(), time.monotonic()
        crowd.call()
        crowd.gain(ordeal.records)
        killing = Timer(chance.uniform(0, 0.1), target.program.kill)
        killing.start()
        crowd.run(lambda: False)
        killed = time.monotonic()
        killing.join()
        target.run()
        tell(
            f"kill {turn + 1}: {crowd.count() - before} records in {killed - began:.1f} s, "
            f"ready again after {time.monotonic() - killed:.1f} s"
        )
        found = stored(target)
        assert crowd.acknowledged <= found.keys()
        assert set(found.values()) == {1}
    crowd.call()
    crowd.settle()
    crowd.hang_up()
    told = Counter(record for car in ordeal.vehicles[:3] for record in asked(target, car))
    mine = {record for record in crowd.acknowledged if record[0] in ordeal.vehicles[:3]}
    assert told == Counter(mine)
    assert stored(target) == Counter(crowd.acknowledged)


@pytest.mark.soak
def test_what_was_acknowledged_is_in_postgresql(aim: Aim, tell: Tell) -> None:
    """The same when PostgreSQL is killed and recovers; no car notices."""
    ordeal = Ordeal(20, 100_000, 60)
    chance = Random(ordeal.kills)  # noqa: S311 (the same kills each time)
    server = durable_server()
    target = aim(ordeal.vehicles, server.url(server.create()))
    crowd = Reporters(target, ordeal.vehicles)
    crowd.call()
    for turn in range(ordeal.kills):
        before, began = crowd.count(), time.monotonic()
        crowd.gain(ordeal.records)
        crowd.run_for(chance.uniform(0, 0.1))
        server.kill()
        killed = time.monotonic()
        server.start()
        found = stored(target)
        tell(
            f"kill {turn + 1}: {crowd.count() - before} records in {killed - began:.1f} s, "
            f"recovered after {time.monotonic() - killed:.1f} s"
        )
        assert crowd.acknowledged <= found.keys()
        assert set(found.values()) == {1}
    crowd.settle()
    crowd.hang_up()
    assert stored(target) == Counter(crowd.acknowledged)


def url_of(kind: str) -> str | None:
    """Return the URL of a new database; ``None`` for a file in the data folder."""
    if kind == "sqlite":
        return None
    server = postgres_server()
    return server.url(server.create())


def stored(target: Target) -> Counter[Record]:
    """Return the records that the database holds, and how often."""
    of = schema.history.c
    database = open_database(target.data, target.database)
    with database.reading() as connection:
        rows = connection.execute(select(of.vehicle_id, of.data).where(of.type == KIND))
        found = Counter((vehicle, int(data[7:-1])) for vehicle, data in rows)
    close(database)
    return found


def asked(target: Target, vehicle: str) -> Iterator[Record]:
    """Yield what command 32 tells an app of."""
    app = target.call("A", vehicle)
    app.say(b"C32," + KIND.encode())
    count = place = 0
    while not count or place < count:
        answer = app.hear_code(b"c").split(b",", 7)
        place, count = int(answer[2]), int(answer[3])
        yield vehicle, int(answer[-1][7:-1])


@contextmanager
def upgrading(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run an upgrade in a process of its own, from its beginning to its end."""
    words = [sys.executable, "-c", UPGRADE, str(folder)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begin\n"
        yield process


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Return the folder of a database of the third version, with much in it."""
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "ovms.db").touch()
    config = Config()
    config.set_main_option("script_location", "ovms.server.storage:migrations")
    database = open_database(folder)
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        connection.execute(
            text("INSERT INTO owners VALUES (7, 'Bob', 'bob', 'b@x', 'hash', 1, 1, 2)")
        )
        connection.execute(
            text("INSERT INTO vehicles VALUES "
                 "(:id, 7, 'One', 'pw', 'car', 'et', 1, 2, NULL, 3, 0)"),
            [{"id": f"CAR{number}"} for number in range(ROWS)],
        )  # fmt: skip
    return folder


@pytest.mark.parametrize("kills", [3, pytest.param(32, marks=pytest.mark.soak)])
def test_a_migration_is_whole_or_not_at_all(old: Path, tmp_path: Path, kills: int) -> None:
    """Whenever an upgrade is killed, the next one ends, and nothing is missing."""
    chance = Random(kills)  # noqa: S311
    trial = shutil.copytree(old, tmp_path / "trial")
    began = time.monotonic()
    with upgrading(trial) as process:
        assert process.wait(PATIENCE) == 0
    longest = time.monotonic() - began
    for _ in range(kills):
        with upgrading(old) as process:
            with suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0, longest / 2))
            process.kill()
    with upgrading(old) as process:
        assert process.wait(PATIENCE) == 0
    database = open_database(old)
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
        assert connection.scalar(text("SELECT count(*) FROM vehicles")) == ROWS
        assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
    shown = run_ovms("owner", "list", "--json", "--data", str(old))
    assert [owner["name"] for owner in json.loads(shown.stdout)] == ["Bob"]
