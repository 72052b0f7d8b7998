"""What gathers between two commits, and how it is written.

Rows are coalesced by their key as they come, the latest wins: a car that sends ``S`` three times in
ten milliseconds costs one row. They are written many a statement, because ``executemany`` gives up
the interpreter lock for each row and starves beside a busy event loop. The SQL is SQLite's.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ovms.store.schema import SERVER_ROW

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator

    from ovms.store.records import LatestMessage

ROWS_A_STATEMENT: Final = 150
"""Enough to hide what a statement costs, few enough for every SQLite's limit of 999 parameters."""

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
_BEAT: Final = "UPDATE server SET heartbeat = ? WHERE id = ?"

Presence = tuple[bool, int, int, float | None]
"""Car connected, apps, batch clients, when the car was heard."""


@dataclass(slots=True)
class Batch:
    """Rows by key, and whom to tell when they are durable."""

    messages: dict[str, dict[str, LatestMessage]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    presence: dict[str, Presence] = field(default_factory=dict)
    beat: float | None = None
    saved: list[Callable[[], object]] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(
            self.messages or self.tokens or self.presence or self.beat is not None or self.saved
        )

    def rows(self) -> int:
        """Count the rows, the heartbeat left out: nobody misses it."""
        messages = sum(map(len, self.messages.values()))
        return messages + len(self.tokens) + len(self.presence)

    def over(self, older: Batch) -> Batch:
        """Give both in one, and change neither; where both have a key, this batch's row."""
        both = {
            vehicle_id: older.messages.get(vehicle_id, {}) | codes
            for vehicle_id, codes in self.messages.items()
        }
        batch = Batch(older.messages | both, older.tokens | self.tokens, dict(older.presence))
        for vehicle_id, values in self.presence.items():
            batch.put_presence(vehicle_id, values)
        batch.beat = self.beat if self.beat is not None else older.beat
        batch.saved = older.saved + self.saved
        return batch

    def put_presence(self, vehicle_id: str, values: Presence) -> None:
        """Take a vehicle's presence; without a time it keeps the one that is there."""
        if values[3] is None and vehicle_id in self.presence:
            values = (*values[:3], self.presence[vehicle_id][3])
        self.presence[vehicle_id] = values


def write(connection: sqlite3.Connection, batch: Batch) -> None:
    """Commit a batch in one transaction. On an error nothing of it is written."""
    with _transaction(connection):
        for sql, parameters in _statements(batch, ROWS_A_STATEMENT):
            connection.execute(sql, parameters)


def write_singly(
    connection: sqlite3.Connection, batch: Batch, bad: tuple[type[Exception], ...]
) -> int:
    """Commit a batch row by row, without those rows that raise ``bad``; gives how many."""
    lost = 0
    with _transaction(connection):
        for sql, parameters in _statements(batch, 1):
            try:
                connection.execute(sql, parameters)
            except bad:
                lost += 1
    return lost


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _statements(batch: Batch, rows: int) -> Iterator[tuple[str, list[Any]]]:
    yield from _many(_TOKENS, batch.tokens.items(), rows)
    yield from _many(_MESSAGES, _message_rows(batch), rows)
    yield from _many(_PRESENCE, ((key, *value) for key, value in batch.presence.items()), rows)
    if batch.beat is not None:
        yield _BEAT, [batch.beat, SERVER_ROW]


def _message_rows(batch: Batch) -> Iterator[tuple[Any, ...]]:
    for vehicle_id, codes in batch.messages.items():
        for message in codes.values():
            yield vehicle_id, message.code, message.data, message.time, message.token


def _many(sql: str, rows: Iterable[tuple[Any, ...]], limit: int) -> Iterator[tuple[str, list[Any]]]:
    rows = iter(rows)
    while chunk := list(islice(rows, limit)):
        place = "(" + ",".join("?" * len(chunk[0])) + ")"
        values = ",".join([place] * len(chunk))
        yield sql.format(values), [value for row in chunk for value in row]
