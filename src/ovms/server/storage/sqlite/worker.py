"""A thread that runs jobs on one connection, one after another."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Generic, TypeVar

from ovms.server.storage.errors import StoreClosed

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

    async def run(self, job: Callable[[C], T]) -> T:
        """Run a job after those that came before. Raises :class:`StoreClosed`."""
        if self._closed:
            raise StoreClosed("the database was closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, job)

    async def close(self) -> None:
        """Close the connection after the jobs that wait. Calling it again does nothing."""
        if not self._closed:
            self._closed = True
            if self._interrupt is not None:
                self._interrupt()
            await asyncio.get_running_loop().run_in_executor(self._thread, self._release)
            self._thread.shutdown(wait=False)

    def _run(self, job: Callable[[C], T]) -> T:
        with self._opened() as connection:
            return job(connection)
