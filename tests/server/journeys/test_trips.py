"""Trips: from switch-on to switch-off, however much of it was reported."""

from __future__ import annotations

import pytest

from ovms.server.journeys.fold import Fold
from ovms.server.journeys.samples import Sample
from ovms.server.journeys.trips import WAITING_LIMIT
from ovms.server.journeys.values import Position, Trip

T = 1_700_000_000
LATER = 86_000


def on(time: int, odometer: float, speed: float = 50.0, **more: object) -> Sample:
    """Return a report of a car that is on."""
    return sample(time, is_on=True, odometer=odometer, speed=speed, parking_time=0, **more)


def off(time: int, odometer: float, since: int | None = None, **more: object) -> Sample:
    """Return a report of a car that is off."""
    parked = 0 if since is None else time - since
    return sample(time, is_on=False, odometer=odometer, speed=0, parking_time=parked, **more)


def sample(time: int, **fields: object) -> Sample:
    """Return a sample; times count from a first one."""
    return Sample(time=T + time, **fields)  # type: ignore[arg-type]


def log(time: int, driving_time: float, **fields: object) -> Sample:
    """Return a record of a trip that the module itself keeps."""
    return sample(time, driving_time=driving_time, is_trip_record=True, **fields)


def at(km: float) -> Position:
    """Return a place to the north."""
    return Position(latitude=50 + km / 111.195, longitude=8.0)


def driven(start: int, end: int, odometer: float, km: float, every: int = 60) -> list[Sample]:
    """Return what a car reports that drives at an even speed, without its end."""
    times = range(start, end, every)
    speed = km * 3600 / (end - start)
    return [
        on(time, odometer + km * (time - start) / (end - start), speed if time > start else 0.0)
        for time in times
    ]


def rest(start: int, odometer: float, since: int, count: int = 4, every: int = 600) -> list[Sample]:
    """Return what a parked car reports."""
    return [off(start + every * i, odometer, since) for i in range(count)]


def trips(samples: list[Sample], *, is_open: bool = False) -> list[Trip]:
    """Return the trips of samples, and the one that goes on if that is asked."""
    fold = Fold()
    found = fold.feed(samples)
    if is_open:
        found += fold.ongoing()
    return [each for each in found if isinstance(each, Trip)]


def spans(found: list[Trip]) -> list[tuple[int, int, float | None]]:
    """Return the start, end and distance of trips."""
    return [(each.start.time - T, each.end.time - T, rounded(each.distance)) for each in found]


def rounded(value: float | None) -> float | None:
    """Return a distance as far as tests look at it."""
    return None if value is None else round(value, 2)


def test_a_trip_lasts_from_switch_on_to_switch_off() -> None:
    """The reports that show both are at those moments."""
    found = trips(
        [off(0, 100.0), *driven(60, 1260, 100.0, 20.0), off(1260, 120.0), *rest(1800, 120.0, 1260)]
    )
    assert spans(found) == [(60, 1260, 20.0)]
    assert (found[0].estimated, found[0].has_gaps) == ((), False)
    assert found[0].closed == T + 1800


def test_the_time_parked_gives_the_exact_end() -> None:
    """The report came eight minutes later."""
    found = trips(
        [
            off(0, 100.0),
            on(10, 100.0, 0.0),
            on(610, 108.0),
            off(1210, 110.0, 730),
            *rest(1810, 110.0, 730),
        ]
    )
    assert spans(found) == [(10, 730, 10.0)]
    assert found[0].estimated == ()


def test_a_later_report_may_say_the_end_better() -> None:
    """The car did not say yet how long it was parked."""
    found = trips(
        [off(0, 100.0), *driven(10, 610, 100.0, 10.0), off(1000, 110.5), *rest(1600, 110.5, 640)]
    )
    assert spans(found) == [(10, 640, 10.5)]


