"""Many vehicles at once, all or none."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from ovms.server.storage import names
from ovms.server.storage.encryption import current_key
from ovms.server.storage.errors import AlreadyExists
from ovms.server.storage.schema import owners, vehicles
from ovms.server.storage.vehicles import secret_place
from ovms.server.values import ImportOwner

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection

    from ovms.server.storage.encrypted import EncryptionKey
    from ovms.server.values import ImportRow

CHUNK = 500
"""Rows between two reports of progress."""


@dataclass(frozen=True, slots=True)
class Imported:
    """How much an import made; ``known`` are the owners of the file who were there, and stay."""

    vehicles: int
    owners: int
    known: tuple[str, ...] = ()


def import_vehicles(
    connection: Connection,
    rows: Sequence[ImportRow],
    now: float,
    progress: Callable[[int], object] = lambda count: None,
    told: Mapping[str, ImportOwner] = MappingProxyType({}),
) -> Imported:
    """Make a vehicle of each row, and the owners that are missing.

    ``told`` is what is told of owners, by their keys; one that is there already stays as it is.
    The rows are valid (:mod:`ovms.server.storage.names`). ``progress`` hears how many more are
    done. Raises :class:`AlreadyExists`, which names the line; the caller then rolls back.
    """
    _refuse_known(connection, rows)
    made, there = _missing_owners(connection, rows, told, now)
    known = connection.execute(select(owners.c.name_key, owners.c.id))
    ids = {row.name_key: row.id for row in known}
    key = current_key(connection)
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        owned = [(row, ids[names.owner_key(row.owner)]) for row in chunk]
        _insert(connection, [_values(row, owner_id, key, now) for row, owner_id in owned])
        progress(len(chunk))
    return Imported(len(rows), made, there)


def _refuse_known(connection: Connection, rows: Sequence[ImportRow]) -> None:
    live = connection.scalars(select(vehicles.c.id).where(vehicles.c.deleted.is_(None)))
    known: dict[str, int] = dict.fromkeys(live, 0)
    for row in rows:
        first = known.setdefault(row.id, row.line)
        if first == 0:
            raise AlreadyExists(f"line {row.line}: vehicle {row.id} exists already")
        if first != row.line:
            raise AlreadyExists(f"line {row.line}: vehicle {row.id} is also in line {first}")


def _missing_owners(
    connection: Connection,
    rows: Sequence[ImportRow],
    told: Mapping[str, ImportOwner],
    now: float,
) -> tuple[int, tuple[str, ...]]:
    """Make owners; return how many, and who of them was there already."""
    known = set(connection.scalars(select(owners.c.name_key)))
    wanted: dict[str, ImportOwner] = {}
    for row in rows:
        key = names.owner_key(row.owner)
        wanted.setdefault(key, told.get(key, ImportOwner(row.owner)))
    new = [
        {
            "name": owner.name, "name_key": key, "email": owner.email, "admin": False,
            "password_hash": owner.password_hash, "created": now, "changed": now,
        }
        for key, owner in wanted.items()
        if key not in known
    ]  # fmt: skip
    if new:
        connection.execute(insert(owners), new)
    return len(new), tuple(owner.name for key, owner in wanted.items() if key in known)


def _insert(connection: Connection, values: list[dict[str, Any]]) -> None:
    ids = [value["id"] for value in values]
    connection.execute(delete(vehicles).where(vehicles.c.id.in_(ids)))  # tombstones
    connection.execute(insert(vehicles), values)


def _values(row: ImportRow, owner_id: int, key: EncryptionKey, now: float) -> dict[str, Any]:
    times = {"created": now, "changed": now}
    secret = key.encrypt(secret_place(row.id), row.secret)
    known = {"id": row.id, "name": row.name, "secret": secret, "type": row.type}
    days = {"log_days": row.log_days, "log_position_days": row.log_position_days}
    more = {"server": row.server, "tls_only": row.tls_only, **days}
    more["journeys"] = row.makes_journeys
    return {**known, **more, "owner_id": owner_id, **times}
