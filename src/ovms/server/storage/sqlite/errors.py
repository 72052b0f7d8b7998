"""What SQLite's errors mean."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import DBAPIError

from ovms.server.storage.errors import (
    DamagedDatabase,
    DatabaseError,
    DatabaseLocked,
    DatabaseUnwritable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

BAD_ROW: Final = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
    UnicodeError,
    OverflowError,
)
"""Raised for a row that can never be written; any other error may pass."""

LOG_INDEX: Final = 32 * 1024
"""Bytes of the smallest ``…-shm``, which whoever opens a database needs."""

RESTORE: Final = "restore a backup (ovms restore --replace)"
DAMAGED: Final = f"is damaged: {RESTORE}"
NO_TEXT: Final = "Could not decode to UTF-8"
NO_DATABASE: Final = f"is not a database, or its beginning is damaged: {RESTORE}"

_BY_CODE: Final[dict[int, tuple[type[DatabaseError], str]]] = {
    sqlite3.SQLITE_PERM: (DatabaseUnwritable, "may not be opened: permission denied"),
    sqlite3.SQLITE_BUSY: (DatabaseLocked, "is locked by another process"),
    sqlite3.SQLITE_LOCKED: (DatabaseLocked, "is locked by another process"),
    sqlite3.SQLITE_READONLY: (DatabaseUnwritable, "is read-only"),
    sqlite3.SQLITE_IOERR: (DatabaseUnwritable, "cannot be read or written: disk error"),
    sqlite3.SQLITE_CORRUPT: (DamagedDatabase, DAMAGED),
    sqlite3.SQLITE_FULL: (DatabaseUnwritable, "cannot grow: the disk is full"),
    sqlite3.SQLITE_CANTOPEN: (DatabaseUnwritable, "cannot be opened"),
    sqlite3.SQLITE_NOTADB: (DamagedDatabase, NO_DATABASE),
}


def from_sqlite(error: BaseException | None, name: str) -> DatabaseError:
    """Return what SQLite's error means for the database ``name``.

    The lowest byte of the code is the kind; the rest refines it.
    """
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if code == sqlite3.SQLITE_IOERR and _is_full(name):
        code = sqlite3.SQLITE_FULL  # without room for its log a file cannot even be read
    kind, text = _BY_CODE.get(code, (DatabaseError, f"failed: {error}"))
    if not code and str(error).startswith(NO_TEXT):
        kind, text = DamagedDatabase, DAMAGED  # the driver's own words hold the text
    if code == sqlite3.SQLITE_CANTOPEN:
        text += _why_not(name)
    return kind(f"database {name} {text}")


def _is_full(name: str) -> bool:
    """Return whether the disk of a file has no room for the index of a log."""
    try:
        return shutil.disk_usage(Path(name).parent).free < LOG_INDEX
    except OSError:
        return False


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Raise errors of the driver as :class:`DatabaseError` about the database ``name``."""
    try:
        yield
    except DBAPIError as error:
        raise from_sqlite(error.orig, name) from error
    except sqlite3.Error as error:
        raise from_sqlite(error, name) from error


def is_bad_row(error: BaseException | None) -> bool:
    """Return whether an error, translated or not, means that a row can never be written."""
    if isinstance(error, DatabaseError):
        error = error.__cause__
    if isinstance(error, DBAPIError):
        error = error.orig
    return isinstance(error, BAD_ROW)


def _why_not(name: str) -> str:
    """Return why the files of a database cannot be opened, which SQLite does not say."""
    for end in ("", "-wal", "-shm"):
        path = Path(name + end)
        try:
            os.close(os.open(path, os.O_RDWR))
        except FileNotFoundError as error:
            if not end:
                return f": {error.strerror}"
        except OSError as error:
            return f": {path.name}: {error.strerror}"
    return "" if os.access(path.parent, os.W_OK) else f": its folder {path.parent} is read-only"
