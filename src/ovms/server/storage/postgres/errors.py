"""What PostgreSQL's errors mean, told by their SQLSTATE, which both drivers have."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import asyncpg
import psycopg
from sqlalchemy.exc import DBAPIError

from ovms.server.storage.errors import (
    DamagedDatabase,
    DatabaseError,
    DatabaseLocked,
    DatabaseUnreachable,
    DatabaseUnwritable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_BY_STATE: Final[dict[str, tuple[type[DatabaseError], str]]] = {
    "08": (DatabaseUnreachable, "cannot be reached: the connection broke"),
    "28": (DatabaseUnreachable, "lets nobody in: wrong user or password"),
    "3D000": (DatabaseUnreachable, "does not exist: make it with createdb"),
    "53": (DatabaseUnreachable, "takes no more connections"),
    "53100": (DatabaseUnwritable, "cannot grow: the disk is full"),
    "57": (DatabaseUnreachable, "cannot be reached: it is stopping or starting"),
    "57014": (DatabaseError, "gave up: the query was cancelled, or took too long"),
    "40": (DatabaseLocked, "is locked by another program"),
    "55P03": (DatabaseLocked, "is locked by another process"),
    "25006": (DatabaseUnwritable, "is read-only"),
    "42501": (DatabaseUnwritable, "may not be changed: permission denied"),
    "58": (DatabaseUnwritable, "cannot be read or written: disk error"),
    "XX001": (DamagedDatabase, "is damaged: restore a backup (ovms restore)"),
    "XX002": (DamagedDatabase, "is damaged: an index is corrupt (REINDEX makes it anew)"),
}
"""By SQLSTATE, or by its class, the first two characters."""

_BAD_VALUES: Final = ("22", "23")
"""Classes of values that no column takes, and of constraints."""


def from_postgres(error: BaseException | None, name: str) -> DatabaseError:
    """Return what an error of a driver means for the database ``name``."""
    state = getattr(error, "sqlstate", None) or ""
    found = _BY_STATE.get(state) or _BY_STATE.get(state[:2])
    if found is not None:
        kind, text = found
        return kind(f"database {name} {text}")
    if not state and _is_lost(error):
        return DatabaseUnreachable(f"database {name} cannot be reached: {_first_line(error)}")
    return DatabaseError(f"database {name} failed: {_first_line(error)}")


def _is_lost(error: BaseException | None) -> bool:
    """Return whether an error without a SQLSTATE is one of the connection."""
    kinds = OSError, psycopg.OperationalError, asyncpg.InterfaceError, TimeoutError
    return isinstance(error, kinds)


def _first_line(error: BaseException | None) -> str:
    text = str(error).strip() or type(error).__name__
    line = text.splitlines()[0]
    _, _, reason = line.rpartition("failed: ")  # psycopg says host and port in front
    return (reason or line).removeprefix("FATAL:").strip()


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Raise errors of the drivers as :class:`DatabaseError` about the database ``name``."""
    try:
        yield
    except DBAPIError as error:
        raise from_postgres(error.orig, name) from error
    except (psycopg.Error, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise from_postgres(error, name) from error


def is_bad_row(error: BaseException | None) -> bool:
    """Return whether an error, translated or not, means that a row can never be written."""
    if isinstance(error, DatabaseError):
        error = error.__cause__
    if isinstance(error, DBAPIError):
        error = error.orig
    state = getattr(error, "sqlstate", None) or ""
    kinds = UnicodeError, OverflowError, asyncpg.DataError, psycopg.DataError
    return state[:2] in _BAD_VALUES or isinstance(error, kinds)
