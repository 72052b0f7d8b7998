"""What one vehicle may have in its history, and what goes when it is more."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from ovms.server.storage import history_quota as module
from ovms.server.storage.batch import Batch
from ovms.server.storage.batch_writing import apply
from ovms.server.storage.history_batch import COPY_WINDOW
from ovms.server.storage.history_quota import HistoryQuota
from ovms.server.storage.limits import HistoryLimits
from ovms.server.storage.writer_connection import Find
from ovms.server.values import ALERT_TYPE, KeptRecord
from tests.server.storage.databases import WriterTarget

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ovms.server.storage.writer_connection import Row, WriterConnection

FAR = 10**9


def _record(
    kind: str, time: int, data: bytes = b"x", *, number: int = 0, ack: int | None = None
) -> KeptRecord:
    return KeptRecord(kind, number, time, FAR, data, ack, float(time))


def _write(
    target: WriterTarget,
    quota: HistoryQuota,
    records: Iterable[KeptRecord],
    vehicle_id: str = "CAR1",
) -> int:
    """Commit records of a vehicle in one batch; return how many were told that they are saved."""
    saved: list[None] = []
    batch = Batch()
    for record in records:
        batch.history.put(vehicle_id, record, lambda: saved.append(None))
    assert apply(target.connection, batch, quota) == 0
    for call in batch.history.saved():
        call()
    return len(saved)


def _times(target: WriterTarget, kind: str, vehicle_id: str = "CAR1") -> list[int]:
    found = target.rows("SELECT vehicle_id, type, time FROM history ORDER BY time")
    return [time for id_, name, time in found if (id_, name) == (vehicle_id, kind)]


def _counts_are_right(target: WriterTarget) -> bool:
    """Compare the counters with what is there."""
    sizes = (
        "SELECT vehicle_id, type, number, count(*), sum(length(data) + length(type) "
        "+ length(vehicle_id) + 20) FROM history GROUP BY 1, 2, 3"
    )
    return sorted(target.rows(sizes)) == sorted(target.rows("SELECT * FROM history_counts"))


@pytest.mark.parametrize(("count", "kept"), [(200, 200), (201, 198)])
def test_records_of_a_vehicle(target: WriterTarget, count: int, kept: int) -> None:
    """At the bound nothing goes; one past it the oldest go, and some more to have room."""
    quota = HistoryQuota(HistoryLimits(records=200))
    for first in range(0, count, 10):
        _write(target, quota, (_record("T", time) for time in range(first, min(first + 10, count))))
    assert _times(target, "T") == [*range(count - kept, count)]
    assert _counts_are_right(target)


def test_bytes_of_a_vehicle(target: WriterTarget) -> None:
    """Few large records are too much as well; each counts as command 31 counts it."""
    quota = HistoryQuota(HistoryLimits(bytes=10_000))
    size = len("CAR1") + len("T") + 20 + 975  # 1000
    _write(target, quota, (_record("T", time, b"x" * 975) for time in range(10)))
    assert size * len(_times(target, "T")) == 10_000
    _write(target, quota, [_record("T", 10, b"x" * 975)])
    assert _times(target, "T") == [*range(2, 11)]
    assert _counts_are_right(target)


def test_a_flood_makes_room_at_its_own_expense(target: WriterTarget) -> None:
    """The oldest of the type with most records go, whoever else is older."""
    quota = HistoryQuota(HistoryLimits(records=100))
    _write(target, quota, [_record("*-LOG-Trip", 1), _record("*-LOG-Trip", 2)])
    _write(target, quota, [_record("T", 1)], "CAR2")
    _write(target, quota, (_record("FLOOD", 100 + n, number=n) for n in range(5000)))
    assert _times(target, "*-LOG-Trip") == [1, 2]
    assert _times(target, "T", "CAR2") == [1]
    assert _times(target, "FLOOD") == [*range(5003, 5100)]
    assert _counts_are_right(target)


def test_an_old_record_goes_first(target: WriterTarget) -> None:
    """Which is oldest is told by when it was made, not by when it came."""
    quota = HistoryQuota(HistoryLimits(records=100))
    _write(target, quota, (_record("T", 1000 + n) for n in range(100)))
    _write(target, quota, [_record("T", 5)])
    assert _times(target, "T") == [*range(1001, 1100)]


def test_what_was_there_before_a_start_counts(target: WriterTarget) -> None:
    """A server that starts counts what its predecessor has stored."""
    limits = HistoryLimits(records=100)
    _write(target, HistoryQuota(limits), (_record("T", n) for n in range(100)))
    _write(target, HistoryQuota(limits), [_record("T", 100)])
    assert _times(target, "T") == [*range(2, 101)]


def test_what_has_expired_is_not_counted(target: WriterTarget) -> None:
    """Before anything goes the tables are asked: there may be room again."""
    quota = HistoryQuota(HistoryLimits(records=100))
    _write(target, quota, (_record("T", n, number=n) for n in range(100)))
    target.execute("DELETE FROM history WHERE time < 50")
    target.execute("DELETE FROM history_counts WHERE number < 50")
    _write(target, quota, (_record("T", n, number=n) for n in range(100, 150)))
    assert _times(target, "T") == [*range(50, 150)]


def test_what_was_not_committed_is_not_counted(
    target: WriterTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a failure of the disk a vehicle is counted again."""
    real = target.connection.transaction

    @contextmanager
    def transaction() -> Iterator[None]:
        with real():
            yield
            raise OSError("no disk")

    quota = HistoryQuota(HistoryLimits(records=100))
    _write(target, quota, (_record("T", n) for n in range(50)))
    with monkeypatch.context() as failing:
        failing.setattr(target.connection, "transaction", transaction)
        with pytest.raises(OSError, match="no disk"):
            _write(target, quota, (_record("T", n) for n in range(50, 100)))
    _write(target, quota, (_record("T", n) for n in range(50, 100)))
    assert len(_times(target, "T")) == 100


