"""What the server asks of the database: vehicles, their latest messages, history and traffic.

One server at a time uses a database: :meth:`Database.held` ensures that.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, select, update

from ovms.base.logs import get_logger
from ovms.base.turns import Turns
from ovms.protocol.records.history import CONNECTION_TYPE, KeptRecord
from ovms.server.storage import queries
from ovms.server.storage.database import Lane
from ovms.server.storage.errors import DatabaseError, StoreClosed
from ovms.server.storage.expiry import TRAFFIC_DAYS, ExpiryKind
from ovms.server.storage.names import vehicle_key
from ovms.server.storage.plausible import CLOCK_LEAP_LIMIT
from ovms.server.storage.provisions import provision_lookup
from ovms.server.storage.schema import SERVER_ROW, history, presence, server
from ovms.server.storage.series_cache import SeriesCache
from ovms.server.storage.writer import CLOSE_TIMEOUT, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeVar

    from sqlalchemy import Connection

    from ovms.server.storage.database import Database
    from ovms.server.storage.limits import OwnerQuotas
    from ovms.server.values import (
        DayTraffic,
        HistoryEntry,
        HistoryKey,
        LatestMessage,
        Provision,
        ProvisionRecord,
        TypeSummary,
        Vehicle,
        VehicleChange,
    )

    T = TypeVar("T")

CHANGE_OVERLAP: Final = 30.0
"""Seconds that :meth:`Store.changed_since` looks further back: changes commit after their time."""

USE_INTERVAL: Final = 60.0
"""Seconds within which the uses of a provisioning record count as one: strangers can ask for it."""

HOLD_LIMIT: Final = 3600.0
"""Seconds after which records expire although somebody holds them, one after another."""

log = get_logger("ovms.server.storage")


class Store:
    """The database of a running server. Made by :meth:`open`, in the event loop that uses it."""

    def __init__(
        self, database: Database, clock: Callable[[], float], last_alive: float | None = None
    ) -> None:
        self.database = database
        self.last_alive = last_alive
        """When a server last used the database, for :class:`.plausible.PlausibleClock`; ``None`` of
        a new one, and if the clock is to be believed."""
        self._clock = clock
        self._holders = 0
        self._full: dict[str, tuple[int, str]] = {}
        """The vehicles of whose history nothing more is kept, and whose each is."""
        self.dropped: Counter[int] = Counter()
        """Records that were not kept, by the owner; whoever tells of them takes them out."""
        self._held_off: float | None = None
        self._turns: Turns[int | str] = Turns()
        self._owners: dict[str, int] = {}
        """The owner of each vehicle that was loaded, as it was then."""
        self.series_cache = SeriesCache()
        self.writer = Writer(database)
        # What the hub puts goes straight to the writer.
        self.put_message = self.writer.put_message
        self.put_token = self.writer.put_token
        self.put_presence = self.writer.put_presence
        self.put_history = self.writer.put_history
        self.history_waiting = self.writer.history_waiting
        self.put_traffic = self.writer.put_traffic

    @classmethod
    async def open(
        cls, database: Database, clock: Callable[[], float], *, trust_clock: bool = False
    ) -> Store:
        """Make or upgrade the database if needed, and mark everybody as disconnected.

        ``clock`` returns Unix seconds, which are right with ``trust_clock``. Raises
        :class:`ovms.server.storage.errors.DatabaseError`.
        """
        await asyncio.to_thread(database.upgrade)
        await asyncio.to_thread(database.find_damage)
        ended = await database.read(_cut_connections)
        start = partial(_start, now=clock(), trust_clock=trust_clock)
        store = cls(database, clock, await database.write(start))
        for vehicle_id, record in ended:
            store.put_history(vehicle_id, record)
        return store

    async def load_vehicle(self, vehicle_id: str) -> tuple[Vehicle, list[LatestMessage]] | None:
        """Return a vehicle and its latest messages as :meth:`load_vehicles`, ``None`` if unknown.

        Raises :class:`ovms.server.storage.errors.DatabaseError`.
        """
        vehicle_id = vehicle_key(vehicle_id)
        found = (await self.load_vehicles([vehicle_id])).get(vehicle_id)
        if isinstance(found, DatabaseError):
            raise found
        return found

    async def load_vehicles(
        self, vehicle_ids: Sequence[str]
    ) -> dict[str, tuple[Vehicle, list[LatestMessage]] | DatabaseError]:
        """Return vehicles, and the latest message of each code by code, by their ids.

        The ids are in upper case; unknown vehicles are left out. Sealed messages of an older token
        are left out, too. What was put before is seen, even while the disk refuses to take it.
        Raises :class:`ovms.server.storage.errors.DatabaseError`.
        """
        newer = {each: self.writer.unsaved(each) for each in vehicle_ids}
        query = partial(queries.load_vehicles, vehicle_ids=vehicle_ids)
        found = await self.database.read(query)
        return {
            vehicle_id: each
            if isinstance(each, DatabaseError)
            else self._fresh(*each, *newer[vehicle_id])
            for vehicle_id, each in found.items()
        }

    def _fresh(
        self,
        vehicle: Vehicle,
        rows: list[LatestMessage],
        newer: dict[str, LatestMessage],
        token: str | None,
    ) -> tuple[Vehicle, list[LatestMessage]]:
        """Return a vehicle that was loaded with what is not durable yet."""
        self._owners[vehicle.id] = vehicle.owner_id
        if token not in (None, vehicle.paranoid_token):
            vehicle = replace(vehicle, paranoid_token=token)
            rows = [row for row in rows if not row.token]
        latest = {row.code: row for row in rows} | newer
        valid = (latest[code] for code in sorted(latest))
        return vehicle, [row for row in valid if row.counts(vehicle.paranoid_token)]

    def heartbeat(self) -> None:
        """Store a sign of life: call it well within ``PRESENCE_STALE``."""
        self.writer.heartbeat(self._clock())

    async def note_clock(self, doubted_at: float | None) -> None:
        """Store until when the clock was believed; ``None`` if it is believed."""
        started = self._clock() if doubted_at is None else -doubted_at
        row = update(server).where(server.c.id == SERVER_ROW).values(started=started)
        await self.database.write(lambda connection: connection.execute(row))

    async def changed_since(self, since: float) -> list[VehicleChange]:
        """Return the vehicles that were made, changed or removed since then (Unix seconds).

        Also some that were changed shortly before: compare with what is known of them.
        """
        past = since - CHANGE_OVERLAP
        return await self.database.read(partial(queries.changed_since, since=past))

    async def check_quotas(self, defaults: OwnerQuotas) -> None:
        """Keep no more history of owners who have too much, and of others again.

        Call it each few minutes. Raises :class:`ovms.server.storage.errors.DatabaseError`.
        """
        query = partial(queries.full_vehicles, defaults=defaults)
        full = await self.database.read(query, Lane.HISTORY)
        for _, owner in sorted({full[each] for each in full.keys() - self._full.keys()}):
            log.warning("an owner has too much history: nothing more is kept", owner=owner)
        self.count_dropped()
        self._full, self.writer.full = full, frozenset(full)

    def count_dropped(self) -> None:
        """Count which owners' records were not kept since it was called last, in ``dropped``."""
        for vehicle_id, count in self.writer.dropped.items():
            self.dropped[self._full[vehicle_id][0]] += count
        self.writer.dropped.clear()

    async def find_provision(self, key: str) -> ProvisionRecord | None:
        """Return the record for the car that asks by ``key``, in any case; ``None`` without one.

        The time of the question is stored later.
        """

        def look(connection: Connection) -> tuple[str, Provision | None]:
            return provision_lookup(connection, key), queries.find_provision(connection, key)

        hashed, found = await self.database.read(look)
        if found is None:
            return None
        now = self._clock()
        if found.last_used is None or abs(now - found.last_used) >= USE_INTERVAL:
            self.writer.put_provision_use(hashed, now)
        return found.record

    # History and utilisation.

    async def history_summary(self, vehicle_id: str, since: int | None = None) -> list[TypeSummary]:
        """Return what a vehicle's history holds, by type; see :mod:`.history`.

        It is for clients that have never heard of the times of connection, so those are left out.
        """
        await self.writer.settle(vehicle_key(vehicle_id))
        types: list[TypeSummary] = []
        place: str | None = ""
        while place is not None:
            query = partial(queries.summary_page, vehicle_id=vehicle_id, since=since, place=place)
            page, place = await self._read_in_turn(vehicle_id, query)
            types += (each for each in page if each.type != CONNECTION_TYPE)
        return types

    async def history_count(
        self, vehicle_id: str, record_type: str, since: int | None = None
    ) -> tuple[int, int]:
        """Count a type's records; return the count and the ``last_id`` for :meth:`history_page`."""
        query = partial(
            queries.history_count, vehicle_id=vehicle_id, record_type=record_type, since=since
        )
        return await self.read_history(vehicle_id, query)

    async def history_page(
        self,
        vehicle_id: str,
        record_type: str,
        since: int | None,
        after: HistoryKey | None,
        last_id: int,
        limit: int,
    ) -> list[HistoryEntry]:
        """Return the next records behind ``after``, oldest first, then by number."""
        return await self._read_in_turn(
            vehicle_id,
            lambda connection: queries.history_page(
                connection, vehicle_id, record_type, since, after, last_id, limit
            ),
        )

    async def utilisation(self, vehicle_id: str, days: int = TRAFFIC_DAYS) -> list[DayTraffic]:
        """Return a vehicle's traffic of the last ``days`` days that had any, newest first."""
        query = partial(queries.utilisation, vehicle_id=vehicle_id, days=days)
        return await self.read_history(vehicle_id, query)

    @contextmanager
    def holding_expiry(self) -> Iterator[None]:
        """Keep records from expiring, so that a count stays true; at most :data:`HOLD_LIMIT`."""
        self._holders += 1
        try:
            yield
        finally:
            self._holders -= 1

    async def expire(self, now: float) -> int:
        """Delete what is over at ``now`` (Unix seconds), in chunks; return how many chunks.

        Call it about once a minute. Batches in between wait for one chunk at most. Raises
        :class:`ovms.server.storage.errors.DatabaseError` or
        :class:`ovms.server.storage.errors.StoreClosed`.
        """
        chunks = 0
        for kind in ExpiryKind:
            while not (kind is ExpiryKind.HISTORY and self._is_held(now)):
                if self.writer.closed:
                    raise StoreClosed("the store was closed")
                chunks += 1
                if not await self.database.expire(kind, now):
                    break
        return chunks

    async def forget_ended(self, now: float) -> None:
        """Delete tokens and shares that ended a while before ``now`` (Unix seconds)."""
        await self.database.write(partial(queries.forget_tokens, now=now))
        await self.database.write(partial(queries.forget_shares, now=now))

    async def forget_deleted(self) -> None:
        """Have neither memory nor the database's files hold what was deleted."""
        self.series_cache.clear()
        await self.database.forget_deleted()

    def _is_held(self, now: float) -> bool:
        if not self._holders:
            self._held_off = None
            return False
        if self._held_off is None:
            self._held_off = now
        return now < self._held_off + HOLD_LIMIT

    async def close(self, timeout: float = CLOSE_TIMEOUT) -> int:
        """Save what was put; return how many rows could not be saved. The database stays open.

        May be called again.
        """
        if not self.writer.closed:
            self.writer.heartbeat(-self._clock())  # nobody counts as online any more
        return await self.writer.close(timeout)

    async def read_history(self, vehicle_id: str, query: Callable[[Connection], T]) -> T:
        """Run a short query of a vehicle's history, or of its traffic, in its owner's turn.

        It sees what was put before.
        """
        await self.writer.settle(vehicle_key(vehicle_id))
        return await self._read_in_turn(vehicle_id, query)

    async def _read_in_turn(self, vehicle_id: str, query: Callable[[Connection], T]) -> T:
        """Read of the history; however much an owner asks for, others have their turns."""
        vehicle_id = vehicle_key(vehicle_id)
        async with self._turns.take(self._owners.get(vehicle_id, vehicle_id)):
            return await self.database.read(query, Lane.HISTORY)


