"""Alerts on their way to one subscription each: the queries.

Each takes a connection inside a transaction. Times are Unix seconds. Subscriptions of a vehicle
that name the same receiver count as one: a phone whose app was installed anew is told once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, delete, func, insert, select, update

from ovms.protocol.positions import says_position
from ovms.server.storage.encryption import decrypt
from ovms.server.storage.names import vehicle_key
from ovms.server.storage.schema import notifications, outbox, vehicles
from ovms.server.storage.subscriptions import COUNTS, find_subscription, key_place, row_of
from ovms.server.values import AlertRow, OutboxHead, Subscription, WaitingAlert

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from sqlalchemy import Connection, Select

WAITING_LIMIT: Final = 100
"""Alerts that wait for one subscription, so 2000 for a vehicle: a car that talks day and night."""

OUTBOX_LIMIT: Final = 20_000
"""Alerts that wait in all: about 200 bytes each, at most 2000 characters."""

WITHOUT_PLACE: Final = "An alert says where the vehicle is, which is not shared with you."
"""What is told of it instead."""

OUTBOX_AN_OWNER: Final = 2000
"""Of them, one owner's: however many cars talk, and however long nobody can be reached, alerts of
others find room."""


def as_written(push_type: str, key: str) -> str:
    """Return the receiver of a key whose spelling counts letter by letter."""
    return key


_WAITING = [outbox.c[name] for name in WaitingAlert.__dataclass_fields__]


def put_alerts(
    connection: Connection,
    alerts: Iterable[AlertRow],
    push_types: Sequence[str],
    receiver: Callable[[str, str], str] = as_written,
    unplaced: Collection[tuple[str, str]] = (),
) -> tuple[int, int]:
    """Put each alert into the outbox for each receiver of its vehicle's alerts of those types.

    ``receiver`` returns whom a key of a type names, in one spelling. ``unplaced`` are vehicles and
    apps that may not hear where the vehicle is. Returns the rows that were put, and those for which
    there was no room.
    """
    takers: dict[str, list[str]] = {}
    total = connection.scalar(select(func.count()).select_from(outbox)) or 0
    put = refused = 0
    shares: dict[int | None, int] = {}
    for vehicle_id, kind, text, created, due in alerts:
        owner_id: int | None = connection.scalar(_owner_of(vehicle_id))
        if owner_id not in shares:
            shares[owner_id] = _waiting_of(connection, owner_id)
        if vehicle_id not in takers:
            takers[vehicle_id] = _takers(connection, vehicle_id, push_types, receiver)
        for app_id in takers[vehicle_id]:
            waiting = _count_waiting(connection, vehicle_id, app_id)
            is_full = total + put >= OUTBOX_LIMIT or shares[owner_id] >= OUTBOX_AN_OWNER
            if waiting >= WAITING_LIMIT or is_full:
                refused += 1
                continue
            put += 1
            shares[owner_id] += 1
            whose = {"vehicle_id": vehicle_key(vehicle_id), "app_id": app_id}
            is_hidden = (whose["vehicle_id"], app_id) in unplaced and says_position(text)
            told = WITHOUT_PLACE if is_hidden else text
            row = {**whose, "kind": kind, "text": told, "created": created, "due": due}
            connection.execute(insert(outbox).values(row))
    return put, refused


def _owner_of(vehicle_id: str) -> Select[Any]:
    return select(vehicles.c.owner_id).where(vehicles.c.id == vehicle_key(vehicle_id))


def _waiting_of(connection: Connection, owner_id: int | None) -> int:
    """Count what waits for subscriptions of an owner's vehicles."""
    joined = outbox.join(vehicles, vehicles.c.id == outbox.c.vehicle_id)
    query = select(func.count()).select_from(joined).where(vehicles.c.owner_id == owner_id)
    return connection.scalar(query) or 0


def _takers(
    connection: Connection,
    vehicle_id: str,
    push_types: Sequence[str],
    receiver: Callable[[str, str], str],
) -> list[str]:
    """Return the apps that a vehicle's alerts go to, one a receiver.

    Of several with the same receiver it is one that does not fail, then the one renewed last.
    """
    n = notifications.c
    query = _wanting(n.vehicle_id, n.app_id, n.push_type, n.key).where(
        n.vehicle_id == vehicle_key(vehicle_id), n.push_type.in_(push_types)
    )
    found: dict[tuple[str, str], str] = {}
    for row in connection.execute(query.order_by(n.failures, n.changed.desc(), n.app_id)):
        key = decrypt(connection, key_place(row.vehicle_id, row.app_id), row.key)
        found.setdefault((row.push_type, receiver(row.push_type, key)), row.app_id)
    return sorted(found.values())


