"""The one writer of what cars send: rows gather in the event loop, a thread commits them.

Every method but :meth:`Writer.open` belongs to the event loop and only the awaited ones wait, so
nothing here is locked. One task takes what has gathered, has the thread write it in one
transaction, and tells those who asked. While the disk refuses, the rows stay, newer ones replace
older ones, and the task tries again: nothing is lost while the process lives.
"""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog

from ovms.store.batch import Batch, write, write_singly
from ovms.store.errors import StoreClosed, from_sqlite

if TYPE_CHECKING:
    from collections.abc import Callable

    from ovms.store.records import LatestMessage

GATHER: Final = 0.010
"""Seconds that rows gather before a commit: a real disk syncs for about as long."""

MAX_PENDING: Final = 500_000
"""Rows that may wait while the disk refuses, about 200 bytes each and the data.

Rows are coalesced, so what waits is at most the vehicles that spoke times the codes they use (about
20): this is reached by 25,000 vehicles at once. Past it new keys are refused and counted, known
ones still take newer rows. Tokens and presence are one row a vehicle, and not counted.
"""

FIRST_PAUSE: Final = 0.1
LAST_PAUSE: Final = 10.0
"""Seconds between two tries while the disk refuses: doubled from the first to the last."""

CLOSE_TIMEOUT: Final = 10.0
"""Seconds that :meth:`Writer.close` tries to save what is left."""

_BAD_ROW: Final = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
    UnicodeError,
    OverflowError,
)
"""What a row raises that can never be written; everything else may pass."""

log = structlog.get_logger(__name__)


class Writer:
    """Gathers rows and commits them, many at a time. Made by :meth:`open`.

    ``connect`` opens a connection of the driver; it is called in the writer's thread, and again
    after each error. The caller puts rows only in the event loop in which it was opened.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], name: str) -> None:
        self._connect = connect
        self._name = name
        self._connection: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ovms-writer")
        self._pending = Batch()
        self._writing = Batch()
        self._rows = 0  # messages in both
        self._refused = 0
        self._work = asyncio.Event()
        self._hurry = asyncio.Event()
        self._flushes: set[asyncio.Future[None]] = set()
        self._failing = False
        self._closing = False
        self._unsaved: int | None = None
        self._task = asyncio.get_running_loop().create_task(self._run(), name="store writer")

    @classmethod
    def open(cls, connect: Callable[[], sqlite3.Connection], name: str) -> Writer:
        """Start a writer in the running event loop; ``name`` is the database's, for the log."""
        return cls(connect, name)

    # Putting: nothing waits.

    def put_message(self, vehicle_id: str, message: LatestMessage) -> None:
        """Keep a vehicle's latest message of its code.

        Messages of a vehicle that does not exist are left out. Raises :class:`StoreClosed`.
        """
        messages = self._open_batch().messages
        codes = messages.get(vehicle_id)
        if codes is None or message.code not in codes:
            if not self._room_for_one():
                return
            codes = messages.setdefault(vehicle_id, {})
        codes[message.code] = message

    def put_token(self, vehicle_id: str, token: str) -> None:
        """Keep the paranoid token of a vehicle, ``""`` for none."""
        self._open_batch().tokens[vehicle_id] = token

    def put_presence(
        self, vehicle_id: str, car: bool, apps: int, batch: int, heard: float | None
    ) -> None:
        """Keep who is connected to a vehicle; ``heard`` of ``None`` leaves the known time."""
        self._open_batch().put_presence(vehicle_id, (car, apps, batch, heard))

    def beat(self, time: float) -> None:
        """Keep a sign of the server's life."""
        self._open_batch().beat = time

    def when_saved(self, callback: Callable[[], object]) -> None:
        """Call ``callback`` in the event loop once all that was put before is durable.

        It is never called if that does not happen before the writer closes.
        """
        self._open_batch().saved.append(callback)

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

    def unsaved(self, vehicle_id: str) -> tuple[dict[str, LatestMessage], str | None]:
        """Give a vehicle's messages by code, and its token, that may not be durable yet."""
        old, new = self._writing, self._pending
        messages = old.messages.get(vehicle_id, {}) | new.messages.get(vehicle_id, {})
        return messages, new.tokens.get(vehicle_id, old.tokens.get(vehicle_id))

    @property
    def closed(self) -> bool:
        """Whether nothing can be put any more."""
        return self._closing

    @property
    def refused(self) -> int:
        """How many rows :data:`MAX_PENDING` turned away since the disk last took some."""
        return self._refused

    async def close(self, timeout: float = CLOSE_TIMEOUT) -> int:
        """Save what is left and end; gives how many rows it could not save. Harmless again.

        Tries for ``timeout`` seconds. Nothing can be put any more.
        """
        self._closing = True
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
        if not self._refused:
            log.error("store full: messages are lost", database=self._name, waiting=self._rows)
        self._refused += 1
        return False

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
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)

    async def _gather(self) -> None:
        await self._work.wait()
        if not self._hurry.is_set():
            await self._wait(GATHER)
        self._hurry.clear()
        self._work.clear()

    async def _wait(self, seconds: float) -> None:
        """Wait, but not when somebody flushes or closes meanwhile."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurry.wait()

    async def _save(self) -> bool:
        """Have the thread write what has gathered; puts it back when that fails."""
        self._writing, self._pending = self._pending, Batch()
        loop = asyncio.get_running_loop()
        try:
            lost = await loop.run_in_executor(self._thread, self._write, self._writing)
        except Exception as error:  # the writer outlives whatever the disk does
            self._put_back(error)
            return False
        saved, self._writing = self._writing, Batch()
        self._recovered(lost)
        self._rows = sum(map(len, self._pending.messages.values()))
        for callback in saved.saved:
            loop.call_soon(callback)
        return True

    def _put_back(self, error: Exception) -> None:
        self._pending = self._pending.over(self._writing)
        self._writing = Batch()
        self._rows = sum(map(len, self._pending.messages.values()))
        self._work.set()
        if not self._failing:
            reason = str(from_sqlite(error, self._name))
            log.error("store cannot save, tries again", reason=reason, waiting=self._pending.rows())
        self._failing = True

    def _recovered(self, lost: int) -> None:
        if self._failing:
            log.info("store saves again", database=self._name, refused=self._refused)
        self._failing = False
        self._refused = 0
        if lost:
            log.error("rows that cannot be stored were dropped", database=self._name, rows=lost)

    def _end(self) -> int:
        """End the task and the thread; gives how many rows are left."""
        self._task.cancel()
        left = self._pending.over(self._writing).rows()
        for waiting in self._flushes:
            if not waiting.done():
                waiting.set_exception(StoreClosed("the store was closed before it could save"))
        self._thread.submit(self._disconnect)
        self._thread.shutdown(wait=False)
        if left:
            log.error("store closed with unsaved rows", database=self._name, rows=left)
        return left

    # The thread.

    def _write(self, batch: Batch) -> int:
        """Commit a batch; gives how many rows were left out because they never can be written."""
        if not (batch.rows() or batch.beat is not None):
            return 0
        try:
            if self._connection is None:
                self._connection = self._connect()
            try:
                write(self._connection, batch)
            except _BAD_ROW:
                return write_singly(self._connection, batch, _BAD_ROW)
        except BaseException:
            self._disconnect()
            raise
        return 0

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()


def _resolve(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)
