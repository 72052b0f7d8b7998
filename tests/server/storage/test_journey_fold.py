"""The fold of one vehicle: however its records come, the journeys are the same."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from ovms.server.journeys.samples import JourneyRecord
from ovms.server.storage.journey_fold import NoCheckpoint, VehicleFold
from ovms.server.storage.journey_progress import write_checkpoints, write_progress
from tests.server.journeys.commute import DAY, MONDAY, Reported, days, keep
from tests.server.storage.databases import rows

if TYPE_CHECKING:
    from ovms.server.storage.database import Database
    from ovms.server.storage.journey_fold import Folded

END = MONDAY + 3 * DAY


def _record(reported: Reported) -> JourneyRecord:
    time, record_type, data = reported
    return JourneyRecord(time, record_type, 0, data.encode())


def _whole() -> Folded:
    fold = VehicleFold("CAR1", is_pic=False)
    fold.take(enumerate(map(_record, days(3)), 1))
    fold.settle(END)
    return fold.folded()


@pytest.mark.parametrize("settle", [0, 90, 3600])
def test_live_is_as_the_whole(settle: int) -> None:
    """Record by record, each up to a minute late, with what is recent folded again and again."""
    random = Random(settle)  # noqa: S311 (of a test)
    records = sorted(map(_record, days(3)))
    late = sorted(records, key=lambda each: each.time + random.uniform(0, min(settle, 60)))
    fold = VehicleFold("CAR1", is_pic=False)
    found: dict[int, object] = {}
    for id_, record in enumerate(late, 1):
        assert fold.take([(id_, record)]) is None
        fold.settle(record.time - settle - 1)
        for journey in fold.folded().closed:
            found[journey.start.time] = journey
        fold.was_written()
    fold.settle(END)
    whole = _whole()
    assert [*found.values()] == whole.closed
    assert fold.folded().ongoing == whole.ongoing
    assert len(whole.closed) >= 12


def test_what_comes_late_is_told() -> None:
    """Its time is, of several the oldest; what was taken before is not taken again."""
    fold = VehicleFold("CAR1", is_pic=False)
    assert (
        fold.take([(1, JourneyRecord(100, "D", 0, b"1")), (2, JourneyRecord(50, "D", 0, b"2"))])
        is None
    )
    fold.settle(100)
    late = [(3, JourneyRecord(90, "D", 0, b"")), (4, JourneyRecord(70, "S", 0, b""))]
    assert fold.take(late) == 70
    assert fold.take(late) is None
    assert fold.recent == []


def test_it_goes_on_from_a_checkpoint(database: Database) -> None:
    """Loaded of any checkpoint and caught up it tells what the whole does."""
    keep(database, "CAR1", days(3))
    whole = _whole()
    assert len(whole.checkpoints) >= 6
    with database.writing() as connection:
        write_checkpoints(connection, "CAR1", -1, whole.checkpoints)
        write_progress(connection, "CAR1", 1000, 7)
    for (time,) in rows(database, "SELECT time FROM journey_checkpoints"):
        with database.reading() as connection:
            fold = VehicleFold.load(connection, "CAR1", before=time + 1)
            assert (fold.time, fold.version) == (time, 7)
            while not fold.catch_up(connection, 10**9, END):
                pass
        folded = fold.folded()
        after = [each for each in whole.closed if (each.closed or 0) > time]
        assert (folded.closed, folded.ongoing) == (after, whole.ongoing)


def test_damaged_checkpoints_are_passed_over(database: Database) -> None:
    """The one before counts; without any, all is to be folded again, as for another version."""
    (first, state), *_ = _whole().checkpoints
    with database.writing() as connection:
        write_progress(connection, "CAR1", 1000, 0)
        write_checkpoints(connection, "CAR1", -1, [(first, state), (first + 9, state[:-3])])
        assert VehicleFold.load(connection, "CAR1").time == first
        with pytest.raises(NoCheckpoint):
            VehicleFold.load(connection, "CAR1", before=first)
        with pytest.raises(NoCheckpoint):
            VehicleFold.load(connection, "CAR2")
        write_checkpoints(connection, "CAR1", -1, [(first, b"\x92\xcd\x03\xe8\x80")])
        with pytest.raises(NoCheckpoint):
            VehicleFold.load(connection, "CAR1")


def test_what_the_fold_holds_back_is_not_forgotten() -> None:
    """While a lone sample from far ahead waits, nothing counts as written behind it."""
    fold = VehicleFold("CAR1", is_pic=False)
    fold.take(enumerate(map(_record, days(2)), 1))
    fold.settle(END)
    assert fold.was_written()
    after = fold.after
    fold.take([(900, _record((END + 9 * DAY, "D", days(1)[0][2])))])
    fold.settle(END + 10 * DAY)
    assert not fold.was_written()
    fold.mark()
    assert (fold.after, fold.checkpoints) == (after, [])


def test_late_records_in_the_database(database: Database) -> None:
    """They are found when a fold is loaded that does not know them."""
    keep(database, "CAR1", days(1))
    whole = _whole()
    with database.writing() as connection:
        write_checkpoints(connection, "CAR1", -1, whole.checkpoints[:1])
        (newest,) = rows(database, "SELECT max(id) FROM history")[0]
        write_progress(connection, "CAR1", newest, 0)
    keep(database, "CAR1", [(MONDAY + 5, "S", "30")])
    with database.reading() as connection:
        fold = VehicleFold.load(connection, "CAR1")
        assert fold.late(connection, 10**9) == MONDAY + 5
        assert fold.late(connection, newest) is None
