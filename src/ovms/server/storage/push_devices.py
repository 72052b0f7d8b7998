"""Devices that alerts are pushed to: the queries.

A device belongs to an owner, and hears of all vehicles that the owner may see. When an alert comes,
each becomes a subscription of its vehicle (:func:`prepare`), of an app that is called
:data:`PREFIX` and its number; so the outbox treats it as any other. Each function takes a
connection inside a transaction. Times are Unix seconds.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, case, delete, exists, insert, literal, or_, select, update

from ovms.server.rights import ALL_RIGHTS, VehicleRight, parse_rights
from ovms.server.storage.encryption import decrypt, encrypt, lookup
from ovms.server.storage.names import vehicle_key
from ovms.server.storage.push_names import PREFIX, app_of, device_of
from ovms.server.storage.schema import notifications, push_devices, shares, vehicles
from ovms.server.storage.shares import counts_at
from ovms.server.storage.subscriptions import find_subscription, key_place, row_of
from ovms.server.values import PushDevice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection

    from ovms.server.storage.encrypted import Place

WEBPUSH: Final = "webpush"
"""The type of their channel."""

LOOKUP: Final = "push_devices.lookup"
"""The column by which a device is found whose endpoint is known."""

DEVICES_AN_OWNER: Final = 20
"""Devices of an owner; past it the one that was not renewed for the longest time gives way."""

DEVICES_A_VEHICLE: Final = 50
"""Devices that an alert is pushed to: the owner's first, then those renewed last."""


def device_place(hashed: str) -> Place:
    """Return the place of what a device's push service needs."""
    return "push_devices", "encrypted", hashed


def endpoint_of(key: str) -> str:
    """Return where a device's push service takes messages."""
    return str(json.loads(key)["endpoint"])


def put_device(
    connection: Connection, owner_id: int, key: str, name: str, now: float
) -> PushDevice:
    """Store a device, or renew it; it is known by its endpoint, and belongs to one owner.

    ``key`` is JSON that has an ``endpoint``. A browser in which somebody else logs in has the same
    one: it is theirs then.
    """
    d = push_devices.c
    hashed = lookup(connection, LOOKUP, endpoint_of(key))
    values = {"encrypted": encrypt(connection, device_place(hashed), key), "name": name,
              "changed": now}  # fmt: skip
    known = connection.execute(select(d.id, d.owner_id).where(d.lookup == hashed)).one_or_none()
    if known is not None and known.owner_id != owner_id:
        remove_device(connection, known.id)
        known = None
    if known is None:
        _make_room(connection, owner_id)
        row = insert(push_devices).values(owner_id=owner_id, lookup=hashed, created=now, **values)
        (number,) = connection.execute(row).inserted_primary_key or (0,)
    else:
        number = int(known.id)
        connection.execute(update(push_devices).where(d.id == number).values(**values))
    return next(each for each in list_devices(connection, owner_id) if each.id == number)


def list_devices(connection: Connection, owner_id: int) -> list[PushDevice]:
    """Return an owner's devices, the one that was renewed last first."""
    d = push_devices.c
    query = select(d.id, d.owner_id, d.lookup, d.encrypted, d.name, d.created, d.changed)
    rows = connection.execute(query.where(d.owner_id == owner_id).order_by(d.changed.desc(), d.id))
    return [_device(connection, row) for row in rows]


def has_devices(connection: Connection, owner_id: int) -> bool:
    """Return whether an owner has a device."""
    query = select(push_devices.c.id).where(push_devices.c.owner_id == owner_id).limit(1)
    return connection.execute(query).first() is not None


def remove_device(connection: Connection, number: int, owner_id: int | None = None) -> bool:
    """Remove a device, with an ``owner_id`` only if it is theirs; return whether it was there."""
    this = [push_devices.c.id == number]
    if owner_id is not None:
        this.append(push_devices.c.owner_id == owner_id)
    if not connection.execute(delete(push_devices).where(*this)).rowcount:
        return False
    connection.execute(delete(notifications).where(notifications.c.app_id == app_of(number)))
    return True


def remove_devices(connection: Connection, owner_id: int) -> None:
    """Remove all devices of an owner, and what waits for them of any vehicle."""
    for number in connection.scalars(
        select(push_devices.c.id).where(push_devices.c.owner_id == owner_id)
    ).all():
        remove_device(connection, number)


def end_gone_device(connection: Connection, app_id: str, key: str | None = None) -> bool:
    """Remove the device behind a subscription, with a ``key`` only if it still has that."""
    number = device_of(app_id)
    d = push_devices.c
    row = connection.execute(select(d.lookup, d.encrypted).where(d.id == number)).one_or_none()
    if number is None or row is None:
        return False
    if key is not None and decrypt(connection, device_place(row.lookup), row.encrypted) != key:
        return False
    return remove_device(connection, number)


