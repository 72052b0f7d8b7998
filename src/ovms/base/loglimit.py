"""Bounds how often the same is logged, and counts what is left out.

Each kind of line (logger, level and event) has a rate, and each kind for each source (a vehicle, a
server, a connection) a lower one. So a flood of one kind leaves out no line of another kind, and a
flood of one source few lines of another source.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

TELL_INTERVAL: Final = 5.0
"""Seconds after which it is told how many lines of a kind were left out."""

KINDS_LIMIT: Final = 1000
"""Kinds that are told apart; further ones share one rate."""

SOURCES_LIMIT: Final = 10_000
"""Sources whose lines are counted, each kind counted separately; the longest silent one goes."""

BUSIEST_LIMIT: Final = 100
"""Sources of a kind among which the one is found that most lines were left out of."""

LONGEST_SOURCE: Final = 64
"""Characters by which a source is known."""


ROUNDING: Final = 1 + 1e-6
"""Sums of times are not exact."""


class LogKind(NamedTuple):
    """Lines that are alike."""

    logger: str
    level: str
    event: str
    place: str = ""
    """Where an exception was raised: an error must not hide another one."""


OTHERS: Final = LogKind("ovms.log", "warning", "other lines")


@dataclass(frozen=True, slots=True)
class LogRate:
    """So many lines at once, and one more each ``refill`` seconds."""

    burst: int
    refill: float

    def take(self, full: float, now: float) -> float | None:
        """Return when all lines are free again after one more; ``None`` if none is free now.

        ``full`` is when all are free again without it.
        """
        full = max(full, now) + self.refill
        return full if full - now <= self.burst * self.refill * ROUNDING else None


@dataclass(frozen=True, slots=True)
class LogRates:
    """The rates of a kind of line: of each source, and of all together."""

    source: LogRate
    kind: LogRate


USUAL_RATES: Final = LogRates(LogRate(10, 10.0), LogRate(100, 0.1))
DEBUG_RATES: Final = LogRates(LogRate(100, 1.0), LogRate(1000, 0.01))
FAILURE_RATES: Final = LogRates(LogRate(10, 10.0), LogRate(10, 10.0))
"""For lines with a traceback: it is long, and the same each time."""


@dataclass(slots=True)
class LeftOut:
    """How many lines of a kind were left out."""

    kind: LogKind
    since: float
    count: int = 0
    sources: dict[str, int] = field(default_factory=dict)

    def add(self, source: str | None) -> None:
        """Count a line."""
        self.count += 1
        if source is not None and (source in self.sources or len(self.sources) < BUSIEST_LIMIT):
            self.sources[source] = self.sources.get(source, 0) + 1

    @property
    def busiest(self) -> str | None:
        """Return the source of more than half of the lines, if there is one."""
        source = max(self.sources, key=self.sources.__getitem__, default=None)
        is_most = source is not None and self.sources[source] * 2 > self.count
        return source if is_most else None


class LogLimiter:
    """Decides which lines pass; any thread may call it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        # Reentrant: the collection of garbage may log in the middle of a call.
        self._lock = threading.RLock()
        self._kinds: dict[LogKind, float] = {}
        self._sources: dict[Hashable, float] = {}
        self._left_out: dict[LogKind, LeftOut] = {}

    def passes(self, kind: LogKind, source: str | None, rates: LogRates = USUAL_RATES) -> bool:
        """Return whether a line is to be written; else it is counted as left out."""
        source = source[:LONGEST_SOURCE] if source is not None else None
        with self._lock:
            if kind not in self._kinds and len(self._kinds) >= KINDS_LIMIT:
                kind = OTHERS
            now = self._clock()
            if self._take(kind, source, rates, now):
                return True
            self._count(kind, source, now)
            return False

    def drops(self, kind: LogKind, source: str | None, rates: LogRates = USUAL_RATES) -> bool:
        """Return whether a kind has no line left, whatever its source; it is counted then."""
        with self._lock:
            now = self._clock()
            if rates.kind.take(self._kinds.get(kind, now), now) is not None:
                return False
            source = source[:LONGEST_SOURCE] if source is not None else None
            self._count(kind, source, now)
            return True

    def collect(self, *, at_once: bool = False) -> list[LeftOut]:
        """Return what is to be told now of lines that were left out; each is returned once."""
        until = self._clock() - (0.0 if at_once else TELL_INTERVAL)
        with self._lock:
            due = [each for each in self._left_out.values() if each.since <= until]
            for each in due:
                del self._left_out[each.kind]
        return due

    def _count(self, kind: LogKind, source: str | None, now: float) -> None:
        """Count a line as left out."""
        left_out = self._left_out.get(kind)
        if left_out is None:
            left_out = self._left_out[kind] = LeftOut(kind, now)
        left_out.add(source)

    def _take(self, kind: LogKind, source: str | None, rates: LogRates, now: float) -> bool:
        full = rates.kind.take(self._kinds.get(kind, now), now)
        if source is not None:
            key = (kind, source)
            source_full = rates.source.take(self._sources.get(key, now), now)
            if full is None or source_full is None:
                return False
            self._sources.pop(key, None)  # the order is that of the last lines
            self._sources[key] = source_full
            if len(self._sources) > SOURCES_LIMIT:
                del self._sources[next(iter(self._sources))]
        elif full is None:
            return False
        self._kinds[kind] = full
        return True