def _wanting(*columns: Any) -> Select[Any]:
    """Select of the subscriptions that count."""
    n = notifications.c
    return select(*columns).join(vehicles, vehicles.c.id == n.vehicle_id).where(COUNTS)


def _count_waiting(connection: Connection, vehicle_id: str, app_id: str) -> int:
    query = select(func.count()).select_from(outbox).where(row_of(outbox, vehicle_id, app_id))
    return connection.scalar(query) or 0


def list_heads(connection: Connection, push_type: str, limit: int) -> list[OutboxHead]:
    """Return the subscriptions of a type that something waits for, the soonest due first."""
    n, o = notifications.c, outbox.c
    first = select(func.min(o.id)).group_by(o.vehicle_id, o.app_id)
    query = (
        select(o.vehicle_id, o.app_id, n.push_type, o.due)
        .join(notifications, and_(n.vehicle_id == o.vehicle_id, n.app_id == o.app_id))
        .join(vehicles, vehicles.c.id == n.vehicle_id)
        .where(COUNTS, o.id.in_(first), n.push_type == push_type)
        .order_by(o.due, o.id)
        .limit(limit)
    )
    return [OutboxHead(*row) for row in connection.execute(query)]


def list_waiting(connection: Connection, vehicle_id: str, app_id: str) -> list[WaitingAlert]:
    """Return what waits for a subscription, in the order in which it was raised."""
    query = select(*_WAITING).where(row_of(outbox, vehicle_id, app_id)).order_by(outbox.c.id)
    return [WaitingAlert(*row) for row in connection.execute(query)]


def count_by_type(connection: Connection) -> dict[str, int]:
    """Return how many alerts wait for subscriptions of each type."""
    n, o = notifications.c, outbox.c
    joined = outbox.join(notifications, and_(n.vehicle_id == o.vehicle_id, n.app_id == o.app_id))
    query = select(n.push_type, func.count().label("waiting")).select_from(joined)
    rows = connection.execute(query.group_by(n.push_type))
    return {row.push_type: row.waiting for row in rows}


def drop_waiting(
    connection: Connection,
    vehicle_id: str,
    app_id: str,
    ids: Iterable[int],
    delivered: bool = True,
) -> None:
    """Drop alerts from the outbox; ``delivered`` ones show that the subscription works."""
    connection.execute(delete(outbox).where(outbox.c.id.in_(list(ids))))
    if delivered:
        row = update(notifications).where(row_of(notifications, vehicle_id, app_id))
        row = row.where(notifications.c.failures > 0)
        connection.execute(row.values(failing=None, failures=0))


def postpone(
    connection: Connection, vehicle_id: str, app_id: str, now: float, due: float
) -> Subscription | None:
    """Count a failed delivery; all that waits for the subscription is due at ``due``.

    Returns the subscription as it is now, ``None`` if it has ended.
    """
    n = notifications.c
    row = update(notifications).where(row_of(notifications, vehicle_id, app_id))
    connection.execute(row.values(failing=func.coalesce(n.failing, now), failures=n.failures + 1))
    rows = update(outbox).where(row_of(outbox, vehicle_id, app_id))
    connection.execute(rows.values(due=due, attempts=outbox.c.attempts + 1))
    return find_subscription(connection, vehicle_id, app_id)


def drop_old(connection: Connection, before: float) -> None:
    """Drop alerts that were raised before that time."""
    connection.execute(delete(outbox).where(outbox.c.created < before))


def is_wanted(
    connection: Connection, vehicle_ids: Iterable[str], push_types: Sequence[str]
) -> bool:
    """Return whether anybody wants alerts of any of the vehicles."""
    n = notifications.c
    names = [vehicle_key(vehicle_id) for vehicle_id in vehicle_ids]
    query = _wanting(n.app_id).where(n.vehicle_id.in_(names), n.push_type.in_(push_types))
    return connection.execute(query.limit(1)).first() is not None
