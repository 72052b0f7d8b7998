"""Whose TLS handshake is under way and whose waits: only so many at a time cost memory.

The network with the fewest under way is next, then whoever has waited longest. No more of one
network wait than can be under way at all: beyond that its oldest make room. So those who say their
hello and no more do not keep a car from their address waiting until its time is over.
Pure.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

HANDSHAKES: Final = 1000
"""Handshakes under way at a time, some 60 kB each; the default of the setting
``tls_handshakes``."""

PATIENCE: Final = 5.0
"""Seconds that a handshake has while others wait: a small module computes for two or three."""

CROWD_SHARE: Final = 16
"""One network's handshakes under way are a crowd beyond one of so many; a crowd makes room."""


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
        self._count = 0
        self._busy: defaultdict[str, OrderedDict[S, None]] = defaultdict(OrderedDict)
        self._waiting: defaultdict[str, OrderedDict[S, None]] = defaultdict(OrderedDict)

    def add(self, caller: S) -> None:
        """Begin its handshake, at once or when it is its turn."""
        self._waiting[caller.network][caller] = None
        self._go_on()

    def remove(self, caller: S) -> None:
        """Leave its place to the next, or wait no longer."""
        if _take_out(self._busy, caller):
            self._count -= 1
            self._go_on()
        else:
            _take_out(self._waiting, caller)

    def crowded_out(self, network: str) -> S | None:
        """Return who must make room because too many of its network wait, if that is so."""
        busy, waiting = self._busy.get(network, ()), self._waiting.get(network, ())
        if len(waiting) > self._limit and len(busy) > self._limit // CROWD_SHARE:
            return next(iter(busy))
        return None

    def slow(self, now: float) -> list[S]:
        """Return those under way that must make room for as many that wait, if there are any.

        The busiest network's oldest go first.
        """
        count = sum(map(len, self._waiting.values()))
        late = [each for each in self.under_way if now - each.since >= PATIENCE] if count else []
        late.sort(key=lambda each: (-len(self._busy[each.network]), each.since))
        return late[:count]

    def depths(self) -> tuple[int, int]:
        """Return how many are under way, and how many wait."""
        return self._count, sum(map(len, self._waiting.values()))

    @property
    def under_way(self) -> list[S]:
        """Return those under way, each network's oldest first."""
        return [each for network in self._busy.values() for each in network]

    def _go_on(self) -> None:
        while self._waiting and self._count < self._limit:
            network = min(self._waiting, key=lambda each: len(self._busy.get(each, ())))
            caller, _ = self._waiting[network].popitem(last=False)
            if not self._waiting[network]:
                del self._waiting[network]
            self._busy[network][caller] = None
            self._count += 1
            self._begin(caller)


def _take_out(networks: defaultdict[str, OrderedDict[S, None]], caller: S) -> bool:
    """Remove it, and its network with the last; return whether it was there."""
    if caller not in networks.get(caller.network, ()):
        return False
    del networks[caller.network][caller]
    if not networks[caller.network]:
        del networks[caller.network]
    return True
