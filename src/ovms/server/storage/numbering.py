"""The highest ids that tables ever gave their rows: an id that is gone is not given again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from ovms.server.storage.schema import metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table


def numbered_tables() -> list[Table]:
    """Return the tables that number their rows by themselves."""
    return [each for each in metadata.sorted_tables if each.autoincrement_column is not None]


def highest_used_ids(connection: Connection) -> dict[str, int]:
    """Return the highest id that is in each such table, by the table's name; 0 in an empty one."""
    found = {}
    for table in numbered_tables():
        column = table.autoincrement_column
        assert column is not None
        found[table.name] = connection.scalar(select(func.max(column))) or 0
    return found
