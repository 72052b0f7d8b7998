"""The one writer of what cars send: rows gather in the event loop, the database commits them.

Everything here belongs to the event loop and only the awaited methods wait, so nothing is locked.
One task takes what has gathered, has the database commit it in one transaction, and calls the
callbacks. While the database refuses, the rows stay, newer ones replace older ones, and the task
tries again: nothing is lost while the process lives.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from ovms.base.logs import get_logger
from ovms.server.storage.batch import Batch, SeenToken
from ovms.server.storage.counts import WriterCounts, WriterDepths
from ovms.server.storage.errors import DatabaseError, StoreClosed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ovms.server.storage.database import Database
    from ovms.server.storage.history_batch import OnSaved
    from ovms.server.values import KeptRecord, LatestMessage, Traffic

GATHER: Final = 0.010
"""Seconds from the beginning of a commit to that of the next: a real disk syncs for about as long.
Rows gather meanwhile."""

GATHER_UNAWAITED: Final = 0.100
"""Seconds that they gather while nobody waits for one of them. A commit costs the event loop
milliseconds, and what cars report is not acknowledged."""

MAX_PENDING: Final = 500_000
"""Rows that may wait while the disk refuses, about 200 bytes each and the data.

Rows are coalesced, so what waits is at most the vehicles that spoke times the codes they use (about
20): this is reached by 25,000 vehicles at once. Past it new keys are refused and counted, known
ones still take newer rows. Tokens, presence and uses of provisioning records are one row a vehicle,
and not counted.
"""

MAX_HISTORY_WAITING: Final = 64 * 2**20
"""Bytes of memory for records of the history that wait: some 75,000 small ones.

At the 2000 a second that 50 cars send after a gap, the disk may refuse for half a minute. Past it
records are refused: a car sends them again, and what is not acknowledged is counted as lost.
"""

VEHICLE_WAITING: Final = 4 * 2**20
"""Bytes of it for one vehicle: some 4500 small records, 100 times what a car sends in a second.

