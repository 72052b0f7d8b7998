"""Buckets of tries that fill up again, one a key.

Pure: the caller gives the time, in seconds that never go back.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Buckets(Generic[K]):
    """Buckets of ``burst`` tries each; one more comes every ``refill`` seconds.

    At most ``limit`` that are not full are remembered, some 200 bytes each; then the fullest are
    forgotten, and never one that is empty before them.
    """

    def __init__(self, burst: int, refill: float, limit: int) -> None:
        self.burst = burst
        self.refill = refill
        self.limit = limit
        # When each bucket is full again; one that is not here is full.
        self._full: dict[K, float] = {}

    def take(self, key: K, now: float) -> float:
        """Take a try and return 0, or return the seconds until there is one."""
        full = max(now, self._full.get(key, now)) + self.refill
        wait = full - now - self.burst * self.refill
        if wait > 0:
            return wait
        self._put(key, full, now)
        return 0.0

    def wait(self, key: K, now: float) -> float:
        """Return the seconds until there is a try, 0 if there is one. Takes none."""
        full = max(now, self._full.get(key, now)) + self.refill
        return max(0.0, full - now - self.burst * self.refill)

    def give_back(self, key: K, now: float) -> None:
        """Return a try."""
        if key in self._full:
            self._put(key, self._full[key] - self.refill, now)

    def __len__(self) -> int:
        """Return how many buckets are remembered."""
        return len(self._full)

    def _put(self, key: K, full: float, now: float) -> None:
        if key not in self._full and len(self._full) >= self.limit:
            self._forget(now)
        if full > now:
            self._full[key] = full
        else:
            self._full.pop(key, None)

    def _forget(self, now: float) -> None:
        """Make room: forget the buckets that are full, and a tenth at least."""
        left = sorted(self._full.items(), key=lambda item: item[1], reverse=True)
        kept = left[: self.limit - self.limit // 10]
        self._full = {key: full for key, full in kept if full > now}
