"""What the database counts, checked against its tables; and rows that nobody should have left.

Each function takes a connection inside a transaction, and is about one vehicle, so that a check
beside a running server keeps it waiting for no longer than the largest history takes to count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, insert, select, update

from ovms.server.storage.expiry import CHUNK, forget_history
from ovms.server.storage.history_batch import RECORD_OVERHEAD
from ovms.server.storage.schema import (
    failed_calls,
    history,
    history_acks,
    history_counts,
    history_purges,
    journey_checkpoints,
    journey_edits,
    journey_progress,
    journey_rules,
    journey_stale,
    journeys,
    messages,
    outbox,
    owner_warnings,
    presence,
    raw_journeys,
    utilisation,
    vehicles,
)
from ovms.server.storage.vehicles import get_any_vehicle

if TYPE_CHECKING:
    from sqlalchemy import Connection

OF_VEHICLES: Final = (
    failed_calls, history, history_acks, history_counts, journey_checkpoints, journey_edits,
    journey_progress, journey_rules, journey_stale, journeys, messages, outbox, owner_warnings,
    presence, raw_journeys, utilisation,
)  # fmt: skip
"""Tables whose rows are of a vehicle, and go with it."""

h, c = history.c, history_counts.c


@dataclass(frozen=True, slots=True)
class WrongCount:
    """A vehicle's records of a type and number: what is counted, and what there is."""

    vehicle_id: str
    type: str
    number: int
    counted_records: int
    counted_bytes: int
    records: int
    bytes: int


def next_vehicle(connection: Connection, after: str) -> str | None:
    """Return the id behind ``after`` that any row is of; ``None`` behind the last."""
    found = [
        connection.scalar(select(func.min(id_)).where(id_ > after))
        for id_ in (vehicles.c.id, *(table.c.vehicle_id for table in OF_VEHICLES))
    ]
    return min((each for each in found if each is not None), default=None)


def wrong_counts(connection: Connection, vehicle_id: str) -> list[WrongCount]:
    """Return what is counted otherwise than it is."""
    rows = connection.execute(
        select(c.type, c.number, c.records, c.bytes).where(c.vehicle_id == vehicle_id)
    )
    counted = {(row.type, row.number): (row.records, row.bytes) for row in rows}
    found = _found(connection, vehicle_id)
    wrong = []
    for name, number in sorted(counted.keys() | found.keys()):
        told, there = counted.get((name, number)), found.get((name, number))
        if told != there:
            sums = *(told or (0, 0)), *(there or (0, 0))
            wrong.append(WrongCount(vehicle_id, name, number, *sums))
    return wrong


def mend_counts(connection: Connection, vehicle_id: str) -> list[WrongCount]:
    """Count a vehicle's records anew, and return what was wrong."""
    wrong = wrong_counts(connection, vehicle_id)
    for each in wrong:
        this = (c.vehicle_id == vehicle_id, c.type == each.type, c.number == each.number)
        if not each.records:
            connection.execute(delete(history_counts).where(*this))
            continue
        values = {"records": each.records, "bytes": each.bytes}
        row = update(history_counts).where(*this).values(values)
        if not connection.execute(row).rowcount:
            key = {"vehicle_id": vehicle_id, "type": each.type, "number": each.number}
            connection.execute(insert(history_counts).values(**key, **values))
    return wrong


def left_rows(connection: Connection, vehicle_id: str) -> dict[str, int]:
    """Return how many rows there are in each table of a vehicle that there is not."""
    known = select(vehicles.c.id).where(vehicles.c.id == vehicle_id, vehicles.c.deleted.is_(None))
    if connection.execute(known).first() is not None:
        return {}
    counts = {}
    for table in OF_VEHICLES:
        where = [table.c.vehicle_id == vehicle_id]
        if table is history:
            where.append(h.id > _purged(connection, vehicle_id))
        count = connection.scalar(select(func.count()).select_from(table).where(*where))
        if count:
            counts[table.name] = count
    return counts


def delete_left(connection: Connection, vehicle_id: str) -> dict[str, int]:
    """Delete such rows, of a large history a chunk and mark the rest; return what there was."""
    found = left_rows(connection, vehicle_id)
    if found:
        for table in OF_VEHICLES:
            if table is not history:
                connection.execute(delete(table).where(table.c.vehicle_id == vehicle_id))
        forget_history(connection, vehicle_id, CHUNK)
    return found


def has_damaged_secret(connection: Connection, vehicle_id: str) -> bool:
    """Return whether a vehicle that there is has a secret that does not open."""
    known = select(vehicles.c.id).where(vehicles.c.id == vehicle_id, vehicles.c.deleted.is_(None))
    if connection.execute(known).first() is None:
        return False
    return not get_any_vehicle(connection, vehicle_id).secret


def _found(connection: Connection, vehicle_id: str) -> dict[tuple[str, int], tuple[int, int]]:
    """Return the records that there are and their bytes, by type and number."""
    query = select(h.type, h.number, func.count(), func.sum(func.length(h.data)))
    of_vehicle = (h.vehicle_id == vehicle_id, h.id > _purged(connection, vehicle_id))
    rows = connection.execute(query.where(*of_vehicle).group_by(h.type, h.number))
    id_size = len(vehicle_id.encode()) + RECORD_OVERHEAD
    return {
        (name, number): (count, int(size) + count * (id_size + len(name.encode())))
        for name, number, count, size in rows
    }


def _purged(connection: Connection, vehicle_id: str) -> int:
    p = history_purges.c
    return connection.scalar(select(p.last_id).where(p.vehicle_id == vehicle_id)) or 0
