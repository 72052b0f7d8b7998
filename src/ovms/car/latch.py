"""A condition that counts only once it has lasted: a duration and a hysteresis. Pure."""

from __future__ import annotations

import math

SILENCE = 300.0
"""Seconds without a reading after which a bus has slept."""


class Latch:
    """Is on once a condition has held long enough, and off once its contrary has.

    Both count without a break. Where the bus tells when a value was read, as many readings are
    needed, too. To go on, after the latest counts only as much time as there was before it: what
    stays because the bus falls asleep is no event. A bus may begin and end with nonsense each time,
    so the first long silence does not count either.
    """

    def __init__(self) -> None:
        self.is_on = False
        self._since: float | None = None
        self._read: float | None = None
        self._readings = 0
        self._every = math.inf
        """Seconds between the latest two readings."""
        self._has_slept = False
        """There was a silence since the first reading."""

    def look(
        self,
        now: float,
        *,
        begins: bool,
        ends: bool,
        lasting: float,
        gone: float,
        read: float | None = None,
        readings: float = 1,
        alone: float | None = None,
    ) -> bool:
        """Return whether it has just gone on.

        It goes on when ``begins`` has held for ``lasting`` seconds, and off when ``ends`` has for
        ``gone``. ``read`` is the time of the latest reading, which changes with each; ``readings``
        are needed. With ``alone`` fewer suffice after so many seconds.
        """
        if not (ends if self.is_on else begins):
            self._since = None
            return False
        if self._since is None:
            self._since, self._read, self._readings = now, read, 1
            self._every, self._has_slept = math.inf, False
        elif read != self._read:
            self._note(now, read)
        until = now if read is None or self.is_on else min(now, read + self._every)
        is_read = read is None or self._readings >= readings
        is_proven = is_read and until - self._since >= (gone if self.is_on else lasting)
        if not is_proven and (alone is None or now - self._since < alone):
            return False
        self.is_on, self._since = not self.is_on, None
        return self.is_on

    def _note(self, now: float, read: float | None) -> None:
        """Note a further reading."""
        before = self._since if self._readings == 1 else self._read
        if read is not None and before is not None:
            self._every = read - before
        if self._every >= SILENCE and not self._has_slept and self._every < math.inf:
            self._since, self._has_slept = now, True
        self._read, self._readings = read, self._readings + 1
