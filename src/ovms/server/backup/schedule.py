"""Backups that a running server makes again and again, and keeps the newest of.

Each is made by a program of its own (:mod:`.job`). One that fails is told in the log, and to
whoever asks :attr:`BackupSchedule.trouble`; it is tried again after a while.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from ovms.base.clock import iso_time
from ovms.base.logs import get_logger
from ovms.server.backup.job import BackupDone, BackupJob
from ovms.server.backup.naming import find_backups

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ovms.base.clock import Clock

CHECK: Final = 60.0
"""Seconds between two looks whether a backup is due."""

RETRY: Final = 900.0
"""Seconds until one that failed is tried again; less if they are made more often."""

JOB_TIMEOUT: Final = 6 * 3600.0
"""Seconds that a backup may take: a disk that hangs is told of."""

MAX_KEPT: Final = 1000
"""How many backups are kept at most: all are listed before each one."""

log = get_logger("ovms.server.backup")


class BackupFailed(Exception):
    """A backup was not made; ``str()`` is why, in one line."""


@dataclass(frozen=True, slots=True)
class BackupPlan:
    """How often, where, and how many are kept."""

    every: float
    """Seconds."""
    folder: Path
    keep: int


class BackupSchedule:
    """Makes the backups. Belongs to one event loop.

    ``make`` makes one of a time (Unix seconds) and returns how many bytes it has, or raises
    :class:`BackupFailed`.
    """

    def __init__(
        self, plan: BackupPlan, clock: Clock, make: Callable[[float], Awaitable[int]]
    ) -> None:
        self.plan = plan
        self.last: float | None = None
        """When the newest that is there was made, Unix seconds."""
        self.bytes: int | None = None
        """How many it has."""
        self.made = 0
        self.failed = 0
        """How many tries failed since the start."""
        self.failure: str | None = None
        """Why the last try failed, ``None`` if it did not."""
        self._clock = clock
        self._make = make
        self._retry: float | None = None
        """When to try again, monotonic."""

    @property
    def trouble(self) -> str | None:
        """What the operator should hear of, in words."""
        if self.failure is None:
            return None
        last = "There is none yet" if self.last is None else f"The last is of {iso_time(self.last)}"
        return f"No backup could be made: {self.failure}.\n{last}."

    async def check(self) -> None:
        """Make a backup if one is due, and remove those that are too many. Call it each minute."""
        try:
            await self._look()
            if self._is_due():
                await self._try()
        except OSError as error:
            self._fail(f"{error.filename or self.plan.folder}: {error.strerror or error}")

    async def _look(self) -> None:
        """Look for the newest that is there: somebody may have removed some."""
        found = await asyncio.to_thread(find_backups, self.plan.folder)
        self.last, self.bytes = None, None
        for time, path in found[:1]:
            self.last, self.bytes = time, path.stat().st_size

    def _is_due(self) -> bool:
        if self._retry is not None and self._clock.monotonic() < self._retry:
            return False
        if self.last is None:
            return True
        age = self._clock.time() - self.last
        return age >= self.plan.every or age < -CHECK  # the clock was ahead when it was made

    async def _try(self) -> None:
        now = self._clock.time()
        try:
            size = await self._make(now)
        except BackupFailed as error:
            self._fail(str(error))
            return
        seconds = self._clock.time() - now
        log.info("backup made", folder=str(self.plan.folder), bytes=size, seconds=round(seconds, 1))
        self.made += 1
        self.failure, self._retry = None, None
        await asyncio.to_thread(self._remove_old)
        await self._look()

    def _fail(self, reason: str) -> None:
        self.failed += 1
        self.failure = reason
        self._retry = self._clock.monotonic() + min(RETRY, self.plan.every)
        log.warning("no backup could be made", reason=reason)

    def _remove_old(self) -> None:
        for _, path in find_backups(self.plan.folder)[self.plan.keep :]:
            path.unlink(missing_ok=True)


async def run_job(job: BackupJob) -> int:
    """Run a job in a program of its own; return the bytes of what it made.

    It ends with the task. Raises :class:`BackupFailed`.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ovms.server.backup.job",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(JOB_TIMEOUT):
            output, errors = await process.communicate(msgspec.json.encode(job))
    except TimeoutError:
        raise BackupFailed(f"it took longer than {JOB_TIMEOUT / 3600:.0f} hours") from None
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    if process.returncode != 0:
        lines = errors.decode(errors="replace").strip().splitlines()
        raise BackupFailed(lines[-1] if lines else f"its program ended with {process.returncode}")
    return msgspec.json.decode(output, type=BackupDone).bytes
