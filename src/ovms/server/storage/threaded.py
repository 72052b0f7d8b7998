"""What the parts of a running server have in common that ask the database only now and then.

Each query takes a thread that is free, and a connection of its own; what is asked all the time has
a :class:`~ovms.server.storage.reader.Reader` or the :class:`~ovms.server.storage.writer.Writer`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ovms.server.storage.database import reading, sync_engine, writing

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

    T = TypeVar("T")


class ThreadedStore:
    """Runs queries off the event loop. Raises :class:`ovms.server.storage.errors.StoreError`."""

    def __init__(self, url: URL) -> None:
        self._engine = sync_engine(url)

    async def _read(self, query: Callable[[Connection], T]) -> T:
        """Run a query that sees one moment of the database."""

        def read() -> T:
            with reading(self._engine) as connection:
                return query(connection)

        return await asyncio.to_thread(read)

    async def _write(self, query: Callable[[Connection], T]) -> T:
        """Run a query that has the write lock; what it did is on disk then, or none of it."""

        def write() -> T:
            with writing(self._engine) as connection:
                return query(connection)

        return await asyncio.to_thread(write)
