"""Many rows a statement, many statements a transaction; on the driver's own connection."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit at the end, or roll back when an exception leaves it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def many(sql: str, rows: Iterable[tuple[Any, ...]], limit: int) -> Iterator[tuple[str, list[Any]]]:
    """Yield statements with their parameters: ``{}`` in ``sql`` takes up to ``limit`` rows.

    SQLite calls the columns of ``VALUES`` column1, column2…
    """
    rows = iter(rows)
    while chunk := list(islice(rows, limit)):
        place = "(" + ",".join("?" * len(chunk[0])) + ")"
        values = ",".join([place] * len(chunk))
        yield sql.format(values), [value for row in chunk for value in row]
