"""What the writer asks of SQLite.

Rows are written many a statement, because ``executemany`` gives up the interpreter lock for each
row and starves beside a busy event loop.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from ovms.server.storage.history_batch import NEAR_LIMIT, RECORD_OVERHEAD
from ovms.server.storage.schema import SERVER_ROW
from ovms.server.storage.seen_filter import PARTS_LIMIT
from ovms.server.storage.sqlite.errors import is_bad_row
from ovms.server.storage.sqlite.expiry import NOTHING_LEFT, UNCOUNT
from ovms.server.storage.sqlite.statements import many, transaction
from ovms.server.storage.writer_connection import Find, Put, Row, WriterConnection

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager

ROWS_A_STATEMENT: Final = 150
"""Enough to hide what a statement costs, few enough for every SQLite's limit of 999 parameters."""

RECORDS_A_STATEMENT: Final = 400
"""Larger than for messages: a batch takes five kinds of statements, and each may have to wait for
the interpreter lock. SQLite takes 32766 parameters since 3.32."""

# {} takes the rows, whose columns SQLite calls column1, column2…; rows of vehicles that are gone
# are left out. (EXISTS, because IN would read all vehicles for every statement.)

_LIVES: Final = "WHERE EXISTS (SELECT 1 FROM vehicles WHERE id = column1 AND deleted IS NULL)"

_PUTS: Final = {
    Put.VOID: "DELETE FROM messages WHERE token <> '' AND vehicle_id IN "
    "(SELECT id FROM (VALUES {}) JOIN vehicles ON id = column1 WHERE paranoid_token <> column2)",
    Put.TOKENS: "UPDATE vehicles SET paranoid_token = column2 FROM (VALUES {}) "
    "WHERE id = column1 AND deleted IS NULL",
    Put.MESSAGES: "INSERT INTO messages (vehicle_id, code, data, time, token) "  # noqa: S608 (ours)
    f"SELECT * FROM (VALUES {{}}) {_LIVES} "
    "ON CONFLICT (vehicle_id, code) DO UPDATE "
    "SET data = excluded.data, time = excluded.time, token = excluded.token",
    Put.PRESENCE: "INSERT INTO presence (vehicle_id, car, apps, batch, heard) "  # noqa: S608 (ours)
    f"SELECT * FROM (VALUES {{}}) {_LIVES} "
    "ON CONFLICT (vehicle_id) DO UPDATE SET car = excluded.car, apps = excluded.apps, "
    "batch = excluded.batch, heard = coalesce(excluded.heard, heard)",
    Put.TRAFFIC: "INSERT INTO utilisation "  # noqa: S608 (ours)
    "(vehicle_id, day, car_received, car_sent, apps_received, apps_sent) "
    f"SELECT * FROM (VALUES {{}}) {_LIVES} "
    "ON CONFLICT (vehicle_id, day) DO UPDATE SET "
    "car_received = car_received + excluded.car_received, car_sent = car_sent + excluded.car_sent, "
    "apps_received = apps_received + excluded.apps_received, "
    "apps_sent = apps_sent + excluded.apps_sent",
    Put.PROVISIONS: "UPDATE provisions SET last_used = column2 FROM (VALUES {}) "
    "WHERE lookup = column1",
    Put.RECORDS: "INSERT INTO history (vehicle_id, type, number, time, expires, data, ack) "
    "VALUES {}",
    Put.COUNTS: "INSERT INTO history_counts (vehicle_id, type, number, records, bytes) VALUES {} "
    "ON CONFLICT (vehicle_id, type, number) DO UPDATE "
    "SET records = records + excluded.records, bytes = bytes + excluded.bytes",
    Put.ACKS: "INSERT INTO history_acks (vehicle_id, type, number, ack, digest, received) "
    "VALUES {} ON CONFLICT (vehicle_id, type, number, ack, digest) "
    "DO UPDATE SET received = excluded.received",
    Put.NEW_ACKS: "INSERT INTO history_acks (vehicle_id, type, number, ack, digest, received) "
    "VALUES {} ON CONFLICT DO NOTHING",
    Put.SEEN: "INSERT INTO seen_tokens (memory, part, block, bits) VALUES {} "
    "ON CONFLICT (memory, part, block) DO UPDATE SET bits = excluded.bits",
    Put.USES: "INSERT INTO secret_uses (memory, plain) VALUES {} "
    "ON CONFLICT (memory) DO UPDATE SET plain = excluded.plain",
}

_PARTS: Final = ",".join(f"({part})" for part in range(PARTS_LIMIT))

_FINDS: Final = {
    Find.LIVING: "SELECT id FROM (VALUES {}) CROSS JOIN vehicles ON id = column1 "
    "WHERE deleted IS NULL",
    Find.COPIES: "SELECT column1 FROM (VALUES {}) CROSS JOIN history_acks "
    "ON vehicle_id = column2 AND type = column3 AND number = column4 AND ack = column5 "
    "AND digest = column6 WHERE received BETWEEN column7 AND column8",
    Find.LATE_COPIES: "SELECT column1 FROM (VALUES {}) WHERE EXISTS "  # noqa: S608 (ours)
    "(SELECT 1 FROM (SELECT id, ack, data FROM history WHERE vehicle_id = column2 "
    "AND type = column3 AND number = column4 AND time BETWEEN column7 AND column8 "
    f"LIMIT {NEAR_LIMIT}) AS near WHERE ack = column5 AND data = column6 AND id > "
    "coalesce((SELECT last_id FROM history_purges WHERE vehicle_id = column2), 0))",
    Find.TYPES: "SELECT column1, column2 FROM (VALUES {}) WHERE EXISTS "
    "(SELECT 1 FROM history_counts WHERE vehicle_id = column1 AND type = column2)",
    Find.BLOCKS: f"WITH parts (part) AS (VALUES {_PARTS}) "  # noqa: S608 (numbers)
    "SELECT DISTINCT s.memory, s.part, s.block, s.bits "
    "FROM (VALUES {}) AS t CROSS JOIN parts CROSS JOIN seen_tokens AS s "
    "ON s.memory = t.column1 AND s.part = parts.part "
    "AND s.block = (t.column2 & ((1 << parts.part) - 1))",
}

