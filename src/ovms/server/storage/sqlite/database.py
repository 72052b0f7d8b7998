"""A database in a SQLite file."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ovms.server.storage.batch_writing import apply
from ovms.server.storage.database import Database, Lane
from ovms.server.storage.errors import DatabaseLocked, UnsupportedDatabase
from ovms.server.storage.history_quota import HistoryQuota
from ovms.server.storage.limits import HISTORY_DEFAULTS, HistoryLimits
from ovms.server.storage.sqlite.checkpoints import Checkpoints
from ovms.server.storage.sqlite.connections import (
    USUAL_CACHE,
    WRITER_CACHE,
    KeptConnection,
    SqliteEngine,
    connect_reader,
    create_file,
    driver_of,
    empty_log,
    rewrite,
)
from ovms.server.storage.sqlite.damage import check_files, find_damage
from ovms.server.storage.sqlite.errors import is_bad_row
from ovms.server.storage.sqlite.expiry import expire
from ovms.server.storage.sqlite.files import check_room, list_damage, read_room
from ovms.server.storage.sqlite.holding import HeldFile, lock_path
from ovms.server.storage.sqlite.numbering import highest_ids, set_highest_ids
from ovms.server.storage.sqlite.standing import copy_pages, write_rows
from ovms.server.storage.sqlite.writing import SqliteWriter
from ovms.server.storage.worker import Worker

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import TypeVar

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

    from ovms.server.storage.batch import Batch
    from ovms.server.storage.expiry import ExpiryKind
    from ovms.server.storage.keyfile import KeyFile

    T = TypeVar("T")

WRITER_BUSY_TIMEOUT: Final = 2.0
"""Seconds the writer waits for a lock; it tries again anyway, and must not outlast its closing."""

EXPIRED_CHANGES: Final = 5
"""Changes that a row counts which expires: its own page and those of two indexes are far apart."""

LOG_BUSY_TIMEOUT: Final = 0.5
"""Seconds to wait for those who read before the log is emptied; nobody can write meanwhile."""


class SqliteDatabase(Database):
    """A SQLite file, with a thread and a connection for each lane, for writes, for the writer."""

    def __init__(
        self, path: Path, key_file: KeyFile, limits: HistoryLimits = HISTORY_DEFAULTS
    ) -> None:
        super().__init__(str(path), key_file)
        self.path: Path = path
        self._quota = HistoryQuota(limits)
        self._hold: HeldFile | None = None
        self._engine = SqliteEngine(path, self.keys, kept=False)
        self._lanes = {lane: self._reader(lane) for lane in Lane}
        kept = SqliteEngine(path, self.keys, kept=True)
        self._writes = Worker("ovms-writes", kept.writing, kept.close, on_damage=self.note_damage)
        self._kept = KeptConnection(path, WRITER_BUSY_TIMEOUT)
        self._writer = Worker(
            "ovms-writer", self._kept.opened, self._kept.close, on_damage=self.note_damage
        )
        self._checkpoints = Checkpoints(path, self.note_damage)

    @classmethod
    def at_url(
        cls, url: URL, key_file: KeyFile, limits: HistoryLimits = HISTORY_DEFAULTS
    ) -> SqliteDatabase:
        """Return the database of a ``sqlite`` URL. Raises :class:`UnsupportedDatabase`."""
        if not url.database or url.database == ":memory:" or url.query:
            raise UnsupportedDatabase("a SQLite database is named by its file: sqlite:///FILE")
        return cls(Path(url.database), key_file, limits)

    def reading(self) -> AbstractContextManager[Connection]:
        """See :meth:`Database.reading`."""
        return self._engine.reading()

    def writing(self) -> AbstractContextManager[Connection]:
        """See :meth:`Database.writing`: it has the write lock from its beginning."""
        return self._engine.writing()

    def upgrade_schema(self) -> None:
        """Make the file if there is none, and bring its schema up to this version."""
        check_files(self.path)
        create_file(self.path)
        super().upgrade_schema()
        if self._hold is not None:
            self._hold.note_served()

    def rewrite(self) -> None:
        """Copy the rows into a file without free places, and empty the write-ahead log.

        Raises :class:`~ovms.server.storage.errors.NoRoom` if the disk has none for the copies.
        """
        check_room(self.path)
        rewrite(self.path)

    def free_bytes(self) -> int:
        """Return the bytes of free pages in the file."""
        return read_room(self.path).free

    def list_damage(self) -> list[str]:
        """Have SQLite check all pages, indexes and references."""
        return list_damage(self.path)

    def hold(self) -> None:
        """Lock the file ``….lock`` beside the database, wherever that is."""
        self._hold = HeldFile(self.path)

    def check_unused(self) -> None:
        """Look whether another process has locked the file that :meth:`hold` locks."""
        if self._hold is None and lock_path(self.path).exists():
            HeldFile(self.path).close()

    def copy_file(
        self, connection: Connection, path: Path, report: Callable[[int, int], None]
    ) -> bool:
        """Copy the pages; see :meth:`Database.copy_file`."""
        copy_pages(driver_of(connection), path, report)
        return True

    def highest_ids(self, connection: Connection) -> dict[str, int]:
        """See :meth:`Database.highest_ids`."""
        return highest_ids(connection)

    def set_highest_ids(self, connection: Connection, ids: Mapping[str, int]) -> None:
        """See :meth:`Database.set_highest_ids`."""
        set_highest_ids(connection, ids)

    def write_rows(
        self,
        connection: Connection,
        table: str,
        columns: Sequence[str],
        rows: Sequence[tuple[Any, ...]],
    ) -> None:
        """See :meth:`Database.write_rows`."""
        write_rows(connection, table, columns, rows)

    def settle(self) -> None:
        """Move what the log holds into the file; the last to close removes the log."""
        check_files(self.path)
        if not empty_log(self.path):
            raise DatabaseLocked(f"database {self.path} is used by another process")

    def check(self, *, is_served: bool = False) -> None:
        """Raise what would keep a server from starting on the file; a missing one does not."""
        self.keys.file.read()
        if not is_served:
            self.check_unused()
        if os.path.lexists(self.path):
            check_files(self.path)
            super().check(is_served=is_served)

    def find_damage(self) -> None:
        """See :meth:`Database.find_damage`, and :mod:`.damage`."""
        with self.reading() as connection:
            find_damage(connection, self.path)

    async def read(self, query: Callable[[Connection], T], lane: Lane = Lane.SHORT) -> T:
        """Run a query in its lane's thread."""
        return await self._lanes[lane].run(query)

    async def write(self, query: Callable[[Connection], T]) -> T:
        """Run a query that has the write lock."""
        return await self._writes.run(query)

    async def apply(self, batch: Batch) -> int:
        """Commit a batch in the writer's thread."""
        rows = batch.rows()
        lost = await self._writer.run(partial(self._apply, batch=batch))
        self._checkpoints.note(rows)
        return lost

    def _apply(self, connection: sqlite3.Connection, batch: Batch) -> int:
        is_awaited = next(batch.history.saved(), None) is not None
        self._kept.keep_pages(WRITER_CACHE if is_awaited else USUAL_CACHE)
        return apply(SqliteWriter(connection), batch, self._quota)

    async def expire(self, kind: ExpiryKind, now: float) -> int:
        """Delete a chunk in the writer's thread."""
        rows = await self._writer.run(partial(expire, kind=kind, now=now))
        self._checkpoints.note(rows * EXPIRED_CHANGES)
        return rows

    async def forget_deleted(self) -> bool:
        """Empty the write-ahead log; what is deleted is overwritten in the file itself."""
        return await asyncio.to_thread(empty_log, self.path, LOG_BUSY_TIMEOUT)

    def sizes(self) -> dict[str, int]:
        """Return the bytes of the database's file and of its write-ahead log."""
        log = self.path.with_name(f"{self.path.name}-wal")
        return {"file": size_of(self.path), "log": size_of(log)}

    def is_bad_row(self, error: BaseException) -> bool:
        """See :meth:`Database.is_bad_row`."""
        return is_bad_row(error)

    async def close(self) -> None:
        """Close every connection and end the threads.

        The last to close writes the log into the database and removes it. An interrupted one does
        not, so a lane is never the last.
        """
        await self._checkpoints.close()
        workers: list[Worker[Any]] = [*self._lanes.values(), self._writes, self._writer]
        for worker in workers:
            await worker.close()
        if self._hold is not None:
            self._hold.close()

    def _reader(self, lane: Lane) -> Worker[Connection]:
        kept = SqliteEngine(self.path, self.keys, kept=True, opened=connect_reader)
        interrupt = kept.interrupt if lane is Lane.HISTORY else None
        return Worker(f"ovms-{lane.value}", kept.reading, kept.close, interrupt, self.note_damage)


def size_of(path: Path) -> int:
    """Return the bytes of a file; 0 without one."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
