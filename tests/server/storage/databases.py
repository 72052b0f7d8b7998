"""A database for tests without an event loop, of either kind; only this file says of which."""

from __future__ import annotations

import asyncio
import atexit
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

import psycopg
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from ovms.server.storage import queries
from ovms.server.storage.batch import Batch
from ovms.server.storage.database import Database
from ovms.server.storage.expiry import ExpiryKind
from ovms.server.storage.limits import HistoryLimits
from ovms.server.storage.opening import open_database
from ovms.server.storage.sqlite.connections import connect as sqlite_connect
from ovms.server.storage.sqlite.writing import SqliteWriter
from ovms.server.storage.writer_connection import WriterConnection
from tests.postgres import postgres_server

Fill = Callable[[Connection], None]


def leave_empty(_: Connection) -> None:
    """Put nothing into a database."""


def with_schema(folder: Path, fill: Fill = leave_empty) -> Path:
    """Put a database with the schema, and its key, into a data folder; return the folder.

    To make the schema, and to fill it, takes longer than most tests, so both are done once a
    process.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file in _template(fill).iterdir():
        shutil.copy2(file, folder / file.name)
    return folder


@cache
def _template(fill: Fill) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="ovms-schema-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database = open_database(folder)
    database.upgrade()
    with database.writing() as connection:
        fill(connection)
    close(database)
    return folder


def _add_bob(connection: Connection) -> None:
    bob = queries.add_owner(connection, "bob", 1.0)
    for vehicle_id in ("CAR1", "CAR2"):
        queries.add_vehicle(connection, vehicle_id, bob, "secret", 1.0)


def make_database(
    folder: Path,
    limits: HistoryLimits | None = None,
    kind: str = "sqlite",
    fill: Fill = _add_bob,
) -> Database:
    """Make a database with the schema, owner ``bob`` and his vehicles ``CAR1`` and ``CAR2``.

    Or with what ``fill`` puts there.

    The key is in ``folder``, and so is a SQLite file; ``kind`` may be ``postgres``.
    """
    limits = limits or HistoryLimits()
    if kind == "sqlite":
        return open_database(with_schema(folder, fill), limits=limits)
    pool = _postgres_pool(fill)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy2(pool.key, folder / pool.key.name)
    url = pool.take()
    database = open_database(folder, url, limits=limits)
    _PLACES[database] = folder, url
    _POOLS[database] = pool
    return database


_PLACES: WeakKeyDictionary[Database, tuple[Path, str]] = WeakKeyDictionary()
"""Folder and URL of databases of a server."""


_POOLS: WeakKeyDictionary[Database, PostgresPool] = WeakKeyDictionary()
"""Which pool they are of."""


def place(database: Database) -> tuple[Path, str | None]:
    """Return the data folder of a database, and its URL if it is not in the folder."""
    return _PLACES.get(database) or (Path(database.name).parent, None)


def where(database: Database) -> list[str]:
    """Return the same for a program: its arguments for ``open_database``, an empty URL for none."""
    folder, url = place(database)
    return [str(folder), url or ""]


_REOPENED: WeakKeyDictionary[Database, list[Database]] = WeakKeyDictionary()


def reopened(database: Database) -> Database:
    """Return the same database, as another program opens it; :func:`give_back` closes it, too."""
    again = open_database(*place(database))
    _REOPENED.setdefault(database, []).append(again)
    return again


def give_back(database: Database) -> None:
    """Close a test's database, and let the next test have it if it is one of a server."""
    for each in (database, *_REOPENED.pop(database, [])):
        close(each)
    if database in _PLACES:
        _POOLS[database].urls.append(_PLACES[database][1])


@dataclass
class PostgresPool:
    """Databases that tests use one after another: to reset one is ten times as fast as to make it.

    Rows and numbers are as ``fill`` left them.
    """

    key: Path
    template: str
    urls: list[str] = field(default_factory=list)

    def take(self) -> str:
        """Return the URL of a database as ``fill`` left it."""
        while self.urls:
            url = self.urls.pop()
            with psycopg.connect(url, autocommit=True) as connection:
                if connection.execute(IS_WHOLE).fetchone() == (True,):
                    connection.execute(RESET)
                    return url
        server = postgres_server()
        return server.url(server.create(self.template))


