"""A trip while it is reported: its sums."""

from __future__ import annotations

import pytest

from ovms.server.journeys.samples import Sample
from ovms.server.journeys.trip_building import TripBuilding
from ovms.server.journeys.values import JourneyEnd, Position

T = 1_700_000_000


def building(**start: float) -> TripBuilding:
    """Return a trip that begins."""
    return TripBuilding(start=JourneyEnd(time=T, **start), time=T)  # type: ignore[arg-type]


def at(km: float) -> Position:
    """Return a place to the north."""
    return Position(latitude=50 + km / 111.195, longitude=8.0)


def test_a_distance_is_by_the_odometer_and_the_positions_since() -> None:
    """Once the odometer is reported, it counts."""
    trip = building(odometer=100.0)
    trip.absorb(Sample(time=T + 10, position=at(0)))
    trip.absorb(Sample(time=T + 60, odometer=101.0))
    trip.absorb(Sample(time=T + 70, position=at(1)))
    assert trip.distance == pytest.approx(102.0 - 100.0)
    trip.absorb(Sample(time=T + 120, odometer=101.9))
    assert trip.distance == pytest.approx(1.9)


def test_a_distance_without_an_odometer_is_the_trip_meters_else_the_tracks() -> None:
    """Both are estimates of the odometer's rise."""
    trip = building()
    for i in range(5):
        trip.absorb(Sample(time=T + 60 * i, position=at(i), speed=60.0))
    assert trip.distance == pytest.approx(4.0)
    trip.absorb(Sample(time=T + 300, trip_meter=4.5))
    assert trip.distance == 4.5
    assert "distance" in trip.trip(None).estimated


def test_time_in_motion_leaves_out_stops() -> None:
    """Between a stop and motion half the time counts."""
    trip = building(odometer=100.0)
    for second, speed in ((0, 50.0), (60, 50.0), (120, 0.0), (180, 0.0), (240, 40.0)):
        trip.absorb(Sample(time=T + second, speed=speed, odometer=101.0))
    made = trip.trip(None)
    assert (made.moving_time, made.speed_max, made.duration) == (120, 50.0, 240)


def test_energy_without_counters_is_by_the_state_of_charge() -> None:
    """It is estimated; without a capacity it is unknown."""
    trip = building(odometer=100.0, soc=80.0)
    trip.absorb(Sample(time=T + 600, odometer=110.0, soc=75.0))
    assert trip.trip(None).energy_used is None
    trip.absorb(Sample(time=T + 660, capacity=40.0))
    made = trip.trip(None)
    assert (made.energy_used, made.estimated) == (2.0, ("energy_used",))


def test_energies_that_stop_on_the_way_are_estimated_for_the_rest() -> None:
    """By the distance."""
    trip = building(odometer=100.0)
    trip.absorb(Sample(time=T + 600, odometer=110.0, speed=60.0))
    trip.absorb(Sample(time=T + 601, energy_used=2.0, energy_recovered=0.5))
    assert trip.trip(None).energy_used == 2.0
    trip.absorb(Sample(time=T + 1200, odometer=120.0))
    made = trip.trip(None)
    assert made.energy_used == pytest.approx(4.0, rel=0.01)
    assert made.energy_recovered == pytest.approx(1.0, rel=0.01)
    assert "energy_used" in made.estimated
