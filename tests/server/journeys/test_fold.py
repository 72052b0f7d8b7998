"""The fold: samples in, journeys out, the same wherever it is cut."""

from __future__ import annotations

import msgspec
import pytest

from ovms.server.journeys.fold import (
    FOLD_VERSION,
    Fold,
    FoldState,
    FoldVersionError,
    decode_state,
    encode_state,
)
from ovms.server.journeys.samples import Sample
from ovms.server.journeys.values import Journey, Parked, Trip

T = 1_700_000_000


def day() -> list[Sample]:
    """Return a drive of half an hour and what is around it."""
    drive = [
        Sample(time=T + 3600 + 60 * i, is_on=True, odometer=1000.0 + i, speed=60.0, parking_time=0)
        for i in range(31)
    ]
    before = Sample(time=T, is_on=False, odometer=1000.0, soc=80.0)
    after = [
        Sample(time=T + 5460 + 600 * i, is_on=False, odometer=1030.0, parking_time=60 + 600 * i)
        for i in range(6)
    ]
    return [before, *drive, *after]


def test_a_drive_is_a_trip_between_two_times_parked() -> None:
    """The first time parked begins with the first record."""
    fold = Fold()
    closed = fold.feed(day())
    assert {type(each) for each in closed} == {Trip, Parked}
    (trip,) = (each for each in closed if isinstance(each, Trip))
    assert (trip.start.time, trip.end.time) == (T + 3600, T + 5400)
    assert trip.distance == 30.0
    (parked,) = (each for each in closed if isinstance(each, Parked))
    assert (parked.start.time, parked.end) == (T, trip.start)
    (ongoing,) = fold.ongoing()
    assert isinstance(ongoing, Parked)
    assert (ongoing.start, ongoing.closed) == (trip.end, None)


def test_a_fold_that_is_cut_gives_what_the_whole_gives() -> None:
    """The state is bytes between any two samples."""
    whole = Fold()
    expected = whole.feed(day())
    state = FoldState()
    closed: list[Journey] = []
    for sample in day():
        fold = Fold(decode_state(encode_state(state)))
        closed += fold.feed([sample])
        state = fold.state
    assert closed == expected
    assert Fold(state).ongoing() == whole.ongoing()


def test_a_state_of_another_version_is_refused() -> None:
    """What it told is folded again."""
    assert decode_state(encode_state(FoldState())) == FoldState()
    other = msgspec.msgpack.encode((FOLD_VERSION + 1, {}))
    with pytest.raises(FoldVersionError, match=f"version {FOLD_VERSION + 1}"):
        decode_state(other)


def test_a_clock_that_was_never_set_tells_nothing() -> None:
    """A record of 1970 is no journey of decades."""
    fold = Fold()
    closed = fold.feed([Sample(time=60, is_on=False, odometer=1000.0), *day()])
    assert closed == Fold().feed(day())


def test_a_lone_record_far_ahead_ends_nothing() -> None:
    """It waits for a second one."""
    fold, other = Fold(), Fold()
    fold.feed([*day()[:10], Sample(time=T + 10**8, is_on=False, odometer=1020.0)])
    other.feed(day()[:10])
    assert fold.ongoing() == other.ongoing()


def test_a_car_that_reports_every_few_days_has_its_time() -> None:
    """What comes late is held until the next one says that time went on."""
    days = [
        Sample(time=T + 3 * 86400 * i, is_on=False, odometer=1000.0, soc=80.0 - i)
        for i in range(10)
    ]
    fold = Fold()
    assert fold.feed(days) == []
    (parked,) = fold.ongoing()
    assert isinstance(parked, Parked)
    assert parked.start.time == T
    assert parked.end.time >= days[-2].time


def test_records_far_ahead_end_nothing_however_many_there_are() -> None:
    """A car that reports must report at that time, too."""
    fold, other = Fold(), Fold()
    ahead = [
        Sample(
            time=T + 10**8 + 3600 * i,
            odometer=1020.0 + i,
            driving_time=600.0,
            is_trip_record=True,
        )
        for i in range(5)
    ]
    fold.feed([*day()[:10], *ahead])
    other.feed(day()[:10])
    assert fold.ongoing() == other.ongoing()


def test_a_car_that_only_sends_records_of_its_trips_may_drive_once_a_month() -> None:
    """A lone record is believed."""
    fold = Fold()
    records = [
        Sample(
            time=T + 30 * 86_400 * i,
            odometer=1000.0 + 50 * i,
            trip_meter=50.0,
            driving_time=3600.0,
            is_trip_record=True,
        )
        for i in range(4)
    ]
    closed = [*fold.feed(records), *fold.ongoing()]
    assert [each.distance for each in closed if isinstance(each, Trip)] == [50.0] * 4
