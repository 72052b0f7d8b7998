"""Who gives way when a vehicle has as many clients as it may.

A newcomer always finds a place: whoever else knows the secret cannot shut the owner out. One of the
place that has the most clients goes, so that one machine that calls again and again pushes out
its own; there, the one that was heard longest ago.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from ovms.protocol import Role
from ovms.server.hub.limits import HubLimits
from ovms.server.hub.member import Member


class CrowdedOut(Exception):
    """A client gave way to a newer one."""

    def __str__(self) -> str:
        """Return the reason."""
        return "the vehicle has too many clients; a newer one took the place"


def crowded_out(clients: Iterable[Member], newcomer: Member, limits: HubLimits) -> Iterator[Member]:
    """Yield those who give way to a newcomer; apps and batch clients are counted by themselves."""
    limit = limits.apps if newcomer.role is Role.APP else limits.batch
    alike = [client for client in clients if client.role is newcomer.role]
    while len(alike) >= limit:
        crowds = Counter([_place(client) for client in (*alike, newcomer)])
        largest = max(crowds[_place(client)] for client in alike)
        crowd = [client for client in alike if crowds[_place(client)] == largest]
        oldest = min(crowd, key=lambda client: client.heard)
        alike.remove(oldest)
        yield oldest


def _place(client: Member) -> str:
    return client.line.peer.rpartition(":")[0]
