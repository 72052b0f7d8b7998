"""Many rows a statement, many statements a transaction; on the driver's own connection."""

from __future__ import annotations

from bisect import bisect_right
from contextlib import contextmanager
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator


SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 400)
"""Rows of one statement: few are different, and the driver keeps those. To read one anew for each
number of rows takes SQLite a quarter of all that is done for them."""


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
        at, width = 0, len(chunk[0])
        while at < len(chunk):
            size = SIZES[bisect_right(SIZES, len(chunk) - at) - 1]
            part = chunk[at : at + size]
            yield _statement(sql, width, size), [value for row in part for value in row]
            at += size


@cache
def _statement(sql: str, width: int, size: int) -> str:
    place = "(" + ",".join("?" * width) + ")"
    return sql.format(",".join([place] * size))
