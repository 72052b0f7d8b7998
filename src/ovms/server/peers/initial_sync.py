"""What a new link is told first: cars that are here, then what is stored of those that are not."""

from __future__ import annotations

from typing import Final

from ovms.base.clock import Clock
from ovms.base.logs import get_logger
from ovms.server.peers.interfaces import PeerStorage
from ovms.server.peers.link import PeerLink
from ovms.server.storage.peers import Direction

MARGIN: Final = 600.0
"""Seconds before the other server was last heard from which on stored messages are told: how long
it may have been deaf before that was noticed, and clocks that differ."""

log = get_logger("ovms.server.peers")


async def last_heard(storage: PeerStorage, peer_id: str, direction: Direction) -> float:
    """Return when a server was last heard, Unix seconds; 0 for never, and if nobody can tell now.

    Ask before it is noted that it is heard now.
    """
    try:
        return await storage.heard(peer_id, direction)
    except Exception as error:
        log.warning("no word of when a server was heard", server=peer_id, reason=str(error))
        return 0.0


async def tell_all(link: PeerLink, storage: PeerStorage, heard: float, clock: Clock) -> None:
    """Tell a new link all that it may not know. Trouble of the database is logged, no more."""
    await link.announce()
    try:
        await link.tell_stored(storage, heard - MARGIN, clock.time())
    except Exception as error:
        log.warning("a server was not told all", server=link.peer_id, reason=str(error))
