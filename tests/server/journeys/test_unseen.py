"""Charges that nobody saw."""

from __future__ import annotations

import pytest

from ovms.server.journeys.charging import CounterReadings
from ovms.server.journeys.unseen import RISE_LIMIT, SocRun, made_unseen
from ovms.server.journeys.values import JourneyEnd, Position

HOME = Position(latitude=48.0, longitude=11.0)


def run(
    before: CounterReadings | None = None, after: CounterReadings | None = None, *, soc: float = 60
) -> SocRun:
    """Return a rise of ten hours, from 40 percent."""
    return SocRun(
        start=JourneyEnd(time=0, soc=40, odometer=100, position=HOME),
        end=JourneyEnd(time=36_000, soc=soc, odometer=100, position=HOME),
        before=before or CounterReadings(),
        after=after or CounterReadings(),
        gap=36_000,
    )


def test_a_rise_of_three_percent_is_a_charge() -> None:
    """Without a capacity its energy is unknown."""
    assert made_unseen(run(soc=42), 50, 1) is None
    charge = made_unseen(run(soc=43), None, 1)
    assert charge is not None
    assert (charge.energy, charge.has_gaps, charge.estimated) == (None, True, ("end", "start"))


def test_energy_from_the_grid_is_a_charge() -> None:
    """However little the state of charge has risen."""
    charge = made_unseen(run(CounterReadings(total=100), CounterReadings(total=101), soc=41), 50, 1)
    assert charge is not None
    assert (charge.grid_energy, charge.energy) == (1, 0.5)


@pytest.mark.parametrize(
    ("before", "after", "energy"),
    [(3.0, 9.9, 9.9), (30.0, 40.2, 10.2), (3.0, 3.0, 10.0), (0.0, 77.0, 10.0)],
)
def test_a_counter_counts_if_it_is_about_right(before: float, after: float, energy: float) -> None:
    """One that begins anew, one that does not, an old one, a wrong one."""
    charge = made_unseen(run(CounterReadings(energy=before), CounterReadings(energy=after)), 50, 1)
    assert charge is not None
    assert charge.energy == pytest.approx(energy)


def test_one_with_a_drive_in_the_same_silence_has_no_place() -> None:
    """It lasts as long as its energy takes at a usual charger."""
    rise = run()
    rise.was_moved = True
    charge = made_unseen(rise, 35, 1)
    assert charge is not None
    assert (charge.start.position, charge.end.odometer) == (None, None)
    assert charge.duration == 3600


def test_a_rise_is_over_when_it_falls_or_rests() -> None:
    """A percent less is nothing."""
    rise = run()
    assert not rise.is_over(JourneyEnd(time=36_600, soc=59))
    assert rise.is_over(JourneyEnd(time=36_600, soc=58))
    assert rise.is_over(JourneyEnd(time=36_001 + RISE_LIMIT, soc=60))


def test_the_grid_says_better_what_a_counter_means_than_the_state_of_charge() -> None:
    """It has fallen by a drive in the same silence, so it has risen by less than was charged."""
    readings = CounterReadings(energy=12.4, total=100), CounterReadings(energy=17.0, total=118)
    charge = made_unseen(run(*readings, soc=52), 42, 1)
    assert charge is not None
    assert (charge.grid_energy, charge.energy) == (18, 17)
