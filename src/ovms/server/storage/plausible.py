"""The time by which things are deleted: a clock that leaps far ahead is not believed at once.

A machine that starts with a wrong clock, years ahead, would delete everything whose time is over by
it. The last sign of life in the database says what time it can be. Until the clock is confirmed,
by a setting or by :data:`CLOCK_TRUST_TIME` of running, time goes on from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ovms.base.clock import iso_time
from ovms.base.logs import get_logger

if TYPE_CHECKING:
    from ovms.base.clock import Clock

CLOCK_LEAP_LIMIT: Final = 86400.0
"""Seconds by which the clock may be ahead of what can be: a server that was off for a night."""

CLOCK_TRUST_TIME: Final = 86400.0
"""Seconds of running after which a clock is believed that leapt further: time for an operator."""

log = get_logger("ovms.server.storage")


class PlausibleClock:
    """The time by which things are deleted.

    ``last`` is the time of the last sign of life, in Unix seconds; ``None`` to believe the clock.
    """

    def __init__(self, clock: Clock, last: float | None) -> None:
        self._clock = clock
        self._base = clock.time() if last is None else last
        self._based = clock.monotonic()
        self._doubted: float | None = None
        """Since when, monotonic, the clock is not believed."""

    @property
    def is_doubted(self) -> bool:
        """Whether the clock was not believed when it was last looked at."""
        return self._doubted is not None

    def time(self) -> float:
        """Return the time of day, or what it can be at most, in Unix seconds."""
        now, elapsed = self._clock.time(), self._clock.monotonic()
        expected = self._base + elapsed - self._based
        if now - expected > CLOCK_LEAP_LIMIT and not self._is_confirmed(now, expected, elapsed):
            return expected
        self._doubted = None
        if now > expected:  # not when it was set back: it may come forward again
            self._base, self._based = now, elapsed
        return now

    def _is_confirmed(self, now: float, expected: float, elapsed: float) -> bool:
        """Return whether the clock has been ahead for so long that it must be right."""
        if self._doubted is None:
            self._doubted = elapsed
            times = {"clock": iso_time(now), "plausible": iso_time(expected)}
            log.warning("the clock is far ahead: nothing is deleted by it for a day;"
                        " if it is right, start with trust_clock", **times)  # fmt: skip
        if elapsed - self._doubted < CLOCK_TRUST_TIME:
            return False
        log.warning("the clock is believed after a day", clock=iso_time(now))
        return True
