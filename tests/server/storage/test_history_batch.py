from __future__ import annotations

import asyncio
import re
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ovms.server.storage import queries
from ovms.server.storage.batch import Batch, write, write_singly
from ovms.server.storage.database import (
    connect,
    database_path,
    database_url,
    reading,
    sync_engine,
    upgrade,
    writing,
)
from ovms.server.storage.expiry import expire_acks, expire_history, purge
from ovms.server.storage.history_batch import (
    COPY_WINDOW,
    NEAR_LIMIT,
    ROWS_A_STATEMENT,
    TIME_TOLERANCE,
    HistoryBatch,
    OnSaved,
)
from ovms.server.storage.vehicles import tombstone
from ovms.server.values import KeptRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Engine

FULL_COUNT = """
    SELECT vehicle_id, type, number, count(*),
        sum(length(CAST(vehicle_id AS BLOB)) + length(CAST(type AS BLOB)) + length(data) + 20)
    FROM history
    WHERE id > coalesce(
        (SELECT last_id FROM history_purges WHERE vehicle_id = history.vehicle_id), 0)
    GROUP BY vehicle_id, type, number ORDER BY vehicle_id, type, number
"""
DAY = 86400
COUNTERS = "SELECT * FROM history_counts ORDER BY vehicle_id, type, number"


@pytest.fixture
def database(engine: Engine) -> Iterator[sqlite3.Connection]:
    """Open the driver's own connection."""
    with closing(connect(database_path(engine.url))) as connection:
        yield connection


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


def _statements(database: sqlite3.Connection, batch: Batch) -> list[str]:
    """Write a batch; returns what was asked of the database, values put in."""
    statements: list[str] = []
    database.set_trace_callback(statements.append)
    write(database, batch)
    database.set_trace_callback(None)
    return statements


def _reads_history(statements: list[str]) -> bool:
    return any("FROM history " in each for each in statements)


def _plan(database: sqlite3.Connection, statement: str) -> list[str]:
    return [step for *_, step in database.execute(f"EXPLAIN QUERY PLAN {statement}")]


def _data(database: sqlite3.Connection) -> list[bytes]:
    return [data for (data,) in database.execute("SELECT data FROM history ORDER BY id")]


def _counters_agree(database: sqlite3.Connection) -> bool:
    return database.execute(COUNTERS).fetchall() == database.execute(FULL_COUNT).fetchall()


@pytest.mark.parametrize("rows", [1, ROWS_A_STATEMENT, ROWS_A_STATEMENT + 1])
def test_stores(database: sqlite3.Connection, rows: int) -> None:
    """Any number of records is stored as it came, and counted."""
    write(database, _batch(*(_record(b"%d" % n, n) for n in range(rows))))
    assert _data(database) == [b"%d" % n for n in range(rows)]
    row = database.execute("SELECT type, number, time, expires FROM history").fetchone()
    assert row == ("*-LOG-Trip", 1, 100, 1000)
    assert _counters_agree(database)


def test_copies_in_a_batch(database: sqlite3.Connection) -> None:
    """Copies that come together are stored once, with the time of the first; all are told."""
    told: list[int] = []
    times = ((100, 100.0), (101, 110.0), (99, 120.0))
    copies = [_record(time=time, received=received) for time, received in times]
    batch = _batch(*copies, told=told)
    assert batch.rows() == 1
    write(database, batch)
    for callback in batch.history.saved():
        callback()
    assert told == [0, 1, 2]
    assert database.execute("SELECT time FROM history").fetchall() == [(100,)]
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
def test_copy(database: sqlite3.Connection, record: KeptRecord, is_stored: bool) -> None:
    """The same code, type, number and data within ten minutes is the same record."""
    write(database, _batch(_record()))
    write(database, _batch(record))
    assert len(_data(database)) == 1 + is_stored
    assert _counters_agree(database)


