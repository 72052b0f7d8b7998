"""A database of a PostgreSQL server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from ovms.server.storage.batch_writing import apply
from ovms.server.storage.database import Database, Lane
from ovms.server.storage.history_quota import HistoryQuota
from ovms.server.storage.limits import HISTORY_DEFAULTS, HistoryLimits
from ovms.server.storage.metadata import metadata
from ovms.server.storage.postgres.address import PostgresAddress, postgres_address
from ovms.server.storage.postgres.backups import put_aside, write_rows
from ovms.server.storage.postgres.connections import (
    PostgresEngine,
    WriterLink,
    check_unheld,
    connect,
)
from ovms.server.storage.postgres.errors import is_bad_row, translated
from ovms.server.storage.postgres.expiry import expire
from ovms.server.storage.postgres.numbering import highest_ids, set_highest_ids
from ovms.server.storage.postgres.writing import PostgresWriter
from ovms.server.storage.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import TypeVar

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

    from ovms.server.storage.batch import Batch
    from ovms.server.storage.expiry import ExpiryKind
    from ovms.server.storage.keyfile import KeyFile

    T = TypeVar("T")

_OTHER_ORDER: Final = """
    SELECT relname, attname FROM pg_attribute AS a JOIN pg_class ON pg_class.oid = a.attrelid
    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND a.attnum > 0
    AND NOT a.attisdropped AND a.atttypid = 'text'::regtype
    AND a.attcollation <> '"C"'::regcollation
    AND NOT EXISTS (SELECT 1 FROM pg_depend JOIN pg_attrdef AS d ON d.oid = objid
        JOIN pg_attribute AS g ON g.attrelid = d.adrelid AND g.attnum = d.adnum
        WHERE classid = 'pg_attrdef'::regclass AND refobjid = a.attrelid
        AND refobjsubid = a.attnum AND g.attgenerated <> '')
