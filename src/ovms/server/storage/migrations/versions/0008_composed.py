"""Owners' names and vehicle ids are stored in NFC, in which they are compared from now on.

A name or id whose other spelling is there as well stays as it is: both exist, and nobody can say
which of them is meant.
"""

from __future__ import annotations

from typing import Final
from unicodedata import normalize

import sqlalchemy as sa
from alembic import op

from ovms.server.storage.encrypted import Encrypted, Place
from ovms.server.storage.encryption import current_key, keys_of

revision = "0008"
down_revision = "0007"

OF_VEHICLES: Final = ("messages", "presence", "owner_warnings", "history", "history_acks",
                      "history_counts", "history_purges", "utilisation", "outbox")  # fmt: skip
"""The tables that name a vehicle by its id. ``notifications`` does, too, and binds a secret to it.
"""


def upgrade() -> None:
    """Store names and ids in NFC."""
    if not op.get_context().as_sql:
        _owners(op.get_bind())
        _vehicles(op.get_bind())


def _owners(connection: sa.Connection) -> None:
    rows = connection.execute(sa.text("SELECT id, name, name_key FROM owners")).all()
    keys = {row.name_key for row in rows}
    for owner_id, name, key in rows:
        composed = normalize("NFC", name)
        new = normalize("NFC", composed.casefold())
        if (composed, new) != (name, key) and (new == key or new not in keys):
            connection.execute(
                sa.text("UPDATE owners SET name = :name, name_key = :key WHERE id = :id"),
                {"name": composed, "key": new, "id": owner_id},
            )
            keys.add(new)


def _vehicles(connection: sa.Connection) -> None:
    ids = set(connection.scalars(sa.text("SELECT id FROM vehicles")))
    for old in sorted(ids):
        new = normalize("NFC", normalize("NFC", old).upper())
        if new not in ids:
            ids.add(new)
            _rename(connection, old, new)


def _rename(connection: sa.Connection, old: str, new: str) -> None:
    """Give a vehicle another id, with all that it has; its secrets are bound to the id."""
    names = {"old": old, "new": new}
    _copy(connection, "vehicles", "id", names)
    _copy(connection, "notifications", "vehicle_id", names)
    _bind(connection, "vehicles", "secret", ("id",), new, old)
    _bind(connection, "notifications", "key", ("vehicle_id", "app_id"), new, old)
    for table in OF_VEHICLES:
        query = f"UPDATE {table} SET vehicle_id = :new WHERE vehicle_id = :old"  # noqa: S608
        connection.execute(sa.text(query), names)
    connection.execute(sa.text("DELETE FROM notifications WHERE vehicle_id = :old"), names)
    connection.execute(sa.text("DELETE FROM vehicles WHERE id = :old"), names)


def _copy(connection: sa.Connection, table: str, column: str, names: dict[str, str]) -> None:
    """Copy the rows of the old id to the new one."""
    columns = [each["name"] for each in sa.inspect(connection).get_columns(table)]
    values = ", ".join(":new" if each == column else f'"{each}"' for each in columns)
    into = ", ".join(f'"{each}"' for each in columns)
    query = f'INSERT INTO {table} ({into}) SELECT {values} FROM {table} WHERE "{column}" = :old'  # noqa: S608
    connection.execute(sa.text(query), names)


def _bind(
    connection: sa.Connection, table: str, column: str, by: tuple[str, ...], new: str, old: str
) -> None:
    """Encrypt the secrets of rows that were copied for their new place."""
    query = f'SELECT {", ".join(by)}, "{column}" FROM {table} WHERE {by[0]} = :new'  # noqa: S608
    for *place, value in connection.execute(sa.text(query), {"new": new}).all():
        if value == "":
            continue
        before: Place = (table, column, old, *place[1:])
        encrypted = Encrypted(value)
        plain = keys_of(connection).find(encrypted.key_id).decrypt(before, encrypted)
        again = current_key(connection).encrypt((table, column, *place), plain)
        where = " AND ".join(f"{name} = :{name}" for name in by)
        connection.execute(
            sa.text(f'UPDATE {table} SET "{column}" = :value WHERE {where}'),  # noqa: S608
            {"value": again, **dict(zip(by, place, strict=True))},
        )
