from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from ovms.server.storage import queries
from ovms.server.storage.batch import Batch
from ovms.server.storage.database import Database
from ovms.server.storage.errors import DatabaseError
from ovms.server.storage.expiry import ExpiryKind
from ovms.server.storage.history_batch import (
    COPY_WINDOW,
    NEAR_LIMIT,
    TIME_TOLERANCE,
    HistoryBatch,
    OnSaved,
)
from ovms.server.storage.vehicles import tombstone
from ovms.server.values import KeptRecord
from tests.server.storage.databases import apply, close, execute, expire, make_database, rows

if TYPE_CHECKING:
    from collections.abc import Iterable


FULL_COUNT = """
    SELECT vehicle_id, type, number, count(*),
        sum(length(CAST(vehicle_id AS {bytes})) + length(CAST(type AS {bytes})) + length(data) + 20)
    FROM history
    WHERE id > coalesce(
        (SELECT last_id FROM history_purges WHERE vehicle_id = history.vehicle_id), 0)
    GROUP BY vehicle_id, type, number ORDER BY vehicle_id, type, number
"""
DAY = 86400


def full_count(database: Database) -> str:
    """Return what counts the records anew."""
    with database.reading() as connection:
        kind = "BLOB" if connection.dialect.name == "sqlite" else "BYTEA"
    return FULL_COUNT.format(bytes=kind)


COUNTERS = "SELECT * FROM history_counts ORDER BY vehicle_id, type, number"


def _record(
    data: bytes = b"x",
    ack: int | None = 1,
    *,
    kind: str = "*-LOG-Trip",
    number: int = 1,
    time: int = 100,
    expires: int = 1000,
    received: float = 100.0,
) -> KeptRecord:
    return KeptRecord(kind, number, time, expires, data, ack, received)


def _late(
    data: bytes = b"x",
    ack: int | None = 1,
    *,
    kind: str = "*-LOG-Trip",
    number: int = 1,
    time: int = DAY,
    expires: int = 1000 * DAY,
    received: float = 9.0 * DAY,
) -> KeptRecord:
    """Return a record of the first day, which comes after days."""
    return KeptRecord(kind, number, time, expires, data, ack, received)


def _batch(*records: KeptRecord, vehicle_id: str = "CAR1", told: list[int] | None = None) -> Batch:
    batch = Batch()
    for number, record in enumerate(records):
        saved = None if told is None else _teller(told, number)
        batch.history.put(vehicle_id, record, saved)
    return batch


def _teller(told: list[int], number: int) -> OnSaved:
    return lambda: told.append(number)


def _data(database: Database) -> list[bytes]:
    return [data for (data,) in rows(database, "SELECT data FROM history ORDER BY id")]


def _counters_agree(database: Database) -> bool:
    return rows(database, COUNTERS) == rows(database, full_count(database))


@pytest.mark.parametrize("count", [1, 400, 401])
def test_stores(database: Database, count: int) -> None:
    """Any number of records is stored as it came, and counted."""
    apply(database, _batch(*(_record(b"%d" % n, n) for n in range(count))))
    assert _data(database) == [b"%d" % n for n in range(count)]
    row = rows(database, "SELECT type, number, time, expires FROM history")[0]
    assert row == ("*-LOG-Trip", 1, 100, 1000)
    assert _counters_agree(database)


def test_copies_in_a_batch(database: Database) -> None:
    """Copies that come together are stored once, with the time of the first; all are told."""
    told: list[int] = []
    times = ((100, 100.0), (101, 110.0), (99, 120.0))
    copies = [_record(time=time, received=received) for time, received in times]
    batch = _batch(*copies, told=told)
    assert batch.rows() == 1
    apply(database, batch)
    for callback in batch.history.saved():
        callback()
    assert told == [0, 1, 2]
    assert rows(database, "SELECT time FROM history") == [(100,)]
    assert _counters_agree(database)


