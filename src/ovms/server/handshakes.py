"""Whose TLS handshake is under way and whose waits: only so many at a time cost memory.

The network with the fewest under way is next, then whoever has waited longest.
Pure.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

HANDSHAKES: Final = 1000
"""Handshakes under way at a time, some 60 kB each; the default of the setting
``tls_handshakes``."""

PATIENCE: Final = 5.0
"""Seconds that a handshake has while others wait: a small module computes for two or three."""


class Shaking(Protocol):
    """A caller that has said its hello."""

    @property
    def network(self) -> str:
        """Where it comes from."""
        ...

    @property
    def since(self) -> float:
        """When it said its hello, and later when its handshake began."""
        ...


S = TypeVar("S", bound=Shaking)


class Handshakes(Generic[S]):
    """The handshakes of all callers; ``begin`` is called for each whose turn it is."""

    def __init__(self, limit: int, begin: Callable[[S], None]) -> None:
        self._limit = limit
        self._begin = begin
        self._under_way: dict[S, None] = {}
        self._busy: Counter[str] = Counter()
        self._waiting: dict[str, OrderedDict[S, None]] = {}

    def add(self, caller: S) -> None:
        """Begin its handshake, at once or when it is its turn."""
        self._waiting.setdefault(caller.network, OrderedDict())[caller] = None
        self._go_on()

    def remove(self, caller: S) -> None:
        """Leave its place to the next, or wait no longer."""
        if caller in self._under_way:
            del self._under_way[caller]
            self._count(caller.network, -1)
            self._go_on()
        elif caller in self._waiting.get(caller.network, ()):
            del self._waiting[caller.network][caller]
            self._forget_empty(caller.network)

    def slow(self, now: float) -> list[S]:
        """Return those under way that must make room for as many that wait, if there are any.

        The busiest network's oldest go first.
        """
        count = sum(map(len, self._waiting.values()))
        late = [each for each in self._under_way if now - each.since >= PATIENCE] if count else []
        late.sort(key=lambda each: (-self._busy[each.network], each.since))
        return late[:count]

    @property
    def under_way(self) -> list[S]:
        """Return those under way, the oldest first."""
        return list(self._under_way)

    def _go_on(self) -> None:
        while self._waiting and len(self._under_way) < self._limit:
            network = min(self._waiting, key=lambda each: self._busy[each])
            caller, _ = self._waiting[network].popitem(last=False)
            self._forget_empty(network)
            self._under_way[caller] = None
            self._count(network, 1)
            self._begin(caller)

    def _count(self, network: str, change: int) -> None:
        self._busy[network] += change
        if not self._busy[network]:
            del self._busy[network]

    def _forget_empty(self, network: str) -> None:
        if not self._waiting[network]:
            del self._waiting[network]
