"""The records that gather between two commits, and how they are written.

A car sends a record again until it is acknowledged, the time difference computed anew. The same
vehicle, acknowledgement code, type, number and data within :data:`COPY_WINDOW` of the copy before
is the same record: it is stored once, with the time of its first copy, and everybody who asked is
told. The counters are kept in the transaction that stores the records.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from ovms.protocol.records.record import legible
from ovms.store.statements import many

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    from ovms.store.records import KeptRecord

COPY_WINDOW: Final = 600.0
"""Seconds after a copy in which the next one is the same record."""

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
    "SELECT vehicle_id, type, number, ack, digest FROM (VALUES {}) CROSS JOIN history_acks "
    "ON vehicle_id = column1 AND type = column2 AND number = column3 AND ack = column4 "
    "AND digest = column5 WHERE received BETWEEN column6 - column7 AND column6 + column7"
)
_ACKS: Final = (
    "INSERT INTO history_acks (vehicle_id, type, number, ack, digest, received) VALUES {} "
    "ON CONFLICT (vehicle_id, type, number, ack, digest) DO UPDATE SET received = excluded.received"
)
_RECORDS: Final = "INSERT INTO history (vehicle_id, type, number, time, expires, data) VALUES {}"
_COUNTS: Final = (
    "INSERT INTO history_counts (vehicle_id, type, number, records, bytes) VALUES {} "
    "ON CONFLICT (vehicle_id, type, number) DO UPDATE "
    "SET records = records + excluded.records, bytes = bytes + excluded.bytes"
)

OnSaved = Callable[[], object]
Key = tuple[object, ...]

_numbers = count()


@dataclass(slots=True)
class Waiting:
    """A record that waits to be written, when its last copy came, and whom to tell."""

    record: KeptRecord
    received: float
    saved: list[OnSaved]


@dataclass(slots=True)
class HistoryBatch:
    """Records by vehicle and by what makes two of them the same; ``size`` is their memory."""

    records: dict[str, dict[Key, Waiting]] = field(default_factory=dict)
    size: int = 0

    def __len__(self) -> int:
        """Count the records."""
        return sum(map(len, self.records.values()))

    def put(self, vehicle_id: str, record: KeptRecord, on_saved: OnSaved | None) -> None:
        """Take a record. A type that is not UTF-8 is read as Latin-1."""
        if not record.type.isascii():
            record = replace(record, type=legible(record.type))
        saved = [] if on_saved is None else [on_saved]
        self._add(vehicle_id, _key(record), Waiting(record, record.received, saved))

    def over(self, older: HistoryBatch) -> HistoryBatch:
        """Give both in one, and change neither."""
        both = HistoryBatch()
        for part in (older, self):
            for vehicle_id, records in part.records.items():
                for key, waiting in records.items():
                    both._add(vehicle_id, key, waiting)
        return both

    def singles(self) -> Iterator[HistoryBatch]:
        """Give each record in a batch of its own."""
        for vehicle_id, records in self.records.items():
            for key, waiting in records.items():
                yield HistoryBatch({vehicle_id: {key: waiting}})

    def saved(self) -> Iterator[OnSaved]:
        """Give everybody who asked to be told."""
        for records in self.records.values():
            for waiting in records.values():
                yield from waiting.saved

    def _add(self, vehicle_id: str, key: Key, waiting: Waiting) -> None:
        records = self.records.setdefault(vehicle_id, {})
        first = records.get(key)
        if first is None:
            records[key] = waiting
            self.size += RECORD_COST + len(waiting.record.data)
        else:
            saved = first.saved + waiting.saved
            records[key] = Waiting(first.record, waiting.received, saved)
        self.size += COPY_COST * len(waiting.saved)


def _key(record: KeptRecord) -> Key:
    if record.ack is None:
        return (next(_numbers),)
    return record.ack, record.type, record.number, record.data


def write_history(connection: sqlite3.Connection, batch: HistoryBatch) -> None:
    """Store a batch inside a transaction; records of vehicles that are gone are left out."""
    living = _fetch(connection, _LIVING, ((vehicle_id,) for vehicle_id in batch.records))
    waiting = [(id_, each) for (id_,) in living for each in batch.records[id_].values()]
    acked = {_ack_key(*each): each for each in waiting if each[1].record.ack is not None}
    checks = ((*key, each.record.received, COPY_WINDOW) for key, (_, each) in acked.items())
    copies = {id(acked[key][1]) for key in _fetch(connection, _KNOWN, checks)}
    new = [(id_, each.record) for id_, each in waiting if id(each) not in copies]
    _execute(connection, _RECORDS, (_row(*each) for each in new))
    _execute(connection, _COUNTS, _counts(new))
    _execute(connection, _ACKS, ((*key, each.received) for key, (_, each) in acked.items()))


def _ack_key(vehicle_id: str, waiting: Waiting) -> tuple[Any, ...]:
    """Give what makes two acknowledged records the same."""
    record = waiting.record
    digest = blake2b(record.data, digest_size=16).digest()
    return vehicle_id, record.type, record.number, record.ack, digest


def _row(vehicle_id: str, record: KeptRecord) -> tuple[Any, ...]:
    return vehicle_id, record.type, record.number, record.time, record.expires, record.data


def _counts(new: Iterable[tuple[str, KeptRecord]]) -> list[tuple[Any, ...]]:
    """Count records and bytes by vehicle, type and number."""
    sums: dict[tuple[str, str, int], tuple[int, int]] = {}
    for vehicle_id, record in new:
        key = vehicle_id, record.type, record.number
        records, size = sums.get(key, (0, 0))
        sums[key] = records + 1, size + record_size(vehicle_id, record)
    return [(*key, *values) for key, values in sums.items()]


def record_size(vehicle_id: str, record: KeptRecord) -> int:
    """Give what a record counts, in bytes."""
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
