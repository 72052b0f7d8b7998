"""Mail to a vehicle's owner, where nobody else is told of its alerts: the queries.

It is a subscription like any other, of the app :data:`OWNER`. It is made when the first alert
comes, follows the owner's address, and goes once somebody else has subscribed. Each function takes
a connection inside a transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select, update

from ovms.server.storage.encryption import encrypt
from ovms.server.storage.names import vehicle_key
from ovms.server.storage.push_devices import WEBPUSH, has_devices
from ovms.server.storage.schema import notifications, outbox, owners, vehicles
from ovms.server.storage.subscriptions import (
    COUNTS,
    IS_DEVICE,
    find_subscription,
    key_place,
    row_of,
)
from ovms.server.values import Subscription

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection, Row

OWNER: Final = "owner"
"""The app's id of such a subscription."""

MAIL: Final = "mail"
"""The type of its channel."""


def is_wanted(connection: Connection, vehicle_ids: Iterable[str]) -> bool:
    """Return whether the owner of any of the vehicles has an address."""
    ids = [vehicle_key(vehicle_id) for vehicle_id in vehicle_ids]
    return any(row.email for row in _owned(connection, vehicles.c.id.in_(ids)))


def prepare(
    connection: Connection, vehicle_ids: Iterable[str], push_types: Sequence[str], now: float
) -> None:
    """Subscribe the owners of vehicles whose alerts go to nobody else, and no others.

    ``push_types`` are those that can be delivered, ``now`` is in Unix seconds.
    """
    ids = [vehicle_key(vehicle_id) for vehicle_id in vehicle_ids]
    for row in _owned(connection, vehicles.c.id.in_(ids)):
        if row.email and not _has_others(connection, row.id, push_types):
            _put(connection, row, now)
        elif not _has_waiting(connection, row.id):
            connection.execute(delete(notifications).where(row_of(notifications, row.id, OWNER)))


def list_defaults(
    connection: Connection, push_types: Sequence[str], vehicle_id: str | None = None
) -> list[Subscription]:
    """Return the subscriptions of owners that hold, of all vehicles or one, made already or not."""
    where = () if vehicle_id is None else (vehicles.c.id == vehicle_key(vehicle_id),)
    found = []
    for row in _owned(connection, *where):
        if row.email and not _has_others(connection, row.id, push_types):
            known = find_subscription(connection, row.id, OWNER)
            begun, changed = (known.created, known.changed) if known else (row.changed,) * 2
            state = (known.failing, known.failures) if known else (None, 0)
            found.append(
                Subscription(row.id, OWNER, MAIL, "", row.email, row.id, begun, changed, *state)
            )
    return found


def _owned(connection: Connection, *where: ColumnElement[bool]) -> Sequence[Any]:
    """Return the cars, with the number, the address and the change of their owners."""
    query = select(vehicles.c.id, vehicles.c.owner_id, owners.c.email, owners.c.changed)
    query = query.join(owners).where(*where, vehicles.c.deleted.is_(None), vehicles.c.type == "car")
    return connection.execute(query.order_by(vehicles.c.id)).all()


def _has_others(connection: Connection, vehicle_id: str, push_types: Sequence[str]) -> bool:
    n = notifications.c
    query = select(n.app_id).join(vehicles, vehicles.c.id == n.vehicle_id)
    query = query.where(COUNTS, n.vehicle_id == vehicle_id, n.app_id != OWNER, ~IS_DEVICE)
    query = query.where(n.push_type.in_(push_types)).limit(1)
    if connection.execute(query).first() is not None:
        return True
    if WEBPUSH not in push_types:
        return False
    owner_id = connection.scalar(select(vehicles.c.owner_id).where(vehicles.c.id == vehicle_id))
    return owner_id is not None and has_devices(connection, owner_id)


def _has_waiting(connection: Connection, vehicle_id: str) -> bool:
    query = select(outbox.c.id).where(row_of(outbox, vehicle_id, OWNER)).limit(1)
    return connection.execute(query).first() is not None


def _put(connection: Connection, row: Row[Any], now: float) -> None:
    """Make or renew the subscription of a vehicle's owner."""
    vehicle_id = str(row.id)
    known = find_subscription(connection, vehicle_id, OWNER)
    if known is not None and (known.push_type, known.key) == (MAIL, row.email):
        return
    this = row_of(notifications, vehicle_id, OWNER)
    key = encrypt(connection, key_place(vehicle_id, OWNER), str(row.email))
    values = {"push_type": MAIL, "key_type": "", "key": key, "vehicle_name": vehicle_id}
    fresh = {"changed": now, "failing": None, "failures": 0}
    if known is not None:
        connection.execute(update(notifications).where(this).values(**values, **fresh))
        return
    connection.execute(delete(notifications).where(this))  # of a former owner
    who = {"vehicle_id": vehicle_id, "app_id": OWNER, "owner_id": row.owner_id, "created": now}
    connection.execute(insert(notifications).values(**who, **values, **fresh))
