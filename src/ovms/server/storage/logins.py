"""What owners may log in by, and whose logins have to be checked again: the queries.

Each takes a connection inside a transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import or_, select

from ovms.server.storage.encrypted import NOTHING
from ovms.server.storage.schema import owners, passkeys, removed_owners, tokens, vehicles
from ovms.server.storage.shares import shared_vehicles, shares_changed_since
from ovms.server.values import AccountState

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from ovms.server.rights import VehicleRight

IDS_A_QUERY: Final = 500
"""Few enough for every SQLite's limit of 999 parameters."""


def account_states(
    connection: Connection, owner_ids: Collection[int], now: float
) -> dict[int, AccountState]:
    """Return what those owners may log in by, by their ids, without those that do not exist."""
    found: dict[int, AccountState] = {}
    ids = sorted(owner_ids)
    for start in range(0, len(ids), IDS_A_QUERY):
        found |= _states(connection, ids[start : start + IDS_A_QUERY], now)
    return found


def _states(connection: Connection, ids: list[int], now: float) -> dict[int, AccountState]:
    permits, cars = _permits(connection, ids, now), _cars(connection, ids)
    shared: dict[int, dict[str, VehicleRight]] = {}
    for owner_id, vehicle_id, tls_only, rights in shared_vehicles(connection, ids, now):
        shared.setdefault(owner_id, {})[vehicle_id] = rights
        cars.setdefault(owner_id, {})[vehicle_id] = tls_only
    o = owners.c
    columns = (o.id, o.name, o.password_hash, o.admin, o.totp)
    rows = connection.execute(select(*columns).where(o.id.in_(ids)))
    keys = _passkeys(connection, ids)
    return {
        row.id: AccountState(
            row.id,
            row.name,
            row.password_hash,
            permits.get(row.id, {}),
            tuple(sorted(cars.get(row.id, ()))),
            frozenset(each for each, tls_only in cars.get(row.id, {}).items() if tls_only),
            shared.get(row.id, {}),
            row.admin,
            row.totp != NOTHING,
            frozenset(keys.get(row.id, ())),
        )
        for row in rows
    }


def _passkeys(connection: Connection, ids: list[int]) -> dict[int, set[int]]:
    """Return the ids of owners' passkeys."""
    found: dict[int, set[int]] = {}
    p = passkeys.c
    for owner_id, id_ in connection.execute(select(p.owner_id, p.id).where(p.owner_id.in_(ids))):
        found.setdefault(owner_id, set()).add(id_)
    return found


def _permits(connection: Connection, ids: list[int], now: float) -> dict[int, dict[int, str]]:
    """Return the rights of owners' tokens that have not expired."""
    found: dict[int, dict[int, str]] = {}
    t = tokens.c
    is_live = (t.owner_id.in_(ids), or_(t.expires.is_(None), t.expires > now))
    for row in connection.execute(select(t.owner_id, t.id, t.permit).where(*is_live)):
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


def accounts_changed_since(
    connection: Connection, since: float, now: float
) -> tuple[set[int], set[str]]:
    """Return the ids of owners and vehicles changed or removed at ``since`` or later.

    An owner counts as changed too when a vehicle of that owner did, or what is shared with that
    owner, or when a token expired. An owner who lost a
    vehicle does not; look for the vehicle's id.
    """
    ids: set[int] = set()
    for table in (owners, removed_owners):
        ids.update(connection.scalars(select(table.c.id).where(table.c.changed >= since)))
    t = tokens.c
    expired = select(t.owner_id).where(t.expires >= since, t.expires <= now)
    ids.update(connection.scalars(expired))
    ids |= shares_changed_since(connection, since, now)
    v = vehicles.c
    cars: set[str] = set()
    for vehicle_id, owner_id in connection.execute(
        select(v.id, v.owner_id).where(v.changed >= since)
    ):
        cars.add(vehicle_id)
        if owner_id is not None:
            ids.add(owner_id)
    return ids, cars
