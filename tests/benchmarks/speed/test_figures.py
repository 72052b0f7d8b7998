from __future__ import annotations

import os

import pytest

from benchmarks.speed.figures import Run, rate_figure
from benchmarks.speed.processes import processor_time
from benchmarks.speed.report import number


def run(seconds: float, processor: float, load: float = 0.1) -> Run:
    """Return a run of a thousand units."""
    return Run(1000, seconds, processor, load)


def test_medians_are_compared_by_clock_and_by_processor_time() -> None:
    """The ratio by the clock is ours to the floor, that of cost the floor's to ours."""
    ours = [run(2.0, 0.02), run(1.0, 0.01), run(50.0, 0.5)]
    floor = [run(0.5, 0.004), run(0.5, 0.005), run(0.1, 0.001)]
    found = rate_figure("a", "what", "x/s", ours, floor, goal=0.25)
    assert (found.ours, found.floor) == (500, 2000)
    assert (found.ratio, found.goal, found.reached) == (0.25, "≥ 0.25", True)
    assert found.checked == pytest.approx(4 / 20)
    assert found.details["ours_us"] == pytest.approx(20)


def test_a_load_that_was_too_slow_is_told() -> None:
    """A figure says whose load took more than nine tenths of its core."""
    found = rate_figure("a", "what", "x/s", [run(1, 1, 0.5)], [run(1, 1, 0.95)])
    assert found.note == "load 95% of its core at the floor"
    assert (found.goal, found.reached) == ("", None)


def test_waits_are_told_in_milliseconds() -> None:
    """A part of the waits is not longer than its percentile."""
    waits = Run(waits=[each / 1000 for each in range(100, 0, -1)])
    assert waits.wait(0.5) == pytest.approx(51)
    assert waits.wait(0.99) == pytest.approx(100)
    assert waits.wait(1.0) == pytest.approx(100)


def test_processor_time_of_a_process_grows_as_it_works() -> None:
    """What the system says of a process is in seconds."""
    before = processor_time(os.getpid())
    sum(range(1_000_000))
    assert 0 < before < processor_time(os.getpid()) < before + 60


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (0.0, "0"), (0.07888, "0.0789"), (12.34, "12.3"), (123456.7, "123,457")],
)
def test_numbers_have_the_digits_that_count(value: float | None, text: str) -> None:
    """The table shows three digits of small numbers, and all of large ones."""
    assert number(value) == text
