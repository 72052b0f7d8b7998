"""The database is damaged: one clear line says so, nothing is made worse, and a backup helps."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ovms.server.storage.sqlite.holding import SERVED
from tests.attacks.conftest import NO_PORTS, Target
from tests.attacks.reporters import IDENTITY
from tests.programs.conftest import Start, data_with, run_ovms
from tests.waiting import wait_until

PAGE = 4096
ROWS = 5000
"""Records of a history that is long enough for a page in its middle."""

Damage = Callable[[Path], object]


def overwritten(begin: int, end: int | None = None) -> Damage:
    """Return what overwrites pages, counted from 0; those to the end unless told."""

    def overwrite(path: Path) -> None:
        last = path.stat().st_size // PAGE if end is None else end
        with path.open("r+b") as file:
            file.seek(begin * PAGE)
            file.write(b"\xa5" * PAGE * (last - begin))

    return overwrite


def replaced(content: bytes) -> Damage:
    """Return what puts another program's file there."""
    return lambda path: path.write_bytes(content)


def foreign(path: Path) -> None:
    """Put another program's database there."""
    path.unlink()
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE notes (text)")


def folder(path: Path) -> None:
    """Put a folder there."""
    path.unlink()
    path.mkdir()


DAMAGES = {
    "no file of a database": (replaced(b"hello, I am a text\n" * 999), "is not a database"),
    "its beginning is another": (overwritten(0, 1), "is not a database"),
    "all behind its beginning": (overwritten(1), "is damaged"),
    "half of it is missing": (lambda p: os.truncate(p, p.stat().st_size // 2), "is damaged"),
    "all but a little is missing": (lambda p: os.truncate(p, 50), "is damaged"),
    "all of it is missing": (lambda p: os.truncate(p, 0), "is empty and was not"),
    "its log is another": (
        lambda p: p.with_name(f"{p.name}-wal").write_bytes(b"log\n" * PAGE), "has a damaged log",
    ),
    "another program's": (foreign, "belongs to another program"),
    "a folder": (folder, "cannot be opened"),
}  # fmt: skip
COMMANDS = (("serve", "--check", *NO_PORTS), ("vehicle", "list"), ("owner", "add", "alice"))


@pytest.mark.parametrize("name", DAMAGES)
def test_commands(served: Path, name: str) -> None:
    """Each says it in one line, and leaves the files as they are."""
    damage, told = DAMAGES[name]
    damage(served / "ovms.db")
    before = contents(served)
    for words in COMMANDS:
        done = run_ovms(*words, "--data", str(served))
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("ovms: database ")
        assert told in done.stderr
        assert done.stderr.count("\n") == 1
        assert contents(served) == before


def test_a_server_and_its_backup(start: Start, served: Path, tmp_path: Path) -> None:
    """A server does not start on it, and does on what is restored in its place."""
    backup = str(tmp_path / "backup")
    given = ("--data", str(served))
    assert run_ovms("backup", backup, *given).returncode == 0
    with closing(sqlite3.connect(served / "ovms.db")) as database:
        sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'vehicles'"
        (page,) = database.execute(sql).fetchone()
    overwritten(page - 1, page)(served / "ovms.db")
    program = start("serve", *given, *NO_PORTS)
    assert program.end() == 1
    assert "is damaged: restore a backup (ovms restore --replace)" in program.output()
    assert "Traceback" not in program.output()
    done = run_ovms("restore", backup, "--replace", *given)
    assert done.returncode == 0, done.stderr
    program = start("serve", *given, *NO_PORTS)
    program.wait_for("^ovms ready:")
    assert program.stop() == 0
    listed = json.loads(run_ovms("vehicle", "list", "--json", *given).stdout)
    assert [each["id"] for each in listed] == ["CAR1"]


def test_a_server_that_runs(target: Target) -> None:
    """Who asks for what is damaged hears so; everything else goes on, and the log says it once."""
    assert target.program.stop() == 0
    path = target.data / "ovms.db"
    begin = path.stat().st_size // PAGE
    with closing(sqlite3.connect(path)) as database:
        for table, columns, rows in (
            ("history", "type, number, time, expires, data", "'big', n, n, 1 << 40, 'row'"),
            ("history_counts", "type, number, records, bytes", "'big', n, 1, 100"),
        ):
            database.execute(
                f"WITH numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers "  # noqa: S608
                f"WHERE n < {ROWS}) INSERT INTO {table} (vehicle_id, {columns}) "
                f"SELECT 'CAR1', {rows} FROM numbers"
            )
        database.commit()
    target.run()
    middle = (begin + path.stat().st_size // PAGE) // 2
    overwritten(middle, middle + 8)(path)
    car, app = target.call("C"), target.call("A")
    car.say(IDENTITY)
    for _ in range(2):
        app.say(b"C32,big")
        while (answer := app.hear_code(b"c")).startswith(b"c32,0,"):
            pass
        assert answer == b"c32,1,not available now"
    car.say(b"h7,0,*-LOG-Kept,1,86400,kept", b"S5,K")
    assert car.hear_code(b"h") == b"h7"
    while app.hear_code(b"S") != b"S5,K":
        pass
    wait_until(lambda: "A query has met damage" in target.ovms("serve", "status"))
    told = "[error    ] the database is damaged"
    wait_until(lambda: told in target.program.output())  # a thread writes the log
    assert target.program.output().count(told) == 1


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """Return a data folder that a server has used."""
    data = tmp_path / "data"
    shutil.copytree(data_with(("CAR1",)), data)
    (data / "ovms.db.lock").write_bytes(SERVED)
    return data


def contents(data: Path) -> dict[str, bytes]:
    """Return what the database's files hold, without the index of the log, which is made anew."""
    files = (data / "ovms.db", data / "ovms.db-wal")
    return {
        each.name: each.read_bytes() for each in files if each.is_file() and each.stat().st_size
    }
