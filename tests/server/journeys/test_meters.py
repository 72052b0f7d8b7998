"""Meters: what a counter counted on a trip, a mean over time, how much a trip climbed."""

from __future__ import annotations

import pytest

from ovms.server.journeys.meters import Climb, Counter, Mean


def amounts(trips: list[list[float]], most: float = 10.0) -> list[float | None]:
    """Return what a counter says of trips by its readings on each."""
    counter, found = Counter(), []
    for readings in trips:
        counter.begin()
        for reading in readings:
            counter.read(reading, most, 1.0)
        found.append(counter.amount)
    return found


@pytest.mark.parametrize(
    ("trips", "expected"),
    [
        ([[0.0, 1.0, 2.0], [0.2, 1.1]], [2.0, 1.1]),
        # The first reading of the second trip is later than the last of the first.
        ([[5.0], [7.0]], [5.0, 7.0]),
        # It was not reset yet when the trip began.
        ([[5.0], [5.0, 0.1, 1.0]], [5.0, 1.0]),
        ([[5.0], [5.0, 4.9]], [5.0, 4.9]),
        ([[5.0], [5.0, 5.2]], [5.0, 5.2]),
        # A total.
        ([[500.0, 501.0], [501.0, 502.0], [511.0, 512.0]], [1.0, 1.0, 10.0]),
        # A module that restarts on the way; a reading that is lost once.
        ([[3.0, 4.0, 0.5, 1.5]], [5.5]),
        ([[3.0, 4.0, 0.0, 4.5]], [4.5]),
        # What was on its way since the last trip; a jump that stays.
        ([[5.0], [0.0, 5.0, 0.1, 0.5]], [5.0, 0.5]),
        ([[0.0, 5.0, 5.1]], [5.1]),
        # Reports in the wrong order.
        ([[3.0, 4.0, 3.9, 4.2]], [4.2]),
        ([[0.2, 1.2, 0.8, 0.9, 1.0, 1.3]], [1.3]),
        ([[], [2.0]], [None, 2.0]),
    ],
)
def test_a_counter_says_what_was_counted_on_a_trip(
    trips: list[list[float]], expected: list[float | None]
) -> None:
    """Whether it starts with each trip, counts on for ever, or is reset on the way."""
    assert amounts(trips) == [None if each is None else pytest.approx(each) for each in expected]


def test_a_reading_after_the_end_belongs_to_the_trip_unless_it_is_less() -> None:
    """What is less was reset for the next."""
    counter = Counter()
    counter.begin()
    counter.read(4.0, 10.0, 1.0)
    counter.read_after(4.4, 10.0)
    counter.read_after(0.0, 10.0)
    counter.read_after(0.5, 10.0)
    assert counter.amount == 4.4
    counter.begin()
    counter.read(2.0, 10.0, 1.0)
    assert counter.amount == 2.0


def test_a_reset_in_a_stop_is_one_at_once() -> None:
    """Also if more is used after the stop than before it."""
    counter = Counter()
    counter.begin()
    for reading in (0.1, 0.3):
        counter.read(reading, 10.0, 1.0)
    counter.restart()
    for reading in (0.3, 0.1, 0.4, 1.0):
        counter.read(reading, 10.0, 1.0)
    assert counter.amount == pytest.approx(1.3)


def test_a_trip_that_nobody_saw_has_what_its_counter_shows_after_it() -> None:
    """What it showed before is of another trip."""
    counter = Counter(reading=3.0)
    counter.begin()
    counter.read_after(3.0, 10.0)
    assert counter.amount is None
    counter.read_after(2.0, 10.0)
    assert counter.amount == 2.0


@pytest.mark.parametrize("is_over", [False, True])
def test_the_way_back_may_use_as_much_as_the_way_there(is_over: bool) -> None:
    """A counter that showed what it had shown before, and then the same again, was counted anew."""
    counter = Counter(reading=0.372)
    counter.begin()
    counter.read(0.372, 1.0, 0.1)
    assert counter.amount == 0.0
    if is_over:
        counter.read_after(0.372, 5.0, is_begun=True)
    else:
        counter.read(0.372, 5.0, 0.1, is_begun=True)
    assert counter.amount == 0.372
    counter.begin()
    counter.is_total = True  # it counts on for ever: nothing was used
    counter.read(0.372, 1.0, 0.1)
    counter.read(0.372, 5.0, 0.1, is_begun=True)
    assert counter.amount == 0.0


def test_a_mean_is_by_time() -> None:
    """A value counts until the next, the last one until the end."""
    mean = Mean()
    assert mean.value(100) is None
    mean.read(10.0, 0)
    assert mean.value(0) == 10.0
    mean.read(20.0, 90)
    assert mean.value(100) == 11.0


def test_noise_of_the_receiver_does_not_climb() -> None:
    """A hill does, both ways."""
    climb = Climb()
    for i in range(1000):
        climb.read(100.0 + 4 * (i % 3))
    assert (climb.finished().ascent, climb.finished().descent) == (0.0, 0.0)
    for altitude in (*range(100, 301), *range(300, 99, -1)):
        climb.read(float(altitude))
    made = climb.finished()
    assert (made.least, made.most) == (100.0, 300.0)
    assert made.ascent == pytest.approx(200.0, abs=10.0)
    assert made.descent == pytest.approx(200.0, abs=20.0)


def test_a_height_that_is_wrong_once_is_none() -> None:
    """Neither as the least nor as a climb."""
    climb = Climb()
    for altitude in (500.0, 501.0, 0.0, 502.0, 503.0, 2000.0, 503.0):
        climb.read(altitude)
    made = climb.finished()
    assert (made.least, made.most, made.ascent, made.descent) == (500.0, 503.0, 0.0, 0.0)


@pytest.mark.parametrize("heights", [[], [400.0], [400.0, 430.0]])
def test_a_few_heights_are_enough(heights: list[float]) -> None:
    """The first and the last count."""
    climb = Climb()
    for altitude in heights:
        climb.read(altitude)
    made = climb.finished()
    assert made.least == (min(heights) if heights else None)
    assert made.ascent == (30.0 if len(heights) > 1 else 0.0)


@pytest.mark.parametrize("last", [2.4, 2.6])
def test_a_counter_that_is_told_anew_only_after_the_end_counts_from_zero(last: float) -> None:
    """There and back: the one report of the way was made before it began anew."""
    counter = Counter()
    counter.begin()
    counter.read(2.5, 10.0, 10.0)
    counter.begin()
    counter.read(2.5, 10.0, 10.0)
    counter.read_after(last, 10.0)
    assert counter.amount == last
