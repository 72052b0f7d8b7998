from __future__ import annotations

import pytest

from ovms.car.latch import Latch


def turned(states: str, **options: float) -> list[int]:
    """Return the seconds at which a latch goes on; ``#`` begins, ``.`` ends, ``-`` is between."""
    latch = Latch()
    return [
        second
        for second, state in enumerate(states)
        if latch.look(second, begins=state == "#", ends=state == ".", lasting=3, gone=2, **options)
    ]


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ("..####..", [5]),
        ("..###.###.###", []),
        ("..##-####", [8]),
        ("####--####", [3]),
        ("####.####", [3]),
        ("####.-.-.####", [3]),
        ("####...####", [3, 10]),
        ("####...###", [3]),
    ],
)
def test_what_lasts_counts(states: str, expected: list[int]) -> None:
    """On after three seconds without a break, and again only after two of the contrary."""
    assert turned(states) == expected


def test_readings() -> None:
    """As many readings are needed; which there are is told by their times."""
    latch, found = Latch(), []
    for second, read in enumerate([0, 0, 0, 0, 0, 5, 5, 5, 8, 9, 9, 9]):
        is_on = second < 8
        if latch.look(
            second, begins=is_on, ends=not is_on, lasting=3, gone=1, read=read, readings=2
        ):
            found.append(second)
    assert found == [5]
    assert not latch.is_on


def test_a_single_reading_may_do_after_a_while() -> None:
    """With a time for that, one reading counts when nothing contradicts it until then."""
    assert turned("##########", read=0, readings=2) == []
    assert turned("##########", read=0, readings=2, alone=6) == [6]


def test_silence_after_a_single_reading_does_not_count() -> None:
    """Nonsense as the last reading before an hour of silence, and as the first after it."""
    latch = Latch()
    for at, read in ((0, 0), (3600, 0), (3601, 3601), (3602, 3602)):
        assert not latch.look(at, begins=True, ends=False, lasting=3, gone=1, read=read, readings=2)
    assert latch.look(3604, begins=True, ends=False, lasting=3, gone=1, read=3604, readings=2)


@pytest.mark.parametrize(
    ("reads", "expected"),
    [
        ([0, 1, 2], False),
        ([0, 1, 2, 400, 401], False),
        ([0, 1, 2, 400, 401, 430], True),
        ([0, 20], True),
        ([0, 400], True),
        ([0, 400, 800], True),
    ],
)
def test_silence_after_a_burst_does_not_count(reads: list[float], expected: bool) -> None:
    """Some readings within a second or two, and the bus sleeps; of a slow bus each one counts."""
    latch, seen = Latch(), False
    for now in range(round(reads[-1]) + 100):
        read = max(each for each in reads if each <= now)
        seen |= latch.look(now, begins=True, ends=False, lasting=30, gone=1, read=read, readings=2)
    assert seen is expected


def test_an_end_needs_no_more_readings() -> None:
    """It counts as over when the bus falls asleep: the next one is told."""
    latch = Latch()
    for now in range(4):
        latch.look(now, begins=True, ends=False, lasting=2, gone=60, read=now, readings=2)
    assert latch.is_on
    for now in range(4, 100):
        read = min(now, 5)
        latch.look(now, begins=False, ends=True, lasting=2, gone=60, read=read, readings=2)
    assert not latch.is_on
