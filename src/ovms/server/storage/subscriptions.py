"""Who wants a vehicle's alerts, and where: the queries.

Each takes a connection inside a transaction. A subscription counts while the vehicle belongs to the
owner who had it when it was made. Its key is stored encrypted: it may hold a password. Times are
Unix seconds.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, delete, func, insert, select, update

from ovms.server.storage.encryption import decrypt, encrypt
from ovms.server.storage.errors import InvalidValue, NotFound
from ovms.server.storage.names import vehicle_key
from ovms.server.storage.push_names import PREFIX
from ovms.server.storage.schema import notifications, vehicles
from ovms.server.values import Subscription

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement, Connection, Select

    from ovms.server.storage.encrypted import Place
    from ovms.server.storage.limits import SubscriptionLimits
    from ovms.server.values import Vehicle

RENEWAL: Final = 86400.0
"""Seconds in which an unchanged subscription is not written again: apps send it at each login."""

COUNTS: Final = and_(vehicles.c.owner_id == notifications.c.owner_id, vehicles.c.deleted.is_(None))
"""A subscription, joined to its vehicle, that counts."""

IS_DEVICE: Final = notifications.c.app_id.startswith(PREFIX, autoescape=True)
"""It stands for a device of somebody's account: nobody subscribed it to the vehicle."""

_SUBSCRIBED = [notifications.c[name] for name in Subscription.__dataclass_fields__]


def key_place(vehicle_id: str, app_id: str) -> Place:
    """Return the place of a subscription's key."""
    return "notifications", "key", vehicle_id, app_id


def row_of(table: Any, vehicle_id: str, app_id: str) -> ColumnElement[bool]:
    """Select an app's rows of a vehicle."""
    return and_(table.c.vehicle_id == vehicle_key(vehicle_id), table.c.app_id == app_id)


def _subscribed() -> Select[Any]:
    return select(*_SUBSCRIBED).join(vehicles, vehicles.c.id == notifications.c.vehicle_id)


def list_subscriptions(connection: Connection, vehicle_id: str | None = None) -> list[Subscription]:
    """Return all subscriptions, or a vehicle's, by vehicle and app; not those of devices."""
    n = notifications.c
    query = _subscribed().where(COUNTS, ~IS_DEVICE).order_by(n.vehicle_id, n.app_id)
    if vehicle_id is not None:
        query = query.where(n.vehicle_id == vehicle_key(vehicle_id))
    return [_subscription(connection, row) for row in connection.execute(query)]


def count_subscriptions(connection: Connection) -> dict[str, int]:
    """Return how many subscriptions each type has."""
    kind = notifications.c.push_type
    joined = notifications.join(vehicles, vehicles.c.id == notifications.c.vehicle_id)
    query = select(kind, func.count()).select_from(joined).where(COUNTS).group_by(kind)
    return dict(tuple(row) for row in connection.execute(query))


def find_subscription(connection: Connection, vehicle_id: str, app_id: str) -> Subscription | None:
    """Return an app's subscription of a vehicle, or ``None``."""
    query = _subscribed().where(COUNTS, row_of(notifications, vehicle_id, app_id))
    row = connection.execute(query).one_or_none()
    return _subscription(connection, row) if row is not None else None


def _subscription(connection: Connection, row: Any) -> Subscription:
    key = decrypt(connection, key_place(row.vehicle_id, row.app_id), row.key)
    return replace(Subscription(*row), key=key)


