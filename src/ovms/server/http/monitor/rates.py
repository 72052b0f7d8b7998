"""What happened in the last minute: counts that only grow, noted every few seconds."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Final

NOTES: Final = 13
"""Notes that are kept: with one each five seconds they reach a minute back."""

NOTE_INTERVAL: Final = 5.0
"""Seconds between two notes."""


class Rates:
    """Remembers counts of the last minute. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._notes: deque[tuple[float, Mapping[str, float]]] = deque(maxlen=NOTES)

    def note(self, now: float, counts: Mapping[str, float]) -> None:
        """Note the counts of this moment. Call it every :data:`NOTE_INTERVAL`."""
        self._notes.append((now, counts))

    def grown(self, now: float, counts: Mapping[str, float]) -> tuple[float, dict[str, float]]:
        """Return by how much the counts have grown in the last minute, and in how many seconds.

        It is less than a minute after the start.
        """
        if not self._notes:
            return 0.0, dict.fromkeys(counts, 0.0)
        since, before = self._notes[0]
        return now - since, {name: value - before.get(name, 0) for name, value in counts.items()}
