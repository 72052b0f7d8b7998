from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from ovms.server.storage.errors import DatabaseError
from ovms.server.storage.reader import Reader

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import Connection, Engine


@pytest.fixture
async def reader(engine: Engine) -> AsyncIterator[Reader]:
    """Open a reader of the fixture ``engine``'s database."""
    reader = Reader(engine.url, "test-reader")
    yield reader
    await reader.close()


async def test_reads_in_its_thread(reader: Reader) -> None:
    """Queries run off the event loop, all on the same connection."""

    def query(connection: Connection) -> tuple[int, str, int]:
        count = connection.exec_driver_sql("SELECT count(*) FROM vehicles").scalar_one()
        return count, threading.current_thread().name, id(connection.connection.dbapi_connection)

    first = await reader.read(query)
    assert first[:2] == (2, "test-reader_0")
    assert await reader.read(query) == first


async def test_error(reader: Reader) -> None:
    """What the database refuses is raised, and does not spoil the next query."""
    with pytest.raises(DatabaseError, match="no such table"):
        await reader.read(lambda connection: connection.exec_driver_sql("SELECT * FROM missing"))
    assert await reader.read(lambda connection: 1) == 1


async def test_close(reader: Reader) -> None:
    """Closing again is harmless."""
    await reader.close()
    await reader.close()