@pytest.mark.parametrize(
    ("record", "is_stored"),
    [
        (_record(time=90, expires=2000, received=100 + COPY_WINDOW), False),
        (_record(received=100 - COPY_WINDOW), False),  # the clock was set back
        (_record(time=-501, received=99 - COPY_WINDOW), True),
        (_record(time=701, received=101 + COPY_WINDOW), True),
        (_record(ack=2), True),
        (_record(ack=None), True),
        (_record(number=2), True),
        (_record(kind="*-LOG-Grid"), True),
        (_record(b"y"), True),
    ],
)
def test_copy(database: Database, record: KeptRecord, is_stored: bool) -> None:
    """The same code, type, number and data within ten minutes is the same record."""
    apply(database, _batch(_record()))
    apply(database, _batch(record))
    assert len(_data(database)) == 1 + is_stored
    assert _counters_agree(database)


@pytest.mark.parametrize("together", [True, False])
def test_same_second(database: Database, together: bool) -> None:
    """Two records of a log that were made in the same second, even with the same data, are two."""
    first, second = (_record(b"1,48.1", ack, kind="*-LOG-Grid") for ack in (7, 8))
    batches = [_batch(first, second)] if together else [_batch(first), _batch(second)]
    for batch in batches:
        apply(database, batch)
    assert _data(database) == [b"1,48.1", b"1,48.1"]
    assert _counters_agree(database)


@pytest.mark.parametrize(
    ("record", "is_stored"),
    [
        (_late(), False),
        (_late(time=DAY + TIME_TOLERANCE), False),
        (_late(time=DAY + TIME_TOLERANCE + 1), True),
        (_late(time=DAY - TIME_TOLERANCE), False),
        (_late(time=DAY - TIME_TOLERANCE - 1), True),
        (_late(received=DAY + COPY_WINDOW + 0.5), False),  # the first that is out of the window
        (_late(time=DAY + TIME_TOLERANCE, received=DAY + COPY_WINDOW + 0.5), False),
        (_late(received=400.0 * DAY), False),
        (_late(ack=2), True),
        (_late(ack=0), True),
        (_late(ack=None), True),
        (_late(number=2), True),
        (_late(kind="*-LOG-Grid"), True),
        (_late(b"x "), True),
    ],
)
def test_late_copy(database: Database, record: KeptRecord, is_stored: bool) -> None:
    """However late, the same code, type, number, data and time is the same record."""
    apply(database, _batch(_late(received=float(DAY))))
    apply(database, _batch(record))
    apply(database, _batch(replace(record, received=record.received + 2 * COPY_WINDOW)))
    assert len(_data(database)) == 1 + is_stored + (is_stored and record.ack is None)
    assert _counters_agree(database)


def test_late_copy_of_odd_type(database: Database) -> None:
    """A type is compared as it is kept, Latin-1 or not."""
    apply(database, _batch(_late(kind="\udce9", received=float(DAY))))
    apply(database, _batch(_late(kind="\udce9"), _late(kind="é"), _late(kind="e")))
    found = rows(database, "SELECT type FROM history ORDER BY id")
    assert found == [("é",), ("e",)]


def test_late_copy_of_another_vehicle(database: Database) -> None:
    """Two vehicles may send the same, also late."""
    apply(database, _batch(_late(received=float(DAY))))
    apply(database, _batch(_late(), vehicle_id="CAR2"))
    assert len(_data(database)) == 2


def test_late_copy_without_code(database: Database) -> None:
    """What was stored before codes were kept, or without one, is no copy of anything."""
    apply(database, _batch(_late(ack=None), _late(received=float(DAY))))
    execute(database, "UPDATE history SET ack = NULL")
    apply(database, _batch(_late()))
    assert len(_data(database)) == 3


def test_late_copy_of_what_expired(database: Database) -> None:
    """A copy is known while the record is in the history; of one that has gone it is kept."""
    apply(database, _batch(_late(received=float(DAY), expires=2 * DAY)))
    apply(database, _batch(_late(received=2.5 * DAY, expires=4 * DAY)))
    assert len(_data(database)) == 1
    assert expire(database, ExpiryKind.HISTORY, 3.0 * DAY) == 1
    apply(database, _batch(_late(received=3.5 * DAY, expires=4 * DAY)))
    assert rows(database, "SELECT expires FROM history") == [(4 * DAY,)]
    assert _counters_agree(database)


