"""The plug is pulled: nothing that was acknowledged is lost, and no migration is left half done."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import text

from ovms.server.storage import schema
from ovms.server.storage.opening import open_database
from tests.attacks.conftest import Target
from tests.programs.conftest import run_ovms
from tests.waiting import PATIENCE

A_TURN = 40
"""Records that a car sends between two kills, as fast as it can."""

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


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.soak)])
def test_what_was_acknowledged_is_there(target: Target, kills: int) -> None:
    """After each kill all acknowledged records are in the history, once, though sent again."""
    chance = Random(kills)  # noqa: S311
    acknowledged: set[int] = set()
    for turn in range(kills):
        car = target.call("C")
        car.say(b"F3.3.005/1/main,VIN0000000000000X,20,1,FAKE,test,1,1,hw,LTE")
        codes = range(turn * A_TURN // 2, turn * A_TURN // 2 + A_TURN)  # half of them again
        car.say(*(b"h%d,0,*-LOG-Kill,1,86400,record %d." % (code, code) for code in codes))
        for _ in range(chance.randrange(1, A_TURN)):
            acknowledged.add(int(car.hear_code(b"h")[1:]))
        target.program.kill()
        car.wire.close()
        target.run()
    listed = run_ovms("app", "history", "*-LOG-Kill", "--json", *target.link())
    assert listed.returncode == 0, listed.stderr
    found = Counter(map(int, re.findall(r"record (\d+)\.", listed.stdout)))
    assert acknowledged <= found.keys()
    assert set(found.values()) == {1}


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
