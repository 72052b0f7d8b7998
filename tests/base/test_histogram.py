from __future__ import annotations

import pytest

from ovms.base.histogram import FAST_SECONDS, Histogram


@pytest.mark.parametrize(
    ("value", "cumulative"),
    [(0.0, [1, 1, 1]), (1.0, [1, 1, 1]), (1.01, [0, 1, 1]), (2.0, [0, 1, 1]), (2.01, [0, 0, 1])],
)
def test_a_bound_counts_itself(value: float, cumulative: list[int]) -> None:
    """A value is at most a bound that it equals, and what is beyond all of them counts in all."""
    histogram = Histogram((1.0, 2.0))
    histogram.observe(value)
    assert (histogram.cumulative(), histogram.count, histogram.sum) == (cumulative, 1, value)


def test_many_values() -> None:
    """Counts and sum are those of all values."""
    histogram = Histogram((1.0, 2.0))
    for value in (0.5, 1.5, 1.5, 9.0):
        histogram.observe(value)
    assert (histogram.cumulative(), histogram.count, histogram.sum) == ([1, 3, 4], 4, 12.5)


def test_the_usual_bounds_ascend() -> None:
    """No bound is below the one before, or values would count in the wrong part."""
    assert list(FAST_SECONDS) == sorted(set(FAST_SECONDS))
