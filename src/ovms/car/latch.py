"""A condition that counts only once it has lasted: a duration and a hysteresis. Pure."""

from __future__ import annotations

SILENCE = 300.0
"""Seconds without a reading after which a bus has slept."""


class Latch:
    """Is on once a condition has held long enough, and off once its contrary has.

    Both count without a break. Where the bus tells when a value was read, as many readings are
    needed, too: a single one that stays because the bus falls asleep is no event, and the time of
    that silence does not count. A bus may begin and end with nonsense each time.
    """

    def __init__(self) -> None:
        self.is_on = False
        self._since: float | None = None
        self._read: float | None = None
        self._readings = 0

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
        elif read != self._read:
            is_after_silence = self._readings == 1 and now - self._since >= SILENCE
            self._since = now if is_after_silence else self._since
            self._read, self._readings = read, self._readings + 1
        lasted = now - self._since
        is_read = read is None or self._readings >= readings
        if lasted < (gone if self.is_on else lasting):
            return False
        if not is_read and (alone is None or lasted < alone):
            return False
        self.is_on, self._since = not self.is_on, None
        return self.is_on
