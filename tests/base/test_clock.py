"""Clocks: the machine's, and one for tests."""

import time

import pytest

from ovms.base.clock import Clock, ManualClock, SystemClock, iso_time


def test_system_clock_is_the_machines() -> None:
    """The system clock gives Unix seconds, and seconds that never go back."""
    clock: Clock = SystemClock()
    assert abs(clock.time() - time.time()) < 60
    assert clock.monotonic() <= clock.monotonic()


def test_manual_clock_stands_until_moved() -> None:
    """A manual clock moves by what it is told, both its readings alike."""
    clock: Clock = ManualClock(1000.0)
    assert (clock.time(), clock.monotonic()) == (1000.0, 0.0)
    assert isinstance(clock, ManualClock)
    clock.advance(2.5)
    clock.advance(0)
    assert (clock.time(), clock.monotonic()) == (1002.5, 2.5)


def test_manual_clock_does_not_go_back() -> None:
    """Time that is taken back is refused."""
    with pytest.raises(ValueError, match="does not go back"):
        ManualClock(0).advance(-1)


def test_iso_time() -> None:
    """Times are told in UTC, to the second."""
    assert iso_time(1_700_000_000.9) == "2023-11-14T22:13:20Z"
