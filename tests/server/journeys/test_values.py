"""Values: what follows from a journey's fields, and that unknown stays unknown."""

from __future__ import annotations

import pytest

from ovms.server.journeys.values import Certainty, Charge, JourneyEnd, Parked, Trip

START, END = JourneyEnd(time=1_000_000), JourneyEnd(time=1_003_600)


def test_consumption_is_net_energy_for_100_km() -> None:
    """What was recovered is not consumed."""
    trip = Trip(start=START, end=END, distance=50.0, energy_used=10.0, energy_recovered=2.0)
    assert (trip.energy, trip.consumption) == (8.0, 16.0)
    assert trip.duration == 3600


def test_unknown_energy_is_no_consumption() -> None:
    """Without an energy, or without a distance, nothing is concluded."""
    assert Trip(start=START, end=END, distance=50.0).consumption is None
    assert Trip(start=START, end=END, energy_used=1.0).consumption is None
    assert Trip(start=START, end=END, distance=0.0, energy_used=1.0).consumption is None


def test_efficiency_needs_both_energies() -> None:
    """Efficiency is percent of the energy from the grid."""
    assert Charge(start=START, end=END, energy=9.0, grid_energy=10.0).efficiency == 90.0
    assert Charge(start=START, end=END, energy=9.0).efficiency is None
    assert Charge(start=START, end=END, energy=9.0, grid_energy=0.0).efficiency is None


def test_losses_are_told_for_a_day() -> None:
    """An hour's loss makes 24 times as much a day."""
    parked = Parked(start=START, end=END, soc_lost=0.5, range_lost=1.0, idle_time=3600)
    assert (parked.soc_lost_a_day, parked.range_lost_a_day) == (12.0, 24.0)
    assert Parked(start=START, end=END, soc_lost=0.5).soc_lost_a_day is None


@pytest.mark.parametrize(
    ("has_gaps", "estimated", "certainty"),
    [
        (False, (), Certainty.MEASURED),
        (False, ("start",), Certainty.ESTIMATED),
        (False, ("capacity",), Certainty.MEASURED),
        (False, ("capacity", "energy"), Certainty.ESTIMATED),
        (True, (), Certainty.GAPS),
        (True, ("start",), Certainty.GAPS),
    ],
)
def test_a_journey_says_how_sure_it_is(
    has_gaps: bool, estimated: tuple[str, ...], certainty: Certainty
) -> None:
    """A gap counts more than an estimate."""
    assert Trip(start=START, end=END, has_gaps=has_gaps, estimated=estimated).certainty is certainty


def test_a_journey_without_a_close_goes_on() -> None:
    """It is open until a record shows that it is over."""
    assert Trip(start=START, end=END).is_open
    assert not Trip(start=START, end=END, closed=END.time).is_open
