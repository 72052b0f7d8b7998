from __future__ import annotations

import os
import resource
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from ovms.server.backup.checking import read_whole
from ovms.server.backup.errors import BadBackup, CannotWrite, TargetInUse
from ovms.server.backup.files import FileSources
from ovms.server.backup.format import KEY_NAME, Manifest
from ovms.server.backup.making import make_backup, remove_left
from ovms.server.backup.rows import Fingerprint
from ovms.server.backup.steps import Step, no_report
from ovms.server.storage.database import Database
from ovms.server.storage.errors import WrongKey
from ovms.server.storage.opening import StandingFile, open_database
from ovms.server.storage.schema import REVISION, metadata
from ovms.server.storage.sqlite.database import SqliteDatabase
from tests.server.backup.full import FILES
from tests.server.storage.databases import execute, rows


def make(data: Path, file: Path, *, secrets: bool = True) -> Manifest:
    """Make a backup of a data folder."""
    return make_backup(
        open_database(data), FileSources(data), file, 1795834859.5, no_report, secrets=secrets
    )


def names(folder: Path) -> list[str]:
    """Return what is in a folder."""
    return sorted(each.name for each in folder.iterdir())


@pytest.fixture
def row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have databases copied row by row, as one is that is no SQLite file."""
    monkeypatch.setattr(SqliteDatabase, "copy_file", Database.copy_file)


def test_make(data: Path, tmp_path: Path) -> None:
    """It says what is in it, holds the files and the key, is private, and is the only new file."""
    file = tmp_path / "x.backup"
    made = make(data, file)
    assert made == read_whole(file, no_report)
    assert (made.revision, made.made, made.source) == (REVISION, 1795834859.5, "sqlite")
    assert made.has_secrets
    assert {each.name: each.data.decode() for each in made.files if each.name != KEY_NAME} == FILES
    kept = made.file(KEY_NAME)
    assert kept is not None
    assert made.key_id.encode() in kept.data
    assert (kept.data, kept.mode) == ((data / "secrets.key").read_bytes(), 0o600)
    assert all(made.rows(table.name) > 0 for table in metadata.sorted_tables)
    assert made.rows("none") == 0
    assert made.file("none") is None
    assert file.stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == ["data", "x.backup"]


def test_stock_tools_open_it(data: Path, tmp_path: Path) -> None:
    """It is one SQLite file without a log, in order, with the rows of the database."""
    make(data, tmp_path / "x")
    with closing(sqlite3.connect(tmp_path / "x")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA journal_mode").fetchall() == [("delete",)]
        found = connection.execute("SELECT * FROM vehicles ORDER BY id").fetchall()
    assert found == rows(open_database(data), "SELECT * FROM vehicles ORDER BY id")
    assert names(tmp_path) == ["data", "x"]


def test_row_by_row(
    data: Path, tmp_path: Path, row_by_row: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that is no file is copied page by page to the same rows, ids and version."""
    copied = make(data, tmp_path / "row by row")
    monkeypatch.undo()
    whole = make(data, tmp_path / "whole")
    tables = {name for name in whole.tables if not name.startswith("sqlite_")}
    by_row = {name: (copied.tables[name].rows, sorted(copied.tables[name].columns))
              for name in tables}  # fmt: skip
    assert by_row == {name: (whole.tables[name].rows, sorted(whole.tables[name].columns))
                      for name in tables}  # fmt: skip
    with closing(sqlite3.connect(tmp_path / "row by row")) as connection:
        ids = dict(connection.execute("SELECT * FROM sqlite_sequence"))
    assert ids["history"] == 99
    assert dict(rows(open_database(data), "SELECT * FROM sqlite_sequence")).items() <= ids.items()


def test_without_secrets(data: Path, tmp_path: Path) -> None:
    """Nothing in it opens a secret; which key does is known."""
    make(data, tmp_path / "x", secrets=False)
    found = read_whole(tmp_path / "x", no_report)
    assert not found.has_secrets
    assert [each.name for each in found.files] == ["alerts/volt.toml"]
    key = open_database(data).keys.file.read()[0]
    assert found.key_id == key.id
    content = (tmp_path / "x").read_bytes()
    assert key.bytes.hex().encode() not in content
    assert b"its key" not in content


