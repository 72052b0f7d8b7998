"""What the server asks of the database: vehicles with their latest messages, kept as they come.

One server at a time uses a database; whoever starts servers sees to that.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, update

from ovms.store import queries
from ovms.store.database import (
    async_engine,
    connect,
    database_path,
    sync_engine,
    upgrade,
    writing,
)
from ovms.store.errors import translated
from ovms.store.names import vehicle_key
from ovms.store.schema import SERVER_ROW, presence, server
from ovms.store.writer import CLOSE_TIMEOUT, Writer

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

    from ovms.store.records import LatestMessage, Vehicle, VehicleChange

    T = TypeVar("T")

CHANGE_OVERLAP: Final = 30.0
"""Seconds that :meth:`Store.changed_since` looks further back: changes commit after their time."""

WRITER_BUSY_TIMEOUT: Final = 2.0
"""Seconds the writer waits for a lock; it tries again anyway, and must not outlast its closing."""


class Store:
    """The database of a running server. Made by :meth:`open`, in the event loop that uses it."""

    def __init__(self, url: URL, clock: Callable[[], float]) -> None:
        path = database_path(url)
        self._name = str(path)
        self._clock = clock
        self._engine = async_engine(url)
        self.writer = Writer.open(lambda: connect(path, WRITER_BUSY_TIMEOUT), self._name)

    @classmethod
    async def open(cls, url: URL, clock: Callable[[], float]) -> Store:
        """Open the database, made or upgraded if need be; nobody counts as connected.

        ``url`` comes from :func:`ovms.store.database.database_url`, ``clock`` gives Unix seconds.
        Raises :class:`ovms.store.errors.DatabaseError`.
        """
        await asyncio.to_thread(_prepare, url, clock())
        return cls(url, clock)

    async def load_vehicle(self, vehicle_id: str) -> tuple[Vehicle, list[LatestMessage]] | None:
        """Give a vehicle and the latest message of each code by code, or ``None``.

        Sealed messages of an older token are left out. What was kept before is seen, also while
        the disk refuses to take it. Raises :class:`ovms.store.errors.DatabaseError`.
        """
        vehicle_id = vehicle_key(vehicle_id)
        newer, token = self.writer.unsaved(vehicle_id)
        found = await self._read(lambda connection: queries.load_vehicle(connection, vehicle_id))
        if found is None:
            return None
        vehicle, rows = found
        if token is not None:
            vehicle = replace(vehicle, paranoid_token=token)
        latest = {row.code: row for row in rows} | newer
        valid = (latest[code] for code in sorted(latest))
        return vehicle, [row for row in valid if row.counts(vehicle.paranoid_token)]

    def keep_message(self, vehicle_id: str, message: LatestMessage) -> None:
        """Keep the latest message of its code; durable some 10 ms later."""
        self.writer.put_message(vehicle_key(vehicle_id), message)

    def keep_token(self, vehicle_id: str, token: str) -> None:
        """Keep a vehicle's paranoid token, ``""`` for none; others void what they sealed."""
        self.writer.put_token(vehicle_key(vehicle_id), token)

    def keep_presence(
        self, vehicle_id: str, car: bool, apps: int, batch: int, heard: float | None = None
    ) -> None:
        """Keep who is connected; ``heard`` in Unix seconds, ``None`` leaves the known time."""
        self.writer.put_presence(vehicle_key(vehicle_id), car, apps, batch, heard)

    def beat(self) -> None:
        """Say that the server lives: call it well within ``PRESENCE_STALE``."""
        self.writer.beat(self._clock())

    async def changed_since(self, since: float) -> list[VehicleChange]:
        """Give the vehicles that were made, changed or removed since then (Unix seconds).

        Also some that were changed shortly before: compare with what is known of them.
        """
        past = since - CHANGE_OVERLAP
        return await self._read(lambda connection: queries.changed_since(connection, past))

    async def close(self, timeout: float = CLOSE_TIMEOUT) -> int:
        """Save what was kept and close; gives how many rows could not be saved. Harmless again."""
        if not self.writer.closed:
            self.writer.beat(0.0)  # nobody counts as online any more
        left = await self.writer.close(timeout)
        await self._engine.dispose()
        return left

    async def _read(self, query: Callable[[Connection], T]) -> T:
        with translated(self._name):
            async with self._engine.begin() as connection:
                return await connection.run_sync(query)


def _prepare(url: URL, now: float) -> None:
    engine = sync_engine(url)
    upgrade(engine)
    with writing(engine) as connection:
        connection.execute(update(presence).values(car=False, apps=0, batch=0))
        times = {"started": now, "heartbeat": now}
        row = update(server).where(server.c.id == SERVER_ROW)
        if not connection.execute(row.values(times)).rowcount:
            connection.execute(insert(server).values(id=SERVER_ROW, **times))
