from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from ovms.server.storage.database import Lane
from ovms.server.storage.errors import DatabaseError, DatabaseInUse, DatabaseUnreachable
from ovms.server.storage.opening import open_database
from tests.postgres import postgres_server
from tests.server.storage.databases import close, reopened, rows

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from ovms.server.storage.database import Database

LANGUAGES = """
    SELECT relname, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    JOIN pg_collation ON pg_collation.oid = attcollation
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0
    AND atttypid = 'text'::regtype AND collname <> 'C'
"""


def test_two_servers(database: Database) -> None:
    """The second is refused while the first runs, also by a check, and finds it free afterwards."""
    other = reopened(database)
    database.hold()
    database.check_unused()
    for refused in (other.hold, other.check_unused, other.check):
        with pytest.raises(DatabaseInUse):
            refused()
    other.check(is_served=True)
    close(database)
    other.check()
    other.hold()


def test_text_is_compared_byte_by_byte(database: Database) -> None:
    """As on SQLite, whatever the language of the server; days are digits, and need it not."""
    assert sorted(rows(database, LANGUAGES)) == [("journeys", "day"), ("journeys", "month")]


def test_two_that_make_the_schema(tmp_path: Path) -> None:
    """Two programs that find an empty database at once make one schema."""
    server = postgres_server()
    name = server.create()
    both = [open_database(tmp_path, server.url(name)) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        [*pool.map(lambda each: each.upgrade(), both)]
    assert rows(both[0], "SELECT count(*) FROM alembic_version") == [(1,)]
    for each in both:
        close(each)
    server.drop(name)


def test_no_such_database(tmp_path: Path) -> None:
    """One that is not there is named."""
    missing = open_database(tmp_path, postgres_server().url("nowhere"))
    with pytest.raises(
        DatabaseUnreachable, match='cannot be reached: database "nowhere" does not exist'
    ):
        missing.upgrade()


def test_nobody_listens(tmp_path: Path) -> None:
    """A server that is not there is one line."""
    away = open_database(tmp_path, f"postgresql://ovms@/cars?host={tmp_path}")
    with pytest.raises(DatabaseUnreachable, match="cannot be reached") as caught:
        away.upgrade()
    assert "\n" not in str(caught.value)


async def test_closing_interrupts_a_long_reading(database: Database) -> None:
    """A page of the history that takes for ever does not keep a server from ending."""
    started = asyncio.Event()
    loop = asyncio.get_running_loop()

    def sleep(connection: Connection) -> None:
        loop.call_soon_threadsafe(started.set)
        connection.execute(text("SELECT pg_sleep(600)"))

    reading = asyncio.ensure_future(database.read(sleep, Lane.HISTORY))
    await started.wait()
    await database.close()
    with pytest.raises(DatabaseError, match="cancelled"):
        await reading


async def test_vacuum(database: Database) -> None:
    """Deleted rows leave their places, while the server runs or before it does."""
    assert await database.forget_deleted()
    database.rewrite()
    assert database.sizes()["file"] > 0