def test_late_copy_of_what_was_removed(database: Database) -> None:
    """What a removed vehicle has left, still to be purged, hides no record of its next life."""
    apply(database, _batch(*(_late(b"%d" % n, received=float(DAY)) for n in range(5))))
    with database.writing() as connection:
        tombstone(connection, "CAR1", 2.0 * DAY, 1)
        bob = queries.get_owner(connection, "bob")
        queries.add_vehicle(connection, "CAR1", bob, "secret", 2.0 * DAY)
    assert len(_data(database)) == 4
    for day in (10.0, 11.0):  # what was stored in this life is known, though
        apply(database, _batch(*(_late(b"%d" % n, received=day * DAY) for n in range(5))))
    assert len(_data(database)) == 4 + 5
    assert _counters_agree(database)


@pytest.mark.parametrize("others", [NEAR_LIMIT - 1, NEAR_LIMIT])
def test_many_records_of_one_time(database: Database, others: int) -> None:
    """A late copy is looked for among so many records of its time; past them it is kept again."""
    rows = (_late(b"%d" % n, None, received=float(DAY)) for n in range(others))
    apply(database, _batch(*rows, _late(received=float(DAY))))
    apply(database, _batch(_late(number=2, received=float(DAY))))  # of another number: not counted
    apply(database, _batch(_late()))
    assert _data(database).count(b"x") == 2 + (others == NEAR_LIMIT)


@pytest.mark.parametrize(
    ("record", "count"),
    [
        (_late(), 1),
        (_late(time=DAY + TIME_TOLERANCE), 1),
        (_late(time=DAY + TIME_TOLERANCE + 1), 2),
        (_late(time=DAY + TIME_TOLERANCE + 1, received=DAY + COPY_WINDOW), 1),
        (_late(ack=2), 2),
    ],
)
def test_late_copies_in_a_batch(database: Database, record: KeptRecord, count: int) -> None:
    """While the disk refuses, copies gather for hours by the same rules; all are told."""
    told: list[int] = []
    first, second = _late(received=float(DAY)), replace(record, received=record.received + 1e4)
    old = _batch(first, told=told)
    batch = _batch(record, second, first, told=told).over(old)
    assert batch.rows() == count
    apply(database, batch)
    for callback in batch.history.saved():
        callback()
    assert sorted(told) == [0, 0, 1, 2]
    apply(database, _batch(_late(received=10.0 * DAY)))
    assert len(_data(database)) == count
    assert _counters_agree(database)


def test_copies_before_and_while_the_disk_refuses(database: Database) -> None:
    """Of copies that gathered, the first is compared with what was stored, not only the last."""
    apply(database, _batch(_record(time=100, received=100.0)))
    times = range(500, 3000, 500)
    apply(database, _batch(*(_record(time=time, received=float(time)) for time in times)))
    assert len(_data(database)) == 1


def test_other_vehicle(database: Database) -> None:
    """Two vehicles may send the same."""
    apply(database, _batch(_record()))
    apply(database, _batch(_record(), vehicle_id="CAR2"))
    assert len(_data(database)) == 2


def test_copies_go_on(database: Database) -> None:
    """Each copy is compared with the one before, however long it goes on."""
    for step in range(4):
        apply(database, _batch(_record(received=100 + step * COPY_WINDOW)))
    assert len(_data(database)) == 1


def test_unacknowledged(database: Database) -> None:
    """Records without acknowledgement are each stored, however alike."""
    apply(database, _batch(_record(ack=None), _record(ack=None)))
    assert len(_data(database)) == 2
    assert _counters_agree(database)


