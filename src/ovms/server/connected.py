"""Who is connected at the ports for modules and apps, as administrators are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.net.counts import transport_of
from ovms.server.http.operations import ConnectionFacts
from ovms.server.refusals import EndedByOperator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ovms.net.pump import Pump
    from ovms.server.acceptor import Acceptor, ServerConnection


def list_connections(acceptor: Acceptor) -> Iterator[ConnectionFacts]:
    """Yield the connections in the order in which they were accepted."""
    for connection in sorted(acceptor.connections, key=lambda each: each.number):
        if connection.pump is not None:
            yield _facts(connection, connection.pump)


def end_connection(acceptor: Acceptor, number: int) -> ConnectionFacts | None:
    """Close a connection; return which it was, ``None`` if there is none of that number."""
    for connection in acceptor.connections:
        if connection.number == number and connection.pump is not None:
            facts = _facts(connection, connection.pump)
            connection.pump.close(EndedByOperator())
            return facts
    return None


def _facts(connection: ServerConnection, pump: Pump) -> ConnectionFacts:
    role, vehicle_id = connection.identity
    return ConnectionFacts(
        number=connection.number,
        role=role,
        vehicle_id=vehicle_id,
        owner=connection.login.owner if connection.login is not None else "",
        address=pump.peer.rpartition(":")[0],
        transport=transport_of(pump),
        seconds=connection.age,
        bytes_received=pump.received,
        bytes_sent=pump.sent,
    )
