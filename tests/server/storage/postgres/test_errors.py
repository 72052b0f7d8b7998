from __future__ import annotations

import asyncpg
import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from ovms.server.storage.errors import (
    DamagedDatabase,
    DatabaseError,
    DatabaseLocked,
    DatabaseUnreachable,
    DatabaseUnwritable,
)
from ovms.server.storage.postgres.errors import from_postgres, is_bad_row, translated

NAME = "postgresql://host/cars"


def _wrapped(error: Exception) -> DBAPIError:
    return DBAPIError("SELECT 1", None, error)


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (psycopg.errors.DiskFull("x"), DatabaseUnwritable, "the disk is full"),
        (asyncpg.DiskFullError("x"), DatabaseUnwritable, "the disk is full"),
        (asyncpg.ReadOnlySQLTransactionError("x"), DatabaseUnwritable, "is read-only"),
        (psycopg.errors.InsufficientPrivilege("x"), DatabaseUnwritable, "permission denied"),
        (psycopg.errors.LockNotAvailable("x"), DatabaseLocked, "locked by another process"),
        (asyncpg.DeadlockDetectedError("x"), DatabaseLocked, "locked"),
        (asyncpg.CannotConnectNowError("x"), DatabaseUnreachable, "stopping or starting"),
        (psycopg.errors.AdminShutdown("x"), DatabaseUnreachable, "stopping or starting"),
        (asyncpg.TooManyConnectionsError("x"), DatabaseUnreachable, "no more connections"),
        (psycopg.errors.InvalidPassword("x"), DatabaseUnreachable, "wrong user or password"),
        (asyncpg.InvalidCatalogNameError("x"), DatabaseUnreachable, "make it with createdb"),
        (asyncpg.DataCorruptedError("x"), DamagedDatabase, "ovms restore"),
        (psycopg.errors.IndexCorrupted("x"), DamagedDatabase, "REINDEX"),
        (psycopg.OperationalError("connection failed: no route\nto host"), DatabaseUnreachable,
         "cannot be reached: no route"),
        (ConnectionRefusedError(111, "Connection refused"), DatabaseUnreachable, "refused"),
        (TimeoutError(), DatabaseUnreachable, "cannot be reached: TimeoutError"),
        (psycopg.errors.SyntaxError("near x"), DatabaseError, "failed: near x"),
    ],
)  # fmt: skip
def test_meaning(error: Exception, kind: type[DatabaseError], text: str) -> None:
    """Each error of a driver is one line about the database, alone or wrapped by SQLAlchemy."""
    for raised in (error, _wrapped(error)):
        with pytest.raises(DatabaseError) as caught, translated(NAME):
            raise raised
        assert type(caught.value) is kind
        assert str(caught.value).startswith(f"database {NAME} ")
        assert text in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "is_bad"),
    [
        (asyncpg.DataError("x"), True),
        (asyncpg.NotNullViolationError("x"), True),
        (psycopg.errors.NumericValueOutOfRange("x"), True),
        (UnicodeEncodeError("utf-8", "x", 0, 1, "no"), True),
        (OverflowError(), True),
        (asyncpg.DiskFullError("x"), False),
        (asyncpg.InterfaceError("connection is closed"), False),
        (ConnectionResetError(), False),
        (ValueError(), False),
    ],
)
def test_bad_rows(error: Exception, is_bad: bool) -> None:
    """What the values are to blame for is told from what may pass, also once it is translated."""
    assert is_bad_row(error) is is_bad
    assert is_bad_row(_wrapped(error)) is is_bad
    translation = from_postgres(error, NAME)
    translation.__cause__ = error
    assert is_bad_row(translation) is is_bad
