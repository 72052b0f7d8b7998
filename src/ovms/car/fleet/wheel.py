"""A timer wheel, for thousands of things of which each waits for one moment.

Time is cut into ticks; what is to happen in a tick waits in its slot. Setting a timer costs one
entry in a list, whatever their number. A thing that is set anew forgets what it waited for before:
the old entry stays in its slot and is passed over. Pure: who owns the wheel tells it the time.
"""

from __future__ import annotations

import math
from typing import Generic, Protocol, TypeVar


class WheelItem(Protocol):
    """What can wait in a wheel, one at a time."""

    due: int
    """The tick that it waits for, 0 for none. Only the wheel writes it."""


T = TypeVar("T", bound=WheelItem)


class Wheel(Generic[T]):
    """Timers in ticks of ``tick`` seconds, of a clock that begins at ``now``."""

    def __init__(self, tick: float, now: float) -> None:
        self._tick = tick
        self._slots: dict[int, list[T]] = {}
        self._turned = self._number(now)

    def set(self, thing: T, when: float) -> None:
        """Make ``thing`` due at ``when``, or at the next tick if that is past."""
        due = max(self._turned + 1, math.ceil(when / self._tick))
        if thing.due != due:
            thing.due = due
            self._slots.setdefault(due, []).append(thing)

    def turn(self, now: float) -> list[T]:
        """Return what has become due until ``now``, in order, each once."""
        found: list[T] = []
        for number in range(self._turned + 1, self._number(now) + 1):
            for thing in self._slots.pop(number, ()):
                if thing.due == number:
                    thing.due = 0
                    found.append(thing)
        self._turned = max(self._turned, self._number(now))
        return found

    def _number(self, now: float) -> int:
        return math.floor(now / self._tick)
