"""What every database does; the fixture ``database`` says which one is tested."""

from __future__ import annotations

import asyncio
import threading

import pytest
from sqlalchemy import Connection, text

from ovms.server.storage import queries
from ovms.server.storage.batch import Batch
from ovms.server.storage.database import Database, Lane
from ovms.server.storage.errors import DatabaseError, StoreClosed
from ovms.server.storage.expiry import ExpiryKind
from ovms.server.values import LatestMessage

BATCH = Batch({"CAR1": {"S": LatestMessage("S", b"80", 2.0)}})


def _add_and_fail(connection: Connection) -> None:
    queries.add_owner(connection, "eve", 1.0)
    raise KeyError


def _owners(connection: Connection) -> list[str]:
    return [owner.name for owner, _ in queries.list_owners(connection)]


def test_writing_rolls_back(database: Database) -> None:
    """An exception leaves nothing behind."""
    with pytest.raises(KeyError), database.writing() as connection:
        _add_and_fail(connection)
    with database.reading() as connection:
        assert _owners(connection) == ["bob"]


async def test_written_whole_or_not_at_all(database: Database) -> None:
    """What a query wrote is there for the next one; nothing of it if it failed."""
    made = await database.write(lambda connection: queries.add_owner(connection, "ann", 1.0))
    assert made.name == "ann"
    with pytest.raises(KeyError):
        await database.write(_add_and_fail)
    assert await database.read(_owners) == ["ann", "bob"]


async def test_off_the_event_loop(database: Database) -> None:
    """Queries run in other threads than the one that asks."""
    here = threading.get_ident()
    for lane in Lane:
        assert await database.read(lambda _: threading.get_ident(), lane) != here
    assert await database.write(lambda _: threading.get_ident()) != here


async def test_error(database: Database) -> None:
    """What the database refuses is raised, and does not spoil the next query."""
    for run in (database.read, database.write):
        with pytest.raises(DatabaseError, match="missing"):
            await run(lambda connection: connection.execute(text("SELECT * FROM missing")))
        assert await run(lambda _: 1) == 1


async def test_check_then_insert(database: Database) -> None:
    """Of many who ask whether a name is free and then take it, one succeeds."""

    def claim(connection: Connection) -> bool:
        if queries.find_owner(connection, "ann") is not None:
            return False
        queries.add_owner(connection, "ann", 1.0)
        return True

    def claim_outside() -> bool:
        with database.writing() as connection:
            return claim(connection)

    outside = (asyncio.to_thread(claim_outside) for _ in range(4))
    taken = await asyncio.gather(*(database.write(claim) for _ in range(4)), *outside)
    assert taken.count(True) == 1


@pytest.mark.parametrize("slow", [Lane.LOGINS, Lane.HISTORY])
async def test_lanes(database: Database, slow: Lane) -> None:
    """While a query of another lane takes its time, short ones and the writer go on."""
    begun, gate = threading.Event(), threading.Event()

    def wait(_: Connection) -> bool:
        begun.set()
        return gate.wait(30.0)

    long = asyncio.ensure_future(database.read(wait, slow))
    await asyncio.to_thread(begun.wait)
    assert await database.read(_owners) == ["bob"]
    assert await database.apply(BATCH) == 0
    assert not long.done()
    gate.set()
    assert await long


async def test_writer_is_apart(database: Database) -> None:
    """While a query is at work that writes nothing yet, batches are committed."""
    begun, gate = threading.Event(), threading.Event()

    def wait(_: Connection) -> bool:
        begun.set()
        return gate.wait(30.0)

    long = asyncio.ensure_future(database.read(wait))
    await asyncio.to_thread(begun.wait)
    assert await database.apply(BATCH) == 0
    gate.set()
    assert await long


async def test_bad_row(database: Database) -> None:
    """A row that can never be written is known by its error, whoever wrote it."""

    def insert(connection: Connection) -> None:
        connection.execute(text("INSERT INTO messages (vehicle_id) VALUES ('CAR1')"))

    with pytest.raises(DatabaseError) as raised:
        await database.write(insert)
    assert database.is_bad_row(raised.value)
    assert not database.is_bad_row(OSError())


async def test_close(database: Database) -> None:
    """A closed database answers nobody; closing again is harmless."""
    await database.apply(BATCH)
    await database.close()
    await database.close()
    for late in (
        database.read(_owners),
        database.write(_owners),
        database.apply(BATCH),
        database.expire(ExpiryKind.HISTORY, 1.0),
    ):
        with pytest.raises(StoreClosed):
            await late


def test_check(database: Database) -> None:
    """A database of this version is in order."""
    database.check()


def test_sizes(database: Database) -> None:
    """Each part on disk has a size; SQLite's log has one once something was written behind it."""
    with database.writing() as connection:
        queries.add_owner(connection, "carl", 1.0)
        sizes = database.sizes()
    assert set(sizes) in ({"file", "log"}, {"file"})
    assert sizes["file"] > 0
