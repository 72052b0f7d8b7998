"""What went over all connections of a kind: plain numbers, which a pump adds to.

A connection counts among those of the kind that it is known to be at that moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ovms.net.pump import Pump

TRANSPORTS: Final = ("plain", "tls", "ws", "wss")
"""Lines over TCP and over TLS, and WebSockets over either."""


@dataclass(slots=True)
class LineCounts:
    """Connections that are open now, and what all that ever were have brought."""

    connections: int = 0
    messages_received: int = 0
    messages_sent: int = 0
    bytes_received: int = 0
    bytes_sent: int = 0


UNCOUNTED: Final = LineCounts()
"""For connections that nobody counts."""


class CountsByKind:
    """The counts of each kind of connection, such as ``car``, by its transport."""

    def __init__(self, kinds: tuple[str, ...]) -> None:
        self._counts = {(kind, each): LineCounts() for kind in kinds for each in TRANSPORTS}

    def __iter__(self) -> Iterator[tuple[str, str, LineCounts]]:
        """Yield kind, transport and counts."""
        return ((kind, transport, each) for (kind, transport), each in self._counts.items())

    def of(self, kind: str, transport: str) -> LineCounts:
        """Return the counts of a kind over a transport."""
        return self._counts[kind, transport]

    def enter(self, pump: Pump, kind: str) -> None:
        """Count a connection among a kind from now on, and no longer among that of before."""
        self.leave(pump)
        pump.counts = self._counts[kind, transport_of(pump)]
        pump.counts.connections += 1

    def leave(self, pump: Pump) -> None:
        """Count a connection no more: it has ended. May be called again."""
        if pump.counts is not UNCOUNTED:
            pump.counts.connections -= 1
            pump.counts = UNCOUNTED

    def total(self, name: str) -> int:
        """Return the sum of one of the numbers over all kinds."""
        return sum(getattr(each, name) for each in self._counts.values())


def transport_of(pump: Pump) -> str:
    """Return over what a connection that is open goes, see :data:`TRANSPORTS`."""
    if pump.is_websocket:
        return "wss" if pump.is_tls else "ws"
    return "tls" if pump.is_tls else "plain"
