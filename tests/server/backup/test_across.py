"""Backups of either database, restored into either: the rows, ids and secrets are the same."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, text

from ovms.base.settings import SettingsError
from ovms.server.backup import loading, restoring
from ovms.server.backup.checking import read_whole
from ovms.server.backup.errors import TargetInUse
from ovms.server.backup.files import FileSources
from ovms.server.backup.making import make_backup
from ovms.server.backup.pending import PENDING, has_pending
from ovms.server.backup.restoring import RestoreResult, RestoreTarget, restore
from ovms.server.backup.steps import no_report
from ovms.server.storage import queries
from ovms.server.storage.database import Database
from ovms.server.storage.errors import NotADatabase, StoreError
from ovms.server.storage.opening import open_database
from ovms.server.storage.postgres.backups import write_rows
from ovms.server.storage.postgres.database import PostgresDatabase
from ovms.server.unfinished import finish_interrupted
from tests.postgres import postgres_server
from tests.server.backup.full import FILES, fill_all, fill_folder
from tests.server.backup.test_pending import forked
from tests.server.backup.test_restoring import NOW, names, same
from tests.server.storage.databases import close, execute, rows, with_schema
from tests.server.storage.test_keychange import known


@pytest.fixture
def url() -> Iterator[str]:
    """Return an empty database of a PostgreSQL server."""
    server = postgres_server()
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """Return a data folder with every file, and a database with rows in every table."""
    folder, server = tmp_path_factory.mktemp("full"), postgres_server()
    name = server.create()
    database = open_database(folder, server.url(name))
    database.upgrade()
    with database.writing() as connection:
        bob = queries.add_owner(connection, "bob", 1.0)
        for vehicle_id in ("CAR1", "CAR2"):
            queries.add_vehicle(connection, vehicle_id, bob, "secret", 1.0)
    fill_all(database)
    fill_folder(folder)
    close(database)
    yield folder, server.url(name)
    server.drop(name)


@pytest.fixture
def opened() -> Iterator[list[Database]]:
    """Return a list of databases that are closed at the end."""
    databases: list[Database] = []
    yield databases
    for each in databases:
        close(each)


def put_back(file: Path, folder: Path, url: str, *, replace: bool = False) -> RestoreResult:
    """Restore into a database of a server."""
    folder.mkdir(exist_ok=True, mode=0o700)
    database = open_database(folder, url)
    try:
        return restore(file, RestoreTarget(folder, database, url), NOW, no_report, replace=replace)
    finally:
        close(database)


def test_from_sqlite(data: Path, tmp_path: Path, url: str, opened: list[Database]) -> None:
    """A server grows: all of a SQLite file is in PostgreSQL then, with a sign for each NUL."""
    old, new = open_database(data), tmp_path / "new"
    with old.writing() as connection:
        connection.execute(text("UPDATE places SET name = 'a' || char(0) || 'b'"))
    make_backup(old, FileSources(data), tmp_path / "y", 5.5, no_report)
    put_back(tmp_path / "y", new, url)
    database = open_database(new, url)
    opened.append(database)
    database.upgrade()
    assert set(rows(database, "SELECT name FROM places")) == {("a\u2400b",)}
    with old.writing() as connection:
        connection.execute(text("UPDATE places SET name = 'a\u2400b'"))
    assert same(database) == same(old)
    assert known(database) == known(old)
    assert names(new) == ["alerts", "ovms.toml", "secrets.key", "tls"]
    execute(
        database,
        "INSERT INTO history (vehicle_id, type, number, time, expires, data)"
        " VALUES ('CAR1', 'x', 0, 1, 2, '')",
    )
    assert rows(database, "SELECT max(id) FROM history") == [(100,)]
    query = (
        "SELECT collation_name FROM information_schema.columns"
        " WHERE table_name = 'vehicles' AND column_name = 'id'"
    )
    assert rows(database, query) == [("C",)]


def test_from_postgres(
    template: tuple[Path, str], tmp_path: Path, url: str, opened: list[Database]
) -> None:
    """A backup of PostgreSQL is the same file, and goes into SQLite, and into another one."""
    folder, source = template
    database, file = open_database(folder, source), tmp_path / "y.backup"
    opened.append(database)
    made = make_backup(database, FileSources(folder), file, 5.5, no_report)
    assert made == read_whole(file, no_report)
    assert made.source == "postgresql"
    new = tmp_path / "new"
    new.mkdir(mode=0o700)
    restore(file, RestoreTarget(new, open_database(new)), NOW, no_report)
    assert same(open_database(new)) == same(database)
    assert known(open_database(new)) == known(database)
    assert {name: (new / name).read_text() for name in FILES} == FILES

    put_back(file, tmp_path / "other", url)
    again = open_database(tmp_path / "other", url)
    opened.append(again)
    second = make_backup(again, FileSources(tmp_path / "other"), tmp_path / "2", 5.5, no_report)
    differing = {name for name in made.tables if made.tables[name] != second.tables[name]}
    assert differing == {"audit", "sqlite_sequence"}


def test_not_empty(file: Path, tmp_path: Path, url: str, opened: list[Database]) -> None:
    """A database with something in it is refused, and with --replace moved to another schema."""
    new = with_schema(tmp_path / "new")
    (new / "ovms.db").unlink()
    old = open_database(new, url)
    opened.append(old)
    old.upgrade()
    with old.writing() as connection:
        queries.add_vehicle(connection, "OLD", queries.add_owner(connection, "eve", 1.0), "s", 1.0)
    with pytest.raises(TargetInUse, match="something already"):
        put_back(file, new, url)
    result = put_back(file, new, url, replace=True)
    schema, files = result.kept
    assert schema.startswith("schema replaced_2026_11_28t030059z of database ")
    assert Path(files).name == "replaced-2026-11-28T030059Z"
    assert rows(old, "SELECT id FROM replaced_2026_11_28t030059z.vehicles") == [("OLD",)]
    database = open_database(new, url)
    opened.append(database)
    database.upgrade()
    with database.writing() as connection:
        assert queries.get_vehicle(connection, "CAR1").secret == "secret"
        assert queries.add_owner(connection, "new", 1.0).id > 1
    assert rows(old, "SELECT count(*) FROM replaced_2026_11_28t030059z.owners") == [(1,)]


def test_another_program(file: Path, tmp_path: Path, url: str) -> None:
    """Tables of another program stay as they are, whatever is said."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE a (b int)")
    with pytest.raises(NotADatabase, match="belongs to another program"):
        put_back(file, tmp_path / "new", url, replace=True)
    assert names(tmp_path / "new") == []