def test_an_end_that_nothing_tells_is_estimated() -> None:
    """By the distance that was left."""
    (trip,) = trips(
        [
            off(0, 100.0),
            *driven(10, 610, 100.0, 10.0),
            off(1000, 111.0),
            off(1600, 111.0),
            off(2600, 111.0),
        ]
    )
    assert trip.estimated == ("end",)
    assert T + 580 < trip.end.time < T + 800


@pytest.mark.parametrize(("stop", "count"), [(20, 1), (179, 1), (181, 2), (400, 2)])
def test_a_short_stop_does_not_end_a_trip(stop: int, count: int) -> None:
    """Three minutes do."""
    again = 610 + stop
    found = trips(
        [
            off(0, 100.0),
            *driven(10, 610, 100.0, 10.0),
            off(610, 110.0),
            *driven(again, again + 600, 110.0, 10.0),
            off(again + 600, 120.0),
            *rest(again + 1200, 120.0, again + 600),
        ]
    )
    assert len(found) == count
    assert sum(each.distance or 0.0 for each in found) == pytest.approx(20.0)


def test_a_switch_that_flaps_is_one_trip() -> None:
    """And no trip while the car stands."""
    flapping = [(on if i % 2 else off)(10 + 20 * i, 100.0 + i / 5) for i in range(60)]
    still = [(on if i % 2 else off)(4000 + 20 * i, 112.0) for i in range(60)]
    found = trips(
        [off(0, 100.0), *flapping, *rest(1400, 112.0, 1200), *still, *rest(6000, 112.0, 5200)]
    )
    assert len(found) == 1
    assert found[0].distance == pytest.approx(12.0, abs=0.3)


def test_a_car_that_is_on_and_goes_nowhere_is_parked() -> None:
    """Less than 0.1 km is no trip."""
    samples = [
        off(0, 100.0),
        *[on(60 * i, 100.0, 0.0) for i in range(1, 20)],
        *rest(1200, 100.0, 1200),
    ]
    assert trips(samples) == []


def test_a_tunnel_is_within_the_trip() -> None:
    """Nothing was reported for an hour; then the car was still on, and further."""
    found = trips(
        [
            off(0, 100.0),
            *driven(10, 610, 100.0, 10.0),
            *driven(4210, 4810, 160.0, 10.0),
            off(4810, 170.0),
            *rest(5400, 170.0, 4810),
        ]
    )
    assert spans(found) == [(10, 4810, 70.0)]
    assert found[0].has_gaps


def test_a_trip_whose_reports_end_ends_when_the_car_was_parked() -> None:
    """It is seen elsewhere two hours later."""
    found = trips(
        [
            off(0, 100.0),
            *driven(10, 610, 100.0, 10.0),
            *rest(7800, 118.0, 1200),
            *rest(LATER, 118.0, 1200),
        ]
    )
    assert spans(found) == [(10, 1200, 18.0)]


def test_a_trip_whose_reports_end_is_estimated_if_the_time_parked_is_unknown() -> None:
    """It ended between the last report and the next."""
    (trip,) = trips(
        [
            off(0, 100.0),
            *driven(10, 610, 100.0, 10.0),
            off(7800, 118.0),
            off(8400, 118.0),
            off(9600, 118.0),
        ]
    )
    assert T + 900 < trip.end.time < T + 1500
    assert trip.distance == pytest.approx(18.0)
    assert trip.estimated == ("end",)


def test_a_car_that_drove_again_unseen_has_two_trips() -> None:
    """The reports ended on the way; the car was parked for ten minutes when it was seen again."""
    found = trips(
        [
            off(0, 100.0),
            *driven(10, 610, 100.0, 10.0),
            *rest(40_000, 150.0, 39_400),
            *rest(LATER, 150.0, 39_400),
        ]
    )
    assert len(found) == 2
    assert found[0].end.time <= T + 700
    assert (found[1].end.time, found[1].has_gaps) == (T + 39_400, True)
    assert sum(each.distance or 0.0 for each in found) == pytest.approx(50.0)


