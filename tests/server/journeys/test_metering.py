"""Counters that are reset when a module likes, and powers over time."""

from __future__ import annotations

import pytest

from ovms.server.journeys.metering import ChargeMeter, PowerFlow


def total(before: float | None, *values: float, expected: float | None = None) -> float:
    """Return what a counter adds up to of values a minute apart."""
    meter = ChargeMeter(last=before)
    for at, value in enumerate(values, 1):
        meter.add(value, 60 * at, expected=expected)
    return meter.total


@pytest.mark.parametrize(
    ("before", "values", "expected", "found"),
    [
        (None, [0.2, 0.4, 0.6], None, 0.6),
        (12.0, [0.2, 0.4], None, 0.4),
        (12.0, [12.0, 12.0, 0.2, 0.4], None, 0.4),
        (12.0, [12.2, 12.4], 0.2, 0.4),
        (0.5, [1.0, 1.2], 1.0, 1.2),
        (12.0, [0.2, 0.4, 0.0, 0.2], None, 0.6),
        (12.0, [0.2, 0.4, 99.0, 0.6], None, 0.6),
        (12.0, [9.0, 9.2, 0.0, 9.4], None, 9.4),
        (12.0, [12.0, 12.0], None, 0.0),
        (0.0, [5.0, 5.301, 5.3, 5.1, 5.4], None, 5.4),
    ],
)
def test_a_counter_adds_up_whatever_it_does(
    before: float | None, values: list[float], expected: float | None, found: float
) -> None:
    """Reset at the start, late, in the middle, never; wild for once, 0 for once."""
    assert total(before, *values, expected=expected) == pytest.approx(found)


def test_a_counter_that_is_wild_for_longer_goes_on_from_there() -> None:
    """What it leapt is not counted."""
    assert total(12.0, 0.2, 0.4, 50.0, 50.2, 50.4) == pytest.approx(0.6)


def test_a_fall_at_the_end_is_a_reset() -> None:
    """It takes nothing away, and a last rise counts."""
    meter = ChargeMeter(last=0.0)
    meter.add(5.0, 3600)
    meter.add(5.2, 3660, is_end=True)
    meter.add(0.0, 3720, is_end=True)
    assert meter.total == pytest.approx(5.2)


def test_a_counter_for_life_counts_what_it_has_risen() -> None:
    """It has no value of one charge; replaced by another, it goes on."""
    meter = ChargeMeter(is_lifetime=True)
    for at, value in enumerate([5000.0, 5000.5, 3.0, 3.4]):
        meter.add(value, 60 * at)
    assert meter.total == pytest.approx(0.9)


def test_a_power_adds_up_over_time() -> None:
    """A silence is none, and what is known for too little of the time is no energy."""
    flow = PowerFlow()
    for at in range(7):
        flow.add(6.0, 600 * at)
    assert flow.total == pytest.approx(6)
    assert flow.whole(300, 300, 4200) == pytest.approx(7)
    assert flow.whole(0, 0, 9000) is None
    flow.stop()
    flow.add(6.0, 7200)
    assert flow.total == pytest.approx(6)
    assert PowerFlow().whole(0, 0, 10) is None
