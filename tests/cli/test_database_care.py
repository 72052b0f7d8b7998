from __future__ import annotations

import asyncio
import json
from random import Random
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, select, update
from typer.testing import CliRunner

from ovms.cli import database_care
from ovms.protocol.records.history import KeptRecord
from ovms.server.storage import queries
from ovms.server.storage.batch import Batch
from ovms.server.storage.errors import NoRoom
from ovms.server.storage.expiry import ExpiryKind
from ovms.server.storage.schema import history_counts, messages, vehicles
from tests.server.storage.databases import apply, give_back, make_database, place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from typer.testing import Result

    from ovms.server.storage.database import Database

OF_CAR1 = history_counts.c.vehicle_id == "CAR1"
RIGHT = "2 vehicles checked: all counts are right\n"


@pytest.fixture(params=["sqlite", "postgres"])
def database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Database]:
    """Make a database whose CAR1 has reported a MiB."""
    made = make_database(tmp_path, kind=request.param)
    folder, url = place(made)
    monkeypatch.setenv("OVMS_DATA", str(folder))
    monkeypatch.delenv("OVMS_DATABASE", raising=False)
    if url is not None:
        monkeypatch.setenv("OVMS_DATABASE", url)
    batch = Batch()
    data = Random(1).randbytes(1000)  # noqa: S311 (not compressible)
    for time in range(1000):
        batch.history.put("CAR1", KeptRecord("S", 0, time, 10**9, data, None, time), None)
    batch.history.put("CAR2", KeptRecord("L", 0, 1000, 10**9, b"at the end", None, 1000), None)
    assert apply(made, batch) == 0
    yield made
    give_back(made)


def run(*arguments: str) -> Result:
    """Run a command of the database."""
    return CliRunner().invoke(database_care.app, arguments)


def good(*arguments: str) -> str:
    """Run a command that goes well; return what it prints."""
    done = run(*arguments)
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout


def bad(*arguments: str) -> tuple[str, str]:
    """Run a command that ends with a line; return what it prints, and the line."""
    done = run(*arguments)
    assert done.exit_code == 1
    assert done.stderr.startswith("ovms: ")
    assert done.stderr.count("\n") == 1
    return done.stdout, done.stderr


def test_show(database: Database) -> None:
    """It tells how large the database is, and how much there is of what."""
    found = json.loads(good("show", "--json"))
    assert found.pop("database") == database.name
    assert found.pop("sizes").keys() == database.sizes().keys()
    assert found == {
        "free": database.free_bytes(), "owners": 1, "vehicles": 2, "records": 1001, "messages": 0,
        "journeys": 0,
    }  # fmt: skip
    assert "records:   1001\n" in good("show")


async def deleted(database: Database) -> bool:
    """Delete all that a removed vehicle left; return whether the files hold nothing of it."""
    while await database.expire(ExpiryKind.REMOVED, 6.0):
        pass
    return await database.forget_deleted()


def test_vacuum(database: Database) -> None:
    """Room of what was deleted is given back to the disk; all else is as before."""
    with database.writing() as connection:
        queries.remove_vehicle(connection, "CAR1", 5.0)
    assert asyncio.run(deleted(database))
    free = database.free_bytes()
    assert free is None or free > 1_000_000
    before = sum(database.sizes().values())
    told = good("vacuum").splitlines()
    assert [each.split(":")[0] for each in told] == ["before", "now"]
    if free is not None:  # elsewhere others decide what is given back at once
        assert before - sum(database.sizes().values()) > 1_000_000
    assert not database.free_bytes()
    assert good("check") == "1 vehicles checked: all counts are right\n"
    sizes = json.loads(good("vacuum", "--json"))
    assert sizes["before"].keys() == sizes["after"].keys() == database.sizes().keys()


def test_vacuum_without_room(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is begun that cannot end."""

    def rewrite(_: object) -> None:
        raise NoRoom("there is no room")

    monkeypatch.setattr(type(database), "rewrite", rewrite)
    assert bad("vacuum") == ("", "ovms: there is no room\n")


def test_all_is_right(database: Database) -> None:
    """A check says so, for people and for programs, also when it may mend."""
    for arguments in (["check"], ["check", "--mend"]):
        assert good(*arguments) == RIGHT
    assert json.loads(good("check", "--mend", "--json")) == {
        "vehicles": 2, "damage": [], "wrong_counts": [], "left_rows": {}, "damaged_secrets": [],
        "mended": False,
    }  # fmt: skip


def test_mending(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong is told, and stays until it is to be mended; vehicles come in pages."""
    monkeypatch.setattr(database_care, "VEHICLES_A_READ", 1)
    with database.writing() as connection:
        connection.execute(update(history_counts).where(OF_CAR1).values(records=3))
        row = {"vehicle_id": "GONE", "code": "S", "data": b"80", "time": 1.0}
        connection.execute(insert(messages).values(row))
    told, ended = bad("check")
    assert told.splitlines() == [
        "CAR1: 3 records of S 0 in 1025000 bytes are counted, and there are 1000 in 1025000",
        "GONE: there is no such vehicle, but rows of it: messages 1",
        "2 vehicles checked: 1 wrong counts, rows of 1 vehicles that are gone",
    ]
    assert ended == "ovms: some of it is wrong: --mend sets it right\n"
    assert json.loads(bad("check", "--json")[0])["wrong_counts"][0]["counted_records"] == 3
    assert good("check", "--mend").endswith("that are gone, mended\n")
    assert good("check") == RIGHT


def test_many_wrong_counts(database: Database) -> None:
    """Not all are told one by one."""
    with database.writing() as connection:
        rows = [{"vehicle_id": "CAR2", "type": "S", "number": number, "records": 1, "bytes": 2}
                for number in range(database_care.LINES + 5)]  # fmt: skip
        connection.execute(insert(history_counts), rows)
    told, _ = bad("check")
    assert len(told.splitlines()) == database_care.LINES + 2
    assert "and 5 more wrong counts\n" in told


def test_a_damaged_secret(database: Database) -> None:
    """It cannot be mended: what helps is told."""
    with database.writing() as connection:
        other = connection.scalar(select(vehicles.c.secret).where(vehicles.c.id == "CAR1"))
        connection.execute(update(vehicles).where(vehicles.c.id == "CAR2").values(secret=other))
    for arguments in (["check"], ["check", "--mend"]):
        told, ended = bad(*arguments)
        assert "CAR2: its secret does not open\n" in told
        assert "ovms vehicle secret ID --new" in ended


def test_damage(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file itself is damaged nothing is counted, let alone changed."""
    monkeypatch.setattr(type(database), "list_damage", lambda _: ["page 7 is never used"])
    with database.writing() as connection:
        connection.execute(update(history_counts).where(OF_CAR1).values(records=3))
    told, ended = bad("check", "--mend")
    assert told == "page 7 is never used\nthe counts were not checked\n"
    assert ended == "ovms: the database is damaged: restore a backup (ovms restore --replace)\n"
    with database.reading() as connection:
        assert connection.scalars(select(history_counts.c.records).where(OF_CAR1)).all() == [3]


@pytest.mark.parametrize("command", ["show", "check", "vacuum"])
def test_no_database(tmp_path: Path, command: str) -> None:
    """Whoever has mistyped a folder makes none."""
    folder = tmp_path / "mistyped"
    assert "there is no data directory" in bad(command, "--data", str(folder))[1]
    assert not folder.exists()