def test_a_car_that_is_still_on_after_a_day_of_silence_has_ended_its_trip() -> None:
    """With the last report; what follows is another."""
    found = trips(
        [
            off(0, 100.0),
            *driven(10, 610, 100.0, 10.0),
            *driven(100_000, 100_600, 110.0, 10.0),
            off(100_600, 120.0),
            *rest(101_200, 120.0, 100_600),
        ]
    )
    assert [each.distance and round(each.distance) for each in found] == [9, 11]
    assert found[0].end.time == T + 550
    assert "end" in found[0].estimated


@pytest.mark.parametrize("rise", [0.4, 0.5, 30.0])
def test_a_rise_of_the_odometer_that_nobody_saw_is_a_trip(rise: float) -> None:
    """From half a kilometre on; when it was is estimated."""
    found = trips([off(0, 100.0, -600), *rest(20_000, 100.0 + rise, 18_000)])
    assert [each.distance and round(each.distance, 1) for each in found] == (
        [rise] if rise >= 0.5 else []
    )
    for trip in found:
        assert (trip.has_gaps, trip.estimated, trip.end.time) == (True, ("start",), T + 18_000)


def test_small_rises_become_a_trip_once_they_are_enough() -> None:
    """Nothing that the odometer counts is lost."""
    found = trips(
        [off(0, 100.0), off(6000, 100.3), off(12_000, 100.6), *rest(20_000, 100.6, 11_000)]
    )
    assert [each.distance and round(each.distance, 1) for each in found] == [0.6]


def test_ten_minute_reports_estimate_the_start() -> None:
    """Between the last report of a parked car and the first of a driving one, by distance."""
    (trip,) = trips(
        [
            off(0, 100.0, -600),
            on(600, 105.0, 60.0),
            on(1200, 115.0, 60.0),
            off(1800, 120.0, 1500),
            *rest(2400, 120.0, 1500),
        ]
    )
    assert T + 150 < trip.start.time < T + 400
    assert (trip.end.time, trip.estimated, trip.distance) == (T + 1500, ("start",), 20.0)
    assert not trip.has_gaps


def test_two_trips_between_ten_minute_reports_are_told_apart_by_the_trip_meter() -> None:
    """It began anew."""
    found = trips(
        [
            off(0, 100.0, -600, trip_meter=9.0),
            on(600, 104.0, 60.0, trip_meter=4.0),
            sample(601, position=at(4.0), speed=60.0, trip_meter=4.0),
            sample(660, position=at(5.0), speed=60.0, trip_meter=5.0),
            on(1200, 108.0, 60.0, trip_meter=1.0),
            off(1800, 112.0, 1500, trip_meter=5.0),
            *rest(2400, 112.0, 1500),
        ]
    )
    assert [each.distance for each in found] == [7.0, 5.0]
    assert found[0].end.time + 180 <= found[1].start.time


def test_the_modules_own_record_says_start_and_end() -> None:
    """It is one trip with what the telemetry tells."""
    found = trips(
        [
            off(0, 100.0, -600),
            on(600, 105.0, 60.0),
            on(1200, 115.0, 60.0),
            log(1505, 1300.0, odometer=120.0, energy_used=4.2),
            off(1800, 120.0, 1500),
            *rest(2400, 120.0, 1500),
        ]
    )
    assert spans(found) == [(205, 1505, 20.0)]
    assert (found[0].estimated, found[0].energy_used) == ((), 4.2)


def test_a_record_with_no_driving_time_is_a_start() -> None:
    """Some modules send one at switch-on, too."""
    found = trips(
        [
            off(0, 100.0, -600),
            log(300, 0.0, odometer=100.0, soc=80.0),
            on(600, 105.0, 60.0),
            log(1500, 1200.0, odometer=120.0, soc=70.0),
            off(1501, 120.0, 1500),
            *rest(2400, 120.0, 1500),
        ]
    )
    assert spans(found) == [(300, 1500, 20.0)]
    assert (found[0].start.soc, found[0].end.soc, found[0].estimated) == (80.0, 70.0, ())


