"""What is deleted: records whose time is over, what removed vehicles left, old traffic.

Everything is deleted in chunks of :data:`CHUNK` rows, each a short transaction of
:meth:`~ovms.server.storage.database.Database.expire` between two batches.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, insert, select, update

from ovms.server.storage.schema import history, history_acks, history_counts, history_purges

if TYPE_CHECKING:
    from sqlalchemy import Connection

CHUNK: Final = 100
"""Rows that are deleted in one transaction: among ten million records some 3 ms, for which records
that a car sends wait. 1000 took 31 ms."""

TRAFFIC_DAYS: Final = 90
"""Days that utilisation is kept."""


class ExpiryKind(Enum):
    """What is deleted, in the order in which it is."""

    REMOVED = auto()
    """What removed vehicles left. While there is any of it, :attr:`HISTORY` stays: it is counted
    no longer."""
    ACKS = auto()
    """Acknowledgements of records of which no copy will come any more."""
    TRAFFIC = auto()
    """Days older than :data:`TRAFFIC_DAYS`."""
    CODES = auto()
    """Codes of mails that hold no more."""
    HISTORY = auto()
    """Records whose time is over, and their counts."""


def forget_history(connection: Connection, vehicle_id: str, rows: int) -> None:
    """Delete up to ``rows`` records of a vehicle that is removed; if more are left, mark them.

    In the caller's transaction. Marked ones are no longer read or counted, and are deleted later.
    """
    for table in (history_acks, history_counts):
        connection.execute(delete(table).where(table.c.vehicle_id == vehicle_id))
    some = select(history.c.id).where(history.c.vehicle_id == vehicle_id).limit(rows)
    if connection.execute(delete(history).where(history.c.id.in_(some))).rowcount >= rows:
        _mark(connection, vehicle_id)


def count_marked(connection: Connection) -> int:
    """Return how many records are marked to be deleted."""
    h, p = history.c, history_purges.c
    is_marked = (h.vehicle_id == p.vehicle_id) & (h.id <= p.last_id)
    query = select(func.count()).select_from(history_purges).join(history, is_marked)
    return connection.scalar(query) or 0


def purge_chunk(connection: Connection) -> int | None:
    """Delete up to :data:`CHUNK` marked records of a vehicle, the mark with the last of them.

    Return how many, or ``None`` if nothing is marked. In the caller's transaction.
    """
    h, p = history.c, history_purges.c
    found = connection.execute(select(p.vehicle_id, p.last_id).limit(1)).one_or_none()
    if found is None:
        return None
    vehicle_id, last_id = found
    some = select(h.id).where(h.vehicle_id == vehicle_id, h.id <= last_id).limit(CHUNK)
    rows = connection.execute(delete(history).where(h.id.in_(some))).rowcount
    if rows < CHUNK:
        connection.execute(delete(history_purges).where(p.vehicle_id == vehicle_id))
    return rows


def _mark(connection: Connection, vehicle_id: str) -> None:
    last_id = connection.scalar(select(func.max(history.c.id)))
    if last_id is None:
        return
    mark = update(history_purges).where(history_purges.c.vehicle_id == vehicle_id)
    if not connection.execute(mark.values(last_id=last_id)).rowcount:
        row = insert(history_purges).values(vehicle_id=vehicle_id, last_id=last_id)
        connection.execute(row)
