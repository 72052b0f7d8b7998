"""Journeys that follow each other as one: sums, extremes, means, and what stays unknown."""

from __future__ import annotations

from ovms.server.journeys.merging import merged_charges, merged_trips
from ovms.server.journeys.values import (
    Charge,
    ChargeEnding,
    CurvePoint,
    JourneyEnd,
    Trip,
    TripPoint,
)

ENDS = [JourneyEnd(time=each) for each in (0, 100, 200, 500)]


def test_trips() -> None:
    """What is counted is added, extremes are of all, means by time."""
    first = Trip(
        start=ENDS[0], end=ENDS[1], closed=160, distance=1.5, energy_used=1.0, moving_time=50,
        energy_recovered=0.25, speed_max=50.0, altitude_min=5.0, altitude_max=10.0, ascent=5.0,
        descent=1.0, temperature_ambient=10.0, estimated=("end", "start"),
    )  # fmt: skip
    second = Trip(
        start=ENDS[2], end=ENDS[3], closed=560, distance=2.0, energy_used=2.0, moving_time=100,
        energy_recovered=0.5, speed_max=40.0, altitude_min=7.0, altitude_max=12.0, ascent=6.0,
        descent=2.0, temperature_ambient=18.0, has_gaps=True, estimated=("distance", "start"),
    )  # fmt: skip
    assert merged_trips([first, second]) == Trip(
        start=ENDS[0], end=ENDS[3], closed=560, distance=3.5, energy_used=3.0, moving_time=150,
        energy_recovered=0.75, speed_max=50.0, altitude_min=5.0, altitude_max=12.0, ascent=11.0,
        descent=3.0, temperature_ambient=16.0, has_gaps=True, estimated=("distance", "start"),
    )  # fmt: skip


def test_unknown_and_known_is_unknown() -> None:
    """A sum of which a part is unknown is none, and what is unknown is not estimated."""
    first = Trip(start=ENDS[0], end=ENDS[1], distance=1.5, energy_used=1.0, ascent=3.0,
                 estimated=("energy_used",))  # fmt: skip
    second = Trip(start=ENDS[2], end=ENDS[3], moving_time=3)
    found = merged_trips([first, second])
    assert (found.distance, found.energy_used, found.ascent, found.moving_time) == (None,) * 4
    assert (found.energy, found.estimated) == (None, ())


def test_odometers_tell_an_unknown_distance() -> None:
    """It is estimated; unless they say less than one of the trips has."""
    start, end = JourneyEnd(time=0, odometer=100.0), JourneyEnd(time=500, odometer=110.0)
    for known, expected in ((4.0, 10.0), (11.0, None)):
        found = merged_trips(
            [Trip(start=start, end=ENDS[1], distance=known), Trip(start=ENDS[2], end=end)]
        )
        assert found.distance == expected
        assert found.estimated == (("distance",) if expected else ())


def test_what_was_recovered_is_of_those_that_know_it() -> None:
    """So the energy of both is that of the one and of the other."""
    first = Trip(start=ENDS[0], end=ENDS[1], energy_used=5.0)
    second = Trip(start=ENDS[2], end=ENDS[3], energy_used=4.0, energy_recovered=1.0)
    found = merged_trips([first, second])
    assert (found.energy, found.estimated) == (8.0, ("energy_recovered",))


def test_a_track_counts_on() -> None:
    """Points count since the start of the first trip, and each second stands once."""
    points = (TripPoint(time=0, distance=0.0), TripPoint(time=100, distance=1.5))
    first = Trip(start=ENDS[0], end=ENDS[1], distance=1.5, track=points)
    second = Trip(start=ENDS[1], end=ENDS[3], distance=2.0, energy_used=1.0,
                  track=(TripPoint(time=100, distance=0.0),
                         TripPoint(time=300, distance=1.0, energy_used=0.5)))  # fmt: skip
    track = merged_trips([first, second]).track
    assert [(each.time, each.distance) for each in track] == [(0, 0.0), (100, 1.5), (300, 2.5)]
    assert track[2].energy_used is None


def test_charges() -> None:
    """Energies are added; it ended as the last did; words that differ are none."""
    first = Charge(
        start=ENDS[0], end=ENDS[1], closed=110, plug="type2", mode="standard", energy=1.0,
        grid_energy=2.0, power_max=7.0, ending=ChargeEnding.INTERRUPTED, capacity=50.0,
        curve=(CurvePoint(time=50, energy=0.5),),
    )  # fmt: skip
    second = Charge(
        start=ENDS[2], end=ENDS[3], closed=None, plug="type2", mode="range", energy=2.0,
        power_max=11.0, ending=ChargeEnding.FULL, curve=(CurvePoint(time=300, energy=1.0),),
    )  # fmt: skip
    assert merged_charges([first, second]) == Charge(
        start=ENDS[0], end=ENDS[3], closed=None, plug="type2", mode=None, energy=3.0,
        grid_energy=None, power_max=11.0, ending=ChargeEnding.FULL, capacity=50.0,
        curve=(CurvePoint(time=50, energy=0.5), CurvePoint(time=300, energy=2.0)),
    )  # fmt: skip