@pytest.mark.parametrize("has_starts", [True, False])
def test_a_car_that_sends_only_records_has_trips(has_starts: bool) -> None:
    """With or without records of starts."""
    samples = []
    for day in range(4):
        begin, odometer = day * 86_400, 100.0 + 30 * day
        if has_starts:
            samples.append(
                log(begin, 0.0, odometer=odometer, soc=80.0, energy_used=5.0 if day else 0.0)
            )
        samples.append(
            log(
                begin + 1800,
                1800.0,
                odometer=odometer + 30,
                trip_meter=30.0,
                soc=70.0,
                energy_used=5.0,
            )
        )
    found = trips(samples, is_open=True)
    assert spans(found) == [(d * 86_400, d * 86_400 + 1800, 30.0) for d in range(4)]
    assert [each.energy_used for each in found] == [5.0] * 4
    assert [each.has_gaps for each in found] == [False] * 4


def test_a_short_stop_between_records_does_not_end_a_trip() -> None:
    """What was used before and after it is added up, whichever is more."""
    for first, second in ((2.0, 3.0), (3.0, 2.0)):
        (trip,) = trips(
            [
                log(0, 0.0, odometer=100.0, energy_used=9.0),
                log(600, 600.0, odometer=110.0, trip_meter=10.0, energy_used=first),
                log(700, 0.0, odometer=110.0, trip_meter=0.0, energy_used=0.0),
                log(1300, 600.0, odometer=120.0, trip_meter=10.0, energy_used=second),
            ],
            is_open=True,
        )
        assert spans([trip]) == [(0, 1300, 20.0)]
        assert trip.energy_used == 5.0


def test_a_rise_between_records_is_a_trip_of_its_own() -> None:
    """One record was lost."""
    found = trips(
        [
            log(0, 1800.0, odometer=130.0, trip_meter=30.0),
            log(40_000, 1800.0, odometer=190.0, trip_meter=30.0),
            log(80_000, 1800.0, odometer=220.0, trip_meter=30.0),
        ],
        is_open=True,
    )
    assert [rounded(each.distance) for each in found] == [30.0, 30.0, 30.0, 30.0]
    assert [each.has_gaps for each in found] == [False, True, False, False]


def test_a_record_that_tells_a_trip_again_is_no_trip() -> None:
    """The clock of the car goes wrong by ten minutes."""
    found = trips(
        [
            off(0, 100.0),
            *driven(10, 1210, 100.0, 20.0),
            off(1210, 120.0),
            *rest(1300, 120.0, 1210),
            log(3200, 1200.0, odometer=120.0, trip_meter=20.0),
            *rest(4000, 120.0, 1210),
        ]
    )
    assert spans(found) == [(10, 1210, 20.0)]


def test_a_car_that_sends_only_locations_has_trips() -> None:
    """Positions and speeds tell that it drives; three minutes of standing end a trip."""
    samples = [sample(60 * i, position=at(0), speed=0.0) for i in range(5)]
    samples += [sample(300 + 60 * i, position=at(i), speed=60.0) for i in range(21)]
    samples += [sample(1560 + 60 * i, position=at(20), speed=0.0) for i in range(10)]
    samples += [sample(2200 + 60 * i, position=at(20 - i), speed=60.0) for i in range(21)]
    samples += [sample(3460 + 60 * i, position=at(0), speed=0.0) for i in range(20)]
    found = trips(samples)
    assert [each.distance and round(each.distance) for each in found] == [20, 20]
    assert found[0].start.time == T + 300
    assert abs(found[0].end.time - T - 1500) <= 60


