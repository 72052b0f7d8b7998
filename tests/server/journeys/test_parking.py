"""Parked time: from the end of a trip to the start of the next, and what is lost in it."""

from __future__ import annotations

import pytest

from ovms.server.journeys.fold import Fold
from ovms.server.journeys.samples import Sample
from ovms.server.journeys.values import Journey, Parked, Position, Trip

T = 1_700_000_000
HOUR = 3600


def sample(time: int, **fields: object) -> Sample:
    """Return a sample; times count from a first one."""
    return Sample(time=T + time, **fields)  # type: ignore[arg-type]


def off(time: int, odometer: float, since: int, **more: object) -> Sample:
    """Return a report of a car that is off."""
    parked = time - since
    return sample(time, is_on=False, odometer=odometer, parking_time=parked, speed=0, **more)


def drive(start: int, odometer: float) -> list[Sample]:
    """Return the reports of ten minutes and ten kilometres, with its end."""
    return [
        *[
            sample(start + 60 * i, is_on=True, odometer=odometer + i, speed=60.0, voltage_12v=14.2)
            for i in range(10)
        ],
        off(start + 600, odometer + 10, start + 600, voltage_12v=12.9),
    ]


def night(start: int, end: int, odometer: float, *socs: float) -> list[Sample]:
    """Return what a parked car reports every ten minutes, with states of charge in turn."""
    found = []
    for i, time in enumerate(range(start + 600, end, 600)):
        soc = socs[min(i * len(socs) // ((end - start) // 600), len(socs) - 1)]
        found += [
            sample(time, soc=soc, ideal_range=3 * soc),
            off(time + 1, odometer, start, voltage_12v=12.5, is_charging=False),
        ]
    return found


def folded(samples: list[Sample], *, is_open: bool = False) -> list[Journey]:
    """Return the journeys of samples, and those that go on if that is asked."""
    fold = Fold()
    found = fold.feed(sorted(samples, key=lambda each: each.time))
    return found + (fold.ongoing() if is_open else [])


def parked(samples: list[Sample], *, is_open: bool = False) -> list[Parked]:
    """Return the times parked of samples."""
    return [each for each in folded(samples, is_open=is_open) if isinstance(each, Parked)]


def between(*reports: Sample, until: int = 10 * HOUR) -> Parked:
    """Return the time parked between two trips, with what was reported in it."""
    samples = [
        off(0, 100.0, -600, soc=80.0, ideal_range=240.0),
        *drive(60, 100.0),
        *reports,
        *drive(until, 110.0),
        *night(until + 600, until + 2 * HOUR, 120.0, 60.0),
    ]
    return parked(samples)[1]


def test_before_the_first_trip_parked_begins_with_the_first_record() -> None:
    """It goes on until a trip begins."""
    fold = Fold()
    assert fold.feed([sample(0, soc=80.0), sample(600, is_on=False)]) == []
    (found,) = fold.ongoing()
    assert isinstance(found, Parked)
    assert (found.start.time, found.start.soc, found.closed) == (T, 80.0, None)


def test_parked_is_from_trip_to_trip() -> None:
    """Its start and end are those of the trips."""
    samples = [
        *night(0, HOUR, 100.0, 80.0),
        *drive(2 * HOUR, 100.0),
        *night(2 * HOUR + 600, 8 * HOUR, 110.0, 70.0),
        *drive(9 * HOUR, 110.0),
        *night(9 * HOUR + 600, 20 * HOUR, 120.0, 60.0),
    ]
    found = folded(samples, is_open=True)
    trips = [each for each in found if isinstance(each, Trip)]
    times = [each for each in found if isinstance(each, Parked)]
    assert (len(trips), len(times)) == (2, 3)
    assert times[0].end == trips[0].start
    assert (times[1].start, times[1].end) == (trips[0].end, trips[1].start)
    assert (times[2].start, times[2].is_open) == (trips[1].end, True)


def test_what_is_lost_is_told_with_the_time_in_which_it_was() -> None:
    """So much a day."""
    found = between(*night(660, 10 * HOUR, 110.0, 70.0, 69.0, 68.0))
    assert (found.soc_lost, found.range_lost, found.idle_time) == (2.0, 6.0, 10 * HOUR - 660)
    assert found.soc_lost_a_day == pytest.approx(2 * 24 / (10 - 660 / HOUR))
    assert (found.preheat_time, found.preheat_soc, found.has_gaps) == (0, None, False)


def test_a_state_of_charge_that_flaps_loses_nothing() -> None:
    """Down and up again by one percent is no loss and no gain."""
    found = between(*night(660, 10 * HOUR, 110.0, *([70.0, 69.0] * 20), 69.0))
    assert found.soc_lost == 1.0
    found = between(*night(660, 10 * HOUR, 110.0, 70.0, 71.0))
    assert found.soc_lost == 0.0


def test_what_a_charge_brings_is_no_gain() -> None:
    """Lost is what was lost before and after it."""
    charge = [
        sample(3 * HOUR + 600 * i, soc=68.0 + 3 * i, charge_state="charging", is_charging=True)
        for i in range(5)
    ]
    end = 3 * HOUR + 3000
    found = between(
        *night(660, 3 * HOUR, 110.0, 70.0, 69.0, 68.0),
        *charge,
        sample(end, soc=82.0, charge_state="done", is_charging=False),
        *night(end, 10 * HOUR, 110.0, 82.0, 81.0),
    )
    assert found.soc_lost == 3.0
    assert found.idle_time == 10 * HOUR - 660 - 3000


def test_a_charge_that_nobody_saw_is_no_gain() -> None:
    """The state of charge is higher after hours of silence."""
    found = between(
        *night(660, 3 * HOUR, 110.0, 70.0, 69.0), *night(7 * HOUR, 10 * HOUR, 110.0, 90.0, 89.0)
    )
    assert found.soc_lost == 2.0
    assert found.has_gaps
    assert found.idle_time is not None
    assert found.idle_time < 7 * HOUR


def test_preheating_is_apart() -> None:
    """Its percent are not lost by standing."""
    heated = [
        sample(5 * HOUR, soc=69.0),
        off(5 * HOUR + 1, 110.0, 660, is_conditioning=True),
        sample(5 * HOUR + 600, soc=67.0),
        off(5 * HOUR + 601, 110.0, 660, is_conditioning=True),
        sample(5 * HOUR + 1200, soc=65.0),
        off(5 * HOUR + 1201, 110.0, 660, is_conditioning=False),
    ]
    found = between(
        *night(660, 5 * HOUR, 110.0, 70.0, 69.0),
        *heated,
        *night(5 * HOUR + 1201, 10 * HOUR, 110.0, 65.0, 64.0),
    )
    assert (found.preheat_time, found.preheat_soc) == (1200, 4.0)
    assert found.soc_lost == 2.0
    assert found.idle_time == 10 * HOUR - 660 - 1200


def test_preheating_while_it_is_charged_takes_nothing_from_the_battery() -> None:
    """Only its time counts."""
    heated = [
        sample(5 * HOUR + 600 * i, soc=69.0, is_charging=True, is_conditioning=True, is_on=False)
        for i in range(3)
    ]
    found = between(
        *night(660, 5 * HOUR, 110.0, 70.0, 69.0),
        *heated,
        off(5 * HOUR + 1800, 110.0, 660, is_charging=False, is_conditioning=False),
        *night(5 * HOUR + 1800, 10 * HOUR, 110.0, 69.0),
    )
    assert (found.preheat_time, found.preheat_soc, found.soc_lost) == (1800, None, 1.0)


def test_the_12_v_battery_is_told_at_start_and_end() -> None:
    """At the start as first reported after the trip."""
    found = between(*night(660, 10 * HOUR, 110.0, 70.0))
    assert (found.start.voltage_12v, found.end.voltage_12v) == (12.9, 12.5)


def test_a_car_that_is_on_and_goes_nowhere_stays_parked() -> None:
    """What it takes meanwhile is not lost by standing."""
    on = [
        sample(5 * HOUR + 60 * i, is_on=True, odometer=110.0, speed=0.0, soc=70.0 - i // 20)
        for i in range(60)
    ]
    found = between(
        *night(660, 5 * HOUR, 110.0, 70.0),
        *on,
        off(6 * HOUR, 110.0, 6 * HOUR),
        *night(6 * HOUR, 10 * HOUR, 110.0, 68.0, 67.0),
    )
    assert found.soc_lost == 1.0
    assert found.idle_time == pytest.approx(9 * HOUR - 660, abs=61)


def test_a_car_on_its_way_is_not_parked() -> None:
    """The time parked is over as soon as the trip has moved."""
    fold = Fold()
    closed = fold.feed([sample(0, soc=80.0), off(1, 100.0, -600), *drive(60, 100.0)[:-1]])
    assert [type(each) for each in closed] == [Parked]
    assert [type(each) for each in fold.ongoing()] == [Trip]


def test_the_end_of_the_time_parked_may_not_be_sure_yet() -> None:
    """While the start of the trip is estimated, a record of the module may still tell it."""
    fold = Fold()
    closed = fold.feed(
        [
            off(0, 100.0, -600),
            sample(1200, is_on=True, odometer=108.0, speed=60.0),
            sample(1800, is_on=True, odometer=118.0, speed=60.0),
        ]
    )
    assert closed == []
    found, trip = fold.ongoing()
    assert isinstance(found, Parked)
    assert isinstance(trip, Trip)
    assert (found.end, found.estimated) == (trip.start, ("end",))
    closed = fold.feed(
        [
            sample(2000, odometer=120.0, driving_time=1500.0, is_trip_record=True),
            *night(2000, 3 * HOUR, 120.0, 70.0),
        ]
    )
    found, trip = closed
    assert (found.end.time, trip.start.time, found.estimated) == (T + 500, T + 500, ())


def test_years_without_a_report_are_no_time_parked() -> None:
    """Nobody knows what was in them."""
    later = 500 * 86_400
    found = parked(
        [*night(0, HOUR, 100.0, 80.0), *night(later, later + HOUR, 100.0, 50.0)], is_open=True
    )
    assert [each.duration < HOUR for each in found] == [True, True]


def test_a_parked_car_has_a_place() -> None:
    """As first reported."""
    here = Position(latitude=50.0, longitude=8.0)
    (found,) = parked([off(0, 100.0, -600), sample(1, position=here)], is_open=True)
    assert (found.start.position, found.end.position) == (here, here)