def test_beside_a_writer(data: Path, tmp_path: Path) -> None:
    """Who writes meanwhile does not wait, and nothing of it is in the backup."""
    database = open_database(data)
    before = rows(database, "SELECT count(*) FROM audit")[0][0]
    written: list[bool] = []

    def report(step: Step, done: int, total: int) -> None:
        if step is Step.COPY and not written:
            thread = threading.Thread(
                target=execute,
                args=(database, "INSERT INTO audit (time, actor, action) VALUES (1, '', 'x')"),
            )
            thread.start()
            thread.join(30)
            written.append(not thread.is_alive())

    made = make_backup(database, FileSources(data), tmp_path / "x", 1.0, report)
    assert written == [True]
    assert made.rows("audit") == before
    assert rows(database, "SELECT count(*) FROM audit") == [(before + 1,)]


def test_steps(data: Path, tmp_path: Path) -> None:
    """How far it is begins and ends where it should, in order."""
    told: dict[Step, list[tuple[int, int]]] = {}

    def report(step: Step, done: int, total: int) -> None:
        told.setdefault(step, []).append((done, total))

    make_backup(open_database(data), FileSources(data), tmp_path / "x", 1.0, report)
    assert [*told] == [Step.COPY, Step.COMPARE, Step.CHECK]
    for each in told.values():
        assert each == sorted(each)
        assert each[-1][0] == each[-1][1] > 0


def test_nothing_is_overwritten(data: Path, tmp_path: Path) -> None:
    """A file that is there stays as it is, also one that comes while the backup is made."""
    file = tmp_path / "x"
    file.write_text("mine")
    with pytest.raises(TargetInUse, match="x is there already"):
        make(data, file)
    file.unlink()

    def report(step: Step, done: int, total: int) -> None:
        file.write_text("mine")

    with pytest.raises(TargetInUse, match="x is there already"):
        make_backup(open_database(data), FileSources(data), file, 1.0, report)
    assert file.read_text() == "mine"
    assert names(tmp_path) == ["data", "x"]


def test_no_links(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a file system without links it gets its name nonetheless."""

    def link(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    assert make(data, tmp_path / "x") == read_whole(tmp_path / "x", no_report)


def test_what_killed_ones_left(data: Path, tmp_path: Path) -> None:
    """What nobody writes any more is removed; what somebody does stays, and becomes a backup."""
    file = tmp_path / "ovms-2026-11-28T030059Z.backup"
    (tmp_path / f".{file.name}.left.part").touch()
    (tmp_path / ".other.part").touch()

    def report(step: Step, done: int, total: int) -> None:
        remove_left(tmp_path)

    make_backup(open_database(data), FileSources(data), file, 1.0, report)
    assert names(tmp_path) == [".other.part", "data", file.name]


def test_no_folder(data: Path, tmp_path: Path) -> None:
    """A place where nothing can be written is one line, named as it was given."""
    with pytest.raises(CannotWrite, match=r"none/x cannot be written: No such file or directory$"):
        make(data, tmp_path / "none" / "x")


@pytest.mark.parametrize("limit", [100_000, 200_000])
def test_full_disk(data: Path, tmp_path: Path, limit: int) -> None:
    """A file that can grow no more is one line about it, and nothing is left."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        with pytest.raises(CannotWrite, match=r"x cannot (grow|be read or written)"):
            make(data, tmp_path / "x")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert names(tmp_path) == ["data"]


def test_wrong_key(data: Path, tmp_path: Path) -> None:
    """Without the key that opens the secrets no backup is made that says it has it."""
    (data / "secrets.key").unlink()
    with pytest.raises(WrongKey):
        make(data, tmp_path / "x")
    assert not (tmp_path / "x").exists()
    assert make(data, tmp_path / "x", secrets=False).key_id


def test_lost_rows(
    data: Path, tmp_path: Path, row_by_row: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy that lacks a row, or has another than the database, is no backup."""
    write = StandingFile.write_rows

    def losing(file: StandingFile, connection: Connection, table: str, *rest: Any) -> None:
        columns, page = rest
        write(file, connection, table, columns, page[1:] if table == "audit" else page)

    monkeypatch.setattr(StandingFile, "write_rows", losing)
    with pytest.raises(BadBackup, match=r"copy of table audit has . of . rows"):
        make(data, tmp_path / "x")
    monkeypatch.setattr(StandingFile, "write_rows", write)
    monkeypatch.setattr(Fingerprint, "text", property(lambda each: str(id(each))))
    with pytest.raises(BadBackup, match="other rows than the database"):
        make(data, tmp_path / "x")
    assert names(tmp_path) == ["data"]