def _cut_connections(connection: Connection) -> list[tuple[str, KeptRecord]]:
    """Return the ends of the connections that a server that was killed did not log.

    They ended when it was last alive.
    """
    alive = connection.scalar(select(server.c.heartbeat))
    if alive is None:
        return []
    h, p = history.c, presence.c
    of = history.alias().c
    newest = select(of.id).where(of.vehicle_id == p.vehicle_id, of.type == CONNECTION_TYPE)
    newest = newest.order_by(of.time.desc(), of.number.desc(), of.id.desc()).limit(1)
    query = select(h.vehicle_id, h.time, h.expires).select_from(presence)
    query = query.join(history, h.id == newest.scalar_subquery())
    rows = connection.execute(query.where(p.car.is_(True), h.data == b"1"))
    return [
        (id_, KeptRecord(CONNECTION_TYPE, 0, time, time + expires - began, b"0", None, abs(alive)))
        for id_, began, expires in rows
        for time in (max(began, int(abs(alive))),)
    ]


def _start(connection: Connection, now: float, *, trust_clock: bool) -> float | None:
    """Mark everybody as disconnected, store when the server started; return when one last ran.

    ``None`` of a new database, or if the clock is to be believed. A negative start is the last time
    that was believed, and a negative heartbeat the time of an orderly stop.
    """
    connection.execute(update(presence).values(car=False, apps=0, batch=0))
    row = connection.execute(select(server.c.started, server.c.heartbeat)).one_or_none()
    if row is None:
        connection.execute(insert(server).values(id=SERVER_ROW, started=now, heartbeat=now))
        return None
    started, heartbeat = row
    last: float = -started if started < 0 else max(started, abs(heartbeat))
    is_doubted = not trust_clock and now - last > CLOCK_LEAP_LIMIT
    times = {"started": -last if is_doubted else now, "heartbeat": now}
    connection.execute(update(server).where(server.c.id == SERVER_ROW).values(times))
    return None if trust_clock else last
