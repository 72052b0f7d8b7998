from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from ovms.server.storage.errors import (
    DamagedDatabase,
    DatabaseError,
    DatabaseLocked,
    DatabaseUnwritable,
)
from ovms.server.storage.sqlite.errors import LOG_INDEX, from_sqlite, is_bad_row, translated

CASES = [
    (sqlite3.SQLITE_BUSY, DatabaseLocked, "locked"),
    (sqlite3.SQLITE_BUSY_SNAPSHOT, DatabaseLocked, "locked"),
    (sqlite3.SQLITE_FULL, DatabaseUnwritable, "full"),
    (sqlite3.SQLITE_READONLY_DBMOVED, DatabaseUnwritable, "read-only"),
    (sqlite3.SQLITE_IOERR_FSYNC, DatabaseUnwritable, "disk error"),
    (sqlite3.SQLITE_CANTOPEN, DatabaseUnwritable, "opened"),
    (sqlite3.SQLITE_NOTADB, DamagedDatabase, "not a database"),
    (sqlite3.SQLITE_CORRUPT, DamagedDatabase, "damaged"),
    (sqlite3.SQLITE_ERROR, DatabaseError, "failed: odd"),
]


@pytest.mark.parametrize(("code", "kind", "text"), CASES)
def test_from_sqlite(code: int, kind: type[DatabaseError], text: str) -> None:
    """SQLite's codes, refined ones too, become one line that names the database."""
    error = sqlite3.OperationalError("odd")
    error.sqlite_errorcode = code
    found = from_sqlite(error, "x.db")
    assert type(found) is kind
    assert str(found).startswith("database x.db ")
    assert text in str(found)


def test_a_text_that_is_none() -> None:
    """Damage in a text is told without the text, which may be anybody's."""
    error = sqlite3.OperationalError(
        "Could not decode to UTF-8 column 'name' with text 'Bob\udcff'"
    )
    found = from_sqlite(error, "x.db")
    assert isinstance(found, DamagedDatabase)
    assert "Bob" not in str(found)


def test_why_it_cannot_be_opened(tmp_path: Path) -> None:
    """The system's reason is told, also of the log."""
    error = sqlite3.OperationalError("unable to open database file")
    error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
    path = tmp_path / "x.db"
    assert str(from_sqlite(error, str(path))).endswith("opened: No such file or directory")
    path.touch()
    assert str(from_sqlite(error, str(path))).endswith("cannot be opened")
    path.with_name("x.db-wal").mkdir()
    assert str(from_sqlite(error, str(path))).endswith("opened: x.db-wal: Is a directory")


@pytest.mark.parametrize(
    ("free", "text"), [(LOG_INDEX - 1, "the disk is full"), (LOG_INDEX, "disk error")]
)
def test_a_full_disk_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, text: str
) -> None:
    """SQLite calls it a disk error when there is no room to open a database."""
    usage = shutil._ntuple_diskusage(1 << 30, 1 << 30, free)
    monkeypatch.setattr(shutil, "disk_usage", {tmp_path: usage}.__getitem__)
    error = sqlite3.OperationalError("odd")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
    assert text in str(from_sqlite(error, str(tmp_path / "x.db")))


@pytest.mark.parametrize(
    ("error", "is_bad"),
    [
        (sqlite3.IntegrityError(), True),
        (UnicodeEncodeError("utf-8", "", 0, 1, ""), True),
        (OverflowError(), True),
        (sqlite3.OperationalError(), False),
        (OSError(), False),
        (None, False),
    ],
)
def test_bad_row(error: Exception | None, is_bad: bool) -> None:
    """A row that breaks a rule is told from a disk that refuses."""
    assert is_bad_row(error) == is_bad


@pytest.mark.parametrize("kind", [sqlite3.IntegrityError, sqlite3.OperationalError])
def test_translated_bad_row(kind: type[sqlite3.Error]) -> None:
    """An error of the driver, or of SQLAlchemy about one, means the same once it is translated."""
    error = kind("odd")
    wrapped = DBAPIError("INSERT", (), error)
    for each in (error, wrapped):
        with pytest.raises(DatabaseError) as raised, translated("x.db"):
            raise each
        assert is_bad_row(raised.value) == (kind is sqlite3.IntegrityError)