def test_locations_every_ten_minutes_are_one_trip() -> None:
    """It stood at a light when it was seen; but it went on."""
    samples = [sample(0, position=at(0), speed=0.0), sample(600, position=at(0), speed=0.0)]
    samples += [
        sample(1200 + 600 * i, position=at(8 + 10 * i), speed=0.0 if i == 2 else 60.0)
        for i in range(5)
    ]
    samples += [sample(4200 + 600 * i, position=at(48.5), speed=0.0) for i in range(6)]
    (trip,) = trips(samples)
    assert trip.distance == pytest.approx(48.5, abs=0.5)


def test_a_car_without_an_odometer_has_the_distance_of_its_positions() -> None:
    """Which is an estimate."""
    samples = [sample(0, is_on=False), sample(1, position=at(0))]
    for i in range(21):
        samples += [
            sample(60 + 60 * i, is_on=True),
            sample(61 + 60 * i, position=at(i), speed=60.0),
        ]
    samples += [sample(1330 + 300 * i, is_on=False, parking_time=10 + 300 * i) for i in range(6)]
    (trip,) = trips(samples)
    assert trip.distance == pytest.approx(20.0)
    assert "distance" in trip.estimated


def test_the_last_energies_may_come_after_the_end() -> None:
    """They belong to that trip, and not to the next."""

    def energy(time: int, used: float) -> Sample:
        return sample(time, energy_used=used, energy_recovered=used / 10)

    found = trips(
        [
            off(0, 100.0),
            energy(1, 9.0),
            *driven(10, 610, 100.0, 10.0),
            energy(611, 1.5),
            off(612, 110.0),
            energy(800, 2.0),
            *rest(1212, 110.0, 612, 3),
            *driven(3000, 3600, 110.0, 10.0),
            energy(3600, 3.0),
            off(3601, 120.0),
            *rest(4200, 120.0, 3601),
        ]
    )
    assert [each.energy_used for each in found] == [2.0, 3.0]
    assert [each.energy_recovered for each in found] == [0.2, 0.3]


def test_a_counter_that_is_never_reset_counts_by_difference() -> None:
    """From the first trip on."""
    samples = [off(0, 100.0), sample(1, energy_used=750.0)]
    for i in range(3):
        begin = 10_000 * i
        samples += [
            *driven(begin + 10, begin + 610, 100.0 + 10 * i, 10.0),
            sample(begin + 611, energy_used=752.0 + 2 * i),
            off(begin + 612, 110.0 + 10 * i),
            *rest(begin + 1212, 110.0 + 10 * i, begin + 612),
        ]
    assert [each.energy_used for each in trips(samples)] == [2.0, 2.0, 2.0]


def test_the_state_of_charge_is_that_before_the_start_and_after_the_end() -> None:
    """Before the charge begins that follows."""
    (trip,) = trips(
        [
            sample(0, soc=80.0),
            off(1, 100.0),
            on(60, 100.0, 0.0),
            sample(70, soc=79.0),
            *driven(120, 720, 100.0, 10.0),
            sample(700, soc=76.0),
            off(720, 110.0),
            sample(740, soc=75.0),
            sample(760, soc=76.0, charge_state="charging"),
            off(780, 110.0, 720, is_charging=True),
            sample(1380, soc=90.0, charge_state="charging"),
            *rest(1390, 110.0, 720),
        ]
    )
    assert (trip.start.soc, trip.end.soc) == (80.0, 75.0)


def test_a_car_that_is_on_while_it_is_charged_is_parked() -> None:
    """Some say that they are on all night."""
    charging = [on(1300 + 600 * i, 120.0, 0.0, is_charging=True) for i in range(50)]
    found = trips([off(0, 100.0), *driven(10, 1210, 100.0, 20.0), on(1240, 120.0, 0.0), *charging])
    assert len(found) == 1
    assert found[0].end.time <= T + 1300


