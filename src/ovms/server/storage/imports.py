"""Many vehicles at once, all or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from ovms.server.storage import names
from ovms.server.storage.encryption import current_key
from ovms.server.storage.errors import AlreadyExists
from ovms.server.storage.schema import owners, vehicles
from ovms.server.storage.vehicles import secret_place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from ovms.server.storage.encrypted import EncryptionKey
    from ovms.server.values import ImportRow

CHUNK = 500
"""Rows between two reports of progress."""


@dataclass(frozen=True, slots=True)
class Imported:
    """How much an import made."""

    vehicles: int
    owners: int


def import_vehicles(
    connection: Connection,
    rows: Sequence[ImportRow],
    now: float,
    progress: Callable[[int], object] = lambda count: None,
) -> Imported:
    """Make a vehicle of each row, and the owners that are missing, without a password.

    The rows are valid (:mod:`ovms.server.storage.names`). ``progress`` hears how many more are
    done. Raises :class:`AlreadyExists`, which names the line; the caller then rolls back.
    """
    _refuse_known(connection, rows)
    made = _missing_owners(connection, rows, now)
    known = connection.execute(select(owners.c.name_key, owners.c.id))
    ids = {row.name_key: row.id for row in known}
    key = current_key(connection)
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        owned = [(row, ids[names.owner_key(row.owner)]) for row in chunk]
        _insert(connection, [_values(row, owner_id, key, now) for row, owner_id in owned])
        progress(len(chunk))
    return Imported(vehicles=len(rows), owners=made)


def _refuse_known(connection: Connection, rows: Sequence[ImportRow]) -> None:
    live = connection.scalars(select(vehicles.c.id).where(vehicles.c.deleted.is_(None)))
    known: dict[str, int] = dict.fromkeys(live, 0)
    for row in rows:
        first = known.setdefault(row.id, row.line)
        if first == 0:
            raise AlreadyExists(f"line {row.line}: vehicle {row.id} exists already")
        if first != row.line:
            raise AlreadyExists(f"line {row.line}: vehicle {row.id} is also in line {first}")


def _missing_owners(connection: Connection, rows: Sequence[ImportRow], now: float) -> int:
    known = set(connection.scalars(select(owners.c.name_key)))
    wanted: dict[str, str] = {}
    for row in rows:
        wanted.setdefault(names.owner_key(row.owner), row.owner)
    new = [
        {"name": name, "name_key": key, "admin": False, "created": now, "changed": now}
        for key, name in wanted.items()
        if key not in known
    ]
    if new:
        connection.execute(insert(owners), new)
    return len(new)


def _insert(connection: Connection, values: list[dict[str, Any]]) -> None:
    ids = [value["id"] for value in values]
    connection.execute(delete(vehicles).where(vehicles.c.id.in_(ids)))  # tombstones
    connection.execute(insert(vehicles), values)


def _values(row: ImportRow, owner_id: int, key: EncryptionKey, now: float) -> dict[str, Any]:
    times = {"created": now, "changed": now}
    secret = key.encrypt(secret_place(row.id), row.secret)
    known = {"id": row.id, "name": row.name, "secret": secret, "type": "car"}
    return {**known, "owner_id": owner_id, **times}
