from __future__ import annotations

import sqlite3
from contextlib import closing
from struct import pack
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from ovms.cli import erasing, owner, vehicle
from ovms.cli.erasing import LATER
from ovms.server.storage import queries
from ovms.server.storage.audit import AuditFilter, list_audit
from ovms.server.storage.errors import DatabaseLocked
from ovms.server.storage.expiry import CHUNK, count_marked
from ovms.server.storage.opening import open_database
from tests.server.storage.databases import close, make_database
from tests.server.storage.marked import LATITUDE, NUMBER, OWNER, VEHICLE, fill, left, mark

if TYPE_CHECKING:
    from pathlib import Path

    from typer import Typer

MARKS = {b"mark-", pack(">d", LATITUDE), NUMBER.to_bytes(6, "big")}
"""What stands in a row of each table, as SQLite writes it."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a data folder in which there is much of somebody."""
    monkeypatch.setenv("OVMS_DATA", str(tmp_path))
    monkeypatch.delenv("OVMS_DATABASE", raising=False)
    database = make_database(tmp_path)
    fill(database, 2 * CHUNK + 5)
    close(database)
    assert found(tmp_path, MARKS) == MARKS
    return tmp_path


def found(folder: Path, wanted: set[bytes]) -> set[bytes]:
    """Return what of it stands in any file of a folder."""
    files = [each.read_bytes() for each in folder.rglob("*") if each.is_file()]
    return {each for each in wanted if any(each in data for data in files)}


def run(app: Typer, *arguments: str) -> str:
    """Run a command that goes well; return what it prints as errors."""
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.stderr
    return done.stderr


def test_an_owner(folder: Path) -> None:
    """No file holds anything of an owner who was removed but the name and the ids of tombstones."""
    assert run(owner.app, "remove", OWNER, "--with-vehicles", "--yes") == ""
    assert found(folder, MARKS) == set()
    assert found(folder, {OWNER.encode(), VEHICLE.encode()}) == {OWNER.encode(), VEHICLE.encode()}
    with open_database(folder).reading() as connection:
        columns = left(connection, OWNER, VEHICLE)
    assert columns == {("removed_owners", "name"), ("vehicles", "id"), ("audit", "vehicle_id")}


def test_a_vehicle(folder: Path) -> None:
    """What it has sent goes; what belongs to it as it is set up stays."""
    assert run(vehicle.app, "erase", VEHICLE.lower(), "--yes") == ""
    sent = {"history-data", "messages-data", "journeys-note", "raw_journeys-data", "outbox-text",
            "journey_checkpoints-state", "journey_edits-data", "failed_calls-address"}  # fmt: skip
    assert found(folder, {mark(*each.split("-")).encode() for each in sent}) == set()
    assert found(folder, {mark("position_links", "label").encode()})
    with open_database(folder).reading() as connection:
        assert queries.history_summary(connection, VEHICLE) == []
        assert queries.get_vehicle(connection, VEHICLE).secret == mark("vehicles", "secret")
        assert [each for each, _ in list_audit(connection, AuditFilter(action="vehicle.erase"), 5)]
    run(vehicle.app, "remove", VEHICLE, "--yes")
    assert not found(folder, {mark("position_links", "label").encode()})


def test_beside_a_server(folder: Path) -> None:
    """It goes at once; the log of a database that others have open is emptied, too."""
    with closing(sqlite3.connect(folder / "ovms.db")) as idle:
        idle.execute("SELECT * FROM vehicles").fetchall()
        assert run(owner.app, "remove", OWNER, "--with-vehicles", "--yes") == ""
        assert (folder / "ovms.db-wal").exists()
        assert found(folder, MARKS) == set()


def test_while_somebody_reads(folder: Path) -> None:
    """What was erased is read by nobody any more; that files hold it for a while is told."""
    with closing(sqlite3.connect(folder / "ovms.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM vehicles").fetchall()
        told = run(owner.app, "remove", OWNER, "--with-vehicles", "--yes")
        assert told == f"ovms: {LATER}\n"
    with open_database(folder).reading() as connection:
        assert queries.find_owner(connection, OWNER) is None


def test_while_others_write(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That the rest of a large history must wait is no failure: it is gone for all who read."""

    def locked(*_: object) -> None:
        raise DatabaseLocked("database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(erasing, "purge", locked)
        assert run(vehicle.app, "remove", VEHICLE, "--yes") == f"ovms: {LATER}\n"
    with open_database(folder).reading() as connection:
        assert count_marked(connection) == CHUNK + 5
        assert queries.history_summary(connection, VEHICLE) == []
    assert run(vehicle.app, "remove", "CAR1", "--yes") == ""  # any such command
    assert not found(folder, {mark("history", "data").encode()})


def test_data_beside_a_server(folder: Path) -> None:
    """The server's memory holds it, too: it is refused, and nothing is erased."""
    database = open_database(folder)
    database.hold()
    done = CliRunner().invoke(vehicle.app, ["erase", VEHICLE, "--yes"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert "a server runs on database" in done.stderr
    assert f"DELETE /api/v1/admin/vehicles/{VEHICLE}/data" in done.stderr
    assert done.stderr.count("\n") == 1
    close(database)
    with database.reading() as connection:
        assert queries.history_summary(connection, VEHICLE)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["erase", "NOSUCH", "--yes"], 1, "ovms: there is no vehicle NOSUCH"),
        (["erase", VEHICLE], 2, "say --yes"),
    ],
)
def test_not_erased(folder: Path, arguments: list[str], code: int, said: str) -> None:
    """Nothing goes without a yes."""
    done = CliRunner().invoke(vehicle.app, arguments)
    assert (done.exit_code, said in done.stderr) == (code, True)
    assert found(folder, MARKS) == MARKS
