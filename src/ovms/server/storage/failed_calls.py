"""Why cars last failed to connect: the queries. Each takes a connection inside a transaction."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from ovms.server.storage.schema import failed_calls, vehicles
from ovms.server.values import FailedCall

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection


def put_failed_calls(connection: Connection, calls: Iterable[FailedCall]) -> set[str]:
    """Add to what is known of vehicles that exist; return their ids.

    At most some hundred calls, one a vehicle. Rows that are known are written anew, which takes one
    statement for all.
    """
    new = {call.vehicle_id: call for call in calls}
    v, f = vehicles.c, failed_calls.c
    known = select(v.id, f.count, f.first).outerjoin(failed_calls, f.vehicle_id == v.id)
    known = known.where(v.id.in_(new), v.type == "car", v.deleted.is_(None))
    rows = []
    for vehicle_id, count, first in connection.execute(known):
        call = new.get(vehicle_id)
        if call is None:
            continue  # PostgreSQL finds its sign for NUL, where a stranger has said NUL
        if first is not None:
            call = replace(call, count=count + call.count, first=first)
        rows.append(asdict(call))
    if rows:
        clear_failed_calls(connection, [row["vehicle_id"] for row in rows])
        connection.execute(insert(failed_calls).values(rows))
    return {row["vehicle_id"] for row in rows}


def clear_failed_calls(connection: Connection, vehicle_ids: Iterable[str]) -> None:
    """Forget the failures of some hundred vehicles, whose cars have come."""
    connection.execute(delete(failed_calls).where(failed_calls.c.vehicle_id.in_(vehicle_ids)))


def find_failed_call(connection: Connection, vehicle_id: str) -> FailedCall | None:
    """Return why a vehicle's car last failed to connect; ``None`` if it did not."""
    f = failed_calls.c
    query = select(f.vehicle_id, f.time, f.address, f.reason, f.count, f.first)
    row = connection.execute(query.where(f.vehicle_id == vehicle_id)).one_or_none()
    return None if row is None else FailedCall(*row)


def vehicles_that_failed(connection: Connection) -> set[str]:
    """Return the ids of the vehicles whose cars failed to connect."""
    return set(connection.scalars(select(failed_calls.c.vehicle_id)))
