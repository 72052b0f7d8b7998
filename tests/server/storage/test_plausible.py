from __future__ import annotations

import pytest

from ovms.base.clock import ManualClock
from ovms.server.storage.plausible import CLOCK_LEAP_LIMIT, CLOCK_TRUST_TIME, PlausibleClock
from tests.server.conftest import Log

START = 1_700_000_000.0
YEARS = 10 * 365 * 86400.0


class WallClock(ManualClock):
    """A clock whose time of day can be set."""

    def set(self, time: float) -> None:
        """Set the time of day; the monotonic one stays."""
        self._start += time - self.time()


@pytest.mark.parametrize(("ahead", "is_believed"), [(0, True), (1, True), (2, False)])
def test_at_the_bound(ahead: int, is_believed: bool) -> None:
    """A clock may be ahead of the last sign of life by so much, and by no more."""
    clock = ManualClock(START)
    last = START - CLOCK_LEAP_LIMIT - ahead + 1
    plausible = PlausibleClock(clock, last)
    assert plausible.time() == (START if is_believed else last)
    assert plausible.is_doubted is not is_believed


def test_time_goes_on(log: Log) -> None:
    """Until the clock is believed it is what it can be at most; that is logged once."""
    clock = ManualClock(START + YEARS)
    plausible = PlausibleClock(clock, START)
    for hours in range(24):
        assert plausible.time() == START + hours * 3600
        clock.advance(3600)
    assert log.text.count("\n") == 1
    assert plausible.time() == START + YEARS + CLOCK_TRUST_TIME
    assert not plausible.is_doubted
    assert log.text.count("\n") == 2


def test_a_clock_that_is_put_right() -> None:
    """It is believed at once, and a later leap is a new one."""
    clock = WallClock(START + YEARS)
    plausible = PlausibleClock(clock, START)
    plausible.time()
    assert plausible.is_doubted
    clock.set(START + 60)
    assert plausible.time() == START + 60
    assert not plausible.is_doubted
    clock.set(START + YEARS)
    clock.advance(100)
    assert plausible.time() == START + 160
    assert plausible.is_doubted


def test_a_clock_that_is_set_back() -> None:
    """It is believed, and when it comes forward again as well."""
    clock = WallClock(START)
    plausible = PlausibleClock(clock, None)
    clock.set(100.0)
    assert plausible.time() == 100.0
    clock.set(START + 5)
    assert plausible.time() == START + 5


def test_without_a_sign_of_life() -> None:
    """A new database, or a setting, has the clock believed as it is."""
    assert PlausibleClock(ManualClock(START + YEARS), None).time() == START + YEARS
