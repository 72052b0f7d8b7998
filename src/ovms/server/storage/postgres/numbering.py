"""The highest ids that were given, where PostgreSQL keeps them: a sequence for each table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from ovms.server.storage.numbering import highest_used_ids, numbered_tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection


def highest_ids(connection: Connection) -> dict[str, int]:
    """Return the highest id that each table ever gave, by the table's name."""
    found = highest_used_ids(connection)
    for table in numbered_tables():
        assert table.autoincrement_column is not None
        sequence = _sequence(connection, table.name, table.autoincrement_column.name)
        query = text(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}")  # noqa: S608 (PostgreSQL's own name)
        found[table.name] = max(found[table.name], connection.scalar(query) or 0)
    return found


def set_highest_ids(connection: Connection, ids: Mapping[str, int]) -> None:
    """Have each table go on above the highest id that it is said to have given."""
    for table in numbered_tables():
        if table.name in ids:
            assert table.autoincrement_column is not None
            sequence = _sequence(connection, table.name, table.autoincrement_column.name)
            last = max(1, ids[table.name])
            values = {"sequence": sequence, "last": last, "is_used": ids[table.name] > 0}
            connection.execute(
                text("SELECT setval(CAST(:sequence AS regclass), :last, :is_used)"), values
            )


def _sequence(connection: Connection, table: str, column: str) -> str:
    query = text("SELECT pg_get_serial_sequence(:table, :column)")
    name: str | None = connection.scalar(query, {"table": table, "column": column})
    assert name is not None, f"{table}.{column} numbers its rows"
    return name
