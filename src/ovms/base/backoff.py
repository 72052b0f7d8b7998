"""Waits between tries that grow each time and differ between clients."""

from __future__ import annotations

from random import Random


class Backoff:
    """Waiting times that double from ``first`` up to ``most`` seconds.

    Each is drawn between half and the whole of its step, so that a thousand clients that lost
    the same server do not come back in the same instant.
    """

    __slots__ = ("_first", "_most", "_random", "_step")

    def __init__(self, first: float = 1.0, most: float = 60.0, *, random: Random) -> None:
        if not 0 < first <= most:
            raise ValueError(f"a back-off needs 0 < first <= most, not {first} and {most}")
        self._first = first
        self._most = most
        self._random = random
        self._step = first

    def next(self) -> float:
        """Return the seconds to wait now, and make the next wait longer."""
        step = self._step
        self._step = min(step * 2, self._most)
        return self._random.uniform(step / 2, step)

    def reset(self) -> None:
        """Start over, after a success."""
        self._step = self._first