@pytest.mark.parametrize("together", [True, False])
def test_same_second(database: sqlite3.Connection, together: bool) -> None:
    """Two records of a log that were made in the same second, even with the same data, are two."""
    first, second = (_record(b"1,48.1", ack, kind="*-LOG-Grid") for ack in (7, 8))
    batches = [_batch(first, second)] if together else [_batch(first), _batch(second)]
    for batch in batches:
        write(database, batch)
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
def test_late_copy(database: sqlite3.Connection, record: KeptRecord, is_stored: bool) -> None:
    """However late, the same code, type, number, data and time is the same record."""
    write(database, _batch(_late(received=float(DAY))))
    write(database, _batch(record))
    write(database, _batch(replace(record, received=record.received + 2 * COPY_WINDOW)))
    assert len(_data(database)) == 1 + is_stored + (is_stored and record.ack is None)
    assert _counters_agree(database)


@pytest.mark.parametrize("age", [479, 480, 481])
def test_fresh_records_are_not_looked_for(database: sqlite3.Connection, age: int) -> None:
    """Only what says that it is old enough to be a late copy costs a look into the history."""
    statements = _statements(database, _batch(_record(time=1000, received=1000 + age)))
    assert _reads_history(statements) == (age > COPY_WINDOW - TIME_TOLERANCE)


def test_no_table_is_scanned(database: sqlite3.Connection) -> None:
    """Whatever a batch asks of the database is found by an index, the late copy by its time."""
    write(database, _batch(_late(received=float(DAY))))
    statements = _statements(database, _batch(_late(), _record(b"y", 2), _record(ack=None)))
    plans = {
        each: _plan(database, each) for each in statements if each[:5] not in ("BEGIN", "COMMI")
    }
    tables = r"SCAN (history|vehicles|history_\w+)\b"
    assert [step for plan in plans.values() for step in plan if re.match(tables, step)] == []
    (lookup,) = [plan for each, plan in plans.items() if _reads_history([each])]
    by_time = "SEARCH history USING INDEX ix_history_vehicle_id_type_time_number_id"
    assert f"{by_time} (vehicle_id=? AND type=? AND time>? AND time<?)" in lookup


def test_late_copy_of_odd_type(database: sqlite3.Connection) -> None:
    """A type is compared as it is kept, Latin-1 or not."""
    write(database, _batch(_late(kind="\udce9", received=float(DAY))))
    write(database, _batch(_late(kind="\udce9"), _late(kind="é"), _late(kind="e")))
    found = database.execute("SELECT type FROM history ORDER BY id").fetchall()
    assert found == [("é",), ("e",)]


def test_late_copy_of_another_vehicle(database: sqlite3.Connection) -> None:
    """Two vehicles may send the same, also late."""
    write(database, _batch(_late(received=float(DAY))))
    write(database, _batch(_late(), vehicle_id="CAR2"))
    assert len(_data(database)) == 2


def test_late_copy_without_code(database: sqlite3.Connection) -> None:
    """What was stored before codes were kept, or without one, is no copy of anything."""
    write(database, _batch(_late(ack=None), _late(received=float(DAY))))
    database.execute("UPDATE history SET ack = NULL")
    write(database, _batch(_late()))
    assert len(_data(database)) == 3


def test_late_copy_of_what_expired(database: sqlite3.Connection) -> None:
    """A copy is known while the record is in the history; of one that has gone it is kept."""
    write(database, _batch(_late(received=float(DAY), expires=2 * DAY)))
    write(database, _batch(_late(received=2.5 * DAY, expires=4 * DAY)))
    assert len(_data(database)) == 1
    assert expire_history(database, 3.0 * DAY) == 1
    write(database, _batch(_late(received=3.5 * DAY, expires=4 * DAY)))
    assert database.execute("SELECT expires FROM history").fetchall() == [(4 * DAY,)]
    assert _counters_agree(database)


def test_late_copy_of_what_was_removed(engine: Engine, database: sqlite3.Connection) -> None:
    """What a removed vehicle has left, still to be purged, hides no record of its next life."""
    write(database, _batch(*(_late(b"%d" % n, received=float(DAY)) for n in range(5))))
    with writing(engine) as connection:
        tombstone(connection, "CAR1", 2.0 * DAY, 1)
        bob = queries.get_owner(connection, "bob")
        queries.add_vehicle(connection, "CAR1", bob, "secret", 2.0 * DAY)
    assert len(_data(database)) == 4
    for day in (10.0, 11.0):  # what was stored in this life is known, though
        write(database, _batch(*(_late(b"%d" % n, received=day * DAY) for n in range(5))))
    assert len(_data(database)) == 4 + 5
    assert _counters_agree(database)