def test_a_car_that_is_left_on_for_hours_is_parked() -> None:
    """Its switch is stuck; when it drives again, that is another trip."""
    stuck = [on(1210 + 600 * i, 120.0, 0.0) for i in range(60)]
    found = trips(
        [
            off(0, 100.0),
            *driven(10, 1210, 100.0, 20.0),
            *stuck,
            *driven(37_300, 37_900, 120.0, 10.0),
            off(37_900, 130.0),
            *rest(38_500, 130.0, 37_900),
        ]
    )
    assert [rounded(each.distance) for each in found] == [20.0, 10.0]
    assert found[0].end.time <= T + 1800
    assert found[1].start.time >= T + 36_000


def test_the_first_report_may_be_of_a_car_on_its_way() -> None:
    """Its start is unknown, so it is estimated."""
    (trip,) = trips([*driven(0, 600, 100.0, 10.0), off(600, 110.0), *rest(1200, 110.0, 600)])
    assert (trip.start.time, trip.distance, trip.estimated) == (T, 10.0, ("start",))


def test_a_trip_that_goes_on_is_told_as_last_reported() -> None:
    """Once it has moved."""
    assert trips([off(0, 100.0), on(60, 100.0, 0.0)], is_open=True) == []
    (trip,) = trips([off(0, 100.0), *driven(60, 660, 100.0, 10.0)], is_open=True)
    assert (trip.closed, trip.end.time, rounded(trip.distance)) == (None, T + 600, 9.0)


def test_positions_that_drift_are_no_trip() -> None:
    """The odometer stands still."""
    samples = [off(0, 100.0), sample(1, position=at(0))]
    for i in range(40):
        samples += [
            on(60 + 60 * i, 100.0, 0.0),
            sample(61 + 60 * i, position=at(0.2 * (i % 2)), speed=0.0),
        ]
    assert trips([*samples, *rest(2600, 100.0, 2500)]) == []


def test_a_late_report_of_speed_after_the_end_does_not_go_on() -> None:
    """A location that was on its way when the car was switched off."""
    (trip,) = trips(
        [
            off(0, 100.0),
            sample(1, position=at(0), speed=0.0),
            *driven(10, 610, 100.0, 10.0),
            off(611, 110.0, 611),
            sample(613, position=at(9.5), speed=40.0),
            *rest(1211, 110.0, 611),
        ]
    )
    assert (trip.end.time, trip.distance) == (T + 611, 10.0)


def test_a_record_of_nonsense_moves_nothing() -> None:
    """A driving time of years."""
    (trip,) = trips(
        [
            off(0, 100.0),
            *driven(10, 610, 100.0, 10.0),
            log(605, 1e9, odometer=110.0),
            off(610, 110.0),
            *rest(1210, 110.0, 610),
        ]
    )
    assert spans([trip]) == [(10, 610, 10.0)]


@pytest.mark.parametrize("days", [-3, 3, 30, 4000])
def test_a_record_of_another_day_moves_nothing(days: int) -> None:
    """The clock of the module jumps; its odometer cannot be of then."""
    samples = [off(0, 100.0)]
    for day in range(10):
        begin, odometer = day * 86_400 + 1000, 100.0 + 20 * day
        samples += [
            *driven(begin, begin + 1200, odometer, 20.0),
            off(begin + 1200, odometer + 20, begin + 1200),
            *rest(begin + 1800, odometer + 20, begin + 1200),
        ]
    expected = trips(samples)
    jumped = log((4 + days) * 86_400 + 5000, 1200.0, odometer=200.0, trip_meter=20.0, soc=1.0)
    samples = sorted([*samples, jumped], key=lambda each: each.time)
    assert [each.distance for each in trips(samples)] == [each.distance for each in expected]
    assert spans(trips(samples)) == spans(expected)


