"""Rows of a table as they are kept in a backup, and what all of them together are known by.

A row is in one form, whatever the database is: numbers, texts, bytes and ``None`` as SQLite has
them; truth is 0 or 1. So the rows of two databases can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import column, inspect, select, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection

Row = tuple[Any, ...]

PAGE: Final = 1000
"""Rows in memory at a time."""

DIGEST_BYTES: Final = 16
"""Of the digest of a row: damage is noticed, and nobody is kept from making another backup."""


@dataclass(slots=True)
class Fingerprint:
    """How many rows there are, and the sum of their digests: in any order it is the same."""

    rows: int = 0
    total: int = 0

    def add(self, rows: Iterable[Row]) -> None:
        """Add rows."""
        encode, total, count = msgspec.msgpack.Encoder().encode, self.total, 0
        for row in rows:
            digest = blake2b(encode(row), digest_size=DIGEST_BYTES).digest()
            total += int.from_bytes(digest)
            count += 1
        self.total = total % (1 << 8 * DIGEST_BYTES)
        self.rows += count

    @property
    def text(self) -> str:
        """The sum in hexadecimal digits."""
        return f"{self.total:0{2 * DIGEST_BYTES}x}"


def stored_columns(connection: Connection, name: str) -> list[str]:
    """Return the columns of a table of the database, without those that it computes."""
    if name == "sqlite_sequence":  # its own, of which it tells no types
        return ["name", "seq"]
    found = inspect(connection).get_columns(name)
    return [each["name"] for each in found if "computed" not in each]


def read_rows(connection: Connection, name: str, columns: Sequence[str]) -> Iterator[list[Row]]:
    """Yield the rows of a table, :data:`PAGE` at a time, in no order."""
    query: Any = select(*(column(each) for each in columns)).select_from(table(name))
    is_plain = connection.dialect.name == "sqlite"
    with connection.execute(query, execution_options={"yield_per": PAGE}) as result:
        for page in result.partitions(PAGE):
            yield [tuple(row) if is_plain else _plain(row) for row in page]


def _plain(row: Sequence[Any]) -> Row:
    """Return a row of another database as SQLite has it; it knows no negative zero."""
    return tuple(
        int(each) if each.__class__ is bool else each + 0.0 if each.__class__ is float else each
        for each in row
    )


def fingerprint(connection: Connection, name: str, columns: Sequence[str]) -> Fingerprint:
    """Return what the rows of a table are known by."""
    found = Fingerprint()
    for page in read_rows(connection, name, columns):
        found.add(page)
    return found
