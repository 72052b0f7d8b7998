"""The points of a span, taken out of the journeys that cover it."""

from __future__ import annotations

from dataclasses import replace

from ovms.server.journeys.codec import without_points
from ovms.server.journeys.covering import with_points
from ovms.server.journeys.values import Charge, CurvePoint, JourneyEnd, Trip
from tests.server.journeys.made import NOON, parked, trip


def test_an_unchanged_journey_has_its_own_points() -> None:
    """What is shown as it was reported shows all of it."""
    whole = trip()
    assert with_points(without_points(whole), [whole]) == whole


def test_merged_trips_count_on() -> None:
    """The second part's distances and energies are those since the first part's start."""
    first, second = trip(), trip(NOON + 1800, NOON + 3600)
    merged = replace(first, end=second.end, distance=20.0, track=())
    shown = with_points(merged, [first, second])
    assert isinstance(shown, Trip)
    assert [each.time - NOON for each in shown.track] == [0, 600, 1200, 1800, 2400, 3000, 3600]
    distances = [each.distance for each in shown.track]
    assert distances == sorted(each for each in distances if each is not None)
    assert (shown.track[-1].distance, shown.track[-1].energy_used) == (20.0, 4.0)


def test_the_second_half_counts_from_its_own_start() -> None:
    """A trip that was cut off another begins with 0 km."""
    whole = trip()
    half = replace(without_points(whole), start=JourneyEnd(time=NOON + 600))
    shown = with_points(half, [whole])
    assert isinstance(shown, Trip)
    assert [each.time - NOON for each in shown.track] == [600, 1200, 1800]
    assert shown.track[0].distance == 0.0
    assert shown.track[-1].distance == 10.0 - 10.0 / 3


def test_curves_are_cut_likewise() -> None:
    """What a point does not say stays unknown."""
    curve = (CurvePoint(time=1, soc=50.0), CurvePoint(time=5, energy=2.0), CurvePoint(time=9))
    whole = Charge(start=JourneyEnd(time=0), end=JourneyEnd(time=10), energy=4.0, curve=curve)
    shown = with_points(replace(whole, start=JourneyEnd(time=2), curve=()), [whole])
    assert isinstance(shown, Charge)
    assert [(each.time, each.energy) for each in shown.curve] == [(5, 0.0), (9, None)]


def test_parked_time_has_no_points() -> None:
    """It is returned as it is."""
    there = parked()
    assert with_points(there, [there]) is there
