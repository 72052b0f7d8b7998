"""What owners may log in by, and whose logins have to be checked again: the queries.

Each takes a connection inside a transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from ovms.server.storage.schema import owners, removed_owners, tokens, vehicles
from ovms.server.values import AccountState

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

IDS_A_QUERY: Final = 500
"""Few enough for every SQLite's limit of 999 parameters."""


def account_states(connection: Connection, owner_ids: Collection[int]) -> dict[int, AccountState]:
    """Return what those owners may log in by, by their ids, without those that do not exist."""
    found: dict[int, AccountState] = {}
    ids = sorted(owner_ids)
    for start in range(0, len(ids), IDS_A_QUERY):
        found |= _states(connection, ids[start : start + IDS_A_QUERY])
    return found


def _states(connection: Connection, ids: list[int]) -> dict[int, AccountState]:
    permits, cars = _permits(connection, ids), _cars(connection, ids)
    o = owners.c
    rows = connection.execute(select(o.id, o.name, o.password_hash).where(o.id.in_(ids)))
    return {
        row.id: AccountState(
            *row,
            permits.get(row.id, {}),
            tuple(cars.get(row.id, ())),
            frozenset(each for each, tls_only in cars.get(row.id, {}).items() if tls_only),
        )
        for row in rows
    }


def _permits(connection: Connection, ids: list[int]) -> dict[int, dict[int, str]]:
    found: dict[int, dict[int, str]] = {}
    t = tokens.c
    for row in connection.execute(select(t.owner_id, t.id, t.permit).where(t.owner_id.in_(ids))):
        found.setdefault(row.owner_id, {})[row.id] = row.permit
    return found


def _cars(connection: Connection, ids: list[int]) -> dict[int, dict[str, bool]]:
    """Return the cars of owners, and whether each takes TLS only."""
    found: dict[int, dict[str, bool]] = {}
    v = vehicles.c
    is_car = (v.owner_id.in_(ids), v.type == "car", v.deleted.is_(None))
    query = select(v.owner_id, v.id, v.tls_only).where(*is_car).order_by(v.id)
    for row in connection.execute(query):
        found.setdefault(row.owner_id, {})[row.id] = row.tls_only
    return found


def accounts_changed_since(connection: Connection, since: float) -> tuple[set[int], set[str]]:
    """Return the ids of owners and vehicles changed or removed at ``since`` or later.

    An owner counts as changed too when a vehicle of that owner did. An owner who lost a
    vehicle does not; look for the vehicle's id.
    """
    ids: set[int] = set()
    for table in (owners, removed_owners):
        ids.update(connection.scalars(select(table.c.id).where(table.c.changed >= since)))
    v = vehicles.c
    cars: set[str] = set()
    for vehicle_id, owner_id in connection.execute(
        select(v.id, v.owner_id).where(v.changed >= since)
    ):
        cars.add(vehicle_id)
        if owner_id is not None:
            ids.add(owner_id)
    return ids, cars
