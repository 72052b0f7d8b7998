"""The columns that charts read of the telemetry log, in memory while there is room."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from array import array

SERIES_CACHE_BYTES: Final = 16 * 1024 * 1024
"""Memory for columns of all vehicles: a million values, each with its time."""

ENTRY_OVERHEAD: Final = 500
"""Bytes that an entry takes beside its numbers, about."""


class SeriesKey(NamedTuple):
    """Names a column of a window: the records of a code behind a time, so many seconds long."""

    vehicle_id: str
    code: str
    begin: int
    width: int
    field: str


class SeriesStamp(NamedTuple):
    """Tells whether the records of a window are those that they were.

    A record never changes, and an id is never given again. So where the highest id is the same
    none has come, and where there are as many, too, none has gone.
    """

    records: int
    last_id: int | None


class SeriesPart(NamedTuple):
    """A column of a window: the values that are known, each with its time, in their order."""

    stamp: SeriesStamp
    times: array[int]
    values: array[float]

    @property
    def size(self) -> int:
        """The bytes that it takes."""
        return ENTRY_OVERHEAD + 16 * len(self.times)


class SeriesCache:
    """Keeps the columns that were used last. Any thread may use it."""

    def __init__(self, limit: int = SERIES_CACHE_BYTES) -> None:
        self.size = 0
        """The bytes that it takes, about."""
        self._limit = limit
        self._parts: dict[SeriesKey, SeriesPart] = {}
        """Those used last are last."""
        self._lock = Lock()

    def get(self, key: SeriesKey) -> SeriesPart | None:
        """Return a column; whether it still holds, its stamp says."""
        with self._lock:
            part = self._parts.pop(key, None)
            if part is not None:
                self._parts[key] = part
            return part

    def put(self, key: SeriesKey, part: SeriesPart) -> None:
        """Keep a column in place of what was there."""
        with self._lock:
            self._drop(key)
            self._parts[key] = part
            self.size += part.size
            while self.size > self._limit:
                self._drop(next(iter(self._parts)))

    def clear(self) -> None:
        """Forget all columns: what was deleted is then not in memory either."""
        with self._lock:
            self._parts.clear()
            self.size = 0

    def _drop(self, key: SeriesKey) -> None:
        part = self._parts.pop(key, None)
        if part is not None:
            self.size -= part.size
