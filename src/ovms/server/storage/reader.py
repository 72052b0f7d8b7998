"""Reads of a running server: in a thread of their own, on one connection.

A query is one hop to the thread and back, however many statements it has.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from ovms.server.storage.database import reader_engine, reading

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

    T = TypeVar("T")


class Reader:
    """Runs queries one after another. Belongs to one event loop."""

    def __init__(self, url: URL, name: str) -> None:
        self._engine = reader_engine(url)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._closed = False

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Run a query in a transaction.

        Raises :class:`ovms.server.storage.errors.DatabaseError`.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._read, query)

    async def close(self) -> None:
        """Close the connection behind the queries that run. Harmless again."""
        if not self._closed:
            self._closed = True
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._thread, self._engine.dispose)
            self._thread.shutdown(wait=False)

    def _read(self, query: Callable[[Connection], T]) -> T:
        with reading(self._engine) as connection:
            return query(connection)
