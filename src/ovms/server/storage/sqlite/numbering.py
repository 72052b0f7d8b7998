"""The highest ids that were given, where SQLite keeps them: the table ``sqlite_sequence``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.storage.numbering import highest_used_ids, numbered_tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection


def highest_ids(connection: Connection) -> dict[str, int]:
    """Return the highest id that each table ever gave, by the table's name."""
    found = highest_used_ids(connection)
    for name, highest in connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence"):
        if name in found:
            found[name] = max(found[name], highest)
    return found


def set_highest_ids(connection: Connection, ids: Mapping[str, int]) -> None:
    """Have each table go on above the highest id that it is said to have given."""
    for table in numbered_tables():
        if table.dialect_options["sqlite"]["autoincrement"] and table.name in ids:
            row = (table.name, ids[table.name])
            connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", row[:1])
            connection.exec_driver_sql("INSERT INTO sqlite_sequence VALUES (?, ?)", row)
