"""Dirty data: what links, receivers, cars and clocks do to a day of which all is known.

Each kind of it has a test with the right journeys: two trips of 20 km, a charge of 8 kWh, and the
time parked around them. A journey says how sure it is.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from ovms.protocol.records.status import KM_PER_MILE
from ovms.server.journeys.battery import battery_history
from ovms.server.journeys.reading import read_samples
from ovms.server.journeys.samples import CONNECTION_TYPE, JourneyRecord
from ovms.server.journeys.values import Certainty, Charge, Trip
from tests.server.journeys.known_day import (
    CHARGE_TIMES,
    DAY,
    DISTANCE,
    HOUR,
    MIDNIGHT,
    TRIP_ENERGY,
    TRIP_TIMES,
    FoundDay,
    ReportedDay,
    Truth,
    found,
    journeys_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

MEASURED, ESTIMATED, GAPS = Certainty.MEASURED, Certainty.ESTIMATED, Certainty.GAPS


def check(
    day: FoundDay,
    *,
    late: int = 60,
    part: float = 0.01,
    midnight: int = MIDNIGHT,
    trips: Certainty | None = MEASURED,
    charge: Certainty | None = MEASURED,
) -> None:
    """Assert that a day's journeys are the true ones: times within ``late``, figures in a part."""
    assert len(day.trips) == 2
    assert len(day.charges) == 1
    assert len(day.parked) == 3
    for trip, (begin, end) in zip(day.trips, TRIP_TIMES, strict=True):
        assert trip.start.time - midnight == pytest.approx(begin, abs=late)
        assert trip.end.time - midnight == pytest.approx(end, abs=late)
        assert trip.distance == pytest.approx(DISTANCE, rel=part, abs=0.1)
        assert trip.energy == pytest.approx(TRIP_ENERGY, rel=part, abs=0.05)
        assert trips is None or trip.certainty is trips
    [charged] = day.charges
    assert charged.start.time - midnight == pytest.approx(CHARGE_TIMES[0], abs=late)
    assert charged.end.time - midnight == pytest.approx(CHARGE_TIMES[1], abs=late)
    assert charged.energy == pytest.approx(8.0, rel=part, abs=0.05)
    assert charged.grid_energy == pytest.approx(8.8, rel=part, abs=0.05)
    assert charged.start.soc == pytest.approx(64, abs=1)
    assert charged.end.soc == 80
    assert charge is None or charged.certainty is charge
    for before, after in zip(day.parked, day.parked[1:], strict=False):
        assert before.end.time <= after.start.time


def test_clean_data_give_the_day_as_it_was() -> None:
    """It is measured."""
    check(found(ReportedDay().records()))


@pytest.mark.parametrize("unit", ["K", "M"])
def test_reports_every_ten_minutes_only(unit: str) -> None:
    """Times are within the interval, figures within three percent, and so said."""
    day = found(ReportedDay(busy=600, unit=unit, tells_events=False).records())
    check(day, late=600, part=0.03, trips=None)


def test_records_twice_and_out_of_order() -> None:
    """What arrives again, and earlier or later than it was sent, changes nothing."""
    records = ReportedDay().records()
    shuffled = records + records[::2]
    Random(3).shuffle(shuffled)  # noqa: S311 (the same each time)
    assert journeys_of(shuffled) == journeys_of(records)
    check(found(shuffled))


def test_late_records_are_as_if_they_had_come_in_time() -> None:
    """A log record that is sent after a week is of its own second."""
    records = ReportedDay().records()
    late = records[100:140]
    assert journeys_of([*records[:100], *records[140:], *late]) == journeys_of(records)


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_records_that_were_lost(share: float) -> None:
    """A twentieth, and nearly a third, of all; no journey is missing, and none is told twice."""
    random = Random(11)  # noqa: S311 (the same each time)
    records = [each for each in ReportedDay().records() if random.random() > share]
    check(found(records), late=240, part=0.03, trips=None, charge=None)


@pytest.mark.parametrize("wrong", [0, 1000, MIDNIGHT + 20 * 365 * DAY, 2**31 - 1])
def test_a_clock_that_jumps(wrong: int) -> None:
    """A record from 1970, or from decades on, is none of this day."""
    records = ReportedDay().records()
    strays = [replace(each, time=wrong) for each in (records[30], records[200])]
    check(found([*records, *strays]))


def test_a_clock_that_goes_back_for_a_while() -> None:
    """Ten minutes come twice: what they say is in doubt, what was driven and charged is not."""
    records = [
        replace(each, time=each.time - 600) if each.time > MIDNIGHT + 12 * HOUR else each
        for each in ReportedDay().records()
    ]
    day = found(records)
    assert [each.distance for each in day.trips] == [pytest.approx(DISTANCE, abs=0.1)] * 2
    assert [each.energy for each in day.charges] == [pytest.approx(8, abs=0.05)]


