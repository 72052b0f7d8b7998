"""How SQLite stores records of the history, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ovms.server.storage.history_batch import (
    NEAR_LIMIT,
    Acked,
    HistoryBatch,
    acknowledged,
    counts,
    record_row,
)
from ovms.server.storage.sqlite.statements import many

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from ovms.server.storage.sqlite.quota import HistoryQuota

ROWS_A_STATEMENT: Final = 400
"""Larger than for messages: a batch takes five kinds of statements, and each may have to wait for
the interpreter lock. SQLite takes 32766 parameters since 3.32."""

_LIVING: Final = (
    "SELECT id FROM (VALUES {}) CROSS JOIN vehicles ON id = column1 WHERE deleted IS NULL"
)
_KNOWN: Final = (
    "SELECT column1 FROM (VALUES {}) CROSS JOIN history_acks "
    "ON vehicle_id = column2 AND type = column3 AND number = column4 AND ack = column5 "
    "AND digest = column6 WHERE received BETWEEN column7 AND column8"
)
_STORED: Final = (
    "SELECT column1 FROM (VALUES {}) WHERE EXISTS "  # noqa: S608 (ours)
    "(SELECT 1 FROM (SELECT id, ack, data FROM history WHERE vehicle_id = column2 "
    "AND type = column3 AND number = column4 AND time BETWEEN column7 AND column8 "
    f"LIMIT {NEAR_LIMIT}) AS near WHERE ack = column5 AND data = column6 AND id > "
    "coalesce((SELECT last_id FROM history_purges WHERE vehicle_id = column2), 0))"
)
_ACKS: Final = (
    "INSERT INTO history_acks (vehicle_id, type, number, ack, digest, received) VALUES {} "
    "ON CONFLICT (vehicle_id, type, number, ack, digest) DO UPDATE SET received = excluded.received"
)
_RECORDS: Final = (
    "INSERT INTO history (vehicle_id, type, number, time, expires, data, ack) VALUES {}"
)
_COUNTS: Final = (
    "INSERT INTO history_counts (vehicle_id, type, number, records, bytes) VALUES {} "
    "ON CONFLICT (vehicle_id, type, number) DO UPDATE "
    "SET records = records + excluded.records, bytes = bytes + excluded.bytes"
)


def write_history(connection: sqlite3.Connection, batch: HistoryBatch, quota: HistoryQuota) -> None:
    """Store a batch inside a transaction, within the bounds of each vehicle.

    Records of vehicles that are gone are left out.
    """
    living = _fetch(connection, _LIVING, ((vehicle_id,) for vehicle_id in batch.records))
    waiting = [(id_, each) for (id_,) in living for each in batch.records[id_].values()]
    acked = acknowledged(waiting)
    copies = _copies(connection, acked)
    new = [(id_, each.record) for place, (id_, each) in enumerate(waiting) if place not in copies]
    new = quota.admitted(connection, new)
    _execute(connection, _RECORDS, (record_row(*each) for each in new))
    _execute(connection, _COUNTS, counts(new))
    quota.keep_within(connection, new)
    received = {key: each.received for _, key, each in quota.remembered(connection, acked)}
    _execute(connection, _ACKS, ((*key, last) for key, last in received.items()))


def _copies(connection: sqlite3.Connection, acked: list[Acked]) -> set[int]:
    """Return the places of the records that are stored already."""
    known = ((place, *key, *each.window) for place, key, each in acked)
    copies = _fetch(connection, _KNOWN, known)
    late = (
        (place, *key[:4], each.record.data, *each.times)
        for place, key, each in acked
        if each.is_late and (place,) not in copies
    )
    copies |= _fetch(connection, _STORED, late)
    return {place for (place,) in copies}


def _fetch(
    connection: sqlite3.Connection, sql: str, rows: Iterable[tuple[Any, ...]]
) -> set[tuple[Any, ...]]:
    found: set[tuple[Any, ...]] = set()
    for statement, parameters in many(sql, rows, ROWS_A_STATEMENT):
        found.update(connection.execute(statement, parameters))
    return found


def _execute(connection: sqlite3.Connection, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
    for statement, parameters in many(sql, rows, ROWS_A_STATEMENT):
        connection.execute(statement, parameters)
