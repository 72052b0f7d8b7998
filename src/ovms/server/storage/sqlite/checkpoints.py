"""Moves what SQLite's write-ahead log holds into the database file, beside the writer.

SQLite does that in the commit that makes the log long enough, and whoever waits for that commit
waits for the disk as well: while records expired, up to 240 ms. Here a thread of its own does it,
and the writer only where this one falls behind.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ovms.server.storage.errors import StoreError
from ovms.server.storage.sqlite.connections import KeptConnection
from ovms.server.storage.worker import Worker

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

    from ovms.server.storage.errors import DamagedDatabase

CHANGES: Final = 1000
"""Changes after which they are moved: a stored record counts one, and changes up to two pages."""

LOCK_TIMEOUT: Final = 2.0
"""Seconds to wait for a lock; what is not moved now is moved with what comes."""


class Checkpoints:
    """Moves the log's pages when there are many. Belongs to the event loop.

    Nothing depends on it: what it cannot move stays in the log, which SQLite reads too.
    """

    def __init__(self, path: Path, on_damage: Callable[[DamagedDatabase], None]) -> None:
        kept = KeptConnection(path, LOCK_TIMEOUT)
        self._worker = Worker("ovms-log", kept.opened, kept.close, on_damage=on_damage)
        self._changes = 0
        self._moving: asyncio.Task[None] | None = None

    def note(self, changes: int) -> None:
        """Note what a commit changed."""
        self._changes += changes
        if self._changes >= CHANGES and (self._moving is None or self._moving.done()):
            self._changes = 0
            self._moving = asyncio.get_running_loop().create_task(self._move())

    async def close(self) -> None:
        """End the thread and close its connection, behind what it does just now."""
        await self._worker.close()

    async def _move(self) -> None:
        with suppress(StoreError):
            await self._worker.run(_checkpoint)


def _checkpoint(connection: sqlite3.Connection) -> None:
    """Move what no reader keeps from it; nobody waits meanwhile."""
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
