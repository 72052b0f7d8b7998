from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from ovms.server.storage import queries
from ovms.server.storage.threaded import ThreadedStore

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import URL


async def test_written_whole_or_not_at_all(engine: Engine, url: URL) -> None:
    """What a query wrote is there for the next one; nothing of it if it failed."""
    store = ThreadedStore(url)

    def fail(connection: Connection) -> None:
        queries.add_owner(connection, "eve", 1.0)
        raise KeyError

    made = await store._write(lambda connection: queries.add_owner(connection, "ann", 1.0))
    assert made.name == "ann"
    with pytest.raises(KeyError):
        await store._write(fail)
    found = await store._read(queries.list_owners)
    assert [owner.name for owner, _ in found] == ["ann", "bob"]


async def test_off_the_event_loop(engine: Engine, url: URL) -> None:
    """Queries run in other threads than the one that asks."""
    store = ThreadedStore(url)
    here = threading.get_ident()
    assert await store._read(lambda connection: threading.get_ident()) != here
    assert await store._write(lambda connection: threading.get_ident()) != here