def test_a_bound_that_was_lowered(target: WriterTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is far too much goes over several batches, so that none takes long."""
    monkeypatch.setattr(module, "CHUNK", 10)
    monkeypatch.setattr(module, "CHUNKS_A_BATCH", 2)
    _write(target, HistoryQuota(HistoryLimits()), (_record("T", n) for n in range(100)))
    quota = HistoryQuota(HistoryLimits(records=50))
    left = []
    for n in range(100, 104):
        _write(target, quota, [_record("T", n)])
        left.append(len(_times(target, "T")))
    assert left == [81, 62, 50, 50]
    assert _counts_are_right(target)


def test_records_of_a_removed_vehicle_are_not_its_successors(target: WriterTarget) -> None:
    """What waits to be deleted of a removed vehicle is neither counted nor chosen."""
    _write(target, HistoryQuota(HistoryLimits()), (_record("T", n) for n in range(100)))
    target.execute("DELETE FROM history_counts")
    target.execute("INSERT INTO history_purges SELECT 'CAR1', max(id) FROM history")
    quota = HistoryQuota(HistoryLimits(records=100))
    _write(target, quota, (_record("T", n) for n in range(100, 201)))
    assert _times(target, "T") == [*range(100), *range(102, 201)]


def test_types_of_a_vehicle(target: WriterTarget) -> None:
    """Records of one type too many are left out, and acknowledged, or they would come for ever."""
    quota = HistoryQuota(HistoryLimits(types=3))
    with capture_logs() as logs:
        saved = _write(target, quota, (_record(f"T{n}", 1, ack=n) for n in range(5)))
        saved += _write(target, quota, [_record("T5", 2, ack=7), _record("T0", 2, ack=8)])
    assert saved == 7
    found = Counter(kind for (kind,) in target.rows("SELECT type FROM history"))
    assert found == {"T0": 2, "T1": 1, "T2": 1}
    assert [(each["event"], each["vehicle"]) for each in logs] == [
        ("records not kept: too many types", "CAR1")
    ]
    _write(target, quota, [_record("T5", 2)], "CAR2")
    assert _times(target, "T5", "CAR2") == [2]


def test_the_servers_own_types_find_room(target: WriterTarget) -> None:
    """A car that has used up its types keeps out neither alerts nor the telemetry log."""
    quota = HistoryQuota(HistoryLimits(types=1))
    _write(target, quota, [_record("T0", 1), _record("S", 1)])
    _write(target, quota, [_record(ALERT_TYPE, 1), _record("D", 1), _record("T1", 1)])
    found = {kind for (kind,) in target.rows("SELECT type FROM history")}
    assert found == {"T0", "S", "D", ALERT_TYPE}


def test_a_type_that_is_gone_makes_room(target: WriterTarget) -> None:
    """When the last record of a type has expired another type finds a place."""
    quota = HistoryQuota(HistoryLimits(types=1))
    _write(target, quota, [_record("T0", 1)])
    target.execute("DELETE FROM history_counts")
    _write(target, quota, [_record("T1", 1)])
    assert _times(target, "T1") == [1]


def test_a_type_whose_room_was_taken(target: WriterTarget) -> None:
    """A type that was there, has expired and has lost its place to another one is left out."""
    quota = HistoryQuota(HistoryLimits(types=2))
    for _ in range(2):  # so that it is known, and not looked for any more
        _write(target, quota, [_record("T0", 1), _record("T1", 1)])
    target.execute("DELETE FROM history_counts WHERE type = 'T0'")
    _write(target, quota, [_record("T2", 1)])
    _write(target, quota, [_record("T0", 5), _record("T1", 5)])
    assert _times(target, "T0") == [1, 1]
    assert _times(target, "T1") == [1, 1, 5]
    assert _times(target, "T2") == [1]


def test_known_types_that_come_with_new_ones(target: WriterTarget) -> None:
    """When all has expired, what was known counts beside what is new, again and again."""
    quota = HistoryQuota(HistoryLimits(types=2))
    known = ["T0", "T1"]
    for new in (["T2", "T3"], ["T4", "T5"]):
        for _ in range(2):
            _write(target, quota, (_record(kind, 1) for kind in known))
        target.execute("DELETE FROM history_counts")
        _write(target, quota, (_record(kind, 1) for kind in [*known, *new]))
        known = [kind for (kind,) in target.rows("SELECT DISTINCT type FROM history_counts")]
        assert sorted(known) == ["T0", "T1"]


def test_known_types_are_not_looked_for(
    target: WriterTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A type is looked for until it was found, and again after a transaction that failed."""
    quota = HistoryQuota(HistoryLimits())
    asked: list[set[Row]] = []
    find = type(target.connection).find

    def noting(writer: WriterConnection, what: Find, rows: Iterable[Row]) -> set[Row]:
        rows = {*rows}
        if what is Find.TYPES:
            asked.append(rows)
        return find(writer, what, rows)

    monkeypatch.setattr(type(target.connection), "find", noting)
    for time in range(4):
        _write(target, quota, [_record("T", time)])
    quota.forget(["CAR1"])
    _write(target, quota, [_record("T", 5)])
    assert asked == [{("CAR1", "T")}] * 3


def test_a_full_history_is_told_once(target: WriterTarget) -> None:
    """One line of the log says that a vehicle's history is full, however much comes."""
    quota = HistoryQuota(HistoryLimits(records=100))
    with capture_logs() as logs:
        for first in range(0, 1000, 100):
            _write(target, quota, (_record("T", first + n) for n in range(100)))
    assert [each["event"] for each in logs] == [
        "history is full: the oldest records of its largest type go"
    ]


def test_acknowledgements_of_a_vehicle(
    target: WriterTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many are remembered in ten minutes, and what is not is stored again at worst."""
    monkeypatch.setattr(module, "ACKS_A_VEHICLE", 3)
    quota = HistoryQuota(HistoryLimits())
    _write(target, quota, (_record("T", 1, ack=n) for n in range(5)))
    assert target.rows("SELECT count(*) FROM history_acks") == [(3,)]
    later = 1 + int(COPY_WINDOW)
    _write(target, quota, [_record("T", later, ack=5)])
    assert target.rows("SELECT max(ack) FROM history_acks") == [(5,)]


def test_vehicles_that_are_remembered(
    target: WriterTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When too many are remembered they are counted again, and nothing else changes."""
    monkeypatch.setattr(module, "VEHICLES_LIMIT", 1)
    quota = HistoryQuota(HistoryLimits(records=100))
    for n in range(101):
        _write(target, quota, [_record("T", n)])
        _write(target, quota, [_record("T", n)], "CAR2")
    assert _times(target, "T") == _times(target, "T", "CAR2") == [*range(2, 101)]
