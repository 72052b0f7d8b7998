"""How PostgreSQL deletes what is over: a chunk at a time, found by an index."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from ovms.server.storage import expiry
from ovms.server.storage.expiry import TRAFFIC_DAYS, ExpiryKind
from ovms.server.storage.history_batch import COPY_WINDOW
from ovms.server.storage.postgres.writing import DELETE_RECORDS, NOTHING_LEFT, PostgresWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    from ovms.server.storage.postgres.connections import BlockingConnection

_DELETE: Final = (
    "WITH gone AS (DELETE FROM {table} WHERE ctid = ANY(ARRAY("
    "SELECT ctid FROM {table} WHERE {over} ORDER BY {by} LIMIT $2)) RETURNING 1) "
    "SELECT count(*) FROM gone"
)
_ACKS: Final = _DELETE.format(table="history_acks", over="received < $1", by="received")
_TRAFFIC: Final = _DELETE.format(table="utilisation", over="day < $1", by="day")
_CODES: Final = _DELETE.format(table="mail_codes", over="expires <= $1", by="expires")
_EXPIRE: Final = DELETE_RECORDS.format(
    chosen="SELECT id FROM history WHERE expires <= $1 ORDER BY expires, id LIMIT $2"
)
_PURGE: Final = (
    "WITH gone AS (DELETE FROM history WHERE id = ANY(ARRAY(SELECT id FROM history "
    "WHERE vehicle_id = $1 AND id <= $2 LIMIT $3)) RETURNING 1) SELECT count(*) FROM gone"
)


def expire(connection: BlockingConnection, kind: ExpiryKind, now: float) -> int:
    """Delete a chunk in a transaction; see :meth:`Database.expire`."""
    with PostgresWriter(connection).transaction():
        return _CHUNKS[kind](connection, now)


def _purge(connection: BlockingConnection, now: float) -> int:
    found = connection.fetch("SELECT vehicle_id, last_id FROM history_purges LIMIT 1")
    if not found:
        return 0
    vehicle_id, last_id = found[0]
    rows = _count(connection, _PURGE, vehicle_id, last_id, expiry.CHUNK)
    if rows < expiry.CHUNK:
        connection.fetch("DELETE FROM history_purges WHERE vehicle_id = $1", vehicle_id)
    return rows + 1  # the mark's row: another vehicle's may follow


def _expire_acks(connection: BlockingConnection, now: float) -> int:
    return _count(connection, _ACKS, now - COPY_WINDOW, expiry.CHUNK)


def _expire_traffic(connection: BlockingConnection, now: float) -> int:
    first = datetime.fromtimestamp(now, UTC) - timedelta(days=TRAFFIC_DAYS)
    return _count(connection, _TRAFFIC, first.strftime("%Y-%m-%d"), expiry.CHUNK)


def _expire_codes(connection: BlockingConnection, now: float) -> int:
    return _count(connection, _CODES, now, expiry.CHUNK)


def _expire_history(connection: BlockingConnection, now: float) -> int:
    if connection.fetch("SELECT 1 FROM history_purges LIMIT 1"):
        return 0
    rows = _count(connection, _EXPIRE, int(now), expiry.CHUNK)
    connection.execute(NOTHING_LEFT)
    return rows


def _count(connection: BlockingConnection, sql: str, *values: object) -> int:
    return int(connection.fetch(sql, *values)[0][0])


_CHUNKS: Final[dict[ExpiryKind, Callable[[BlockingConnection, float], int]]] = {
    ExpiryKind.REMOVED: _purge,
    ExpiryKind.ACKS: _expire_acks,
    ExpiryKind.TRAFFIC: _expire_traffic,
    ExpiryKind.CODES: _expire_codes,
    ExpiryKind.HISTORY: _expire_history,
}
"""What is done of each kind."""
