from __future__ import annotations

import sqlite3
from collections import namedtuple
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ovms.server.storage.errors import DatabaseError, NoRoom
from ovms.server.storage.sqlite import files
from ovms.server.storage.sqlite.files import (
    MOST_LINES,
    check_room,
    list_damage,
    read_room,
    temporary_folder,
)

if TYPE_CHECKING:
    from pathlib import Path

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Make a database of some hundred pages."""
    file = tmp_path / "some.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, of INTEGER REFERENCES t, data)")
        connection.execute("CREATE INDEX i ON t (data)")
        for number in range(400):
            connection.execute("INSERT INTO t VALUES (?, NULL, ?)", (number, f"{number:01000}"))
        connection.commit()
    return file


def test_free_places(path: Path) -> None:
    """What is deleted becomes free; both together are the file."""
    before = read_room(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM t WHERE id >= 100")
        connection.commit()
    after = read_room(path)
    assert before.free == 0
    assert after.free > before.used / 2
    assert after.used + after.free == before.used


@pytest.mark.parametrize(("is_one_disk", "copies"), [(True, 2), (False, 1)])
def test_room(path: Path, monkeypatch: pytest.MonkeyPatch, is_one_disk: bool, copies: int) -> None:
    """There must be room for a copy in both folders, for two where they are on one disk."""
    free = copies * read_room(path).used
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(0, 0, free))
    monkeypatch.setattr(files, "_disk", lambda each: 1 if is_one_disk else str(each))
    check_room(path)
    free -= 1
    with pytest.raises(NoRoom, match=rf"no room to write database {path} anew") as caught:
        check_room(path)
    assert "\n" not in str(caught.value)


def test_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the first that is named and can be used, as SQLite looks for it."""
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path / "missing"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert temporary_folder() == tmp_path
    (tmp_path / "missing").mkdir()
    assert temporary_folder() == tmp_path / "missing"


def test_no_damage(path: Path) -> None:
    """A good file has none."""
    assert list_damage(path) == []


def test_lost_references(path: Path) -> None:
    """A row that belongs to none is told."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE t SET of = 9999 WHERE id = 3")
        connection.commit()
    assert list_damage(path) == ["a row of t belongs to none of t"]


def test_damage(path: Path) -> None:
    """Pages that were overwritten are told in some lines, or in one error."""
    data = bytearray(path.read_bytes())
    for at in range(4096 * 20, 4096 * 60, 4096):
        data[at + 8 : at + 600] = b"\xff" * 592
    path.write_bytes(data)
    try:
        found = list_damage(path)
    except DatabaseError as error:
        found = [str(error)]
    assert 0 < len(found) <= MOST_LINES
