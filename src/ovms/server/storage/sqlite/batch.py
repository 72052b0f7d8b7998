"""How SQLite writes a batch.

Rows are written many a statement, because ``executemany`` gives up the interpreter lock for each
row and starves beside a busy event loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ovms.server.storage.schema import SERVER_ROW
from ovms.server.storage.sqlite.errors import BAD_ROW
from ovms.server.storage.sqlite.history import write_history
from ovms.server.storage.sqlite.seen import write_seen
from ovms.server.storage.sqlite.statements import ROWS_A_STATEMENT, many, transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from ovms.server.storage.batch import Batch
    from ovms.server.storage.history_batch import HistoryBatch
    from ovms.server.storage.sqlite.quota import HistoryQuota

# {} takes the rows, whose columns SQLite calls column1, column2…; rows of vehicles that are gone
# are left out. (EXISTS, because IN would read all vehicles for every statement.)

_MESSAGES: Final = (
    "INSERT INTO messages (vehicle_id, code, data, time, token) "
    "SELECT * FROM (VALUES {}) "
    "WHERE EXISTS (SELECT 1 FROM vehicles WHERE id = column1 AND deleted IS NULL) "
    "ON CONFLICT (vehicle_id, code) DO UPDATE "
    "SET data = excluded.data, time = excluded.time, token = excluded.token"
)
_PRESENCE: Final = (
    "INSERT INTO presence (vehicle_id, car, apps, batch, heard) "
    "SELECT * FROM (VALUES {}) "
    "WHERE EXISTS (SELECT 1 FROM vehicles WHERE id = column1 AND deleted IS NULL) "
    "ON CONFLICT (vehicle_id) DO UPDATE SET car = excluded.car, apps = excluded.apps, "
    "batch = excluded.batch, heard = coalesce(excluded.heard, heard)"
)
_TOKENS: Final = (
    "UPDATE vehicles SET paranoid_token = column2 FROM (VALUES {}) "
    "WHERE id = column1 AND deleted IS NULL"
)
_VOID: Final = (
    "DELETE FROM messages WHERE token <> '' AND vehicle_id IN "
    "(SELECT id FROM (VALUES {}) JOIN vehicles ON id = column1 WHERE paranoid_token <> column2)"
)
_TRAFFIC: Final = (
    "INSERT INTO utilisation (vehicle_id, day, car_received, car_sent, apps_received, apps_sent) "
    "SELECT * FROM (VALUES {}) "
    "WHERE EXISTS (SELECT 1 FROM vehicles WHERE id = column1 AND deleted IS NULL) "
    "ON CONFLICT (vehicle_id, day) DO UPDATE SET "
    "car_received = car_received + excluded.car_received, car_sent = car_sent + excluded.car_sent, "
    "apps_received = apps_received + excluded.apps_received, "
    "apps_sent = apps_sent + excluded.apps_sent"
)
_PROVISIONS: Final = (
    "UPDATE provisions SET last_used = column2 FROM (VALUES {}) WHERE lookup = column1"
)
_HEARTBEAT: Final = "UPDATE server SET heartbeat = ? WHERE id = ?"


def apply(connection: sqlite3.Connection, batch: Batch, quota: HistoryQuota) -> int:
    """Commit a batch in one transaction; on an error nothing of it is written.

    Returns how many rows were left out because they can never be written.
    """
    try:
        _write(connection, batch, quota)
    except BAD_ROW:
        quota.forget(batch.history.records)
        return _write_singly(connection, batch, quota)
    except BaseException:
        quota.forget(batch.history.records)
        raise
    return 0


def _write(connection: sqlite3.Connection, batch: Batch, quota: HistoryQuota) -> None:
    with transaction(connection):
        for sql, parameters in _statements(batch, ROWS_A_STATEMENT):
            connection.execute(sql, parameters)
        write_seen(connection, batch.seen.values())
        write_history(connection, batch.history, quota)


def _write_singly(connection: sqlite3.Connection, batch: Batch, quota: HistoryQuota) -> int:
    """Commit a batch row by row, without the bad ones; return how many those are."""
    lost = 0
    with transaction(connection):
        for sql, parameters in _statements(batch, 1):
            try:
                connection.execute(sql, parameters)
            except BAD_ROW:
                lost += 1
        write_seen(connection, batch.seen.values())
        for record in batch.history.singles():
            lost += not _try_history(connection, record, quota)
    return lost


def _try_history(connection: sqlite3.Connection, record: HistoryBatch, quota: HistoryQuota) -> bool:
    """Store a record, all of it or nothing; return whether it could be stored."""
    connection.execute("SAVEPOINT record")
    try:
        write_history(connection, record, quota)
    except BAD_ROW:
        quota.forget(record.records)
        connection.execute("ROLLBACK TO record")
        return False
    finally:
        if connection.in_transaction:
            connection.execute("RELEASE record")
    return True


def _statements(batch: Batch, rows: int) -> Iterator[tuple[str, list[Any]]]:
    yield from many(_VOID, batch.tokens.items(), rows)
    yield from many(_TOKENS, batch.tokens.items(), rows)
    yield from many(_MESSAGES, batch.message_rows(), rows)
    yield from many(_PRESENCE, batch.presence_rows(), rows)
    yield from many(_TRAFFIC, batch.traffic_rows(), rows)
    yield from many(_PROVISIONS, batch.provisions.items(), rows)
    if batch.heartbeat is not None:
        yield _HEARTBEAT, [batch.heartbeat, SERVER_ROW]
