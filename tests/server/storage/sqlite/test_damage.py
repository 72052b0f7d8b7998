from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ovms.server.storage.database import Database
from ovms.server.storage.errors import DamagedDatabase
from ovms.server.storage.opening import FILE_NAME, open_database
from ovms.server.storage.sqlite.damage import LOG_BEGINS
from tests.server.storage.databases import close, make_database

Damage = Callable[[Path], object]


def cut(path: Path) -> None:
    """Take the last byte of a file away."""
    os.truncate(path, path.stat().st_size - 1)


def page_of(name: str) -> Damage:
    """Return what overwrites the first page of a table or an index."""

    def overwrite(path: Path) -> None:
        with closing(sqlite3.connect(path)) as database:
            sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
            (page,) = database.execute(sql, (name,)).fetchone()
            (size,) = database.execute("PRAGMA page_size").fetchone()
        with path.open("r+b") as file:
            file.seek((page - 1) * size)
            file.write(b"\xa5" * size)

    return overwrite


def out_of_index(path: Path) -> None:
    """Have a vehicle stand in the table and not in an index, as after an interrupted write."""
    with closing(sqlite3.connect(path)) as database:
        index = (
            "SELECT name, sql FROM sqlite_schema WHERE tbl_name = 'vehicles' AND sql IS NOT NULL"
        )
        name, sql = database.execute(f"{index} AND type = 'index'").fetchone()
        database.execute("PRAGMA writable_schema = ON")
        partial = "UPDATE sqlite_schema SET sql = ? WHERE name = ?"
        database.execute(partial, (f"{sql} WHERE id <> 'CAR2'", name))
        database.commit()
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"REINDEX {name}")
        database.execute("PRAGMA writable_schema = ON")
        database.execute(partial, (sql, name))
        database.commit()


@pytest.mark.parametrize("damage", [cut, page_of("vehicles"), page_of("sqlite_autoindex_owners_1")])
def test_what_is_read_first(tmp_path: Path, damage: Damage) -> None:
    """Damage of the file's end, of a table or an index is found, by a check as well as a start."""
    database = made(tmp_path, damage)
    before = files(tmp_path)
    for look in (database.find_damage, database.check):
        with pytest.raises(DamagedDatabase, match=r"ovms\.db is damaged: restore a backup"):
            look()
    assert files(tmp_path) == before


def test_an_index_without_a_row(tmp_path: Path) -> None:
    """A vehicle that would not be found is told; nothing that SQLite does notices that."""
    path = tmp_path / FILE_NAME
    database = made(tmp_path, lambda path: None)
    database.find_damage()
    out_of_index(path)
    with pytest.raises(DamagedDatabase, match="missing from index"):
        open_database(tmp_path).find_damage()


def test_the_history_is_not_looked_at(tmp_path: Path) -> None:
    """It may be large."""
    made(tmp_path, page_of("history")).find_damage()


def test_an_empty_file(tmp_path: Path) -> None:
    """It is no new database if a server has had one there; without a trace of that it is."""
    path = tmp_path / FILE_NAME
    path.touch()
    database = open_database(tmp_path)
    database.hold()
    database.upgrade()
    close(database)
    os.truncate(path, 0)
    for look in (open_database(tmp_path).upgrade, open_database(tmp_path).check):
        with pytest.raises(DamagedDatabase, match="is empty and was not"):
            look()
    assert path.stat().st_size == 0
    path.unlink()
    open_database(tmp_path).upgrade()


@pytest.mark.parametrize(
    ("log", "is_damaged"),
    [(b"\xa5" * 4096, True), (b"ovms", True), (bytes(4096), False), (b"", False),
     *((each + bytes(4096), False) for each in LOG_BEGINS)],
)  # fmt: skip
def test_a_log_of_something_else(tmp_path: Path, log: bytes, is_damaged: bool) -> None:
    """It is not overwritten: who knows what was in it. One that never reached the disk may be."""
    database = made(tmp_path, lambda path: None)
    file = tmp_path / f"{FILE_NAME}-wal"
    file.write_bytes(log)
    if not is_damaged:
        database.upgrade()
        return
    for look in (database.upgrade, lambda: database.check(is_served=True)):
        with pytest.raises(DamagedDatabase, match=r"move ovms\.db-wal away"):
            look()
    assert file.read_bytes() == log


def made(folder: Path, damage: Damage) -> Database:
    """Return a database that has been damaged."""
    make_database(folder)
    damage(folder / FILE_NAME)
    return open_database(folder)


def files(folder: Path) -> dict[str, bytes]:
    """Return what the files of a database hold."""
    return {each.name: each.read_bytes() for each in folder.glob(f"{FILE_NAME}*")
            if each.name.endswith((".db", "-wal"))}  # fmt: skip