def is_wanted(connection: Connection, vehicle_ids: Iterable[str], now: float) -> bool:
    """Return whether alerts of any of the vehicles are pushed to anybody."""
    return any(_devices_of(connection, vehicle_id, now) for vehicle_id in vehicle_ids)


def prepare(
    connection: Connection, vehicle_ids: Iterable[str], now: float
) -> frozenset[tuple[str, str]]:
    """Subscribe the devices that hear of the vehicles now, and no others.

    Returns the vehicles and apps of those that may not hear where the vehicle is.
    """
    unplaced = set()
    for each in vehicle_ids:
        vehicle_id = vehicle_key(each)
        found = _devices_of(connection, vehicle_id, now)
        kept = [app_of(row.id) for row in found]
        n = notifications.c
        old = n.vehicle_id == vehicle_id, n.app_id.startswith(PREFIX, autoescape=True)
        connection.execute(delete(notifications).where(*old, n.app_id.not_in(kept)))
        for row in found:
            _subscribe(connection, vehicle_id, row)
            if VehicleRight.LOCATION not in _rights(row):
                unplaced.add((vehicle_id, app_of(row.id)))
    return frozenset(unplaced)


def _devices_of(connection: Connection, vehicle_id: str, now: float) -> Sequence[Any]:
    """Return the devices that hear of a vehicle, with the vehicle's owner and the share's rights.

    ``rights`` is ``None`` for the owner's own.
    """
    d, v, s = push_devices.c, vehicles.c, shares.c
    is_own = d.owner_id == v.owner_id
    share = and_(s.vehicle_id == v.id, s.owner_id == d.owner_id)
    rights = case((is_own, None), else_=s.rights).label("rights")
    query = (
        select(d.id, d.lookup, d.encrypted, d.changed, v.owner_id.label("vehicle_owner"), rights)
        .select_from(push_devices)
        .join(vehicles, literal(value=True))
        .outerjoin(shares, share)
        .where(v.id == vehicle_key(vehicle_id), v.deleted.is_(None), v.type == "car")
        .where(or_(is_own, counts_at(now)))
        .order_by(is_own.desc(), d.changed.desc(), d.id)
        .limit(DEVICES_A_VEHICLE)
    )
    return connection.execute(query).all()


def _rights(row: Any) -> VehicleRight:
    return ALL_RIGHTS if row.rights is None else parse_rights(row.rights)


def _subscribe(connection: Connection, vehicle_id: str, row: Any) -> None:
    """Make the subscription of a device, or have it follow what the device told last."""
    app_id = app_of(row.id)
    key = decrypt(connection, device_place(row.lookup), row.encrypted)
    known = find_subscription(connection, vehicle_id, app_id)
    if known is not None and known.key == key:
        return
    connection.execute(delete(notifications).where(row_of(notifications, vehicle_id, app_id)))
    values = {
        "vehicle_id": vehicle_id, "app_id": app_id, "owner_id": row.vehicle_owner,
        "push_type": WEBPUSH, "key_type": "", "vehicle_name": vehicle_id,
        "key": encrypt(connection, key_place(vehicle_id, app_id), key),
        "created": row.changed, "changed": row.changed,
    }  # fmt: skip
    connection.execute(insert(notifications).values(values))


def _make_room(connection: Connection, owner_id: int) -> None:
    for oldest in list_devices(connection, owner_id)[DEVICES_AN_OWNER - 1 :]:
        remove_device(connection, oldest.id)


def _device(connection: Connection, row: Any) -> PushDevice:
    key = decrypt(connection, device_place(row.lookup), row.encrypted)
    return PushDevice(row.id, row.owner_id, key, row.name, row.created, row.changed)


def drop_unshared(connection: Connection, now: float) -> None:
    """Drop what waits for devices whose owners may not see the vehicle any more."""
    d, v, n = push_devices.c, vehicles.c, notifications.c
    number = PREFIX + d.id.cast(n.app_id.type)
    may: ColumnElement[bool] = or_(
        d.owner_id == v.owner_id,
        exists().where(
            shares.c.vehicle_id == v.id, shares.c.owner_id == d.owner_id, counts_at(now)
        ),
    )
    held = exists().where(number == n.app_id, v.id == n.vehicle_id, may)
    of_devices = n.app_id.startswith(PREFIX, autoescape=True)
    connection.execute(delete(notifications).where(of_devices, ~held))
