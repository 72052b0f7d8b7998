"""Connections to a SQLite file, the driver's own and SQLAlchemy's.

SQLite runs with a write-ahead log and ``synchronous=FULL``: what was committed survives the loss of
power, and readers never wait for the writer. Everything in the file is private, so its mode is
0600.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool

from ovms.base.paths import open_private
from ovms.server.storage.encryption import OPTION
from ovms.server.storage.errors import DatabaseLocked, DatabaseUnwritable
from ovms.server.storage.sqlite.errors import translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from ovms.server.storage.encryption import Keys

BUSY_TIMEOUT: Final = 10.0
"""Seconds to wait for another process's transaction; the longest of ours, an import, takes two."""

READER_CACHE: Final = 512
"""kB of pages that a connection which only reads keeps, not SQLite's 2,000: no query is slower, as
the system keeps the file's pages, too."""

STATEMENTS_KEPT: Final = 32
"""Statements that a connection keeps prepared, not Python's 128: those of many rows, which come in
ten sizes, take up to 300 kB each. The writer is as fast with 32 as with 64."""

LONGEST_LOG: Final = 10_000
"""Pages in the log at which the writer itself moves them into the file, 40 MB: a thread of its own
does so long before (:mod:`.checkpoints`)."""

WRITER_CACHE: Final = 8192
"""kB of pages that the writer keeps while records come that somebody waits for: a commit changes
two pages for each car that sent some, and what does not fit is written twice."""

USUAL_CACHE: Final = 2000
"""kB of pages that SQLite keeps, and the writer otherwise."""

_PRAGMAS: Final = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    # What is deleted is overwritten: a position or a secret that is gone is in no free place.
    "PRAGMA secure_delete = ON",
)


def create_file(path: Path) -> None:
    """Make an empty private file for SQLite to fill, unless there is one.

    SQLite gives its log files the mode and the owner of the database.
    """
    try:
        os.close(open_private(path))
    except OSError as error:
        raise DatabaseUnwritable(f"database {path} cannot be opened: {error.strerror}") from error


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open a connection of the driver that only reads, with a small cache."""
    connection = connect(path)
    connection.execute(f"PRAGMA cache_size = -{READER_CACHE}")
    return connection


def connect(path: Path, busy_timeout: float = BUSY_TIMEOUT) -> sqlite3.Connection:
    """Open a connection of the driver itself; ``busy_timeout`` in seconds."""
    uri = f"{path.absolute().as_uri()}?mode=rw"  # never makes a file
    connection = sqlite3.connect(
        uri, uri=True, isolation_level=None, cached_statements=STATEMENTS_KEPT
    )
    try:
        _set_pragmas(connection, busy_timeout)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _set_pragmas(connection: sqlite3.Connection, busy_timeout: float) -> None:
    connection.execute(f"PRAGMA busy_timeout = {int(busy_timeout * 1000)}")
    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",) and _is_ours(connection):
        _log_ahead(connection, busy_timeout)
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _is_ours(connection: sqlite3.Connection) -> bool:
    """Return whether a database is new, or has a version: another program's stays as it is."""
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    return not names or "alembic_version" in names


def _log_ahead(connection: sqlite3.Connection, busy_timeout: float) -> None:
    """Switch a new database to a write-ahead log; wait while another process does the same.

    SQLite's own time-out does not hold here.
    """
    end = time.monotonic() + busy_timeout
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def rewrite(path: Path, busy_timeout: float = BUSY_TIMEOUT) -> None:
    """Copy what a database holds into a file without free places, and empty the log before it.

    Raises :class:`~ovms.server.storage.errors.DatabaseError`, also while others read.
    """
    with translated(str(path)), closing(connect(path, busy_timeout)) as connection:
        connection.execute("VACUUM")
        is_empty = _truncate(connection, busy_timeout)
    if not is_empty:
        raise DatabaseLocked(f"database {path} is read by another process")


def empty_log(path: Path, busy_timeout: float = BUSY_TIMEOUT) -> bool:
    """Move what the log holds into the database, and empty the log: old pages are in it, too.

    Return whether nobody who reads or writes kept it from that.
    """
    with translated(str(path)), closing(connect(path, busy_timeout)) as connection:
        return _truncate(connection, busy_timeout)


def _truncate(connection: sqlite3.Connection, busy_timeout: float) -> bool:
    """Empty the log, and return whether that went; SQLite does not wait for others who do so."""
    end = time.monotonic() + busy_timeout
    while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


class KeptConnection:
    """The driver's own connection, opened by the first use and again after an error.

    Belongs to one thread.
    """

    def __init__(self, path: Path, busy_timeout: float) -> None:
        self._path = path
        self._busy_timeout = busy_timeout
        self._connection: sqlite3.Connection | None = None
        self.pages = USUAL_CACHE
        """kB of pages that it keeps."""

    def keep_pages(self, kilobytes: int) -> None:
        """Keep so many kB of pages from now on. Call it outside of a transaction.

        SQLite drops at once what is beyond.
        """
        if self._connection is not None and kilobytes != self.pages:
            # Prepared anew each time, which ``execute`` does not: only that has an effect.
            self._connection.executescript(f"PRAGMA cache_size = -{kilobytes}")
            self.pages = kilobytes

    @contextmanager
    def opened(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection."""
        with translated(str(self._path)):
            try:
                if self._connection is None:
                    self._connection = connect(self._path, self._busy_timeout)
                    self._connection.execute(f"PRAGMA wal_autocheckpoint = {LONGEST_LOG}")
                    self.pages = USUAL_CACHE
                yield self._connection
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Close the connection if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()


class SqliteEngine:
    """SQLAlchemy's connections: one that is kept for one thread, or a new one for each use."""

    def __init__(
        self,
        path: Path,
        keys: Keys,
        *,
        kept: bool,
        opened: Callable[[Path], sqlite3.Connection] | None = None,
    ) -> None:
        self._name = str(path)
        self._opened = opened
        pool: dict[str, Any] = {"poolclass": NullPool}
        if kept:
            pool = {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0}
        pool["execution_options"] = {OPTION: keys}
        self._path = path
        self._newest: sqlite3.Connection | None = None
        self._engine = create_engine("sqlite://", creator=self._connect, **pool)
        _begin_ourselves(self._engine)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection that sees one moment of the database."""
        with translated(self._name), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield a connection in a transaction that has the write lock from its beginning.

        A transaction that reads first and locks later fails at once when another wrote in between;
        this one waits.
        """
        with translated(self._name), self._engine.connect() as connection:
            connection = connection.execution_options(immediate=True)
            with connection.begin():
                yield connection

    def interrupt(self) -> None:
        """Have the statement fail that runs on the kept connection, from any thread."""
        if self._newest is not None:
            with suppress(sqlite3.ProgrammingError):  # it was closed
                self._newest.interrupt()

    def _connect(self) -> sqlite3.Connection:
        self._newest = (self._opened or connect)(self._path)
        return self._newest

    def close(self) -> None:
        """Close the kept connection, in its thread."""
        self._engine.dispose()


def driver_of(connection: Connection) -> sqlite3.Connection:
    """Return the driver's own connection below SQLAlchemy's."""
    found = connection.connection.driver_connection
    assert isinstance(found, sqlite3.Connection)
    return found


def _begin_ourselves(engine: Engine) -> None:
    @event.listens_for(engine, "begin")
    def _began(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