"""
"""Columns of text that are compared by the rules of a language. Generated ones, and those that
they are made of, cannot be changed: ours are of digits, which every language orders alike."""

_SIZE: Final = "SELECT pg_database_size(current_database())"


class PostgresDatabase(Database):
    """A PostgreSQL database, with a thread and a connection for each lane, for writes, the writer.

    At most seven connections a server.
    """

    def __init__(
        self, address: PostgresAddress, key_file: KeyFile, limits: HistoryLimits = HISTORY_DEFAULTS
    ) -> None:
        super().__init__(address.name, key_file)
        self._address = address
        self._quota = HistoryQuota(limits)
        self._engine = PostgresEngine(address, self.keys)
        self._lanes = {lane: self._reader(lane) for lane in Lane}
        kept = PostgresEngine(address, self.keys)
        self._writes = Worker("ovms-writes", kept.writing, kept.close, on_damage=self.note_damage)
        self._connection = WriterLink(address)
        self._writer = Worker(
            "ovms-writer",
            self._connection.opened,
            self._connection.close,
            on_damage=self.note_damage,
        )

    @classmethod
    def at_url(
        cls, url: URL, key_file: KeyFile, limits: HistoryLimits = HISTORY_DEFAULTS
    ) -> PostgresDatabase:
        """Return the database of a ``postgresql`` URL. Raises :class:`UnsupportedDatabase`."""
        return cls(postgres_address(url), key_file, limits)

    def reading(self) -> AbstractContextManager[Connection]:
        """See :meth:`Database.reading`."""
        return self._engine.reading()

    def writing(self) -> AbstractContextManager[Connection]:
        """See :meth:`Database.writing`."""
        return self._engine.writing()

    def adapt_schema(self, connection: Connection) -> None:
        """Have text compared byte by byte, as SQLite does, whatever the language of the server."""
        columns: dict[str, list[str]] = {}
        for table, column in connection.execute(text(_OTHER_ORDER)):
            columns.setdefault(table, []).append(column)
        for table, names in columns.items():
            parts = (f'ALTER COLUMN "{name}" TYPE text COLLATE "C"' for name in names)
            connection.execute(text(f'ALTER TABLE "{table}" {", ".join(parts)}'))

    def highest_ids(self, connection: Connection) -> dict[str, int]:
        """See :meth:`Database.highest_ids`: numbers of rows that are gone count."""
        return highest_ids(connection)

    def set_highest_ids(self, connection: Connection, ids: Mapping[str, int]) -> None:
        """See :meth:`Database.set_highest_ids`."""
        set_highest_ids(connection, ids)

    def put_aside(self, connection: Connection, name: str) -> str:
        """Move all tables into another schema; see :meth:`Database.put_aside`."""
        return f"schema {put_aside(connection, name)} of database {self.name}"

    def write_rows(
        self,
        connection: Connection,
        table: str,
        columns: Sequence[str],
        rows: Sequence[tuple[Any, ...]],
    ) -> None:
        """See :meth:`Database.write_rows`."""
        write_rows(connection, table, columns, rows)

    def rewrite(self) -> None:
        """Write every table anew; others wait meanwhile."""
        self._vacuum("FULL")

    def hold(self) -> None:
        """Take a lock of the database that lasts as long as the writer's connection."""
        self._connection.is_held = True
        try:
            self._writer.run_now(lambda _: None)
        except BaseException:
            self._connection.is_held = False
            raise

    def check_unused(self) -> None:
        """Look whether another server has the lock that :meth:`hold` takes."""
        if not self._connection.is_held:
            check_unheld(self._address)

    def check(self, *, is_served: bool = False) -> None:
        """Raise what would keep a server from starting on the database."""
        self.keys.file.read()
        if not is_served:
            self.check_unused()
        super().check(is_served=is_served)

    async def read(self, query: Callable[[Connection], T], lane: Lane = Lane.SHORT) -> T:
        """Run a query in its lane's thread."""
        return await self._lanes[lane].run(query)

    async def write(self, query: Callable[[Connection], T]) -> T:
        """Run a query that has the lock of those who write."""
        return await self._writes.run(query)

    async def apply(self, batch: Batch) -> int:
        """Commit a batch in the writer's thread."""
        return await self._writer.run(
            lambda connection: apply(PostgresWriter(connection), batch, self._quota)
        )

    async def expire(self, kind: ExpiryKind, now: float) -> int:
        """Delete a chunk in the writer's thread."""
        return await self._writer.run(lambda connection: expire(connection, kind, now))

    async def forget_deleted(self) -> bool:
        """Free the places of deleted rows, which new ones take.

        What their blocks on disk and the server's log held is overwritten in time, not at once.
        """
        await asyncio.to_thread(self._vacuum)
        return True

    def sizes(self) -> dict[str, int]:
        """Return the bytes of the database, indices included."""
        with translated(self.name), connect(self._address) as connection:
            row = connection.execute(_SIZE).fetchone()
        return {"file": int(row[0]) if row else 0}

    def is_bad_row(self, error: BaseException) -> bool:
        """See :meth:`Database.is_bad_row`."""
        return is_bad_row(error)

    def release(self) -> None:
        """See :meth:`Database.release`."""
        self._engine.close()

    async def close(self) -> None:
        """Close every connection and end the threads."""
        workers: list[Worker[Any]] = [*self._lanes.values(), self._writes, self._writer]
        for worker in workers:
            await worker.close()
        await asyncio.to_thread(self.release)

    def _vacuum(self, how: str = "") -> None:
        tables = ", ".join(f'"{name}"' for name in metadata.tables)
        with translated(self.name), connect(self._address) as connection:
            connection.autocommit = True
            connection.execute(f"VACUUM {f'({how})' if how else ''} {tables}".encode())

    def _reader(self, lane: Lane) -> Worker[Connection]:
        kept = PostgresEngine(self._address, self.keys)
        interrupt = kept.interrupt if lane is Lane.HISTORY else None
        return Worker(f"ovms-{lane.value}", kept.reading, kept.close, interrupt, self.note_damage)