_RECORDS: Final = frozenset(
    (Put.RECORDS, Put.COUNTS, Put.ACKS, Put.NEW_ACKS,
     Find.LIVING, Find.COPIES, Find.LATE_COPIES, Find.TYPES)
)  # fmt: skip

_HEARTBEAT: Final = "UPDATE server SET heartbeat = ? WHERE id = ?"

_TYPES: Final = (
    "WITH RECURSIVE known (name) AS (SELECT min(type) FROM history_counts WHERE vehicle_id = ?1 "
    "UNION ALL SELECT (SELECT min(type) FROM history_counts WHERE vehicle_id = ?1 "
    "AND type > name) FROM known WHERE name IS NOT NULL) "
    "SELECT name FROM known WHERE name IS NOT NULL LIMIT ?2"
)
_USE: Final = (
    "SELECT coalesce(sum(records), 0), coalesce(sum(bytes), 0) FROM history_counts "
    "WHERE vehicle_id = ?"
)
_USE_BY_TYPE: Final = (
    "SELECT type, sum(records), sum(bytes) FROM history_counts WHERE vehicle_id = ? GROUP BY type"
)
_OLDEST: Final = (
    "SELECT * FROM history WHERE vehicle_id = :vehicle AND type = :type AND id > "
    "coalesce((SELECT last_id FROM history_purges WHERE vehicle_id = :vehicle), 0) "
    "ORDER BY time, number, id LIMIT :rows"
)
_SIZE: Final = (
    "SELECT count(*), coalesce(sum(length(data) + length(CAST(type AS BLOB)) "  # noqa: S608 (ours)
    f"+ length(CAST(vehicle_id AS BLOB)) + :overhead), 0) FROM ({_OLDEST})"
)
_UNCOUNT_OLDEST: Final = UNCOUNT.format(_OLDEST)
_DROP: Final = f"DELETE FROM history WHERE id IN (SELECT id FROM ({_OLDEST}))"  # noqa: S608 (ours)


class SqliteWriter(WriterConnection):
    """The driver's own connection to a SQLite file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def transaction(self) -> AbstractContextManager[None]:
        """See :meth:`WriterConnection.transaction`: it has the write lock from its beginning."""
        return transaction(self._connection)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """See :meth:`WriterConnection.savepoint`."""
        self._connection.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:  # the disk's errors end it
                self._connection.execute("ROLLBACK TO part")
            raise
        finally:
            if self._connection.in_transaction:
                self._connection.execute("RELEASE part")

    def is_bad_row(self, error: Exception) -> bool:
        """See :meth:`WriterConnection.is_bad_row`."""
        return is_bad_row(error)

    def put(self, what: Put, rows: Iterable[Row]) -> int:
        """Write rows, many a statement; return how many were written."""
        return sum(
            self._connection.execute(statement, parameters).rowcount
            for statement, parameters in many(_PUTS[what], rows, _limit(what))
        )

    def find(self, what: Find, rows: Iterable[Row]) -> set[Row]:
        """Return what is there of these rows."""
        found: set[Row] = set()
        for statement, parameters in many(_FINDS[what], rows, _limit(what)):
            found.update(self._connection.execute(statement, parameters))
        return found

    def beat(self, time: float) -> None:
        """Note that the server runs."""
        self._connection.execute(_HEARTBEAT, (time, SERVER_ROW))

    def use(self, vehicle_id: str) -> tuple[int, int]:
        """Return how many records a vehicle has, and their bytes."""
        records, size = self._connection.execute(_USE, (vehicle_id,)).fetchone()
        return records, size

    def use_by_type(self, vehicle_id: str) -> list[tuple[str, int, int]]:
        """Return the same of each type."""
        return self._connection.execute(_USE_BY_TYPE, (vehicle_id,)).fetchall()

    def types(self, vehicle_id: str, limit: int) -> list[str]:
        """Return the types of a vehicle's records, each found by one look into the index."""
        return [name for (name,) in self._connection.execute(_TYPES, (vehicle_id, limit))]

    def drop_oldest(self, vehicle_id: str, name: str, rows: int) -> tuple[int, int]:
        """Delete a type's oldest records, and take them off the counts."""
        chosen = {"vehicle": vehicle_id, "type": name, "rows": rows, "overhead": RECORD_OVERHEAD}
        records, size = self._connection.execute(_SIZE, chosen).fetchone()
        self._connection.execute(_UNCOUNT_OLDEST, chosen)
        self._connection.execute(NOTHING_LEFT)
        self._connection.execute(_DROP, chosen)
        return records, size


def _limit(what: Put | Find) -> int:
    return RECORDS_A_STATEMENT if what in _RECORDS else ROWS_A_STATEMENT