def test_failure_undoes(
    file: Path, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails in the middle of the rows leaves the database and the folder empty."""
    monkeypatch.setattr(PostgresDatabase, "write_rows", _failing)
    with pytest.raises(StoreError, match="in the middle"):
        put_back(file, tmp_path / "new", url)
    assert names(tmp_path / "new") == []
    assert _tables(url) == 0


@pytest.mark.parametrize("is_committed", [True, False])
def test_killed_beside_the_commit(file: Path, tmp_path: Path, url: str, is_committed: bool) -> None:
    """A process that is killed just before or after the commit leaves nothing, or all.

    While the database is away nobody knows which, and nothing is decided.
    """
    new = tmp_path / "new"

    def attempt() -> None:
        def die(*_: object) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(*((restoring, "finish") if is_committed else (loading, "fingerprint")), die)
        put_back(file, new, url)

    assert forked(attempt) == signal.SIGKILL
    pending = (new / PENDING).read_text()
    (new / PENDING).write_text(pending.replace("/test", "/none"))
    with pytest.raises(SettingsError, match="a restore was interrupted, and cannot be finished: "):
        finish_interrupted(new)
    (new / PENDING).write_text(pending)
    assert finish_interrupted(new)
    assert not has_pending(new)
    left = sorted(each.name for each in new.iterdir() if each.name != "lock")
    if is_committed:
        assert left == ["alerts", "ovms.toml", "secrets.key", "tls"]
        database = open_database(new, url)
        database.upgrade()
        close(database)
    else:
        assert left == []
        assert _tables(url) == 0


@pytest.mark.soak
def test_killed_at_every_moment(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever a restore is killed, database and folder are empty, or hold everything."""
    server, seen = postgres_server(), list[bool]()
    begin = PostgresDatabase.write_rows

    def counted(database: PostgresDatabase, *rest: Any) -> None:
        (tmp_path / "counted").mkdir(exist_ok=True)  # a moment like others
        begin(database, *rest)

    monkeypatch.setattr(PostgresDatabase, "write_rows", counted)
    for fatal in range(1, 1000):
        new, name = tmp_path / f"new{fatal}", server.create()
        killed = forked(partial(put_back, file, new, server.url(name)), fatal)
        if new.exists():
            finish_interrupted(new)
        left = sorted(each.name for each in new.glob("[a-z]*") if each.name != "lock")
        is_done = bool(_tables(server.url(name)))
        assert left == (["alerts", "ovms.toml", "secrets.key", "tls"] if is_done else []), fatal
        seen.append(is_done)
        if killed is None:
            break
        server.drop(name)
        shutil.rmtree(new, ignore_errors=True)
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (False, True)


def _tables(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone()
    assert row is not None
    return int(row[0])


def _failing(database: PostgresDatabase, connection: Connection, table: str, *rest: Any) -> None:
    if table == "audit":
        raise StoreError("in the middle")
    columns, page = rest
    write_rows(connection, table, columns, page)
