"""What goes: records whose time is over, what was removed with its vehicle, old traffic.

Everything goes in chunks of :data:`CHUNK` rows, each a short transaction, found by an index. Each
function deletes one chunk; :meth:`ovms.server.storage.store.Store.expire` has the writer run them
between batches.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from ovms.server.storage.history_batch import COPY_WINDOW, RECORD_OVERHEAD
from ovms.server.storage.statements import transaction

if TYPE_CHECKING:
    import sqlite3

    from sqlalchemy import Connection

CHUNK: Final = 1000
"""Rows that go in one transaction; 2000 with their counts held the writer up for up to 90 ms."""

TRAFFIC_DAYS: Final = 90
"""Days that utilisation is kept."""

_UNCOUNT: Final = (
    "UPDATE history_counts SET records = records - gone.rows, bytes = bytes - gone.size FROM "
    "(SELECT vehicle_id, type, number, count(*) AS rows, sum(length(data) "
    "+ length(CAST(type AS BLOB)) + length(CAST(vehicle_id AS BLOB)) + ?) AS size "
    "FROM (SELECT * FROM history WHERE expires <= ? ORDER BY expires, id LIMIT ?) "
    "GROUP BY vehicle_id, type, number) AS gone WHERE history_counts.vehicle_id = gone.vehicle_id "
    "AND history_counts.type = gone.type AND history_counts.number = gone.number"
)
_NOTHING_LEFT: Final = "DELETE FROM history_counts WHERE records = 0"
_EXPIRE: Final = (
    "DELETE FROM history WHERE id IN "
    "(SELECT id FROM history WHERE expires <= ? ORDER BY expires, id LIMIT ?)"
)
_ACKS: Final = (
    "DELETE FROM history_acks WHERE received <= coalesce("
    "(SELECT received FROM history_acks WHERE received < ?1 ORDER BY received LIMIT 1 OFFSET ?2), "
    "(SELECT max(received) FROM history_acks WHERE received < ?1))"
)
_TRAFFIC: Final = (
    "DELETE FROM utilisation WHERE rowid IN (SELECT rowid FROM utilisation WHERE day < ? LIMIT ?)"
)
_OF_VEHICLE: Final = (
    "DELETE FROM history WHERE id IN "
    "(SELECT id FROM history WHERE vehicle_id = ? AND id <= ? LIMIT ?)"
)
_PURGE: Final = (
    "INSERT INTO history_purges (vehicle_id, last_id) "
    "SELECT ?, id FROM history WHERE true ORDER BY id DESC LIMIT 1 "
    "ON CONFLICT (vehicle_id) DO UPDATE SET last_id = excluded.last_id"
)
_LARGEST_ID: Final = 2**63 - 1

ExpireChunk = Callable[["sqlite3.Connection", float], int]
"""Deletes up to a chunk of rows that are over at a time in Unix seconds; 0 when none is left."""


def purge(connection: sqlite3.Connection, now: float) -> int:
    """Delete a chunk of what a removed vehicle left."""
    with transaction(connection):
        found = connection.execute("SELECT vehicle_id, last_id FROM history_purges").fetchone()
        if found is None:
            return 0
        rows = connection.execute(_OF_VEHICLE, (*found, CHUNK)).rowcount
        if rows < CHUNK:
            connection.execute("DELETE FROM history_purges WHERE vehicle_id = ?", found[:1])
    return rows + 1  # the mark's row: another vehicle's may follow


def expire_history(connection: sqlite3.Connection, now: float) -> int:
    """Delete a chunk of records whose time is over, and count them no more.

    Not before everything is purged: what was removed with its vehicle is counted no longer.
    """
    with transaction(connection):
        if connection.execute("SELECT 1 FROM history_purges").fetchone():
            return 0
        connection.execute(_UNCOUNT, (RECORD_OVERHEAD, int(now), CHUNK))
        connection.execute(_NOTHING_LEFT)
        return connection.execute(_EXPIRE, (int(now), CHUNK)).rowcount


def expire_acks(connection: sqlite3.Connection, now: float) -> int:
    """Delete a chunk of acknowledgements that no copy will follow."""
    with transaction(connection):
        return connection.execute(_ACKS, (now - COPY_WINDOW, CHUNK - 1)).rowcount


def expire_traffic(connection: sqlite3.Connection, now: float) -> int:
    """Delete a chunk of old traffic."""
    first = datetime.fromtimestamp(now, UTC) - timedelta(days=TRAFFIC_DAYS)
    with transaction(connection):
        return connection.execute(_TRAFFIC, (first.strftime("%Y-%m-%d"), CHUNK)).rowcount


def forget_history(connection: Connection, vehicle_id: str, rows: int) -> None:
    """Delete up to ``rows`` records of a vehicle that is removed; if more are left, mark them.

    In the caller's transaction. Marked ones are read and counted no more, and are purged later.
    """
    for table in ("history_acks", "history_counts"):
        sql = f"DELETE FROM {table} WHERE vehicle_id = ?"  # noqa: S608 (ours)
        connection.exec_driver_sql(sql, (vehicle_id,))
    deleted = connection.exec_driver_sql(_OF_VEHICLE, (vehicle_id, _LARGEST_ID, rows)).rowcount
    if deleted >= rows:
        connection.exec_driver_sql(_PURGE, (vehicle_id,))
