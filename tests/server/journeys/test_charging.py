"""A charge under way: when it began and stopped, and which of its sources counts."""

from __future__ import annotations

import pytest

from ovms.server.journeys.charging import CounterReadings, MeanValue, OpenCharge
from ovms.server.journeys.samples import Sample
from ovms.server.journeys.values import JourneyEnd

START = JourneyEnd(time=1000, soc=40)


def begun(**more: float) -> OpenCharge:
    """Return a charge seen first at 1000, after a silence since 400."""
    charge = OpenCharge(start=START, first=1000, earliest=400, last=START)
    charge.begin(CounterReadings(time=400, energy=0.0))
    charge.take(Sample(time=1000, soc=40, **more), START)  # type: ignore[arg-type]
    return charge


@pytest.mark.parametrize(
    ("said", "start"),
    [
        ({"charge_duration": 300}, 700),
        ({"charge_duration": 9000}, 1000),
        ({"charge_power": 6.0, "charge_energy": 0.5}, 700),
        ({}, 1000),
    ],
)
def test_the_start_is_where_the_counters_put_it(said: dict[str, float], start: int) -> None:
    """One that is older than the silence is of another charge."""
    assert begun(**said).start.time == start


def test_a_duration_that_was_of_the_last_charge_is_corrected() -> None:
    """The next report has that of this one."""
    charge = begun(charge_duration=500)
    assert charge.start.time == 500
    charge.take(Sample(time=1060, soc=40, charge_duration=120), JourneyEnd(time=1060, soc=40))
    assert charge.start.time == 940


def test_it_stops_where_the_car_says() -> None:
    """By the time of the end, by the duration, by the energy."""
    for said, end in (
        ({"charge_end_time": 1900}, 1900),
        ({"charge_duration": 800}, 1800),
        ({"charge_energy": 1.25}, 1900),
    ):
        charge = begun(charge_duration=0, charge_power=3.0, charge_energy=0.5)
        here = JourneyEnd(time=1600, soc=41)
        charge.take(Sample(time=1600, charge_duration=600, charge_energy=1.0,
                           charge_power=3.0), here)  # fmt: skip
        charge.grew = "charge_energy" not in said
        charge.halt(Sample(time=2300, **said), JourneyEnd(time=2300, soc=42), moved=False)
        assert charge.stop is not None
        assert charge.stop.time == end


def test_a_mean_of_nothing_is_unknown() -> None:
    """It is never 0."""
    mean = MeanValue()
    mean.add(None)
    assert mean.value is None
    mean.add(2)
    mean.add(5)
    assert mean.value == 3.5


def test_what_took_nothing_is_no_charge() -> None:
    """A plug that was tried."""
    assert begun().made(50, 1) is None
    assert begun(charge_energy=0.5).made(50, 1) is not None
