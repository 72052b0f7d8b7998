from __future__ import annotations

import sqlite3

import pytest

from ovms.server.storage.errors import (
    DatabaseError,
    DatabaseLocked,
    DatabaseUnwritable,
    NotADatabase,
    OwnerHasVehicles,
    from_sqlite,
)

CASES = [
    (sqlite3.SQLITE_BUSY, DatabaseLocked, "locked"),
    (sqlite3.SQLITE_BUSY_SNAPSHOT, DatabaseLocked, "locked"),
    (sqlite3.SQLITE_FULL, DatabaseUnwritable, "full"),
    (sqlite3.SQLITE_READONLY_DBMOVED, DatabaseUnwritable, "read-only"),
    (sqlite3.SQLITE_IOERR_FSYNC, DatabaseUnwritable, "disk error"),
    (sqlite3.SQLITE_CANTOPEN, DatabaseUnwritable, "opened"),
    (sqlite3.SQLITE_NOTADB, NotADatabase, "not a database"),
    (sqlite3.SQLITE_CORRUPT, NotADatabase, "damaged"),
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


def test_owner_has_vehicles_counts() -> None:
    """One vehicle is not called several."""
    assert str(OwnerHasVehicles("bob", 1)) == "owner bob still has 1 vehicle"
    assert str(OwnerHasVehicles("bob", 2)) == "owner bob still has 2 vehicles"
