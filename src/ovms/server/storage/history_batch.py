"""The records that gather between two commits, and which of them are the same.

A car sends a record again until it is acknowledged, the time difference computed anew. The same
vehicle, acknowledgement code, type, number and data is the same record if it comes within
:data:`COPY_WINDOW` of the copy before, or if it was made at the same time, give or take
:data:`TIME_TOLERANCE`, however late it comes while the record is in the history. It is stored once,
with the time of its first copy, and each copy's callback is called. The counters are kept in the
transaction that stores the records.

A copy that comes later than the window has an old time. So only records with an old time are looked
for in the history; the others cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import count, islice
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from ovms.protocol.records.record import legible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ovms.server.values import KeptRecord

COPY_WINDOW: Final = 600.0
"""Seconds after a copy in which the next one is the same record."""

TIME_TOLERANCE: Final = 120
"""Seconds by which the times of two copies may differ.

A copy's time is wrong by what it waited on its way, and TCP waits so long between two tries.
"""

NEAR_LIMIT: Final = 300
"""Records of nearly the same time among which a late copy is looked for.

More than one a second in twice the tolerance: no car sends more of one type and number. Each late
record costs up to 0.4 ms of the writer, for which others' acknowledgements wait. Past the limit a
copy may be stored again, and nothing is lost.
"""

RECORD_OVERHEAD: Final = 20
"""Bytes that a record counts beside type, data and vehicle id; the field's number."""

RECORD_COST: Final = 800
"""Bytes of memory that a waiting record takes beside its data, about."""

COPY_COST: Final = 200
"""Bytes of memory that a copy of a waiting record takes, about: its callback."""

OnSaved = Callable[[], Callable[[], None] | None]
"""Called once a record is durable; what it returns is called once behind the others."""
Key = tuple[object, ...]
AckKey = tuple[str, str, int, int | None, bytes]

Counts = dict[tuple[str, str, int], tuple[int, int]]
"""Records and bytes of each vehicle, type and number."""

_numbers = count()


class WaitingRecord(Struct, gc=False):
    """A record that waits to be written, when its last copy came, and the callbacks.

    It is let go once it is written: the garbage collector need not look at thousands that wait.
    """

    record: KeptRecord
    received: float
    saved: tuple[OnSaved, ...]

    @property
    def window(self) -> tuple[float, float]:
        """The first and last time at which the copy before may have come."""
        return self.record.received - COPY_WINDOW, self.received + COPY_WINDOW

    @property
    def times(self) -> tuple[int, int]:
        """The first and last time that a copy may give for when it was made."""
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
    """Records by vehicle and by what makes two of them the same."""

    records: dict[str, dict[Key, WaitingRecord]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    """The memory that each vehicle's take."""

    size: int = 0
    """The memory that all of them take."""

    def __len__(self) -> int:
        """Count the records."""
        return sum(map(len, self.records.values()))

    def put(self, vehicle_id: str, record: KeptRecord, on_saved: OnSaved | None) -> None:
        """Put a record. A type that is not UTF-8 is read as Latin-1."""
        if not record.type.isascii():
            record = replace(record, type=legible(record.type))
        saved = () if on_saved is None else (on_saved,)
        self._add(vehicle_id, WaitingRecord(record, record.received, saved))

    def over(self, older: HistoryBatch) -> HistoryBatch:
        """Return both in one, and change neither."""
        both = HistoryBatch()
        for part in (older, self):
            for vehicle_id, records in part.records.items():
                for waiting in records.values():
                    both._add(vehicle_id, waiting)
        return both

    def take(self, limit: int) -> HistoryBatch:
        """Remove up to so many records, each vehicle's oldest first, and return them."""
        taken = HistoryBatch()
        for vehicle_id in list(self.records):
            records = self.records[vehicle_id]
            for key in list(islice(records, limit)):
                taken._add(vehicle_id, records.pop(key))
                limit -= 1
            self.sizes[vehicle_id] -= taken.sizes.get(vehicle_id, 0)
            if not records:
                del self.records[vehicle_id], self.sizes[vehicle_id]
            if not limit:
                break
        self.size -= taken.size
        return taken

    def singles(self) -> Iterator[HistoryBatch]:
        """Yield each record in a batch of its own."""
        for vehicle_id, records in self.records.items():
            for key, waiting in records.items():
                yield HistoryBatch({vehicle_id: {key: waiting}})

    def saved(self) -> Iterator[OnSaved]:
        """Yield the callbacks of all records."""
        for records in self.records.values():
            for waiting in records.values():
                yield from waiting.saved

    def _add(self, vehicle_id: str, waiting: WaitingRecord) -> None:
        records = self.records.get(vehicle_id)
        if records is None:
            records = self.records[vehicle_id] = {}
            self.sizes[vehicle_id] = 0
        key = _key(waiting.record)
        first = records.get(key)
        while first is not None and not first.is_followed_by(waiting):
            key = (key,)  # alike in all but its time: one more at most each ten minutes
            first = records.get(key)
        size = COPY_COST * len(waiting.saved)
        if first is None:
            records[key] = waiting
            size += RECORD_COST + len(waiting.record.data)
        else:
            saved = first.saved + waiting.saved
            records[key] = WaitingRecord(first.record, waiting.received, saved)
        self.sizes[vehicle_id] += size
        self.size += size


def _key(record: KeptRecord) -> Key:
    if record.ack is None:
        return (next(_numbers),)
    return record.ack, record.type, record.number, record.data


def acknowledged(waiting: Iterable[tuple[str, WaitingRecord]]) -> list[Acked]:
    """Return the records that a car waits for: place, key, record."""
    return [
        (place, _ack_key(vehicle_id, each.record), each)
        for place, (vehicle_id, each) in enumerate(waiting)
        if each.record.ack is not None
    ]


def _ack_key(vehicle_id: str, record: KeptRecord) -> AckKey:
    """Return what is equal in two acknowledged records that may be the same."""
    digest = blake2b(record.data, digest_size=16).digest()
    return vehicle_id, record.type, record.number, record.ack, digest


def record_row(vehicle_id: str, record: KeptRecord) -> tuple[Any, ...]:
    """Return vehicle id, type, number, time, end, data and acknowledgement code."""
    return (
        vehicle_id, record.type, record.number, record.time, record.expires, record.data, record.ack
    )  # fmt: skip


def counts(new: Iterable[tuple[str, KeptRecord]]) -> Counts:
    """Count records and bytes by vehicle, type and number."""
    sizes: dict[tuple[str, str, int], list[int]] = {}
    for vehicle_id, record in new:
        key = vehicle_id, record.type, record.number
        if key in sizes:
            sizes[key].append(len(record.data))
        else:
            sizes[key] = [len(record.data)]
    return {key: (len(each), sum(each) + len(each) * _words(*key)) for key, each in sizes.items()}


def _words(vehicle_id: str, type: str, number: int) -> int:  # noqa: A002 (the field's name)
    """Return the bytes that each such record counts beside its data."""
    return len(vehicle_id.encode()) + len(type.encode()) + RECORD_OVERHEAD
