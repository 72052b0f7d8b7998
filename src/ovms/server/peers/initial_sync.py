"""What is sent on a new link first: cars that are here, then what is stored of all others."""

from __future__ import annotations

from typing import Final

from ovms.base.clock import Clock
from ovms.base.logs import get_logger
from ovms.server.peers.link import PeerLink
from ovms.server.storage.peers import Direction, PeerStore

MARGIN: Final = 600.0
"""Seconds before the other server was last heard from which on stored messages are told: how long
it may have heard nothing before that was noticed, and clocks that differ."""

log = get_logger("ovms.server.peers")


async def last_heard(store: PeerStore, peer_id: str, direction: Direction) -> float:
    """Return when a server was last heard, Unix seconds; 0 for never or if the database fails.

    Call it before it is stored that the server is heard now.
    """
    try:
        return await store.heard(peer_id, direction)
    except Exception as error:
        log.warning("cannot read when a server was last heard", server=peer_id, reason=str(error))
        return 0.0


async def tell_all(link: PeerLink, store: PeerStore, heard: float, clock: Clock) -> None:
    """Send all that the other server may not know. Trouble of the database is only logged."""
    await link.announce()
    try:
        await link.tell_stored(store, heard - MARGIN, clock.time())
    except Exception as error:
        log.warning("stored messages not all sent", server=link.peer_id, reason=str(error))
