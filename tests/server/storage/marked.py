"""A row in every table that is about an owner or a vehicle, in which nothing is like anything else.

So a test sees what of them is left, and where, also in tables that come later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Double, Integer, LargeBinary, insert, select

from ovms.protocol.records.history import KeptRecord
from ovms.server.storage import queries
from ovms.server.storage.batch import Batch
from ovms.server.storage.encrypted import EncryptedText
from ovms.server.storage.encryption import encrypt
from ovms.server.storage.metadata import metadata
from tests.server.storage.databases import apply

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection, Table

    from ovms.server.storage.database import Database

OWNER, VEHICLE = "zebedee", "ZEBCAR"
LATITUDE, NUMBER = 48.1234567890123, 0x5A6B7C8D9EAF
"""Figures that stand nowhere else."""

ID = 77
"""Of each of these rows, ahead of those that databases give."""

MADE = {"owners", "vehicles", "history", "history_counts", "history_purges"}
"""Tables whose rows are made otherwise, or come with what is deleted."""

VALUES = {
    ("audit", "time"): 1.0,
    ("audit", "actor"): OWNER,
    ("audit", "action"): "login",
    ("journeys", "day"): "2026-11-27",
    ("shares", "rights"): "view",
    ("place_tariffs", "place_id"): ID,
}


def mark(table: str, column: str) -> str:
    """Return the text that stands in a column."""
    return f"mark-{table}-{column}"


def is_about(table: Table) -> bool:
    """Return whether a table is about owners or vehicles."""
    return bool({"owner_id", "vehicle_id", "place_id"} & set(table.columns.keys()))


def fill(database: Database, records: int) -> None:
    """Make the owner and the vehicle, so many records of its history, and a row in each table."""
    with database.writing() as connection:
        owner = queries.add_owner(connection, OWNER, 1.0, email=f"{mark('owners', 'email')}@x.org")
        secret, name = mark("vehicles", "secret"), mark("vehicles", "name")
        queries.add_vehicle(connection, VEHICLE, owner, secret, 1.0, name=name)
        for table in metadata.sorted_tables:
            if is_about(table) and table.name not in MADE:
                _insert(connection, table, owner.id)
    batch = Batch()
    data = mark("history", "data").encode()
    for time in range(records):
        batch.history.put(VEHICLE, KeptRecord("x", 0, time, 10**9, data, None, float(time)), None)
    assert apply(database, batch) == 0


def _insert(connection: Connection, table: Table, owner_id: int) -> None:
    values = {
        column.name: _value(connection, table, column, owner_id)
        for column in table.columns
        if column.computed is None
    }
    connection.execute(insert(table).values(values))


def _value(connection: Connection, table: Table, column: Column[Any], owner_id: int) -> Any:
    known = {"vehicle_id": VEHICLE, "owner_id": owner_id, "granted_by": owner_id}
    known["app_id"] = mark("notifications", "app_id")
    if (table.name, column.name) in VALUES:
        return VALUES[table.name, column.name]
    if column.name == "id":
        return ID  # NUMBER would stay: the counters of ids keep the highest
    if column.name in known:
        return known[column.name]
    text = mark(table.name, column.name)
    match column.type:
        case EncryptedText():
            return encrypt(connection, (table.name, column.name, "1"), text)
        case LargeBinary():
            return text.encode()
        case Boolean():
            return False
        case Double():
            return LATITUDE
        case Integer():
            return NUMBER
    return text


def left(connection: Connection, *words: object) -> set[tuple[str, str]]:
    """Return the tables and columns in which one of the words or marks stands."""
    found = set()
    for table in metadata.sorted_tables:
        for row in connection.execute(select(table)).mappings():
            for column, value in row.items():
                shown = value.decode("latin-1") if isinstance(value, bytes) else value
                is_word = shown in words or (isinstance(shown, str) and "mark-" in shown)
                if is_word or shown in (LATITUDE, NUMBER):
                    found.add((table.name, column))
    return found