KEEP: Final = """
    DO $$ DECLARE name text; BEGIN
    CREATE SCHEMA pristine;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('CREATE TABLE pristine.%1$I AS TABLE public.%1$I', name);
    END LOOP;
    CREATE TABLE pristine.pristine_numbers AS
        SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public';
    END $$
"""
IS_WHOLE: Final = """
    SELECT count(*) FILTER (WHERE schemaname = 'public') + 1
    = count(*) FILTER (WHERE schemaname = 'pristine') FROM pg_tables
"""
"""A test may have removed a table."""

RESET: Final = """
    DO $$ DECLARE name text; columns text; number bigint; is_used bool; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('SELECT EXISTS (TABLE public.%1$I) OR EXISTS (TABLE pristine.%1$I)', name)
            INTO is_used;
        IF is_used THEN
            EXECUTE format('DELETE FROM public.%1$I', name);
            SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute
                WHERE attrelid = format('public.%I', name)::regclass
                AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
            EXECUTE format('INSERT INTO public.%1$I (%2$s) SELECT %2$s FROM pristine.%1$I',
                name, columns);
        END IF;
    END LOOP;
    FOR name, number IN SELECT sequencename, last_value FROM pristine.pristine_numbers LOOP
        PERFORM setval(name::regclass, coalesce(number, 1), number IS NOT NULL);
    END LOOP;
    END $$
"""


@cache
def _postgres_pool(fill: Fill) -> PostgresPool:
    folder = Path(tempfile.mkdtemp(prefix="ovms-schema-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    server = postgres_server()
    name = server.create()
    database = open_database(folder, server.url(name))
    database.upgrade()
    with database.writing() as connection:
        fill(connection)
    close(database)
    with psycopg.connect(server.url(name), autocommit=True) as connection:
        connection.execute(KEEP)
    return PostgresPool(folder / "secrets.key", name)


@contextmanager
def empty_database(folder: Path, kind: str) -> Iterator[Database]:
    """Make a database without a table, whose key is to be in ``folder``."""
    if kind == "sqlite":
        (folder / "ovms.db").touch()
        yield open_database(folder)
        return
    server = postgres_server()
    name = server.create()
    database = open_database(folder, server.url(name))
    yield database
    close(database)
    server.drop(name)


def apply(database: Database, batch: Batch) -> int:
    """Commit a batch; return how many rows never can be written."""
    return asyncio.run(database.apply(batch))


def expire(database: Database, kind: ExpiryKind, now: float) -> int:
    """Delete a chunk; return how many rows went."""
    return asyncio.run(database.expire(kind, now))


def close(database: Database) -> None:
    """Close a database, also where an event loop runs already."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, database.close()).result()


def rows(database: Database, sql: str) -> list[tuple[Any, ...]]:
    """Return what a query of plain SQL finds."""
    with database.reading() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(worded(connection, sql))]


def execute(database: Database, sql: str) -> None:
    """Run a statement of plain SQL that changes something."""
    with database.writing() as connection:
        connection.exec_driver_sql(worded(connection, sql))


def worded(connection: Connection, sql: str) -> str:
    """Return plain SQL as a connection's database has it: bytes are written ``x'0a'``."""
    if connection.dialect.name == "sqlite":
        return sql
    return re.sub(r"(?<!')\bx'([0-9a-f]*)'", r"'\\x\1'::bytea", sql.replace("%", "%%"))


@dataclass
class WriterTarget:
    """A database, and a connection to it as its writer has one."""

    database: Database
    connection: WriterConnection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return what a query of plain SQL finds."""
        return rows(self.database, sql)

    def execute(self, sql: str) -> None:
        """Run a statement of plain SQL that changes something."""
        execute(self.database, sql)


@contextmanager
def writer_target(database: Database) -> Iterator[WriterTarget]:
    """Open a connection to a database as its writer has one."""
    _, url = place(database)
    if url is None:
        with closing(sqlite_connect(Path(database.name))) as raw:
            yield WriterTarget(database, SqliteWriter(raw))
    else:
        from ovms.server.storage.postgres.address import postgres_address
        from ovms.server.storage.postgres.connections import BlockingConnection
        from ovms.server.storage.postgres.writing import PostgresWriter

        with closing(BlockingConnection(postgres_address(make_url(url)))) as connection:
            yield WriterTarget(database, PostgresWriter(connection))
