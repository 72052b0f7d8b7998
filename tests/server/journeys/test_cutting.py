"""Journeys cut in two: by their points, else by shares, and nothing is lost."""

from __future__ import annotations

import pytest

from ovms.server.journeys.cutting import cut_charge, cut_trip, may_cut
from ovms.server.journeys.values import (
    Charge,
    ChargeEnding,
    CurvePoint,
    JourneyEnd,
    Position,
    Trip,
    TripPoint,
)


def at(east: float, north: float = 50.0) -> Position:
    """Return a point on earth."""
    return Position(latitude=north, longitude=east)


TRACK = (
    TripPoint(time=0, position=at(8.0), altitude=100.0, speed=0.0, distance=0.0, soc=80.0),
    TripPoint(time=20, position=at(8.2), altitude=300.0, speed=90.0, distance=6.0, soc=77.0,
              energy_used=1.5),
    TripPoint(time=60, position=at(8.4), altitude=200.0, speed=60.0, distance=8.0, soc=76.0,
              energy_used=2.0),
    TripPoint(time=100, position=at(8.5), altitude=200.0, speed=0.0, distance=10.0, soc=75.0),
)  # fmt: skip

TRIP = Trip(
    start=JourneyEnd(time=0, position=at(8.0), soc=80.0, odometer=1000.0, ideal_range=200.0),
    end=JourneyEnd(time=100, position=at(8.5), soc=75.0, odometer=1010.0, ideal_range=190.0),
    closed=130, distance=10.0, energy_used=3.0, energy_recovered=0.5, moving_time=90,
    speed_max=95.0, altitude_min=98.0, altitude_max=310.0, ascent=220.0, descent=110.0,
    estimated=("end", "start"), track=TRACK,
)  # fmt: skip


def test_a_track_tells_how_it_was_at_the_cut() -> None:
    """Distance, energy, SOC and position are on the line between two points."""
    first, second = cut_trip(TRIP, 40)
    assert first.end == second.start
    assert first.end.position is not None
    assert first.end.position.longitude == pytest.approx(8.3)
    assert (first.end.soc, first.end.odometer, first.end.ideal_range) == (76.5, 1007.0, 193.0)
    assert (first.distance, second.distance) == (7.0, 3.0)
    assert (first.energy_used, second.energy_used) == (1.75, 1.25)
    assert "distance" not in first.estimated
    assert "soc" not in first.estimated


def test_what_no_point_tells_is_shared_by_distance() -> None:
    """It is estimated in both parts; the ends' times are as sure as they were."""
    first, second = cut_trip(TRIP, 40)
    assert first.energy_recovered == pytest.approx(0.35)
    assert second.energy_recovered == pytest.approx(0.15)
    assert {"energy_recovered", "moving_time"} <= {*first.estimated} & {*second.estimated}
    assert ("start" in first.estimated, "end" in first.estimated) == (True, False)
    assert ("start" in second.estimated, "end" in second.estimated) == (False, True)
    assert (first.moving_time, second.moving_time) == (36, 54)


def test_extremes_and_climbs_of_the_parts() -> None:
    """The whole's highest is in the part that was higher; ascent is where it went up."""
    first, second = cut_trip(TRIP, 40)
    assert (first.speed_max, second.speed_max) == (95.0, 60.0)
    assert (first.altitude_max, second.altitude_max) == (310.0, 200.0)
    assert (first.ascent, second.ascent) == (220.0, 0.0)
    assert (first.descent, second.descent) == (55.0, 55.0)


def test_both_tracks_reach_the_cut() -> None:
    """The second counts from there."""
    first, second = cut_trip(TRIP, 40)
    assert [each.time for each in first.track] == [0, 20, 40]
    assert [(each.time, each.distance) for each in second.track] == [
        (40, 0.0),
        (60, 1.0),
        (100, 3.0),
    ]


def test_without_a_track_all_is_shared_by_time() -> None:
    """All of it is estimated, and where the vehicle was is unknown."""
    bare = Trip(start=TRIP.start, end=TRIP.end, closed=130, distance=10.0, energy_used=3.0,
                speed_max=95.0)  # fmt: skip
    first, second = cut_trip(bare, 25)
    assert (first.distance, second.distance) == (2.5, 7.5)
    assert (first.energy_used, first.end.soc, first.end.odometer) == (0.75, 78.75, 1002.5)
    assert first.estimated == second.estimated == ("distance", "energy_used", "soc")
    assert (first.end.position, first.speed_max, first.track) == (None, None, ())


def test_unknown_stays_unknown() -> None:
    """Nothing is made of nothing."""
    first, second = cut_trip(Trip(start=JourneyEnd(time=0), end=JourneyEnd(time=9)), 4)
    assert first == Trip(start=JourneyEnd(time=0), end=JourneyEnd(time=4), closed=4)
    assert second == Trip(start=JourneyEnd(time=4), end=JourneyEnd(time=9))


def test_a_cut_across_the_date_line() -> None:
    """The position is between its neighbours, not on the other side of the earth."""
    track = (TripPoint(time=10, position=at(179.8)), TripPoint(time=30, position=at(-179.8)))
    trip = Trip(start=JourneyEnd(time=0), end=JourneyEnd(time=40), track=track)
    found = cut_trip(trip, 20)[0].end.position
    assert found is not None
    assert abs(found.longitude) == pytest.approx(180.0)


def test_points_that_say_more_than_the_whole() -> None:
    """No part is negative, however the points and the sum disagree."""
    track = (TripPoint(time=10, distance=12.0), TripPoint(time=30, distance=11.0))
    trip = Trip(start=JourneyEnd(time=0), end=JourneyEnd(time=40), distance=10.0, track=track)
    assert [each.distance for each in cut_trip(trip, 20)] == [10.0, 0.0]


def test_a_charge() -> None:
    """Its curve tells energies and SOC; only the second part knows how it ended."""
    curve = (
        CurvePoint(time=10, soc=50.0, power=10.0, energy=1.0),
        CurvePoint(time=30, soc=60.0, power=6.0, energy=3.0),
    )
    charge = Charge(
        start=JourneyEnd(time=0, position=at(8.0), soc=45.0),
        end=JourneyEnd(time=40, position=at(8.0), soc=65.0), closed=50, plug="ccs", energy=4.0,
        grid_energy=8.0, power_max=11.0, ending=ChargeEnding.FULL, curve=curve,
    )  # fmt: skip
    first, second = cut_charge(charge, 20)
    assert (first.energy, second.energy, first.grid_energy) == (2.0, 2.0, 4.0)
    assert first.estimated == ("grid_energy", "power_max")
    assert (first.end.soc, first.end.position, second.plug) == (55.0, at(8.0), "ccs")
    assert (first.power_max, second.power_max) == (11.0, 6.0)
    assert (first.ending, second.ending) == (ChargeEnding.UNKNOWN, ChargeEnding.FULL)
    assert [(each.time, each.power, each.energy) for each in second.curve] == [
        (20, 8.0, 0.0), (30, 6.0, 1.0),
    ]  # fmt: skip


@pytest.mark.parametrize(("time", "is_within"), [(0, False), (1, True), (99, True), (100, False)])
def test_a_cut_is_within(time: int, is_within: bool) -> None:
    """Not at an end."""
    assert may_cut(TRIP, time) is is_within
