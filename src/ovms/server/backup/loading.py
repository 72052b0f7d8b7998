"""Rows of a database that is made, put into one that is no file: all in one transaction."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, select

from ovms.server.backup.errors import BadBackup, TargetInUse
from ovms.server.backup.rows import (
    Fingerprint,
    Row,
    fingerprint,
    read_rows,
    stored_columns,
)
from ovms.server.backup.steps import Report, Step
from ovms.server.storage.schema import metadata
from ovms.server.storage.upgrading import migrate, revision

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.storage.database import Database


NUL_SIGN: Final = "\N{SYMBOL FOR NULL}"


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
            kept = target.put_aside(connection, PurePath(aside).name)
        migrate(connection)
        target.adapt_schema(connection)
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
        _copy_all(reading, target, connection, report)
        target.set_highest_ids(connection, source.highest_ids(reading))
    return kept


def _copy_all(source: Connection, target: Database, writing: Connection, report: Report) -> None:
    done = 0
    takes_nul = writing.dialect.name == "sqlite"
    tables = metadata.sorted_tables
    total = sum(source.scalar(select(func.count()).select_from(each)) or 0 for each in tables)
    for table in tables:
        columns = stored_columns(source, table.name)
        sum_ = Fingerprint()
        for page in read_rows(source, table.name, columns):
            if not takes_nul:
                page = [*map(_without_nul, page)]
            target.write_rows(writing, table.name, columns, page)
            sum_.add(page)
            done += len(page)
            report(Step.LOAD, done, total)
        if fingerprint(writing, table.name, columns) != sum_:
            raise BadBackup(f"table {table.name} did not arrive as it is in the backup")


def _without_nul(row: Row) -> Row:
    """Return a row with a sign for NUL, which texts of other databases cannot hold."""
    if not any(each.__class__ is str and "\0" in each for each in row):
        return row
    return tuple(each.replace("\0", NUL_SIGN) if isinstance(each, str) else each for each in row)
