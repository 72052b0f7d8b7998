"""What gathers between two commits, and how it is written.

Rows are coalesced by their key as they come, the latest wins: a car that sends ``S`` three times in
ten milliseconds costs one row. Traffic is added up, and records of the history are all kept, see
:mod:`ovms.server.storage.history_batch`. All are written many a statement, because ``executemany``
gives up the interpreter lock for each row and starves beside a busy event loop. The SQL is
SQLite's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ovms.server.storage.history_batch import HistoryBatch, write_history
from ovms.server.storage.schema import SERVER_ROW
from ovms.server.storage.statements import ROWS_A_STATEMENT, many, transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from ovms.server.values import LatestMessage, Traffic

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
    "UPDATE provisions SET last_used = column2 FROM (VALUES {}) WHERE key = column1"
)
_HEARTBEAT: Final = "UPDATE server SET heartbeat = ? WHERE id = ?"

Presence = tuple[bool, int, int, float | None]
"""Car connected, apps, batch clients, when the car was heard."""


@dataclass(slots=True)
class Batch:
    """Rows by key, and whom to tell when they are durable."""

    messages: dict[str, dict[str, LatestMessage]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    presence: dict[str, Presence] = field(default_factory=dict)
    traffic: dict[str, dict[str, Traffic]] = field(default_factory=dict)
    history: HistoryBatch = field(default_factory=HistoryBatch)
    provisions: dict[str, float] = field(default_factory=dict)
    heartbeat: float | None = None
    saved: list[Callable[[], object]] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        rows = self.messages or self.tokens or self.presence or self.traffic or self.history
        return bool(rows or self.provisions or self.heartbeat is not None or self.saved)

    def rows(self) -> int:
        """Count the rows; the heartbeat is left out, for nobody misses it."""
        messages = sum(map(len, self.messages.values()))
        messages += sum(map(len, self.traffic.values()))
        keyed = len(self.tokens) + len(self.presence) + len(self.provisions)
        return messages + keyed + len(self.history)

    def over(self, older: Batch) -> Batch:
        """Return both in one, and change neither; where both have a key, this batch's row.

        Traffic is added, and a record that is in both is the same one.
        """
        before = {
            vehicle_id: {
                code: message
                for code, message in codes.items()
                if vehicle_id not in self.tokens or message.counts(self.tokens[vehicle_id])
            }
            for vehicle_id, codes in older.messages.items()
        }
        both = {
            vehicle_id: before.get(vehicle_id, {}) | codes
            for vehicle_id, codes in self.messages.items()
        }
        batch = Batch(before | both, older.tokens | self.tokens, dict(older.presence))
        for vehicle_id, values in self.presence.items():
            batch.put_presence(vehicle_id, values)
        for part in (older, self):
            for vehicle_id, days in part.traffic.items():
                for day, traffic in days.items():
                    batch.put_traffic(vehicle_id, day, traffic)
        batch.history = self.history.over(older.history)
        batch.provisions = older.provisions | self.provisions
        batch.heartbeat = self.heartbeat if self.heartbeat is not None else older.heartbeat
        batch.saved = older.saved + self.saved
        return batch

    def put_token(self, vehicle_id: str, token: str) -> None:
        """Take a paranoid token; another one voids what was sealed before."""
        self.tokens[vehicle_id] = token
        codes = self.messages.get(vehicle_id, {})
        self.messages[vehicle_id] = {c: kept for c, kept in codes.items() if kept.counts(token)}

    def put_presence(self, vehicle_id: str, values: Presence) -> None:
        """Take a vehicle's presence; without a time it keeps the one that is there."""
        if values[3] is None and vehicle_id in self.presence:
            values = (*values[:3], self.presence[vehicle_id][3])
        self.presence[vehicle_id] = values

    def put_traffic(self, vehicle_id: str, day: str, traffic: Traffic) -> None:
        """Add to a vehicle's traffic of a day."""
        days = self.traffic.setdefault(vehicle_id, {})
        one, two, three, four = days.get(day, (0, 0, 0, 0))
        days[day] = one + traffic[0], two + traffic[1], three + traffic[2], four + traffic[3]


def write(connection: sqlite3.Connection, batch: Batch) -> None:
    """Commit a batch in one transaction. On an error nothing of it is written."""
    with transaction(connection):
        for sql, parameters in _statements(batch, ROWS_A_STATEMENT):
            connection.execute(sql, parameters)
        write_history(connection, batch.history)


def write_singly(
    connection: sqlite3.Connection, batch: Batch, bad: tuple[type[Exception], ...]
) -> int:
    """Commit a batch row by row, without those rows that raise ``bad``; returns how many."""
    lost = 0
    with transaction(connection):
        for sql, parameters in _statements(batch, 1):
            try:
                connection.execute(sql, parameters)
            except bad:
                lost += 1
        for record in batch.history.singles():
            lost += not _try_history(connection, record, bad)
    return lost


def _try_history(
    connection: sqlite3.Connection, record: HistoryBatch, bad: tuple[type[Exception], ...]
) -> bool:
    """Store a record, all of it or nothing; returns whether it could be."""
    connection.execute("SAVEPOINT record")
    try:
        write_history(connection, record)
    except bad:
        connection.execute("ROLLBACK TO record")
        return False
    finally:
        if connection.in_transaction:
            connection.execute("RELEASE record")
    return True


def _statements(batch: Batch, rows: int) -> Iterator[tuple[str, list[Any]]]:
    yield from many(_VOID, batch.tokens.items(), rows)
    yield from many(_TOKENS, batch.tokens.items(), rows)
    yield from many(_MESSAGES, _message_rows(batch), rows)
    yield from many(_PRESENCE, ((key, *value) for key, value in batch.presence.items()), rows)
    yield from many(_TRAFFIC, _traffic_rows(batch), rows)
    yield from many(_PROVISIONS, batch.provisions.items(), rows)
    if batch.heartbeat is not None:
        yield _HEARTBEAT, [batch.heartbeat, SERVER_ROW]


def _traffic_rows(batch: Batch) -> Iterator[tuple[Any, ...]]:
    for vehicle_id, days in batch.traffic.items():
        for day, traffic in days.items():
            yield vehicle_id, day, *traffic


def _message_rows(batch: Batch) -> Iterator[tuple[Any, ...]]:
    for vehicle_id, codes in batch.messages.items():
        for message in codes.values():
            yield vehicle_id, message.code, message.data, message.time, message.token
