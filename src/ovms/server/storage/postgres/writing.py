"""What the writer asks of PostgreSQL: each statement takes all rows, as one array a column.

Where a statement looks rows up in a large table it does so row by row (``LATERAL``), by an index:
how many rows an array has is not known when a plan is made.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from ovms.server.storage.history_batch import NEAR_LIMIT, RECORD_OVERHEAD
from ovms.server.storage.postgres.connections import BEGIN, without_nul, write_lock
from ovms.server.storage.postgres.errors import is_bad_row
from ovms.server.storage.schema import SERVER_ROW
from ovms.server.storage.seen_filter import PARTS_LIMIT
from ovms.server.storage.writer_connection import Find, Put, Row, WriterConnection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ovms.server.storage.postgres.connections import BlockingConnection

LOCK_TIMEOUT: Final = 2.0
"""Seconds the writer waits for a lock; it tries again anyway, and must not outlast its closing."""

_LIVES: Final = (
    "WHERE EXISTS (SELECT 1 FROM vehicles AS v WHERE v.id = r.vehicle_id AND v.deleted IS NULL)"
)


class ArrayStatement:
    """A statement that takes rows: ``{rows}`` are these, as ``r``, ``{names}`` their columns."""

    def __init__(self, columns: dict[str, str], sql: str) -> None:
        names = ", ".join(columns)
        arrays = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(columns.values(), 1))
        self.sql = sql.format(names=names, rows=f"unnest({arrays}) AS r({names})")
        self.texts = [place for place, kind in enumerate(columns.values()) if kind == "text"]
        """Which columns hold text."""


_ACKS: Final = {
    "vehicle_id": "text",
    "type": "text",
    "number": "int8",
    "ack": "int8",
    "digest": "bytea",
    "received": "float8",
}

_PUTS: Final[dict[Put, ArrayStatement]] = {
    Put.VOID: ArrayStatement(
        {"vehicle_id": "text", "token": "text"},
        "DELETE FROM messages AS m USING {rows}, vehicles AS v WHERE v.id = r.vehicle_id "
        "AND v.paranoid_token <> r.token AND m.vehicle_id = r.vehicle_id AND m.token <> ''",
    ),
    Put.TOKENS: ArrayStatement(
        {"vehicle_id": "text", "token": "text"},
        "UPDATE vehicles AS v SET paranoid_token = r.token FROM {rows} "
        "WHERE v.id = r.vehicle_id AND v.deleted IS NULL",
    ),
    Put.MESSAGES: ArrayStatement(
        {
            "vehicle_id": "text",
            "code": "text",
            "data": "bytea",
            "time": "float8",
            "token": "text",
        },
        f"INSERT INTO messages ({{names}}) SELECT r.* FROM {{rows}} {_LIVES} "  # noqa: S608 (ours)
        "ON CONFLICT (vehicle_id, code) DO UPDATE "
        "SET data = excluded.data, time = excluded.time, token = excluded.token",
    ),
    Put.PRESENCE: ArrayStatement(
        {"vehicle_id": "text", "car": "bool", "apps": "int8", "batch": "int8", "heard": "float8"},
        "INSERT INTO presence AS p ({names}) "  # noqa: S608 (ours)
        f"SELECT r.* FROM {{rows}} {_LIVES} "
        "ON CONFLICT (vehicle_id) DO UPDATE SET car = excluded.car, apps = excluded.apps, "
        "batch = excluded.batch, heard = coalesce(excluded.heard, p.heard)",
    ),
    Put.TRAFFIC: ArrayStatement(
        {
            "vehicle_id": "text",
            "day": "text",
            "car_received": "int8",
            "car_sent": "int8",
            "apps_received": "int8",
            "apps_sent": "int8",
        },
        "INSERT INTO utilisation AS u ({names}) "  # noqa: S608 (ours)
        f"SELECT r.* FROM {{rows}} {_LIVES} "
        "ON CONFLICT (vehicle_id, day) DO UPDATE SET "
        "car_received = u.car_received + excluded.car_received, "
        "car_sent = u.car_sent + excluded.car_sent, "
        "apps_received = u.apps_received + excluded.apps_received, "
        "apps_sent = u.apps_sent + excluded.apps_sent",
    ),
    Put.PROVISIONS: ArrayStatement(
        {"lookup": "text", "time": "float8"},
        "UPDATE provisions AS p SET last_used = r.time FROM {rows} WHERE p.lookup = r.lookup",
    ),
    Put.RECORDS: ArrayStatement(
        {
            "vehicle_id": "text",
            "type": "text",
            "number": "int8",
            "time": "int8",
            "expires": "int8",
            "data": "bytea",
            "ack": "int8",
        },
        "INSERT INTO history ({names}) SELECT r.* FROM {rows}",
    ),
    Put.COUNTS: ArrayStatement(
        {
            "vehicle_id": "text",
            "type": "text",
            "number": "int8",
            "records": "int8",
            "bytes": "int8",
        },
        "INSERT INTO history_counts AS c ({names}) SELECT r.* FROM {rows} "
        "ON CONFLICT (vehicle_id, type, number) DO UPDATE "
        "SET records = c.records + excluded.records, bytes = c.bytes + excluded.bytes",
    ),
    Put.ACKS: ArrayStatement(
        _ACKS,
        "INSERT INTO history_acks ({names}) SELECT r.* FROM {rows} "
        "ON CONFLICT (vehicle_id, type, number, ack, digest) "
        "DO UPDATE SET received = excluded.received",
    ),
    Put.NEW_ACKS: ArrayStatement(
        _ACKS, "INSERT INTO history_acks ({names}) SELECT r.* FROM {rows} ON CONFLICT DO NOTHING"
    ),
    Put.SEEN: ArrayStatement(
        {"memory": "bytea", "part": "int8", "block": "int8", "bits": "bytea"},
        "INSERT INTO seen_tokens ({names}) SELECT r.* FROM {rows} "
        "ON CONFLICT (memory, part, block) DO UPDATE SET bits = excluded.bits",
    ),
    Put.USES: ArrayStatement(
        {"memory": "bytea", "plain": "float8"},
        "INSERT INTO secret_uses ({names}) SELECT r.* FROM {rows} "
        "ON CONFLICT (memory) DO UPDATE SET plain = excluded.plain",
    ),
}

_FINDS: Final[dict[Find, ArrayStatement]] = {
    Find.LIVING: ArrayStatement(
        {"vehicle_id": "text"},
        "SELECT v.id FROM {rows} JOIN vehicles AS v ON v.id = r.vehicle_id WHERE v.deleted IS NULL",
    ),
    Find.COPIES: ArrayStatement(
        {
            "place": "int8",
            "vehicle_id": "text",
            "type": "text",
            "number": "int8",
            "ack": "int8",
            "digest": "bytea",
            "first": "float8",
            "last": "float8",
        },
        "SELECT r.place FROM {rows}, LATERAL (SELECT received FROM history_acks AS a "
        "WHERE a.vehicle_id = r.vehicle_id AND a.type = r.type AND a.number = r.number "
        "AND a.ack = r.ack AND a.digest = r.digest LIMIT 1) AS known "
        "WHERE known.received BETWEEN r.first AND r.last",
    ),
    Find.LATE_COPIES: ArrayStatement(
        {
            "place": "int8",
            "vehicle_id": "text",
            "type": "text",
            "number": "int8",
            "ack": "int8",
            "data": "bytea",
            "first": "int8",
            "last": "int8",
        },
        "SELECT r.place FROM {rows}, LATERAL "  # noqa: S608 (ours)
        "(SELECT 1 FROM (SELECT h.id, h.ack, h.data FROM history AS h "
        "WHERE h.vehicle_id = r.vehicle_id AND h.type = r.type "
        "AND h.time BETWEEN r.first AND r.last AND h.number = r.number "
        f"LIMIT {NEAR_LIMIT}) AS near WHERE near.ack = r.ack AND near.data = r.data AND near.id > "
        "coalesce((SELECT last_id FROM history_purges AS p WHERE p.vehicle_id = r.vehicle_id), 0) "
        "LIMIT 1) AS copy",
    ),
    Find.TYPES: ArrayStatement(
        {"vehicle_id": "text", "type": "text"},
        "SELECT r.* FROM {rows}, LATERAL (SELECT 1 FROM history_counts AS c "
        "WHERE c.vehicle_id = r.vehicle_id AND c.type = r.type LIMIT 1) AS known",
    ),
    Find.BLOCKS: ArrayStatement(
        {"memory": "bytea", "number": "int8"},
        "SELECT DISTINCT s.* FROM {rows} "  # noqa: S608 (a number)
        f"CROSS JOIN generate_series(0, {PARTS_LIMIT - 1}) AS parts(part), "
        "LATERAL (SELECT memory, part, block, bits FROM seen_tokens AS b "
        "WHERE b.memory = r.memory AND b.part = parts.part "
        "AND b.block = (r.number & ((1::int8 << parts.part) - 1)) LIMIT 1) AS s",
    ),
}

_HEARTBEAT: Final = "UPDATE server SET heartbeat = $1 WHERE id = $2"

_TYPES: Final = (
    "WITH RECURSIVE known (name) AS (SELECT min(type) FROM history_counts WHERE vehicle_id = $1 "
    "UNION ALL SELECT (SELECT min(type) FROM history_counts WHERE vehicle_id = $1 "
    "AND type > name) FROM known WHERE name IS NOT NULL) "
    "SELECT name FROM known WHERE name IS NOT NULL LIMIT $2"
)
_USE: Final = (
    "SELECT coalesce(sum(records), 0)::int8, coalesce(sum(bytes), 0)::int8 FROM history_counts "
    "WHERE vehicle_id = $1"
)
_USE_BY_TYPE: Final = (
    "SELECT type, sum(records)::int8, sum(bytes)::int8 FROM history_counts "
    "WHERE vehicle_id = $1 GROUP BY type"
)
_OLDEST: Final = (
    "SELECT id FROM history WHERE vehicle_id = $1 AND type = $2 AND id > "
    "coalesce((SELECT last_id FROM history_purges WHERE vehicle_id = $1), 0) "
    "ORDER BY time, number, id LIMIT $3"
)

DELETE_RECORDS: Final = (
    "WITH gone AS (DELETE FROM history WHERE id = ANY(ARRAY({chosen})) "  # noqa: S608 (ours)
    "RETURNING vehicle_id, type, number, octet_length(data) + octet_length(type) "
    f"+ octet_length(vehicle_id) + {RECORD_OVERHEAD} AS size), "
    "sums AS (SELECT vehicle_id, type, number, count(*) AS rows, sum(size) AS size FROM gone "
    "GROUP BY vehicle_id, type, number), "
    "counted AS (UPDATE history_counts AS c SET records = c.records - s.rows, "
    "bytes = c.bytes - s.size FROM sums AS s WHERE c.vehicle_id = s.vehicle_id "
    "AND c.type = s.type AND c.number = s.number) "
    "SELECT coalesce(sum(rows), 0)::int8, coalesce(sum(size), 0)::int8 FROM sums"
)
"""Deletes the records whose ids are ``chosen``, takes them off the counts, and tells both."""

NOTHING_LEFT: Final = "DELETE FROM history_counts WHERE records = 0"


class PostgresWriter(WriterConnection):
    """The writer's connection to a PostgreSQL database."""

    def __init__(self, connection: BlockingConnection) -> None:
        self._connection = connection

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See :meth:`WriterConnection.transaction`: it has the lock of those who write."""
        self._connection.execute(f"{BEGIN}; {write_lock(LOCK_TIMEOUT)}")
        try:
            yield
            self._connection.execute("COMMIT")
        except Exception:
            with suppress(Exception):  # a connection that broke is closed by who opened it
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """See :meth:`WriterConnection.savepoint`."""
        self._connection.execute("SAVEPOINT part")
        try:
            yield
        except Exception:
            with suppress(Exception):
                self._connection.execute("ROLLBACK TO part; RELEASE part")
            raise
        self._connection.execute("RELEASE part")

    def is_bad_row(self, error: Exception) -> bool:
        """See :meth:`WriterConnection.is_bad_row`."""
        return is_bad_row(error)

    def put(self, what: Put, rows: Iterable[Row]) -> int:
        """Write rows in one statement; return how many were written."""
        arrays = _arrays(_PUTS[what], rows)
        return self._connection.write(_PUTS[what].sql, *arrays) if arrays else 0

    def find(self, what: Find, rows: Iterable[Row]) -> set[Row]:
        """Return what is there of these rows."""
        arrays = _arrays(_FINDS[what], rows)
        found = self._connection.fetch(_FINDS[what].sql, *arrays) if arrays else ()
        return {tuple(row) for row in found}

    def beat(self, time: float) -> None:
        """Note that the server runs."""
        self._connection.fetch(_HEARTBEAT, time, SERVER_ROW)

    def use(self, vehicle_id: str) -> tuple[int, int]:
        """Return how many records a vehicle has, and their bytes."""
        ((records, size),) = self._connection.fetch(_USE, vehicle_id)
        return records, size

    def use_by_type(self, vehicle_id: str) -> list[tuple[str, int, int]]:
        """Return the same of each type."""
        return [tuple(row) for row in self._connection.fetch(_USE_BY_TYPE, vehicle_id)]

    def types(self, vehicle_id: str, limit: int) -> list[str]:
        """Return the types of a vehicle's records, each found by one look into the index."""
        return [name for (name,) in self._connection.fetch(_TYPES, vehicle_id, limit)]

    def drop_oldest(self, vehicle_id: str, name: str, rows: int) -> tuple[int, int]:
        """Delete a type's oldest records, and take them off the counts."""
        chosen = DELETE_RECORDS.format(chosen=_OLDEST)
        ((gone, size),) = self._connection.fetch(chosen, vehicle_id, name, rows)
        self._connection.execute(NOTHING_LEFT)
        return gone, size


def _arrays(statement: ArrayStatement, rows: Iterable[Row]) -> list[list[Any]]:
    """Return the rows as columns; nothing if there are none."""
    arrays = [list(values) for values in zip(*rows, strict=True)]
    for place in statement.texts if arrays else ():
        arrays[place] = [without_nul(text) for text in arrays[place]]
    return arrays