@pytest.mark.parametrize("others", [NEAR_LIMIT - 1, NEAR_LIMIT])
def test_many_records_of_one_time(database: sqlite3.Connection, others: int) -> None:
    """A late copy is looked for among so many records of its time; past them it is kept again."""
    rows = (_late(b"%d" % n, None, received=float(DAY)) for n in range(others))
    write(database, _batch(*rows, _late(received=float(DAY))))
    write(database, _batch(_late(number=2, received=float(DAY))))  # of another number: not counted
    write(database, _batch(_late()))
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
def test_late_copies_in_a_batch(
    database: sqlite3.Connection, record: KeptRecord, count: int
) -> None:
    """While the disk refuses, copies gather for hours by the same rules; all are told."""
    told: list[int] = []
    first, second = _late(received=float(DAY)), replace(record, received=record.received + 1e4)
    old = _batch(first, told=told)
    batch = _batch(record, second, first, told=told).over(old)
    assert batch.rows() == count
    write(database, batch)
    for callback in batch.history.saved():
        callback()
    assert sorted(told) == [0, 0, 1, 2]
    write(database, _batch(_late(received=10.0 * DAY)))
    assert len(_data(database)) == count
    assert _counters_agree(database)


def test_copies_before_and_while_the_disk_refuses(database: sqlite3.Connection) -> None:
    """Of copies that gathered, the first is compared with what was stored, not only the last."""
    write(database, _batch(_record(time=100, received=100.0)))
    times = range(500, 3000, 500)
    write(database, _batch(*(_record(time=time, received=float(time)) for time in times)))
    assert len(_data(database)) == 1


def test_other_vehicle(database: sqlite3.Connection) -> None:
    """Two vehicles may send the same."""
    write(database, _batch(_record()))
    write(database, _batch(_record(), vehicle_id="CAR2"))
    assert len(_data(database)) == 2


def test_copies_go_on(database: sqlite3.Connection) -> None:
    """Each copy is compared with the one before, however long it goes on."""
    for step in range(4):
        write(database, _batch(_record(received=100 + step * COPY_WINDOW)))
    assert len(_data(database)) == 1


def test_unacknowledged(database: sqlite3.Connection) -> None:
    """Records without acknowledgement are each stored, however alike."""
    write(database, _batch(_record(ack=None), _record(ack=None)))
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


def test_odd_type(database: sqlite3.Connection) -> None:
    """A type that is not UTF-8 is kept as Latin-1; one that is, by its bytes."""
    write(database, _batch(_record(kind="\udce9"), _record(kind="ü", ack=2)))
    found = database.execute("SELECT type FROM history ORDER BY id").fetchall()
    assert found == [("é",), ("ü",)]
    assert _counters_agree(database)


def test_removed_vehicle(engine: Engine, database: sqlite3.Connection) -> None:
    """A vehicle that is gone leaves no record, and its sender is told all the same."""
    told: list[int] = []
    with writing(engine) as connection:
        queries.remove_vehicle(connection, "CAR2", 5.0)
    for vehicle_id in ("CAR2", "NONE"):
        batch = _batch(_record(), vehicle_id=vehicle_id, told=told)
        batch.history.put("CAR1", _record(), None)
        write(database, batch)
        for callback in batch.history.saved():
            callback()
    assert told == [0, 0]
    assert database.execute("SELECT vehicle_id FROM history").fetchall() == [("CAR1",)]
    assert database.execute("SELECT vehicle_id FROM history_acks").fetchall() == [("CAR1",)]
    assert _counters_agree(database)


def test_impossible_record(database: sqlite3.Connection) -> None:
    """A record that can never be stored is left out alone, and not counted."""
    batch = _batch(_record(b"a"), _record(b"b", number=2**70), _record(b"c"))
    with pytest.raises(OverflowError):
        write(database, batch)
    assert _data(database) == []
    assert write_singly(database, batch, (OverflowError,)) == 1
    assert _data(database) == [b"a", b"c"]
    assert _counters_agree(database)


