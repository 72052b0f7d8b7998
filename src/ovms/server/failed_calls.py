"""Why a vehicle's car last failed to connect, for its owner.

Gathered, and written off the event loop at most every few seconds: a flood of wrong welcomes to one
vehicle is one row. A car that has proven to be there clears it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from ovms.base.logs import get_logger
from ovms.server.storage.errors import StoreError
from ovms.server.storage.failed_calls import (
    clear_failed_calls,
    put_failed_calls,
    vehicles_that_failed,
)
from ovms.server.values import FailedCall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ovms.base.clock import Clock
    from ovms.server.hub.room import Room
    from ovms.server.storage.database import Database

INTERVAL: Final = 5.0
"""Seconds in which failures are gathered for one transaction."""

PENDING_LIMIT: Final = 10_000
"""Vehicles whose failures wait to be written; those of more are left out."""

WRITTEN_AT_ONCE: Final = 100
"""Vehicles of one transaction, which takes some milliseconds."""

T = TypeVar("T")

log = get_logger("ovms.server.failed_calls")


class FailureReason(Enum):
    """Why a car failed to connect: a word for programs, and a sentence for its owner."""

    WRONG_SECRET = "wrong_secret"  # noqa: S105 (a word)
    TLS_ONLY = "tls_only"
    NO_PROOF = "no_proof"
    BUSY = "busy"

    @property
    def sentence(self) -> str:
        """What it means to the owner."""
        return SENTENCES[self]


SENTENCES: Final = {
    FailureReason.WRONG_SECRET: (
        "The password that the module has for the server is not the vehicle's secret. Compare them,"
        " set the right one in the module, and start the module again"
    ),
    FailureReason.TLS_ONLY: (
        "The module called without TLS, and the vehicle takes log-ins over TLS only. Set the module"
        " to TLS, or allow log-ins without it"
    ),
    FailureReason.NO_PROOF: (
        "It logged in, and the connection ended before it said anything by which the server could"
        " know it. A poor network does that, and so does somebody who repeats a log-in that was"
        " overheard"
    ),
    FailureReason.BUSY: (
        "The server could not check the log-in at that moment. The module tries again by itself"
    ),
}


class FailedCalls:
    """Knows why cars failed to connect. Belongs to the event loop that made it.

    It is an observer of the rooms (:class:`ovms.server.hub.observers.RoomObserver`).
    """

    def __init__(self, database: Database, clock: Clock, failed: set[str]) -> None:
        self._database = database
        self._clock = clock
        self._failed = failed
        """Vehicles that have a row."""
        self._pending: dict[str, FailedCall] = {}
        self._writing: dict[str, FailedCall] = {}
        self._cleared: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self.on_note: Callable[[FailedCall], None] = lambda call: None
        """Called with each failure at once, whatever becomes of it."""

    @classmethod
    async def open(cls, database: Database, clock: Clock) -> FailedCalls:
        """Read which vehicles have failed to connect."""
        return cls(database, clock, await database.read(vehicles_that_failed))

    def note(self, vehicle_id: str, address: str, reason: FailureReason) -> None:
        """Note that a vehicle's car, or who claims to be it, failed to connect."""
        now = self._clock.time()
        call = FailedCall(vehicle_id, now, address, reason.value, 1, now)
        self.on_note(call)
        older = self._pending.get(vehicle_id)
        if older is None and len(self._pending) >= PENDING_LIMIT:
            return
        if older is not None:
            call = replace(call, count=older.count + 1, first=older.first)
        self._pending[vehicle_id] = call
        self._wait()

    def car_came(self, room: Room) -> None:
        """Forget the failures of a car that has proven to be there."""
        vehicle_id = room.vehicle.id
        is_pending = self._pending.pop(vehicle_id, None) is not None
        if is_pending or vehicle_id in self._failed or vehicle_id in self._writing:
            self._failed.discard(vehicle_id)
            self._cleared.add(vehicle_id)
            self._wait()

    def car_went(self, room: Room) -> None:
        """Do nothing: a car that was there has not failed."""

    def server_changed(self, room: Room) -> None:
        """Do nothing."""

    async def settle(self) -> None:
        """Have all that was noted written, as far as the database takes it."""
        if self._task is not None:
            await asyncio.wait([self._task])
        if self._pending or self._cleared:
            self._start()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """Write what waits. Calling it again does nothing."""
        await self.settle()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(INTERVAL, self._start)

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._write(), name="failed calls")
        else:
            self._wait()

    async def _write(self) -> None:
        cleared, self._cleared = self._cleared, set()
        self._writing, self._pending = self._pending, {}
        try:
            for ids in _parts([*cleared]):
                await self._database.write(partial(clear_failed_calls, vehicle_ids=ids))
            for calls in _parts([*self._writing.values()]):
                stored = await self._database.write(partial(put_failed_calls, calls=calls))
                self._failed |= stored - self._cleared
        except StoreError as error:
            log.warning("why cars failed to connect was not kept", reason=str(error))
            self._cleared |= cleared - self._pending.keys()
        self._writing = {}


def _parts(items: list[T]) -> Iterator[list[T]]:
    """Yield what is written in one transaction each: others wait for none for long."""
    for start in range(0, len(items), WRITTEN_AT_ONCE):
        yield items[start : start + WRITTEN_AT_ONCE]