def test_a_receiver_that_loses_and_leaps() -> None:
    """No lock, 0/0, the other side of the earth: the track has none of it."""

    def broken(truth: Truth) -> dict[str, Any]:
        ways: dict[int, dict[str, Any]] = {
            1: {"gps_lock": False, "latitude": 0, "longitude": 0, "gps_stale": -1},
            2: {"latitude": 0, "longitude": 0},
            3: {"latitude": -33.8, "longitude": 151.2},
        }
        return ways.get(truth.time // 60 % 5, {})

    day = found(ReportedDay(changes={"L": broken}).records())
    check(day)
    for trip in day.trips:
        points = [each.position for each in trip.track if each.position is not None]
        assert points
        assert all(51.9 < each.latitude < 52.3 for each in points)
        assert all(each.longitude == 13.0 for each in points)


def test_no_position_at_all() -> None:
    """The odometer is enough."""
    lost: Callable[[Truth], dict[str, Any]] = lambda _: {"gps_lock": False, "gps_stale": -1}  # noqa: E731
    day = found(ReportedDay(changes={"L": lost}).records())
    check(day)
    assert day.trips[0].start.position is None


def test_an_odometer_that_is_reset() -> None:
    """It counts from 0 again from the evening on; both trips have their distance."""

    def reset(truth: Truth) -> dict[str, Any]:
        return {} if truth.time < 12 * HOUR else {"odometer": DISTANCE * (truth.driven - 1)}

    check(found(ReportedDay(changes={"D": reset}).records()), trips=None)


def test_an_odometer_that_is_wild_for_once() -> None:
    """0, a million, and one that falls."""

    def wild(truth: Truth) -> dict[str, Any]:
        values = {3: 0.0, 5: 999_999.9, 8: 77.0}
        at = truth.time // 60 % 11
        return {"odometer": values[at]} if at in values else {}

    check(found(ReportedDay(changes={"D": wild}).records()), trips=None)


@pytest.mark.parametrize("at", [7 * HOUR + 900, 12 * HOUR])
def test_a_unit_that_changes(at: int) -> None:
    """The driver chooses miles, on the way or at work."""
    metric, miles = ReportedDay().records(), ReportedDay(unit="M").records()
    records = [each for each in metric if each.time < MIDNIGHT + at]
    records += [each for each in miles if each.time >= MIDNIGHT + at]
    check(found(records), trips=None)


def test_a_unit_that_changes_before_its_status_says_so() -> None:
    """The status is logged a minute later than the meters."""
    at = MIDNIGHT + 7 * HOUR + 900
    metric, miles = ReportedDay().records(), ReportedDay(unit="M").records()
    records = [each for each in metric if each.time < at + (60 if each.type == "S" else 0)]
    records += [each for each in miles if each.time >= at + (60 if each.type == "S" else 0)]
    check(found(records), trips=None)


def test_an_odometer_in_another_unit_than_the_car_says() -> None:
    """From the evening on, and no status ever tells."""

    def miles(truth: Truth) -> dict[str, Any]:
        driven = 10_000 + DISTANCE * truth.driven
        return {"odometer": driven / KM_PER_MILE} if truth.time > 12 * HOUR else {}

    check(found(ReportedDay(changes={"D": miles}).records()), trips=None)


def test_a_state_of_charge_that_rounds_and_flaps() -> None:
    """Up and down by one with each report, and 0 or 100 for one of them."""

    def flapping(truth: Truth) -> dict[str, Any]:
        if truth.time in (CHARGE_TIMES[0], CHARGE_TIMES[1]) or truth.time > CHARGE_TIMES[1]:
            return {}
        at = truth.time // 60 % 17
        soc = {4: 0, 9: 100}.get(at, int(truth.soc) + at % 2)
        return {"soc": soc}

    check(found(ReportedDay(changes={"S": flapping}).records()))


def test_a_charge_state_that_flaps() -> None:
    """The charger lets go each third minute; the energy is in one charge."""

    def flapping(truth: Truth) -> dict[str, Any]:
        return {"charge_state": "stopped"} if truth.is_charging and truth.time % 180 == 120 else {}

    check(found(ReportedDay(changes={"S": flapping}).records()))


def test_a_server_that_was_away_in_a_drive() -> None:
    """From ten minutes after it began to ten minutes before it ended."""
    begin, end = TRIP_TIMES[0]
    records = _away(begin + 600, end - 600)
    check(found(records), trips=None)


def test_a_server_that_was_away_for_a_whole_drive() -> None:
    """The odometer tells of it: a trip with gaps."""
    begin, end = TRIP_TIMES[0]
    records = _away(begin - HOUR, end + HOUR)
    day = found(records)
    first, second = day.trips
    assert first.distance == pytest.approx(DISTANCE, abs=0.1)
    assert first.certainty is GAPS
    assert MIDNIGHT + begin - HOUR - 600 <= first.start.time < first.end.time
    assert first.end.time <= MIDNIGHT + end + HOUR + 600
    assert second.certainty is MEASURED
    assert len(day.charges) == 1


def test_a_server_that_was_away_for_a_whole_charge() -> None:
    """The car tells afterwards what it took."""
    begin, end = CHARGE_TIMES
    [charge] = found(_away(begin - 300, end + HOUR)).charges
    assert charge.energy == pytest.approx(8.0, abs=0.1)
    assert (charge.start.soc, charge.end.soc) == (64, 80)
    assert charge.certainty is GAPS
    assert MIDNIGHT + begin - 900 <= charge.start.time < charge.end.time
    assert charge.end.time <= MIDNIGHT + end + HOUR + 600


def test_a_server_that_was_away_at_the_end_of_a_charge() -> None:
    """How long it took is what the car says."""
    begin, end = CHARGE_TIMES
    day = found(_away(begin + 3600, end + 2 * HOUR))
    check(day, late=60, charge=None)


def _away(begin: int, end: int) -> list[JourneyRecord]:
    """Return the records of a day of which some hours are missing, with those of the connection."""
    records = [
        each
        for each in ReportedDay().records()
        if not MIDNIGHT + begin <= each.time < MIDNIGHT + end
    ]
    gone = JourneyRecord(MIDNIGHT + begin, CONNECTION_TYPE, 0, b"0")
    back = JourneyRecord(MIDNIGHT + end, CONNECTION_TYPE, 0, b"1")
    return [*records, gone, back]


def test_a_paranoid_car_has_no_journeys() -> None:
    """What is sealed says nothing, also if it comes where plain records do."""
    sealed = [
        JourneyRecord(each.time, each.type, 0, b"EM" + each.type.encode() + b"c2VhbGVkIGRhdGE=")
        for each in ReportedDay().records()
    ]
    day = found(sealed)
    assert (day.trips, day.charges) == ([], [])


@pytest.mark.parametrize("day", ["2025-03-30", "2025-10-26", "2024-02-29", "2024-12-31"])
def test_days_that_are_shorter_longer_or_rare(day: str) -> None:
    """Where clocks change, in a leap year, over the new year: a second is a second."""
    midnight = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())
    berlin = ZoneInfo("Europe/Berlin")
    records = ReportedDay(midnight=midnight).records()
    check(found(records), midnight=midnight)
    # The same day, so that clocks change in the middle of the charge.
    shifted = midnight - CHARGE_TIMES[0]
    night = found(ReportedDay(midnight=shifted).records())
    check(night, midnight=shifted)
    months = battery_history(night.charges, night.trips, zone=berlin).months
    assert {each.month for each in months} <= {day[:7], "2025-02"}


