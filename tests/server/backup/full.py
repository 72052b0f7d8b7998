"""A server's database with rows in every table, and a data folder with every kind of file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Double, Integer, LargeBinary, Text, delete, insert, select

from ovms.server.storage.encrypted import EncryptedText
from ovms.server.storage.schema import messages, metadata
from tests.server.storage.test_keychange import fill

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Column, Connection, Table

    from ovms.server.storage.database import Database

FILES = {
    "ovms.toml": 'log_days = 12\nnominatim_url = "https://example.org"\n',
    "tls/cert.pem": "a certificate",
    "tls/key.pem": "its key",
    "tls/names/a.example/fullchain.pem": "another",
    "alerts/volt.toml": 'P = "{text}"\n',
}
"""Files in a data folder that a backup holds, and what is in them."""

ROWS = 3


def fill_all(database: Database) -> None:
    """Put rows into every table; a row that was deleted had the highest id of some."""
    fill(database)
    with database.writing() as connection:
        for table in metadata.sorted_tables:
            if connection.execute(select(table).limit(1)).first() is None:
                connection.execute(insert(table), [_row(connection, table, n) for n in range(ROWS)])
        for table in metadata.sorted_tables:
            column = table.autoincrement_column
            if column is not None and not table.foreign_keys and table.name != "owners":
                connection.execute(insert(table), [_row(connection, table, 7) | {column.name: 99}])
                connection.execute(delete(table).where(column == 99))


def _row(connection: Connection, table: Table, number: int) -> dict[str, Any]:
    columns = (each for each in table.columns if each.computed is None)
    return {each.name: _value(connection, each, number) for each in columns}


def _value(connection: Connection, column: Column[Any], number: int) -> Any:
    for key in column.foreign_keys:
        found = connection.scalars(select(key.column).order_by(key.column)).all()
        return found[number % len(found)]
    if column is column.table.autoincrement_column:
        return number + 1
    if column.name == "direction":
        return "calls"
    if column.nullable and number == 1:
        return None
    match column.type:
        case EncryptedText():
            raise AssertionError(f"{column} has an encrypted row of fill()")
        case Boolean():
            return number % 2 == 0
        case LargeBinary():
            return bytes([0, 255, 128, number])
        case Double():
            return 1.1 * number
        case Text():
            return f"{column.name} {number} äöü 🚗"
        case Integer():
            return number + (2**40 if column.table is not messages else 0)
    raise AssertionError(f"{column} is of no known type")


def fill_folder(data: Path) -> None:
    """Write each kind of file into a data folder."""
    for name, text in FILES.items():
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text(text)
        (data / name).chmod(0o600 if "key" in name else 0o644)


def dump(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables, sorted, with the highest ids that were given."""
    with database.reading() as connection:
        found = {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }
        return {**found, "ids": sorted(database.highest_ids(connection).items())}