Past it its records are refused, so that it does not take the room of all others.
"""

MOST_AT_ONCE: Final = 5_000
"""Records of the history in one transaction. After the database was away for long many wait: all in
one could take longer than a statement may, and would be tried again without end."""

MAX_SEEN_WAITING: Final = 100_000
"""Tokens of welcomes that wait while the disk refuses, some 500 bytes each. Past it callers whose
token must be remembered are turned away without it."""

TOLD_AT_ONCE: Final = 50
"""Callbacks in one turn of the event loop: each may seal and send a message."""

SETTLE_TIMEOUT: Final = 2.0
"""Seconds that a read waits for what was put before it, should the disk refuse just then."""

FIRST_PAUSE: Final = 0.1
LAST_PAUSE: Final = 10.0
"""Seconds between two tries while the disk refuses: doubled from the first to the last."""

CLOSE_TIMEOUT: Final = 10.0
"""Seconds that :meth:`Writer.close` tries to save what is left."""

log = get_logger(__name__)


class Writer:
    """Gathers rows and commits them, many at a time.

    Belongs to the event loop that is running when it is made.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pending = Batch()
        self._writing = Batch()
        self._rows = 0  # messages in both
        self._refused = 0
        self._work = asyncio.Event()
        self._hurry = asyncio.Event()
        self._awaited = asyncio.Event()
        """Somebody waits for one of the rows."""
        self._flushes: set[asyncio.Future[None]] = set()
        self._failing: Exception | None = None
        self._closing = False
        self._unsaved: int | None = None
        self._began: float | None = None
        self._next = 0.0
        """When the next commit may begin, by the loop's clock."""
        self.full: frozenset[str] = frozenset()
        """Vehicles of whose history nothing more is kept: their owner has too much."""
        self.dropped: Counter[str] = Counter()
        """Records that were not kept of each of them."""
        self.counts = WriterCounts()
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run(), name="store writer")

    # Putting: nothing waits. Vehicle ids are in upper case, as the database has them.

    def put_message(self, vehicle_id: str, message: LatestMessage) -> None:
        """Store a vehicle's latest message of its code.

        Messages of a vehicle that does not exist are left out. Raises :class:`StoreClosed`.
        """
        codes = self._pending.messages.get(vehicle_id)
        if codes is None or message.code not in codes:
            messages = self._open_batch().messages
            if not self._room_for_one():
                return
            codes = messages.setdefault(vehicle_id, {})
        codes[message.code] = message

    def put_token(self, vehicle_id: str, token: str) -> None:
        """Store a vehicle's paranoid token; another one voids what was sealed before."""
        self._open_batch().put_token(vehicle_id, token)

    def put_presence(
        self, vehicle_id: str, car: bool, apps: int, batch: int, heard: float | None = None
    ) -> None:
        """Store who is connected; ``heard`` (Unix seconds) of ``None`` leaves the known time."""
        self._open_batch().put_presence(vehicle_id, (car, apps, batch, heard))

    def put_history(
        self,
        vehicle_id: str,
        record: KeptRecord,
        on_saved: OnSaved | None = None,
    ) -> bool:
        """Store a record, and its copies only once; return false if there is no room for it.

        ``on_saved`` is called in the event loop when the record is durable, also for a copy, and
        for a vehicle that was removed meanwhile. What it returns is called behind it, once for all
        that are told. For a vehicle whose owner has too much this is done at once and nothing is
        kept, or the car would repeat it for ever. Raises :class:`StoreClosed`.
        """
        batch = self._open_batch()
        if vehicle_id in self.full:
            self.dropped[vehicle_id] += 1
            if on_saved is not None:
                self._tell(iter((on_saved,)))
            return True
        new, old = batch.history, self._writing.history
        if new.size + old.size >= MAX_HISTORY_WAITING:
            self._refuse()
            return False
        if new.sizes.get(vehicle_id, 0) + old.sizes.get(vehicle_id, 0) >= VEHICLE_WAITING:
            return False
        batch.history.put(vehicle_id, record, on_saved)
        if on_saved is not None:
            self._awaited.set()
        return True

    def put_seen(self, memory: bytes, token: str, time: float) -> asyncio.Future[bool]:
        """Remember a token of a welcome, seen at ``time`` (Unix seconds).

        The future returns whether it had been seen before, once that is durable. While the database
        refuses, it raises why, and the token is remembered later. Raises :class:`StoreClosed`.
        """
        batch = self._open_batch()
        done: asyncio.Future[bool] = self._loop.create_future()
        if self.has_seen(memory, token):
            done.set_result(True)
            return done
        if len(self._pending.seen) + len(self._writing.seen) >= MAX_SEEN_WAITING:
            self._refuse()
            done.set_exception(DatabaseError("too many tokens wait for the database"))
            done.exception()  # looked at, or the event loop logs it if nobody waits any more
            return done
        seen = batch.seen[memory, token] = SeenToken(memory, token, time, done)
        self._awaited.set()
        if self._failing is not None:
            seen.failed(self._failing)
        return done

    def has_seen(self, memory: bytes, token: str) -> bool:
        """Return whether a token is among those that may not be durable yet."""
        key = memory, token
        return key in self._pending.seen or key in self._writing.seen

    def history_waiting(self, vehicle_id: str) -> int:
        """Return how many of a vehicle's records are not durable yet."""
        pending, writing = self._pending.history.records, self._writing.history.records
        if not pending and not writing:
            return 0  # as for most messages
        return len(pending.get(vehicle_id, ())) + len(writing.get(vehicle_id, ()))

    def put_traffic(self, vehicle_id: str, day: str, traffic: Traffic) -> None:
        """Add to a vehicle's traffic of a day, ``YYYY-MM-DD`` in UTC."""
        self._open_batch().put_traffic(vehicle_id, day, traffic)

    def put_provision_use(self, lookup: str, time: float) -> None:
        """Store when a provisioning record, by its keyed hash, was asked for, in Unix seconds."""
        self._open_batch().provisions[lookup] = time

    def heartbeat(self, time: float) -> None:
        """Store a sign of the server's life, in Unix seconds."""
        self._open_batch().heartbeat = time

    def when_saved(self, callback: Callable[[], object]) -> None:
        """Call ``callback`` in the event loop once all that was put before is durable.

        It is never called if that does not happen before the writer closes.
        """
        self._open_batch().saved.append(callback)
        self._awaited.set()

    async def flush(self) -> None:
        """Wait until all that was put before is durable.

        Raises :class:`StoreClosed` when the writer closes without having saved it.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.when_saved(lambda: _resolve(done))
        self._flushes.add(done)
        self._hurry.set()  # no gathering for this one
        try:
            await done
        finally:
            self._flushes.discard(done)

    async def settle(self, vehicle_id: str) -> None:
        """Wait until a vehicle's history and traffic that were put are durable.

        Returns at once while the disk refuses. Raises :class:`StoreClosed`.
        """
        parts = self._pending, self._writing
        if self._failing is not None or not any(
            vehicle_id in part.history.records or vehicle_id in part.traffic for part in parts
        ):
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_TIMEOUT):
                await self.flush()

    def unsaved(self, vehicle_id: str) -> tuple[dict[str, LatestMessage], str | None]:
        """Return a vehicle's messages by code, and its token, that may not be durable yet."""
        old, new = self._writing, self._pending
        before = old.messages.get(vehicle_id, {})
        messages = before | new.messages.get(vehicle_id, {})
        return messages, new.tokens.get(vehicle_id, old.tokens.get(vehicle_id))

    def depths(self) -> WriterDepths:
        """Return how much waits for the disk."""
        parts = self._pending, self._writing
        return WriterDepths(
            sum(part.rows() for part in parts),
            sum(len(part.history) for part in parts),
            sum(part.history.size for part in parts),
        )

    @property
    def committing(self) -> float:
        """Return for how many seconds the commit has run that runs now; 0 without one."""
        return 0.0 if self._began is None else asyncio.get_running_loop().time() - self._began

    @property
    def closed(self) -> bool:
        """Whether nothing can be put any more."""
        return self._closing

    @property
    def refused(self) -> int:
        """How many rows the bounds turned away since the disk last took some."""
        return self._refused

    async def close(self, timeout: float = CLOSE_TIMEOUT) -> int:
        """Save what is left and end; return how many rows it could not save.

        Tries for ``timeout`` seconds. Nothing can be put any more. Calling it again does nothing.
        """
        self._closing = True
        self._awaited.set()
        self._work.set()
        self._hurry.set()
        await asyncio.wait([self._task], timeout=timeout)
        if self._unsaved is None:
            self._unsaved = self._end()
        await asyncio.wait([self._task])
        return self._unsaved

    def _open_batch(self) -> Batch:
        if self._closing:
            raise StoreClosed("the store was closed")
        self._work.set()
        return self._pending

    def _room_for_one(self) -> bool:
        if self._rows < MAX_PENDING:
            self._rows += 1
            return True
        self._refuse()
        return False

    def _refuse(self) -> None:
        if not self._refused:
            waiting = self._pending.rows() + self._writing.rows()
            log.error(
                "too many rows wait for the database, new ones are dropped",
                database=self._database.name,
                waiting=waiting,
            )
        self._refused += 1
        self.counts.refused += 1

    # The task.

    async def _run(self) -> None:
        pause = FIRST_PAUSE
        while self._pending or not self._closing:
            await self._gather()
            if await self._save():
                pause = FIRST_PAUSE
            else:
                await self._wait(min(pause, FIRST_PAUSE) if self._closing else pause)
                pause = min(pause * 2, LAST_PAUSE)

    async def _gather(self) -> None:
        """Wait for rows, and then until the next commit may begin."""
        await self._work.wait()
        if not self._closing:
            with suppress(TimeoutError):
                async with asyncio.timeout(GATHER_UNAWAITED):
                    await self._awaited.wait()
        if not self._hurry.is_set():
            await self._wait(self._next - asyncio.get_running_loop().time())
        self._hurry.clear()
        self._awaited.clear()
        self._work.clear()

    async def _wait(self, seconds: float) -> None:
        """Wait, or return early when somebody flushes or closes."""
        if seconds <= 0:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurry.wait()

    async def _save(self) -> bool:
        """Have the database commit what has gathered; put it back when that fails."""
        self._writing, self._pending = self._pending, Batch()
        self._next = asyncio.get_running_loop().time() + GATHER
        if len(self._writing.history) > MOST_AT_ONCE:
            self._put_off()
        try:
            lost = await self._commit(self._writing)
        except Exception as error:  # the writer outlives whatever the disk does
            self._put_back(error)
            return False
        saved, self._writing = self._writing, Batch()
        self._recovered(lost)
        self._rows = sum(map(len, self._pending.messages.values()))
        seen = (each.saved for each in saved.seen.values())
        self._tell(chain(saved.saved, seen, saved.history.saved()))
        return True

    def _put_off(self) -> None:
        """Leave what is too much for one transaction to the next, and who waits for all of it."""
        self._pending.history = self._writing.history
        self._writing.history = self._pending.history.take(MOST_AT_ONCE)
        self._pending.saved, self._writing.saved = self._writing.saved, []
        self._work.set()
        self._awaited.set()

    async def _commit(self, batch: Batch) -> int:
        """Return how many rows can never be written; callbacks alone need no transaction."""
        rows = batch.rows()
        if not (rows or batch.heartbeat is not None):
            return 0
        now = asyncio.get_running_loop().time
        self._began = began = now()
        try:
            lost = await self._database.apply(batch)
        finally:
            self._began = None
        self.counts.commits.observe(now() - began)
        self.counts.rows.observe(rows)
        self.counts.lost += lost
        return lost

    def _tell(self, callbacks: Iterator[Callable[[], object]]) -> None:
        """Call some callbacks, then what they return, and the rest in the loop's next turns."""
        told = [_call(callback) for callback in islice(callbacks, TOLD_AT_ONCE)]
        for behind in dict.fromkeys(told):
            if callable(behind):
                _call(behind)
        if len(told) == TOLD_AT_ONCE:
            asyncio.get_running_loop().call_soon(self._tell, callbacks)

    @property
    def failure(self) -> Exception | None:
        """Why the database takes nothing now; ``None`` while it does."""
        return self._failing

    def _put_back(self, error: Exception) -> None:
        self.counts.failures += 1
        for seen in self._writing.seen.values():
            seen.failed(error)
        self._pending = self._pending.over(self._writing)
        self._writing = Batch()
        self._rows = sum(map(len, self._pending.messages.values()))
        self._work.set()
        if self._failing is None:
            waiting = self._pending.rows()
            log.error(
                "cannot save to the database, trying again", reason=str(error), waiting=waiting
            )
        self._failing = error

    def _recovered(self, lost: int) -> None:
        if self._failing is not None:
            log.info(
                "saving to the database again", database=self._database.name, refused=self._refused
            )
        self._failing = None
        self._refused = 0
        if lost:
            log.error(
                "rows that cannot be stored were dropped", database=self._database.name, rows=lost
            )

    def _end(self) -> int:
        """End the task; return how many rows are left."""
        self._task.cancel()
        batch = self._pending.over(self._writing)
        left = batch.rows()
        for seen in batch.seen.values():
            seen.failed(StoreClosed("the store was closed before it could save"))
        for waiting in self._flushes:
            if not waiting.done():
                waiting.set_exception(StoreClosed("the store was closed before it could save"))
        if left:
            log.error("closed with unsaved rows", database=self._database.name, rows=left)
        return left


def _call(callback: Callable[[], object]) -> object:
    """Call a callback; its failure is logged, and reaches no other."""
    try:
        return callback()
    except Exception as error:
        context = {"message": "a callback of the store failed", "exception": error}
        asyncio.get_running_loop().call_exception_handler(context)
        return None


def _resolve(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)
