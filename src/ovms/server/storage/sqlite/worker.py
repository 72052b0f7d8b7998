"""A thread that runs jobs on one connection, one after another.

While another process keeps the database locked, each job that tries waits for long. Those that
have waited behind it meanwhile are not tried, or the last of many would be refused after minutes.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Generic, TypeVar

from ovms.server.storage.errors import DatabaseLocked, StoreClosed

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    T = TypeVar("T")

C = TypeVar("C")


class Worker(Generic[C]):
    """One thread and its connection. The thread starts with the first job.

    ``opened`` yields the connection for a job, ``release`` closes it; both run in the thread.
    ``interrupt`` has the job that runs fail, so that closing need not wait for it.
    """

    def __init__(
        self,
        name: str,
        opened: Callable[[], AbstractContextManager[C]],
        release: Callable[[], None],
        interrupt: Callable[[], None] | None = None,
    ) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._opened = opened
        self._release = release
        self._interrupt = interrupt
        self._closed = False
        self._locked: tuple[float, DatabaseLocked] | None = None
        """When the database was last found locked, by the monotonic clock, and the error."""

    async def run(self, job: Callable[[C], T]) -> T:
        """Run a job after those that came before.

        Raises :class:`StoreClosed`, and :class:`DatabaseLocked` for a job that has waited for one
        that found the database locked.
        """
        if self._closed:
            raise StoreClosed("the database was closed")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._run, job, time.monotonic())

    async def close(self) -> None:
        """Close the connection after the jobs that wait. Calling it again does nothing."""
        if not self._closed:
            self._closed = True
            if self._interrupt is not None:
                self._interrupt()
            await asyncio.get_running_loop().run_in_executor(self._thread, self._release)
            self._thread.shutdown(wait=False)

    def _run(self, job: Callable[[C], T], asked: float) -> T:
        if self._locked is not None and asked < self._locked[0]:
            raise DatabaseLocked(str(self._locked[1]))
        try:
            with self._opened() as connection:
                return job(connection)
        except DatabaseLocked as error:
            self._locked = time.monotonic(), error
            raise
