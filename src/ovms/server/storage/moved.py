"""What was taken from other servers' databases, for those who move in: the queries.

Each takes a connection inside a transaction. What was taken is encrypted, because secrets are among
it. A source is the name of the database that it came from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import delete, insert, select

from ovms.server.storage.encryption import decrypt, encrypt
from ovms.server.storage.schema import moved, moved_months

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from ovms.server.storage.encrypted import Place

Fields = dict[str, Any]
"""What a thing says by name: text, numbers, truth, ``None``, lists of these."""

TakenRows = dict[str, Fields]
"""Things of one kind by their keys, as they were when they were taken."""


class MovedMonth(NamedTuple):
    """The records of a vehicle's month that were taken; see the table."""

    records: int
    checksum: str
    hashes: bytes


def moved_place(source: str, kind: str) -> Place:
    """Return the place of what was taken of a kind."""
    return "moved", "taken", source, kind


def load_moved(connection: Connection, source: str, kind: str) -> TakenRows:
    """Return what was taken of a kind."""
    query = select(moved.c.taken).where(moved.c.source == source, moved.c.kind == kind)
    value = connection.scalar(query)
    if value is None:
        return {}
    text = decrypt(connection, moved_place(source, kind), value)
    return msgspec.json.decode(text, type=TakenRows)


def save_moved(
    connection: Connection, source: str, kind: str, rows: Mapping[str, Mapping[str, Any]]
) -> None:
    """Keep what was taken of a kind, instead of what was kept before."""
    this = (moved.c.source == source, moved.c.kind == kind)
    connection.execute(delete(moved).where(*this))
    text = msgspec.json.encode(rows).decode()
    taken = encrypt(connection, moved_place(source, kind), text)
    connection.execute(insert(moved).values(source=source, kind=kind, taken=taken))


def load_months(connection: Connection, source: str, vehicle_id: str) -> dict[str, MovedMonth]:
    """Return what was taken of a vehicle's history, by month."""
    m = moved_months.c
    query = select(m.month, m.records, m.checksum, m.hashes)
    rows = connection.execute(query.where(m.source == source, m.vehicle_id == vehicle_id))
    return {month: MovedMonth(*rest) for month, *rest in rows}


def save_months(
    connection: Connection, source: str, vehicle_id: str, months: Mapping[str, MovedMonth]
) -> None:
    """Keep what was taken of some months of a vehicle, instead of what was kept of them before."""
    if not months:
        return
    m = moved_months.c
    this = (m.source == source, m.vehicle_id == vehicle_id, m.month.in_(months))
    connection.execute(delete(moved_months).where(*this))
    rows = [
        {"source": source, "vehicle_id": vehicle_id, "month": month, **taken._asdict()}
        for month, taken in months.items()
    ]
    connection.execute(insert(moved_months), rows)


def forget_months(connection: Connection, source: str, vehicle_ids: Iterable[str]) -> None:
    """Delete what is kept of the history that was taken of vehicles."""
    m = moved_months.c
    for vehicle_id in vehicle_ids:
        this = (m.source == source, m.vehicle_id == vehicle_id)
        connection.execute(delete(moved_months).where(*this))


def moved_sources(connection: Connection) -> list[str]:
    """Return the names of the databases that something was taken from."""
    return [*connection.scalars(select(moved.c.source).distinct().order_by(moved.c.source))]


def forget_moved(connection: Connection) -> list[str]:
    """Delete all that is kept of what was taken; return from which databases that was."""
    found = moved_sources(connection)
    for table in (moved, moved_months):
        connection.execute(delete(table))
    return found
