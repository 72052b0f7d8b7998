"""Opening the database: its URL, its engines, its schema.

SQLite runs with a write-ahead log and ``synchronous=FULL``: what was committed survives the loss of
power, and readers never wait for the writer. Everything in the file is private, so it is 0600.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from ovms.server.storage.errors import (
    DatabaseUnwritable,
    NewerSchema,
    NotADatabase,
    UnsupportedDatabase,
    translated,
)
from ovms.server.storage.schema import REVISION

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE_NAME: Final = "ovms.db"
"""The database in the data directory."""

BUSY_TIMEOUT: Final = 10.0
"""Seconds to wait for another process's transaction; the longest of ours, an import, takes two."""

_PRAGMAS: Final = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)


def database_url(data_dir: Path, url: str | None = None) -> URL:
    """Return the database to use: ``url`` when there is one, else the file in ``data_dir``.

    Raises :class:`UnsupportedDatabase` for everything but a SQLite file.
    """
    if not url:
        return URL.create("sqlite", database=str(data_dir / FILE_NAME))
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UnsupportedDatabase("the database URL cannot be read: sqlite:///FILE") from error
    kind = parsed.get_backend_name()
    if kind in ("postgresql", "postgres"):
        raise UnsupportedDatabase("PostgreSQL databases are not supported yet")
    if kind != "sqlite":
        raise UnsupportedDatabase(f"databases of the kind {kind!r} are not supported")
    if not parsed.database or parsed.database == ":memory:" or parsed.query:
        raise UnsupportedDatabase("a SQLite database is named by its file: sqlite:///FILE")
    return URL.create("sqlite", database=parsed.database)


def database_path(url: URL) -> Path:
    """Return the file of a SQLite database."""
    assert url.database is not None
    return Path(url.database)


def create_file(path: Path) -> None:
    """Make an empty private file for SQLite to fill, unless there is one.

    SQLite gives its log files the mode of the database.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise DatabaseUnwritable(f"database {path} cannot be opened: {error.strerror}") from error


def set_pragmas(connection: Any, busy_timeout: float = BUSY_TIMEOUT) -> None:
    """Prepare a new connection of the driver; ``busy_timeout`` in seconds."""
    connection.isolation_level = None  # transactions begin where we say so
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout = {int(busy_timeout * 1000)}")
        if cursor.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            _log_ahead(cursor, busy_timeout)
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
    finally:
        cursor.close()


def _log_ahead(cursor: Any, busy_timeout: float) -> None:
    """Return a new database its write-ahead log, when no other process is about to do the same.

    SQLite's own time-out does not hold here.
    """
    end = time.monotonic() + busy_timeout
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def connect(path: Path, busy_timeout: float = BUSY_TIMEOUT) -> sqlite3.Connection:
    """Open a connection of the driver itself, for the writer's thread."""
    uri = f"{path.absolute().as_uri()}?mode=rw"  # never makes a file
    connection = sqlite3.connect(uri, uri=True, isolation_level=None)
    try:
        set_pragmas(connection, busy_timeout)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def sync_engine(url: URL) -> Engine:
    """Return the engine of the command line; every use opens the file anew."""
    create_file(database_path(url))
    engine = create_engine(url, poolclass=NullPool)
    _watch(engine)
    return engine


def reader_engine(url: URL) -> Engine:
    """Return an engine for one thread of the server, which keeps its connection."""
    engine = create_engine(url, pool_size=1, max_overflow=0)
    _watch(engine)
    return engine


def _watch(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        set_pragmas(connection)

    @event.listens_for(engine, "begin")
    def _began(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Yield a connection that sees one moment of the database."""
    with translated(str(engine.url.database)), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Yield a connection in a transaction that has the write lock from its beginning.

    A transaction that reads first and locks later fails at once when another wrote in between;
    this one waits. It commits at the end, or rolls back when an exception leaves it.
    """
    with translated(str(engine.url.database)), engine.connect() as connection:
        connection = connection.execution_options(immediate=True)
        with connection.begin():
            yield connection


def upgrade(engine: Engine) -> None:
    """Bring the schema up to this version; harmless when it is, and when two processes start.

    Raises :class:`NewerSchema` for a database of a newer ovms, :class:`NotADatabase` for one of
    another program.
    """
    with reading(engine) as connection:
        if revision(connection) == REVISION:
            return
    with writing(engine) as connection:
        if revision(connection) != REVISION:  # the other process may have been first
            _migrate(connection)


def revision(connection: Connection) -> str | None:
    """Return the schema's version, ``None`` in an empty database. Errors as in :func:`upgrade`."""
    tables = inspect(connection).get_table_names()
    name = connection.engine.url.database
    if "alembic_version" not in tables:
        if tables:
            raise NotADatabase(f"database {name} belongs to another program")
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if found is not None and found > REVISION:
        raise NewerSchema(f"database {name} was written by a newer version of ovms")
    return found


def _migrate(connection: Connection) -> None:
    from alembic import command  # only here: the command line starts faster without
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "ovms.server.storage:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
