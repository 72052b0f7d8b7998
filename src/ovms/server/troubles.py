"""What of a running server its operator should hear of: a disk, a certificate, another server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ovms.base.clock import iso_time
from ovms.server.storage.errors import StoreError
from ovms.server.storage.peers import list_peers

if TYPE_CHECKING:
    from ovms.server.storage.peers import PeerStatus
    from ovms.server.storage.store import Store
    from ovms.server.tls import Certificates

DISK_LOW: Final = 200 * 1024 * 1024
"""Bytes left on the disk of the data folder at which it counts as full: some days of a busy server.
"""

PEER_LOST: Final = 900.0
"""Seconds without a link after which another server is lost: it is called every five minutes."""

MIB: Final = 1024 * 1024


async def find_troubles(
    data: Path, store: Store, certificates: Certificates | None, now: float
) -> dict[str, str]:
    """Return what is wrong now, by a name each. ``now`` in Unix seconds. Raises ``OSError``."""
    found = dict(of_disk(data))
    if store.database.damage is not None:
        found["damage"] = f"A query has met damage: {store.database.damage}"
    failure = store.writer.failure
    if failure is not None:
        found["database"] = f"The database cannot be written, and keeps nothing: {failure}"
        return found
    if certificates is not None:
        found |= dict(_of_certificates(certificates, now))
    try:
        peers = await store.database.read(lambda connection: list_peers(connection, now))
    except StoreError as error:
        found["database"] = f"The database cannot be read: {error}"
        return found
    found |= {f"peer-{each.direction}-{each.id}": _of_peer(each) for each in lost(peers, now)}
    return found


def lost(peers: list[PeerStatus], now: float) -> list[PeerStatus]:
    """Return the servers that have been without a link for too long."""
    return [
        each
        for each in peers
        if not each.connected and each.since is not None and now - each.since >= PEER_LOST
    ]


def of_disk(data: Path) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the disk of a folder, with its name. Raises ``OSError``."""
    free = shutil.disk_usage(data).free
    if free < DISK_LOW:
        left = f"{free // MIB} MiB are left on the disk of {data}."
        yield "disk", f"The disk is nearly full: {left}\nAt 0 nothing is kept of what cars send."


def _of_certificates(certificates: Certificates, now: float) -> Iterator[tuple[str, str]]:
    for each in certificates.ending(now):
        verb = "has expired" if each.ends.timestamp() <= now else "expires"
        ends = f"The certificate in {each.pair.certificate} {verb}: {each.ends:%Y-%m-%d}."
        hint = "Modules and apps refuse an old one. The server loads a new one by itself."
        yield f"certificate-{each.pair.certificate}", f"{ends}\n{hint}"


def _of_peer(peer: PeerStatus) -> str:
    since = iso_time(peer.since or 0)
    reason = f": {peer.error}" if peer.error else ""
    return f"There is no link to the server {peer.id} ({peer.address}) since {since}{reason}."
