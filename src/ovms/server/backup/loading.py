"""Rows of a database that is made, put into one that is no file: all in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from ovms.server.backup.errors import BadBackup, TargetInUse
from ovms.server.backup.rows import Fingerprint, fingerprint, read_rows, stored_columns, write_rows
from ovms.server.backup.steps import Report, Step
from ovms.server.storage.schema import metadata
from ovms.server.storage.upgrading import migrate, revision

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.storage.database import Database


def load_rows(source: Database, target: Database, aside: str | None, report: Report) -> str | None:
    """Put all rows of a database into another one, and compare them.

    What the other one holds is put aside first, under a name that is made of ``aside``, which is
    returned; with ``None`` it must hold nothing. It is one transaction. Raises :class:`BadBackup`,
    :class:`TargetInUse` or :class:`~ovms.server.storage.errors.DatabaseError`.
    """
    with source.reading() as reading, target.writing() as connection:
        kept = None
        if revision(connection, target.name) is not None:
            if aside is None:
                raise TargetInUse(f"database {target.name} is not empty any more")
            kept = target.put_aside(connection, aside)
        migrate(connection)
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
        _copy_all(reading, connection, report)
        target.set_highest_ids(connection, source.highest_ids(reading))
    return kept


def _copy_all(source: Connection, target: Connection, report: Report) -> None:
    done = 0
    tables = metadata.sorted_tables
    total = sum(source.scalar(select(func.count()).select_from(each)) or 0 for each in tables)
    for table in tables:
        columns = stored_columns(source, table.name)
        sum_ = Fingerprint()
        for page in read_rows(source, table.name, columns):
            write_rows(target, table, columns, page)
            sum_.add(page)
            done += len(page)
            report(Step.LOAD, done, total)
        if fingerprint(target, table.name, columns) != sum_:
            raise BadBackup(f"table {table.name} did not arrive as it is in the backup")
