from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ovms.server.storage.batch import Batch
from ovms.server.storage.database import Lane
from ovms.server.storage.errors import (
    DatabaseError,
    DatabaseLocked,
    DatabaseUnwritable,
    NotADatabase,
)
from ovms.server.storage.expiry import ExpiryKind
from ovms.server.storage.keyfile import KeyFile
from ovms.server.storage.sqlite import checkpoints, connections
from ovms.server.storage.sqlite import database as module
from ovms.server.storage.sqlite.database import SqliteDatabase
from ovms.server.values import KeptRecord, LatestMessage
from tests.server.storage.databases import rows
from tests.waiting import PATIENCE, until

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.hub.interfaces import OnSaved
    from ovms.server.storage.database import Database

BIG = Batch({"CAR1": {"S": LatestMessage("S", b"x" * 100_000, 2.0)}})
"""More than fits into the pages that the database has."""


def _thread(_: Connection) -> str:
    return threading.current_thread().name


async def test_threads(database: Database) -> None:
    """Each lane, and what writes, has a thread of its own that says its name."""
    found = [await database.read(_thread, lane) for lane in Lane]
    found.append(await database.write(_thread))
    lanes = ["reader", "logins", "history", "journeys", "writes"]
    assert found == [f"ovms-{lane}_0" for lane in lanes]


async def test_connection_is_kept(database: Database) -> None:
    """All queries of a lane use one connection."""

    def used(connection: Connection) -> int:
        return id(connection.connection.dbapi_connection)

    assert await database.read(used) == await database.read(used)


async def test_readers_keep_few_pages(database: Database) -> None:
    """What a lane has read takes a quarter of the memory that SQLite would take for it."""

    def cache(connection: Connection) -> int:
        return int(connection.exec_driver_sql("PRAGMA cache_size").scalar_one())

    found = {await database.read(cache, lane) for lane in Lane}
    assert found == {-connections.READER_CACHE}
    assert await database.write(cache) not in found


async def test_the_writer_keeps_pages_for_acknowledgements(database: Database) -> None:
    """While records are acknowledged it keeps more than otherwise."""
    assert isinstance(database, SqliteDatabase)

    async def cache_after(on_saved: OnSaved | None) -> int:
        batch = Batch()
        batch.history.put("CAR1", KeptRecord("T", 1, 5, 9, b"x", None, 5.0), on_saved)
        await database.apply(batch)
        return database._kept.pages

    found = [await cache_after(each) for each in (None, lambda: None, None)]
    assert found == [connections.USUAL_CACHE, connections.WRITER_CACHE, connections.USUAL_CACHE]


async def test_full_disk(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk without room takes nothing of a batch, and the same batch once there is room."""

    def connect(path: Path, busy_timeout: float) -> sqlite3.Connection:
        connection = real(path, busy_timeout)
        connection.execute("PRAGMA max_page_count = 1")
        return connection

    real = connections.connect
    with monkeypatch.context() as full:
        full.setattr(connections, "connect", connect)
        for _ in range(2):
            with pytest.raises(DatabaseUnwritable, match="the disk is full"):
                await database.apply(BIG)
    assert rows(database, "SELECT code FROM messages") == []
    assert await database.apply(BIG) == 0
    assert rows(database, "SELECT code FROM messages") == [("S",)]


async def test_locked(path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer does not wait for long where another process holds the lock."""
    monkeypatch.setattr(module, "WRITER_BUSY_TIMEOUT", 0.0)
    other = SqliteDatabase(path, database.keys.file)
    with database.writing(), pytest.raises(DatabaseLocked):
        await other.apply(BIG)
    assert await other.apply(BIG) == 0
    await other.close()


async def test_closing_waits_for_no_history(path: Path, database: Database) -> None:
    """A read of the history that would go on for ever is ended when the database closes."""
    subject = SqliteDatabase(path, database.keys.file)
    running = threading.Event()

    def count(connection: Connection) -> None:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.create_function("running", 0, running.set)
        connection.exec_driver_sql(
            "WITH RECURSIVE n (x) AS (SELECT coalesce(running(), 1) UNION ALL SELECT x + 1 FROM n) "
            "SELECT count(*) FROM n"
        )

    read = asyncio.ensure_future(subject.read(count, Lane.HISTORY))
    assert await asyncio.to_thread(running.wait, PATIENCE)
    await subject.close()
    with pytest.raises(DatabaseError, match="interrupted"):
        await read


async def test_closing_leaves_no_log(path: Path, database: Database) -> None:
    """Everything is in the database file then, so that it can be copied alone."""
    subject = SqliteDatabase(path, database.keys.file)
    await subject.write(_thread)
    for lane in Lane:
        await subject.read(_thread, lane)
    await subject.apply(BIG)
    await subject.close()
    assert not path.with_name(f"{path.name}-wal").exists()


def test_check(tmp_path: Path) -> None:
    """No file is in order, and none is made; a file that is something else is not."""
    path = tmp_path / "x.db"
    key_file = KeyFile(tmp_path / "secrets.key")
    SqliteDatabase(path, key_file).check()
    assert not path.exists()
    path.write_bytes(b"hello, I am a text file\n" * 100)
    with pytest.raises(NotADatabase, match="not a database"):
        SqliteDatabase(path, key_file).check()


async def test_the_log_is_moved_beside_the_writer(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was committed, and what has expired, is soon in the file, which commits do not do."""
    monkeypatch.setattr(checkpoints, "CHANGES", 1)
    path = Path(database.name)

    def records_in_the_file() -> int:
        copy = path.with_name("copy.db")
        shutil.copyfile(path, copy)
        with closing(sqlite3.connect(copy)) as connection:
            found: int = connection.execute("SELECT count(*) FROM history").fetchone()[0]
        return found

    batch = Batch()
    batch.history.put("CAR1", KeptRecord("T", 1, 5, 9, b"x", None, 5.0), None)
    await database.apply(batch)
    await until(lambda: records_in_the_file() == 1)
    assert await database.expire(ExpiryKind.HISTORY, 10.0) == 1
    await until(lambda: records_in_the_file() == 0)
