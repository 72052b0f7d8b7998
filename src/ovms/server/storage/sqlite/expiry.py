"""How SQLite deletes what is over: a chunk at a time, found by an index."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from ovms.server.storage import expiry
from ovms.server.storage.expiry import TRAFFIC_DAYS, ExpiryKind
from ovms.server.storage.history_batch import COPY_WINDOW, RECORD_OVERHEAD
from ovms.server.storage.sqlite.statements import transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
UNCOUNT: Final = (
    "UPDATE history_counts SET records = records - gone.rows, bytes = bytes - gone.size FROM "
    "(SELECT vehicle_id, type, number, count(*) AS rows, sum(length(data) "
    "+ length(CAST(type AS BLOB)) + length(CAST(vehicle_id AS BLOB)) + :overhead) AS size "
    "FROM ({}) GROUP BY vehicle_id, type, number) AS gone "
    "WHERE history_counts.vehicle_id = gone.vehicle_id "
    "AND history_counts.type = gone.type AND history_counts.number = gone.number"
)
"""Takes records, which are chosen by what stands in the braces, off the counts."""

_UNCOUNT_EXPIRED: Final = UNCOUNT.format(
    "SELECT * FROM history WHERE expires <= :now ORDER BY expires, id LIMIT :rows"
)
NOTHING_LEFT: Final = "DELETE FROM history_counts WHERE records = 0"
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
_CODES: Final = (
    "DELETE FROM mail_codes WHERE digest IN "
    "(SELECT digest FROM mail_codes WHERE expires <= ? LIMIT ?)"
)
_OF_VEHICLE: Final = (
    "DELETE FROM history WHERE id IN "
    "(SELECT id FROM history WHERE vehicle_id = ? AND id <= ? LIMIT ?)"
)


def expire(connection: sqlite3.Connection, kind: ExpiryKind, now: float) -> int:
    """Delete a chunk in a transaction; see :meth:`Database.expire`."""
    with transaction(connection):
        return _CHUNKS[kind](connection, now)


def _purge(connection: sqlite3.Connection, now: float) -> int:
    found = connection.execute("SELECT vehicle_id, last_id FROM history_purges").fetchone()
    if found is None:
        return 0
    rows = connection.execute(_OF_VEHICLE, (*found, expiry.CHUNK)).rowcount
    if rows < expiry.CHUNK:
        connection.execute("DELETE FROM history_purges WHERE vehicle_id = ?", found[:1])
    return rows + 1  # the mark's row: another vehicle's may follow


def _expire_acks(connection: sqlite3.Connection, now: float) -> int:
    return connection.execute(_ACKS, (now - COPY_WINDOW, expiry.CHUNK - 1)).rowcount


def _expire_traffic(connection: sqlite3.Connection, now: float) -> int:
    first = datetime.fromtimestamp(now, UTC) - timedelta(days=TRAFFIC_DAYS)
    return connection.execute(_TRAFFIC, (first.strftime("%Y-%m-%d"), expiry.CHUNK)).rowcount


def _expire_codes(connection: sqlite3.Connection, now: float) -> int:
    return connection.execute(_CODES, (now, expiry.CHUNK)).rowcount


def _expire_history(connection: sqlite3.Connection, now: float) -> int:
    if connection.execute("SELECT 1 FROM history_purges").fetchone():
        return 0
    chosen = {"overhead": RECORD_OVERHEAD, "now": int(now), "rows": expiry.CHUNK}
    connection.execute(_UNCOUNT_EXPIRED, chosen)
    connection.execute(NOTHING_LEFT)
    return connection.execute(_EXPIRE, (int(now), expiry.CHUNK)).rowcount


_CHUNKS: Final[dict[ExpiryKind, Callable[[sqlite3.Connection, float], int]]] = {
    ExpiryKind.REMOVED: _purge,
    ExpiryKind.ACKS: _expire_acks,
    ExpiryKind.TRAFFIC: _expire_traffic,
    ExpiryKind.CODES: _expire_codes,
    ExpiryKind.HISTORY: _expire_history,
}
