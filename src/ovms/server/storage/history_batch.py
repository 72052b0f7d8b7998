"""The records that gather between two commits, and how they are written.

A car sends a record again until it is acknowledged, the time difference computed anew. The same
vehicle, acknowledgement code, type, number and data is the same record if it comes within
:data:`COPY_WINDOW` of the copy before, or if it was made at the same time, give or take
:data:`TIME_TOLERANCE`, however late it comes while the record is in the history. It is stored once,
with the time of its first copy, and everybody who asked is told. The counters are kept in the
transaction that stores the records.

A copy that comes later than the window says by its time that it is old. So only old records are
looked for in the history; to all others that costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from ovms.protocol.records.record import legible
from ovms.server.storage.statements import many

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    from ovms.server.values import KeptRecord

COPY_WINDOW: Final = 600.0
"""Seconds after a copy in which the next one is the same record."""

TIME_TOLERANCE: Final = 120
"""Seconds by which the times of two copies may differ.

A copy's time is wrong by what it waited on its way, and TCP waits so long between two tries.
"""

NEAR_LIMIT: Final = 1200
"""Records of nearly the same time among which a late copy is looked for.

As many as a car sends, five a second, in twice the tolerance. Whoever gives more of them one time
does not hold the writer up: past the limit a copy may be stored again, and nothing is lost.
"""

RECORD_OVERHEAD: Final = 20
"""Bytes that a record counts beside type, data and vehicle id; the field's number."""

RECORD_COST: Final = 800
"""Bytes of memory that a waiting record takes beside its data, about."""

COPY_COST: Final = 200
"""Bytes of memory that a copy of a waiting record takes, about: whom to tell."""

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

OnSaved = Callable[[], object]
Key = tuple[object, ...]
AckKey = tuple[str, str, int, int | None, bytes]

_numbers = count()


@dataclass(slots=True)
class WaitingRecord:
    """A record that waits to be written, when its last copy came, and whom to tell."""

    record: KeptRecord
    received: float
    saved: list[OnSaved]

    @property
    def window(self) -> tuple[float, float]:
        """From when to when the copy before may have come."""
        return self.record.received - COPY_WINDOW, self.received + COPY_WINDOW

    @property
    def times(self) -> tuple[int, int]:
        """From when to when a copy says that it was made."""
        return self.record.time - TIME_TOLERANCE, self.record.time + TIME_TOLERANCE

    @property
    def is_late(self) -> bool:
        """Whether it is old enough to be a copy of one that came before the window."""
        return self.record.received - self.record.time > COPY_WINDOW - TIME_TOLERANCE

    def is_followed_by(self, later: WaitingRecord) -> bool:
        """Whether one that is alike in all but its time is the same record."""
        first, last = self.times
        is_soon = abs(later.record.received - self.received) <= COPY_WINDOW
        return is_soon or first <= later.record.time <= last


Acked = tuple[int, AckKey, WaitingRecord]


@dataclass(slots=True)
class HistoryBatch:
    """Records by vehicle and by what makes two of them the same; ``size`` is their memory."""

    records: dict[str, dict[Key, WaitingRecord]] = field(default_factory=dict)
    size: int = 0

    def __len__(self) -> int:
        """Count the records."""
        return sum(map(len, self.records.values()))

    def put(self, vehicle_id: str, record: KeptRecord, on_saved: OnSaved | None) -> None:
        """Take a record. A type that is not UTF-8 is read as Latin-1."""
        if not record.type.isascii():
            record = replace(record, type=legible(record.type))
        saved = [] if on_saved is None else [on_saved]
        self._add(vehicle_id, WaitingRecord(record, record.received, saved))

    def over(self, older: HistoryBatch) -> HistoryBatch:
        """Return both in one, and change neither."""
        both = HistoryBatch()
        for part in (older, self):
            for vehicle_id, records in part.records.items():
                for waiting in records.values():
                    both._add(vehicle_id, waiting)
        return both

    def singles(self) -> Iterator[HistoryBatch]:
        """Yield each record in a batch of its own."""
        for vehicle_id, records in self.records.items():
            for key, waiting in records.items():
                yield HistoryBatch({vehicle_id: {key: waiting}})

    def saved(self) -> Iterator[OnSaved]:
        """Yield everybody who asked to be told."""
        for records in self.records.values():
            for waiting in records.values():
                yield from waiting.saved

    def _add(self, vehicle_id: str, waiting: WaitingRecord) -> None:
        records = self.records.setdefault(vehicle_id, {})
        key = _key(waiting.record)
        first = records.get(key)
        while first is not None and not first.is_followed_by(waiting):
            key = (key,)  # alike in all but its time: one more at most each ten minutes
            first = records.get(key)
        if first is None:
            records[key] = waiting
            self.size += RECORD_COST + len(waiting.record.data)
        else:
            saved = first.saved + waiting.saved
            records[key] = WaitingRecord(first.record, waiting.received, saved)
        self.size += COPY_COST * len(waiting.saved)


