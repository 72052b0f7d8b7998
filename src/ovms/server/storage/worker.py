"""A thread that runs jobs on one connection, one after another.

While another process keeps the database locked, or its server cannot be reached, each job that
tries may wait for long. Those that have waited behind it meanwhile are not tried, or the last of
many would be refused after minutes.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from ovms.server.storage.errors import (
    DamagedDatabase,
    DatabaseError,
    DatabaseLocked,
    DatabaseUnreachable,
    StoreClosed,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    T = TypeVar("T")

C = TypeVar("C")

INTERRUPT_PAUSE: Final = 0.05
"""Seconds between two interruptions of a job: one that came before its statement did nothing."""


class Worker(Generic[C]):
    """One thread and its connection. The thread starts with the first job.

    ``opened`` yields the connection for a job, ``release`` closes it; both run in the thread.
    ``interrupt`` has the job that runs fail, so that closing need not wait for it. ``on_damage`` is
    called in the thread when a job finds the database damaged.
    """

    def __init__(
        self,
        name: str,
        opened: Callable[[], AbstractContextManager[C]],
        release: Callable[[], None],
        interrupt: Callable[[], None] | None = None,
        on_damage: Callable[[DamagedDatabase], None] = lambda error: None,
    ) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._opened = opened
        self._release = release
        self._interrupt = interrupt
        self._on_damage = on_damage
        self._closed = False
        self._refused: tuple[float, DatabaseError] | None = None
        """When the database last let nobody in, by the monotonic clock, and the error."""

    async def run(self, job: Callable[[C], T]) -> T:
        """Run a job after those that came before.

        Raises :class:`StoreClosed`, and for a job that has waited for one that was let in by nobody
        the same :class:`DatabaseLocked` or :class:`DatabaseUnreachable`.
        """
        if self._closed:
            raise StoreClosed("the database was closed")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._run, job, time.monotonic())

    def run_now(self, job: Callable[[C], T]) -> T:
        """Run a job and block until it is done; for the command line, and for a server's start."""
        return self._thread.submit(self._run, job, time.monotonic()).result()

    async def close(self) -> None:
        """Close the connection after the jobs that wait. Calling it again does nothing."""
        if not self._closed:
            self._closed = True
            loop = asyncio.get_running_loop()
            released = loop.run_in_executor(self._thread, self._release)
            while self._interrupt is not None and not released.done():
                await asyncio.to_thread(self._interrupt)
                await asyncio.wait([released], timeout=INTERRUPT_PAUSE)
            await released
            self._thread.shutdown(wait=False)

    def _run(self, job: Callable[[C], T], asked: float) -> T:
        if self._refused is not None and asked < self._refused[0]:
            raise type(self._refused[1])(str(self._refused[1]))
        try:
            with self._opened() as connection:
                return job(connection)
        except (DatabaseLocked, DatabaseUnreachable) as error:
            self._refused = time.monotonic(), error
            raise
        except DamagedDatabase as error:
            self._on_damage(error)
            raise