def put_subscription(
    connection: Connection,
    vehicle: Vehicle,
    app_id: str,
    push_type: str,
    key_type: str,
    key: str,
    vehicle_name: str,
    now: float,
    renewed_types: Collection[str],
    limits: SubscriptionLimits,
) -> None:
    """Subscribe an app to a vehicle, or renew what it had.

    ``renewed_types`` are subscribed again at each login of the app. At the limit of subscriptions
    the one of them that was not renewed for the longest time is removed. Raises
    :class:`InvalidValue` when there is none, and at the limit of another type.
    """
    old = find_subscription(connection, vehicle.id, app_id)
    if push_type not in renewed_types and (old is None or old.push_type != push_type):
        _check_type(connection, vehicle.id, push_type, limits)
    wanted = {"push_type": push_type, "key_type": key_type, "key": key}
    wanted["vehicle_name"] = vehicle_name
    is_same = old is not None and all(getattr(old, name) == wanted[name] for name in wanted)
    if old is not None and is_same and 0 <= now - old.changed < RENEWAL:
        return
    wanted["key"] = encrypt(connection, key_place(vehicle.id, app_id), key)
    if old is None:
        _make_room(connection, vehicle.id, app_id, renewed_types, limits.total)
        _insert(connection, vehicle, app_id, created=now, changed=now, **wanted)
        return
    fresh = {} if is_same else {"failing": None, "failures": 0}
    row = update(notifications).where(row_of(notifications, vehicle.id, app_id))
    connection.execute(row.values(changed=now, **wanted, **fresh))


def _insert(connection: Connection, vehicle: Vehicle, app_id: str, **values: object) -> None:
    key = {"vehicle_id": vehicle.id, "app_id": app_id, "owner_id": vehicle.owner_id}
    connection.execute(insert(notifications).values({**key, **values}))


def _make_room(
    connection: Connection,
    vehicle_id: str,
    app_id: str,
    renewed_types: Collection[str],
    limit: int,
) -> None:
    """Make room for an app's subscription. Those that do not count any more go first."""
    connection.execute(delete(notifications).where(row_of(notifications, vehicle_id, app_id)))
    drop_ended(connection, vehicle_id)
    known = list_subscriptions(connection, vehicle_id)
    if len(known) < limit:
        return
    silent = [each for each in known if each.push_type in renewed_types]
    if not silent:
        raise InvalidValue(f"vehicle {vehicle_id} has {len(known)} subscriptions already")
    for oldest in sorted(silent, key=lambda each: each.changed)[: len(known) + 1 - limit]:
        remove_subscription(connection, vehicle_id, oldest.app_id)


def _check_type(
    connection: Connection, vehicle_id: str, push_type: str, limits: SubscriptionLimits
) -> None:
    """Raise :class:`InvalidValue` when a vehicle has enough of a type that apps do not renew."""
    known = list_subscriptions(connection, vehicle_id)
    count = sum(each.push_type == push_type for each in known)
    if limits.mails is not None and count >= limits.mails:
        raise InvalidValue(f"vehicle {vehicle_id} has {count} subscriptions by {push_type} already")


def remove_subscription(
    connection: Connection, vehicle_id: str, app_id: str, key: str | None = None
) -> None:
    """End a subscription, and drop what waits for it. Raises :class:`NotFound`.

    With a ``key`` only if it still has that one.
    """
    this = row_of(notifications, vehicle_id, app_id)
    is_it = key is None or _key(connection, this) == key
    if not is_it or not connection.execute(delete(notifications).where(this)).rowcount:
        name = vehicle_key(vehicle_id)
        raise NotFound(f"vehicle {name} has no subscription {app_id!r}")


def _key(connection: Connection, this: ColumnElement[bool]) -> str | None:
    n = notifications.c
    row = connection.execute(select(n.vehicle_id, n.app_id, n.key).where(this)).one_or_none()
    return None if row is None else decrypt(connection, key_place(*row[:2]), row.key)


def drop_ended(connection: Connection, vehicle_id: str | None = None) -> None:
    """Drop subscriptions that do not count any more, all or a vehicle's."""
    counts = select(vehicles.c.id).where(vehicles.c.id == notifications.c.vehicle_id, COUNTS)
    rows = delete(notifications).where(~counts.exists())
    if vehicle_id is not None:
        rows = rows.where(notifications.c.vehicle_id == vehicle_id)
    connection.execute(rows)
