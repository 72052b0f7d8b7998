"""A SQLite file that no program uses as its database: a backup.

It has no log beside it, so it is one file, and stock tools open it wherever it lies. It is written
by one process, under another name than the one that it gets when it is whole, so nothing in it
needs to survive a crash before :func:`settle` has returned.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from ovms.server.storage.sqlite.connections import SqliteEngine, driver_of
from ovms.server.storage.sqlite.errors import translated
from ovms.server.storage.sqlite.numbering import highest_ids, set_highest_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlalchemy import Connection

    from ovms.server.storage.encryption import Keys

COPIED_PAGES: Final = 1024
"""Pages that are copied between two reports of how far it is: 4 MiB, a few milliseconds."""

SYNC_BYTES: Final = 32 * 1024 * 1024
"""Bytes after which a copy is put on disk: a backlog of gigabytes would hold up the server."""

_PRAGMAS: Final = (
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA secure_delete = ON",
    "PRAGMA foreign_keys = ON",
)


class StandingFile:
    """A file that is read without locks and written without a journal."""

    def __init__(self, path: Path, keys: Keys) -> None:
        self.path = path
        self._reader = SqliteEngine(path, keys, kept=False, opened=_for_reading)
        self._writer = SqliteEngine(path, keys, kept=False, opened=_for_writing)

    def reading(self) -> AbstractContextManager[Connection]:
        """Yield a connection. Nobody may write the file meanwhile."""
        return self._reader.reading()

    def writing(self) -> AbstractContextManager[Connection]:
        """Yield a connection in a transaction. If it fails the file is worth nothing."""
        return self._writer.writing()

    def highest_ids(self, connection: Connection) -> dict[str, int]:
        """See :meth:`.database.Database.highest_ids`."""
        return highest_ids(connection)

    def set_highest_ids(self, connection: Connection, ids: Mapping[str, int]) -> None:
        """See :meth:`.database.Database.set_highest_ids`."""
        set_highest_ids(connection, ids)

    def write_rows(
        self,
        connection: Connection,
        table: str,
        columns: Sequence[str],
        rows: Sequence[tuple[Any, ...]],
    ) -> None:
        """See :meth:`.database.Database.write_rows`."""
        write_rows(connection, table, columns, rows)

    def find_damage(self) -> str | None:
        """Return what is wrong with the file's structure in a word or two, ``None`` if nothing."""
        with translated(str(self.path)), closing(_for_reading(self.path)) as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()
        return None if found == ("ok",) else " ".join(str(found[0]).split())

    def settle(self) -> None:
        """Have the system put the file on disk. Raises ``OSError``."""
        settle(self.path)


def write_rows(
    connection: Connection, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Put rows into a table, by the driver itself: SQLAlchemy takes three times as long."""
    names = ", ".join(f'"{each}"' for each in columns)
    places = ", ".join("?" * len(columns))
    sql = f'INSERT INTO "{table}" ({names}) VALUES ({places})'  # noqa: S608 (names of ours)
    driver_of(connection).executemany(sql, rows)


def settle(path: Path) -> None:
    """Have the system put a file on disk. Raises ``OSError``."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def copy_pages(source: sqlite3.Connection, path: Path, report: Callable[[int, int], None]) -> None:
    """Copy what a connection sees into an empty file: all pages, so all rows, ids and indexes.

    The connection is in a transaction that has read something: so it sees one moment, and nobody
    who writes waits. ``report`` gets how many bytes of how many are copied. Raises
    :class:`~ovms.server.storage.errors.DatabaseError`.
    """
    page_size = source.execute("PRAGMA page_size").fetchone()[0]
    synced = 0

    def progress(_: int, remaining: int, total: int) -> None:
        nonlocal synced
        done = (total - remaining) * page_size
        if done - synced >= SYNC_BYTES:
            settle(path)
            synced = done
        report(done, total * page_size)

    with translated(str(path)), closing(_for_writing(path)) as target:
        source.backup(target, pages=COPIED_PAGES, progress=progress)
        target.execute("PRAGMA journal_mode = DELETE")  # the copy says that it has a log


def _for_reading(path: Path) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    return sqlite3.connect(uri, uri=True, isolation_level=None)


def _for_writing(path: Path) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None)
    try:
        for pragma in _PRAGMAS:
            connection.execute(pragma)
    except sqlite3.Error:
        connection.close()
        raise
    return connection
