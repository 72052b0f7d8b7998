"""Why cars last failed to connect: the queries. Each takes a connection inside a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from ovms.server.storage.schema import failed_calls, vehicles
from ovms.server.values import FailedCall

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection


def put_failed_calls(connection: Connection, calls: Iterable[FailedCall]) -> set[str]:
    """Add to what is known of vehicles that exist; return their ids."""
    stored = set()
    for call in calls:
        v, f = vehicles.c, failed_calls.c
        known = select(v.id).where(v.id == call.vehicle_id, v.type == "car", v.deleted.is_(None))
        if connection.scalar(known) is None:
            continue
        values = {"time": call.time, "address": call.address, "reason": call.reason}
        row = update(failed_calls).where(f.vehicle_id == call.vehicle_id)
        if not connection.execute(row.values(**values, count=f.count + call.count)).rowcount:
            new = {"vehicle_id": call.vehicle_id, "first": call.first, "count": call.count}
            connection.execute(insert(failed_calls).values(**new, **values))
        stored.add(call.vehicle_id)
    return stored


def clear_failed_calls(connection: Connection, vehicle_ids: Iterable[str]) -> None:
    """Forget the failures of vehicles whose cars have come."""
    for vehicle_id in vehicle_ids:
        f = failed_calls.c
        connection.execute(delete(failed_calls).where(f.vehicle_id == vehicle_id))


def find_failed_call(connection: Connection, vehicle_id: str) -> FailedCall | None:
    """Return why a vehicle's car last failed to connect; ``None`` if it did not."""
    f = failed_calls.c
    query = select(f.vehicle_id, f.time, f.address, f.reason, f.count, f.first)
    row = connection.execute(query.where(f.vehicle_id == vehicle_id)).one_or_none()
    return None if row is None else FailedCall(*row)


def vehicles_that_failed(connection: Connection) -> set[str]:
    """Return the ids of the vehicles whose cars failed to connect."""
    return set(connection.scalars(select(failed_calls.c.vehicle_id)))