def _key(record: KeptRecord) -> Key:
    if record.ack is None:
        return (next(_numbers),)
    return record.ack, record.type, record.number, record.data


def write_history(connection: sqlite3.Connection, batch: HistoryBatch) -> None:
    """Store a batch inside a transaction; records of vehicles that are gone are left out."""
    living = _fetch(connection, _LIVING, ((vehicle_id,) for vehicle_id in batch.records))
    waiting = [(id_, each) for (id_,) in living for each in batch.records[id_].values()]
    acked = [*_acked(waiting)]
    copies = _copies(connection, acked)
    new = [(id_, each.record) for place, (id_, each) in enumerate(waiting) if place not in copies]
    received = {key: each.received for _, key, each in acked}
    _execute(connection, _RECORDS, (_row(*each) for each in new))
    _execute(connection, _COUNTS, _counts(new))
    _execute(connection, _ACKS, ((*key, last) for key, last in received.items()))


def _acked(waiting: list[tuple[str, WaitingRecord]]) -> Iterator[Acked]:
    """Yield those that are acknowledged: place, key, and what waits."""
    for place, (vehicle_id, each) in enumerate(waiting):
        if each.record.ack is not None:
            yield place, _ack_key(vehicle_id, each.record), each


def _copies(connection: sqlite3.Connection, acked: list[Acked]) -> set[int]:
    """Return the places of those that are stored already."""
    known = ((place, *key, *each.window) for place, key, each in acked)
    copies = _fetch(connection, _KNOWN, known)
    late = (
        (place, *key[:4], each.record.data, *each.times)
        for place, key, each in acked
        if each.is_late and (place,) not in copies
    )
    copies |= _fetch(connection, _STORED, late)
    return {place for (place,) in copies}


def _ack_key(vehicle_id: str, record: KeptRecord) -> AckKey:
    """Return in what two acknowledged records are alike that may be the same."""
    digest = blake2b(record.data, digest_size=16).digest()
    return vehicle_id, record.type, record.number, record.ack, digest


def _row(vehicle_id: str, record: KeptRecord) -> tuple[Any, ...]:
    head = vehicle_id, record.type, record.number
    return *head, record.time, record.expires, record.data, record.ack


def _counts(new: Iterable[tuple[str, KeptRecord]]) -> list[tuple[Any, ...]]:
    """Count records and bytes by vehicle, type and number."""
    sums: dict[tuple[str, str, int], tuple[int, int]] = {}
    for vehicle_id, record in new:
        key = vehicle_id, record.type, record.number
        records, size = sums.get(key, (0, 0))
        sums[key] = records + 1, size + record_size(vehicle_id, record)
    return [(*key, *values) for key, values in sums.items()]


def record_size(vehicle_id: str, record: KeptRecord) -> int:
    """Return what a record counts, in bytes."""
    words = len(vehicle_id.encode()) + len(record.type.encode())
    return words + len(record.data) + RECORD_OVERHEAD


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