def test_failed_single_write(database: sqlite3.Connection) -> None:
    """What is not the record's fault undoes a single-record write as well."""
    database.execute("DROP TABLE history_acks")
    with pytest.raises(sqlite3.OperationalError):
        write_singly(database, _batch(_record(ack=None), _record()), (OverflowError,))
    assert _data(database) == []


def test_size() -> None:
    """Copies cost memory too, so that many cannot wait unseen."""
    batch = HistoryBatch()
    batch.put("CAR1", _record(b"x" * 5000), None)
    first = batch.size
    assert first > 5000
    batch.put("CAR1", _record(b"x" * 5000), asyncio.Event().set)
    assert first < batch.size < 2 * first


PAUSES = st.integers(0, 20) | st.sampled_from([479, 480, 481, 600, 601, 3600, 9 * DAY])
SENT = st.lists(  # which record of which car, how many seconds later, how long on its way
    st.tuples(
        st.sampled_from(["CAR1", "CAR2"]), st.integers(0, 5), PAUSES, st.integers(0, TIME_TOLERANCE)
    ),
    max_size=60,
)


def _fresh(folder: str) -> Engine:
    engine = sync_engine(database_url(Path(folder)))
    upgrade(engine)
    with writing(engine) as connection:
        bob = queries.add_owner(connection, "bob", 1.0)
        for vehicle_id in ("CAR1", "CAR2"):
            queries.add_vehicle(connection, vehicle_id, bob, "secret", 1.0)
    return engine


@settings(max_examples=30)
@given(sent=SENT, sizes=st.lists(st.integers(1, 8), min_size=1))
def test_exactly_once(sent: list[tuple[str, int, int, int]], sizes: list[int]) -> None:
    """However a car repeats itself and however the batches fall, each record is there once."""
    with tempfile.TemporaryDirectory() as folder:
        engine = _fresh(folder)
        with closing(connect(database_path(engine.url))) as database:
            now, told, at = 1000.0, 0, 0
            made: dict[tuple[str, int], float] = {}
            while at < len(sent):
                size = sizes[at % len(sizes)]
                batch = Batch()
                for vehicle_id, number, later, delay in sent[at : at + size]:
                    now += later
                    time = made.setdefault((vehicle_id, number), now) + delay
                    record = _record(
                        b"%d" % number, number, time=int(time), received=max(now, time)
                    )
                    batch.history.put(vehicle_id, record, lambda: None)
                write(database, batch)
                told += len([*batch.history.saved()])
                at += size
            expected = sorted({(vehicle_id, b"%d" % number) for vehicle_id, number, *_ in sent})
            found = database.execute("SELECT vehicle_id, data FROM history").fetchall()
            assert (sorted(found), told) == (expected, len(sent))
            assert _counters_agree(database)


class Counting(RuleBasedStateMachine):
    """Saving, re-sending, expiry, removal and coming back, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.engine = _fresh(self.folder.name)
        self.database = connect(database_path(self.engine.url))
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
        write(self.database, batch)

    @rule(later=st.integers(0, 700))
    def wait(self, later: int) -> None:
        """Let time pass."""
        self.now += later

    @rule()
    def expire(self) -> None:
        """Delete a chunk of each kind."""
        for chunk in (purge, expire_acks, expire_history):
            chunk(self.database, self.now)

    @rule(vehicle_id=vehicles, rows=st.integers(0, 3))
    def remove(self, vehicle_id: str, rows: int) -> None:
        """Remove a vehicle, and add it again: what it had is not seen any more."""
        with writing(self.engine) as connection:
            tombstone(connection, vehicle_id, self.now, rows)
            bob = queries.get_owner(connection, "bob")
            queries.add_vehicle(connection, vehicle_id, bob, "secret", self.now)
            assert queries.history_summary(connection, vehicle_id) == []

    @invariant()
    def counters_agree(self) -> None:
        """Compare the counters and the reads with a full count."""
        assert _counters_agree(self.database)
        with reading(self.engine) as connection:
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
        self.database.close()
        self.folder.cleanup()


TestCounting = Counting.TestCase
TestCounting.settings = settings(max_examples=15, stateful_step_count=25)
