"""Who must leave when places get scarce: strangers, never anybody who was welcomed.

A stranger is a connection without a welcome. A module says its welcome as soon as it is connected,
so whoever has said nothing for ten seconds is none. When that frees too few places, the strangers
of a network that has a crowd of them leave sooner. The busiest network is always first, and the
oldest of its strangers. A network is an IPv4 address or an IPv6 /48. Cars and phones share the
addresses of their carriers, so a network is only an order, and nobody is shut out by it.
Pure.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable
from enum import IntEnum
from typing import Final, Protocol

PATIENCE: Final = 10.0
"""Seconds that every stranger has for what it does, however scarce places are."""

CROWD_SHARE: Final = 16
"""One network's strangers are a crowd beyond one of so many places."""

CROWD_LEAST: Final = 32
"""Strangers of one network that are no crowd, however few places there are."""


class StrangerStage(IntEnum):
    """How far a stranger has come; the first go first."""

    LEAVING = 0
    """It was refused and does not go."""
    SILENT = 1
    UNFINISHED = 2
    """It has said part of a hello, a head or a line, or has come through TLS and says nothing."""
    HANDSHAKE = 3
    """It has said its hello; TLS is under way, or waits for its turn."""


class Stranger(Protocol):
    """A connection that may have to leave."""

    @property
    def network(self) -> str:
        """Where it comes from, see :func:`ovms.server.accounts.buckets.network_of`."""
        ...

    @property
    def stage(self) -> StrangerStage | None:
        """How far it has come; ``None`` if it must stay."""
        ...

    @property
    def since(self) -> float:
        """When it came so far, by the monotonic clock."""
        ...

    def turn_away(self) -> bool:
        """Close it at once; return whether it has gone: it may just have spoken."""
        ...


def crowd_of(places: int) -> int:
    """Return how many strangers of one network may stay, of so many places for strangers."""
    return max(CROWD_LEAST, places // CROWD_SHARE)


def patient(strangers: Iterable[Stranger], count: int, now: float) -> list[Stranger]:
    """Return at most ``count`` that must leave because they have had their time, stage by stage."""
    stages: dict[StrangerStage, list[Stranger]] = {stage: [] for stage in StrangerStage}
    sizes: Counter[str] = Counter()
    for each in strangers:
        stage = each.stage
        if stage is not None:
            sizes[each.network] += 1
            if stage is StrangerStage.LEAVING or each.since <= now - PATIENCE:
                stages[stage].append(each)
    chosen: list[Stranger] = []
    for those in stages.values():
        chosen += _take(those, sizes, count - len(chosen), 0)
    return chosen


def crowding(strangers: Iterable[Stranger], count: int, crowd: int) -> list[Stranger]:
    """Return at most ``count`` that must leave so that no network has more than a ``crowd``.

    Their stage does not matter: a car that has not spoken yet is younger than those of the crowd.
    """
    those = [each for each in strangers if each.stage is not None]
    return _take(those, Counter(each.network for each in those), count, crowd)


def _take(
    strangers: Iterable[Stranger], sizes: Counter[str], count: int, least: int
) -> list[Stranger]:
    """Return up to ``count``, always the oldest of the busiest network; leave it ``least``.

    ``sizes`` counts each network's strangers, and is kept up.
    """
    networks: dict[str, list[Stranger]] = defaultdict(list)
    for each in strangers:
        if sizes[each.network] > least:
            networks[each.network].append(each)
    for those in networks.values():
        those.sort(key=lambda each: each.since, reverse=True)
    busiest = [(-sizes[network], network) for network in networks]
    heapq.heapify(busiest)
    chosen: list[Stranger] = []
    while busiest and len(chosen) < count:
        network = busiest[0][1]
        chosen.append(networks[network].pop())
        sizes[network] -= 1
        if networks[network] and sizes[network] > least:
            heapq.heapreplace(busiest, (-sizes[network], network))
        else:
            heapq.heappop(busiest)
    return chosen