def test_over() -> None:
    """Of two batches both are kept, copies once, and neither is changed."""
    told: list[int] = []
    old = _batch(_record(b"a"), _record(b"b", None), told=told).history
    new = _batch(_record(b"a", time=1, received=105.0), _record(b"c"), told=told).history
    both = new.over(old)
    (records,) = both.records.values()
    assert [(each.record.data, each.record.time) for each in records.values()] == [
        (b"a", 100),
        (b"b", 100),
        (b"c", 100),
    ]
    assert (len(old), len(new), len(both)) == (2, 2, 3)
    assert max(old.size, new.size) < both.size < old.size + new.size
    for callback in both.saved():
        callback()
    assert sorted(told) == [0, 0, 1, 1]


def test_odd_type(database: Database) -> None:
    """A type that is not UTF-8 is kept as Latin-1; one that is, by its bytes."""
    apply(database, _batch(_record(kind="\udce9"), _record(kind="ü", ack=2)))
    found = rows(database, "SELECT type FROM history ORDER BY id")
    assert found == [("é",), ("ü",)]
    assert _counters_agree(database)


def test_removed_vehicle(database: Database) -> None:
    """A vehicle that is gone leaves no record, and its sender is told all the same."""
    told: list[int] = []
    with database.writing() as connection:
        queries.remove_vehicle(connection, "CAR2", 5.0)
    for vehicle_id in ("CAR2", "NONE"):
        batch = _batch(_record(), vehicle_id=vehicle_id, told=told)
        batch.history.put("CAR1", _record(), None)
        apply(database, batch)
        for callback in batch.history.saved():
            callback()
    assert told == [0, 0]
    assert rows(database, "SELECT vehicle_id FROM history") == [("CAR1",)]
    assert rows(database, "SELECT vehicle_id FROM history_acks") == [("CAR1",)]
    assert _counters_agree(database)


def test_impossible_record(database: Database) -> None:
    """A record that can never be stored is left out alone, and not counted."""
    batch = _batch(_record(b"a"), _record(b"b", number=2**70), _record(b"c"))
    assert apply(database, batch) == 1
    assert _data(database) == [b"a", b"c"]
    assert _counters_agree(database)


def test_failed_single_write(database: Database) -> None:
    """What is not the record's fault undoes a single-record write as well."""
    execute(database, "DROP TABLE history_acks")
    with pytest.raises(DatabaseError):
        apply(database, _batch(_record(ack=None), _record(number=2**70), _record()))
    assert _data(database) == []


def test_size() -> None:
    """Copies cost memory too, so that many cannot wait unseen."""
    batch = HistoryBatch()
    batch.put("CAR1", _record(b"x" * 5000), None)
    first = batch.size
    assert first > 5000
    batch.put("CAR1", _record(b"x" * 5000), asyncio.Event().set)
    assert first < batch.size < 2 * first


def test_take() -> None:
    """A part is taken in order, and both parts know their sizes."""
    batch, same = HistoryBatch(), HistoryBatch()
    for vehicle_id, ack, data in (("CAR1", 1, b"x"), ("CAR2", 2, b"yy"), ("CAR1", 3, b"z" * 9)):
        for each in (batch, same):
            each.put(vehicle_id, _record(data, ack), asyncio.Event().set)
    batch.put("CAR1", _record(b"x", 1), asyncio.Event().set)  # a copy
    whole = batch.size
    first = batch.take(2)
    assert [list(part.records) for part in (first, batch)] == [["CAR1"], ["CAR2"]]
    assert (len(first), len(batch)) == (2, 1)
    assert first.size + batch.size == whole
    assert batch.sizes == {"CAR2": same.sizes["CAR2"]} == {"CAR2": batch.size}
    assert len(list(first.saved())) == 3
    assert len(batch.take(2)) == 1
    assert (len(batch), batch.size, batch.sizes) == (0, 0, {})


PAUSES = st.integers(0, 20) | st.sampled_from([479, 480, 481, 600, 601, 3600, 9 * DAY])
SENT = st.lists(  # which record of which car, how many seconds later, how long on its way
    st.tuples(
        st.sampled_from(["CAR1", "CAR2"]), st.integers(0, 5), PAUSES, st.integers(0, TIME_TOLERANCE)
    ),
    max_size=60,
)


