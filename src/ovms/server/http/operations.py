"""What only parts above the calls know, for administrators: the server's status, who is connected.

The running server fills it in once its parts are there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ovms.server.http.monitor.status import ServerStatus


@dataclass(frozen=True, slots=True)
class ConnectionFacts:
    """A connection at a port of modules and apps, or a WebSocket."""

    number: int
    """In the order in which they were accepted."""
    role: str
    """``car``, ``app``, ``batch`` or ``server``; ``stranger`` until it is welcomed."""
    vehicle_id: str
    """Empty of a stranger."""
    owner: str
    """Who has logged in; empty of a car, and of an app with the vehicle's secret."""
    address: str
    transport: str
    """``plain``, ``tls``, ``ws`` or ``wss``."""
    seconds: float
    """For how long it has been open."""
    bytes_received: int
    bytes_sent: int


@dataclass(slots=True)
class Operations:
    """The parts that are asked."""

    take_status: Callable[[], Awaitable[ServerStatus]] | None = None
    """``None`` until the server runs."""
    connections: Callable[[], Iterable[ConnectionFacts]] = lambda: ()
    end_connection: Callable[[int], ConnectionFacts | None] = lambda number: None
    """Ends a connection, and returns which; ``None`` if there is none of that number."""
