"""Vehicles that are shared with other owners: the queries.

Each takes a connection inside a transaction. A share counts while whoever granted it is the
vehicle's owner, and until it expires. One that is ended stays for a while, without rights: that is
how running servers hear of it. Times are Unix seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, delete, insert, or_, select, update

from ovms.server.rights import NO_RIGHT, format_rights, parse_rights
from ovms.server.storage.errors import InvalidValue, NotFound, QuotaReached
from ovms.server.storage.push_names import app_of
from ovms.server.storage.schema import notifications, owners, push_devices, shares, vehicles
from ovms.server.values import Share

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement, Connection

    from ovms.server.rights import VehicleRight
    from ovms.server.values import Owner, Vehicle

SHARE_LIMIT: Final = 100
"""Owners with whom a vehicle may be shared: a club's car has some dozen drivers."""

RECEIVED_LIMIT: Final = 200
"""Vehicles that others may share with an owner: nobody is asked before."""

LONGEST_SHARE: Final = 100 * 365.25 * 86400.0
"""Seconds in which a share must end, if it ends by itself: what is later is no time that anybody
means, and none that every program can write."""

ENDED_LIFE: Final = 3600.0
"""Seconds that an ended share stays: servers look for changes every few."""


def counts_at(now: float) -> ColumnElement[bool]:
    """Return the condition under which a share, joined with its vehicle, counts at a time."""
    s, v = shares.c, vehicles.c
    return and_(
        s.rights != "",
        s.granted_by == v.owner_id,
        v.deleted.is_(None),
        or_(s.expires.is_(None), s.expires > now),
    )


def put_share(
    connection: Connection,
    vehicle: Vehicle,
    owner: Owner,
    rights: VehicleRight,
    now: float,
    expires: float | None = None,
) -> Share:
    """Share a vehicle with another owner, or change how it is shared.

    Raises :class:`InvalidValue`, or :class:`QuotaReached` past a limit.
    """
    if owner.id == vehicle.owner_id:
        raise InvalidValue(f"vehicle {vehicle.id} is {owner.name}'s own")
    if vehicle.type != "car":
        raise InvalidValue(f"{vehicle.id} is a server, which is shared with nobody")
    if not rights:
        raise InvalidValue("a share needs a right")
    if expires is not None and expires <= now:
        raise InvalidValue("a share must end in the future")
    if expires is not None and expires > now + LONGEST_SHARE:
        raise InvalidValue("a share must end within a hundred years, or be without an end")
    _check_limits(connection, vehicle, owner, now)
    _drop_pushes(connection, vehicle.id, owner.id)
    values = {"granted_by": vehicle.owner_id, "rights": format_rights(rights), "expires": expires,
              "changed": now}  # fmt: skip
    key = {"vehicle_id": vehicle.id, "owner_id": owner.id}
    row = update(shares).where(shares.c.vehicle_id == vehicle.id, shares.c.owner_id == owner.id)
    if not connection.execute(row.values(values)).rowcount:
        connection.execute(insert(shares).values(**key, created=now, **values))
    return next(each for each in list_shares(connection, now, vehicle) if each.owner_id == owner.id)


def _check_limits(connection: Connection, vehicle: Vehicle, owner: Owner, now: float) -> None:
    """Raise :class:`QuotaReached` if there are too many shares for one that is new."""
    of_vehicle = list_shares(connection, now, vehicle)
    if owner.id in (each.owner_id for each in of_vehicle):
        return
    if len(of_vehicle) >= SHARE_LIMIT:
        raise QuotaReached(f"vehicle {vehicle.id} is shared with {SHARE_LIMIT} owners already")
    if len(list_shares(connection, now, owner=owner)) >= RECEIVED_LIMIT:
        raise QuotaReached(f"{owner.name} has {RECEIVED_LIMIT} shared vehicles already")


def end_shares(connection: Connection, vehicle_id: str, now: float) -> None:
    """End all shares of a vehicle: it is removed, or becomes somebody else's."""
    s = shares.c
    row = update(shares).where(s.vehicle_id == vehicle_id, s.rights != "")
    connection.execute(row.values(rights=format_rights(NO_RIGHT), changed=now))


def end_share(connection: Connection, vehicle_id: str, owner: Owner, now: float) -> None:
    """End a share. Raises :class:`NotFound`."""
    s = shares.c
    row = update(shares).where(s.vehicle_id == vehicle_id, s.owner_id == owner.id, s.rights != "")
    if not connection.execute(row.values(rights=format_rights(NO_RIGHT), changed=now)).rowcount:
        raise NotFound(f"vehicle {vehicle_id} is not shared with {owner.name}")
    _drop_pushes(connection, vehicle_id, owner.id)


def _drop_pushes(connection: Connection, vehicle_id: str, owner_id: int) -> None:
    """Drop the alerts that wait for an owner's devices: they may say too much now."""
    n, d = notifications.c, push_devices.c
    ids = connection.scalars(select(d.id).where(d.owner_id == owner_id))
    apps = [app_of(number) for number in ids]
    if apps:
        this = n.vehicle_id == vehicle_id, n.app_id.in_(apps)
        connection.execute(delete(notifications).where(*this))


def list_shares(
    connection: Connection,
    now: float,
    vehicle: Vehicle | None = None,
    owner: Owner | None = None,
) -> list[Share]:
    """Return the shares that count, of a vehicle, of somebody with whom they are, or all."""
    s = shares.c
    query = (
        select(s.vehicle_id, s.owner_id, owners.c.name, s.rights, s.expires, s.created, s.changed)
        .join(vehicles, vehicles.c.id == s.vehicle_id)
        .join(owners, owners.c.id == s.owner_id)
        .where(counts_at(now))
        .order_by(s.vehicle_id, owners.c.name_key)
    )
    if vehicle is not None:
        query = query.where(s.vehicle_id == vehicle.id)
    if owner is not None:
        query = query.where(s.owner_id == owner.id)
    return [_share(row) for row in connection.execute(query)]


def shared_vehicles(
    connection: Connection, owner_ids: Collection[int], now: float
) -> list[tuple[int, str, bool, VehicleRight]]:
    """Return what is shared with owners: owner, vehicle, whether it takes TLS only, the rights."""
    s, v = shares.c, vehicles.c
    query = (
        select(s.owner_id, s.vehicle_id, v.tls_only, s.rights)
        .join(vehicles, v.id == s.vehicle_id)
        .where(s.owner_id.in_(owner_ids), v.type == "car", counts_at(now))
        .order_by(s.vehicle_id)
    )
    return [(*row[:3], parse_rights(row[3])) for row in connection.execute(query)]


def shares_changed_since(connection: Connection, since: float, now: float) -> set[int]:
    """Return the owners with whom something is shared otherwise since then, or no longer."""
    s = shares.c
    ended = and_(s.expires >= since, s.expires <= now)
    return set(connection.scalars(select(s.owner_id).where(or_(s.changed >= since, ended))))


def forget_shares(connection: Connection, now: float) -> int:
    """Delete shares that ended a while ago; return how many."""
    s = shares.c
    is_over = or_(and_(s.rights == "", s.changed < now - ENDED_LIFE), s.expires < now - ENDED_LIFE)
    return connection.execute(delete(shares).where(is_over)).rowcount


def _share(row: Any) -> Share:
    vehicle_id, owner_id, owner, rights, expires, created, changed = row
    return Share(vehicle_id, owner_id, owner, parse_rights(rights), expires, created, changed)