@pytest.mark.parametrize("capacity", [None, 50.0])
def test_what_was_counted_on_a_small_part_of_the_way_is_not_its_energy(
    capacity: float | None,
) -> None:
    """A counter that is reset when the car is parked tells nothing of the rest of the way."""
    before = off(0, 1000.0, soc=80.0, capacity=capacity)
    way = [
        on(600 + 60 * i, 1000.0 + i, energy_used=0.16 * i, energy_recovered=0.01 * i)
        for i in range(11)
    ]
    after = off(20000, 1130.0, 9000, soc=30.0, energy_used=0.0, energy_recovered=0.0)
    (trip,) = trips([before, *way, after, *rest(20600, 1130.0, 9000)])
    assert trip.distance == 130.0
    assert trip.energy_used == (None if capacity is None else 25.0)
    assert trip.energy_recovered is None or capacity
    assert trip.has_gaps


@pytest.mark.parametrize(("days", "count"), [(0.9, 1), (1.1, 2)])
def test_silence_of_a_day_ends_a_trip(days: float, count: int) -> None:
    """A car that is still on after less is on the same trip."""
    again = round(days * 86_400) + 600
    found = trips(
        [
            off(0, 100.0),
            *driven(10, 610, 100.0, 10.0),
            *driven(again, again + 600, 600.0, 10.0),
            off(again + 600, 610.0),
            *rest(again + 1200, 610.0, again + 600),
        ]
    )
    assert len(found) == count
    assert sum(each.distance or 0.0 for each in found) == pytest.approx(510.0)


def test_reports_that_say_nothing_of_on_or_off_end_no_trip_soon() -> None:
    """Only once they have for a day; their number that waits is bounded."""
    fold = Fold()
    fold.feed([off(0, 100.0), *driven(10, 610, 100.0, 10.0)])
    closed = fold.feed([sample(700 + 300 * i, soc=70.0) for i in range(280)])
    assert closed == []
    assert len(fold.state.trips.waiting) <= WAITING_LIMIT
    closed = fold.feed([sample(90_000 + 300 * i, soc=70.0) for i in range(30)])
    (trip,) = (each for each in closed if isinstance(each, Trip))
    assert trip.end.time <= T + 86_400
    assert "end" in trip.estimated


@pytest.mark.parametrize(("standing", "count"), [(7000, 1), (7400, 2)])
def test_standing_for_two_hours_with_the_switch_on_ends_a_trip(standing: int, count: int) -> None:
    """Less is a part of it."""
    still = [on(610 + i, 110.0, 0.0) for i in range(0, standing, 200)]
    again = 610 + standing
    found = trips(
        [
            off(0, 100.0),
            *driven(10, 610, 100.0, 10.0),
            *still,
            *driven(again, again + 600, 110.0, 10.0),
            off(again + 600, 120.0),
            *rest(again + 1200, 120.0, again + 600),
        ]
    )
    assert len(found) == count


@pytest.mark.parametrize(("driving", "is_told"), [(172_800, True), (172_801, False)])
def test_a_record_may_tell_two_days_of_driving(driving: int, is_told: bool) -> None:
    """More is nonsense."""
    found = trips(
        [
            log(-300_000, 600.0, odometer=100.0, trip_meter=5.0),
            log(0, driving, odometer=900.0, trip_meter=800.0),
            log(90_000, 600.0, odometer=905.0, trip_meter=5.0),
        ],
        is_open=True,
    )
    assert (-172_800 in [each.start.time - T for each in found]) is is_told


def test_an_odometer_that_was_wrong_at_first_is_no_trip() -> None:
    """It was taken for kilometres until the car said that it counts miles."""
    parked = rest(60, 1609.0, -60, 5, 60)
    drive = [*driven(600, 1800, 1609.0, 20.0), off(1800, 1629.0), *rest(2400, 1629.0, 1800)]
    (trip,) = trips([off(0, 1000.0, -60), *parked, *drive])
    assert rounded(trip.distance) == 20.0
    (trip,) = trips([off(0, 1000.0, -60), *drive])
    assert trip.distance == pytest.approx(20.0, abs=3.1)
