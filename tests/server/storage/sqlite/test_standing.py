from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from ovms.server.storage.errors import NotADatabase
from ovms.server.storage.opening import open_standing
from ovms.server.storage.sqlite import standing
from ovms.server.storage.sqlite.connections import driver_of
from ovms.server.storage.sqlite.standing import copy_pages

if TYPE_CHECKING:
    from pathlib import Path

    from ovms.server.storage.database import Database


def test_copy_sees_one_moment(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written between two pages is not in the copy, which does not begin anew."""
    monkeypatch.setattr(standing, "COPIED_PAGES", 1)
    monkeypatch.setattr(standing, "SYNC_BYTES", 4096)
    copy, told = tmp_path / "copy", list[tuple[int, int]]()
    copy.touch()

    def report(done: int, total: int) -> None:
        told.append((done, total))
        if len(told) == 3:
            with database.writing() as connection:
                connection.execute(text("UPDATE vehicles SET name = 'later'"))

    with database.reading() as connection:
        connection.execute(text("SELECT count(*) FROM owners")).scalar()
        copy_pages(driver_of(connection), copy, report)
    pages = copy.stat().st_size // 4096
    assert told == [(number * 4096, pages * 4096) for number in range(1, pages + 1)]
    with open_standing(copy).reading() as connection:
        assert connection.scalar(text("SELECT DISTINCT name FROM vehicles")) == ""
    assert sorted(each.name for each in tmp_path.glob("copy*")) == ["copy"]


def test_write_and_read(tmp_path: Path) -> None:
    """What was written is there for the next connection, beside nothing else."""
    path = tmp_path / "file"
    path.touch()
    found = open_standing(path)
    with found.writing() as connection:
        connection.execute(text("CREATE TABLE a (b)"))
        connection.execute(text("INSERT INTO a VALUES (1)"))
    found.settle()
    with found.reading() as connection:
        assert connection.scalar(text("SELECT b FROM a")) == 1
        with pytest.raises(Exception, match="readonly"):
            connection.execute(text("INSERT INTO a VALUES (2)"))
    assert found.find_damage() is None
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_damage(tmp_path: Path) -> None:
    """Damage of the structure is told in words; what is no database is an error."""
    path = tmp_path / "file"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE a (b INTEGER PRIMARY KEY, c)")
        connection.execute("CREATE INDEX d ON a (c)")
        connection.executemany("INSERT INTO a VALUES (?, ?)", [(n, "x") for n in range(9)])
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET rootpage = 2 WHERE name = 'd'")
    assert open_standing(path).find_damage()
    path.write_text("no database, but long enough to have a page" * 20)
    with pytest.raises(NotADatabase):
        open_standing(path).find_damage()