@settings(max_examples=30)
@given(sent=SENT, sizes=st.lists(st.integers(1, 8), min_size=1))
def test_exactly_once(sent: list[tuple[str, int, int, int]], sizes: list[int]) -> None:
    """However a car repeats itself and however the batches fall, each record is there once."""
    with tempfile.TemporaryDirectory() as folder:
        database = make_database(Path(folder))
        now, told, at = 1000.0, 0, 0
        made: dict[tuple[str, int], float] = {}
        while at < len(sent):
            size = sizes[at % len(sizes)]
            batch = Batch()
            for vehicle_id, number, later, delay in sent[at : at + size]:
                now += later
                time = made.setdefault((vehicle_id, number), now) + delay
                record = _record(b"%d" % number, number, time=int(time), received=max(now, time))
                batch.history.put(vehicle_id, record, lambda: None)
            apply(database, batch)
            told += len([*batch.history.saved()])
            at += size
        expected = sorted({(vehicle_id, b"%d" % number) for vehicle_id, number, *_ in sent})
        found = rows(database, "SELECT vehicle_id, data FROM history")
        assert (sorted(found), told) == (expected, len(sent))
        assert _counters_agree(database)
        close(database)


class Counting(RuleBasedStateMachine):
    """Saving, re-sending, expiry, removal and coming back, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.database = make_database(Path(self.folder.name))
        self.now = 1000.0

    vehicles = st.sampled_from(["CAR1", "CAR2"])

    @rule(
        vehicle_id=vehicles,
        acks=st.lists(st.none() | st.integers(0, 4), min_size=1, max_size=6),
        kind=st.sampled_from(["S", "ü"]),
        number=st.integers(0, 2),
        life=st.integers(0, 500),
        age=st.sampled_from([0, 900]),
    )
    def save(
        self,
        vehicle_id: str,
        acks: Iterable[int | None],
        kind: str,
        number: int,
        life: int,
        age: int,
    ) -> None:
        """Store records, some of them copies, some of them late."""
        batch = Batch()
        for ack in acks:
            record = _record(
                b"%d" % (ack or 0), ack, kind=kind, number=number, time=int(self.now) - age,
                expires=int(self.now) + life, received=self.now,
            )  # fmt: skip
            batch.history.put(vehicle_id, record, None)
        apply(self.database, batch)

    @rule(later=st.integers(0, 700))
    def wait(self, later: int) -> None:
        """Let time pass."""
        self.now += later

    @rule()
    def expire(self) -> None:
        """Delete a chunk of each kind."""
        for kind in ExpiryKind:
            expire(self.database, kind, self.now)

    @rule(vehicle_id=vehicles, rows=st.integers(0, 3))
    def remove(self, vehicle_id: str, rows: int) -> None:
        """Remove a vehicle, and add it again: what it had is not seen any more."""
        with self.database.writing() as connection:
            tombstone(connection, vehicle_id, self.now, rows)
            bob = queries.get_owner(connection, "bob")
            queries.add_vehicle(connection, vehicle_id, bob, "secret", self.now)
            assert queries.history_summary(connection, vehicle_id) == []

    @invariant()
    def counters_agree(self) -> None:
        """Compare the counters and the reads with a full count."""
        assert _counters_agree(self.database)
        with self.database.reading() as connection:
            for vehicle_id in ("CAR1", "CAR2"):
                summary = queries.history_summary(connection, vehicle_id)
                assert summary == queries.history_summary(connection, vehicle_id, 0)
                for each in summary:
                    total, last = queries.history_count(connection, vehicle_id, each.type)
                    page = queries.history_page(
                        connection, vehicle_id, each.type, None, None, last, 1000
                    )
                    times = [entry.time for entry in page]
                    assert (total, len(page)) == (each.total, each.total)
                    assert (times[0], times[-1]) == (each.first, each.last)

    def teardown(self) -> None:
        """Close the database."""
        close(self.database)
        self.folder.cleanup()


TestCounting = Counting.TestCase
TestCounting.settings = settings(max_examples=15, stateful_step_count=25)