def test_a_pic_reports_the_same_day() -> None:
    """Its minutes are minutes, its watt-hours watt-hours."""
    changes: dict[str, Callable[[Truth], dict[str, Any]]] = {
        "S": lambda truth: {"charge_duration": truth.charged // 60},
        "L": lambda truth: {
            "energy_used": 1000 * ReportedDay()._used(truth),
            "energy_recovered": 0,
        },
    }
    check(found(ReportedDay(changes=changes, unit="M").records(), is_pic=True))


def test_bytes_that_are_no_records() -> None:
    """Between the good ones there is rubbish; it is left out."""
    records = ReportedDay().records()
    rubbish = [
        JourneyRecord(each.time + 7, each.type, 0, data)
        for each, data in zip(
            records[::9],
            [b"", b",,,,,", b"\xff\xfe", b"nan,inf,1e999,-1", b"a" * 3000] * 1000,
            strict=False,
        )
    ]
    check(found([*records, *rubbish]), late=90)


def test_a_journey_says_how_sure_it_is() -> None:
    """Measured, estimated, with gaps: each of the three has been seen here."""
    begin, end = TRIP_TIMES[0]
    clean = found(ReportedDay().records())
    ten = found(ReportedDay(busy=600, tells_events=False).records())
    away = found(_away(begin - HOUR, end + HOUR))
    seen = {each.certainty for day in (clean, ten, away) for each in (*day.trips, *day.charges)}
    assert seen >= {MEASURED, GAPS}
    assert all(isinstance(each, Trip | Charge) for each in (*clean.trips, *clean.charges))
    assert len([*read_samples(ReportedDay().records(), is_pic=False)]) > 100
