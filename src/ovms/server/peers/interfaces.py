"""What links to other servers need of the database.

:class:`ovms.server.storage.peers.PeerStore` fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ovms.protocol.records.sync import OwnerRecord, VehicleRecord
from ovms.server.peers.link import States
from ovms.server.storage.peers import Direction
from ovms.server.storage.shared_records import OwnerSyncPosition, SharedRecord, SyncPosition, Taken


class Changes(Protocol):
    """What another server may know."""

    async def changed_vehicles(
        self, server_id: str, after: SyncPosition, until: float
    ) -> list[tuple[SyncPosition, VehicleRecord]]:
        """Return the next vehicles of a server that changed behind a place, oldest first."""
        ...

    async def changed_owners(
        self, after: OwnerSyncPosition, until: float
    ) -> list[tuple[OwnerSyncPosition, OwnerRecord]]:
        """Return the next owners, oldest first."""
        ...


class Shelf(Protocol):
    """Where the records go that another server tells."""

    async def take(
        self, peer_id: str, records: Sequence[SharedRecord], newest: tuple[int, int], now: float
    ) -> Taken:
        """Take records and the newest times, all or nothing."""
        ...


class PeerStorage(Changes, Shelf, States, Protocol):
    """All of it, and how things stand with other servers."""

    async def heard(self, peer_id: str, direction: Direction) -> float:
        """Return when a server was last heard, Unix seconds; 0 for never."""
        ...

    async def note(self, peer_id: str, direction: Direction, **values: object) -> None:
        """Keep how things stand: columns of the table and their values."""

    async def newest(self, peer_id: str) -> tuple[int, int]:
        """Return the newest changes of vehicles and owners that were had, Unix seconds."""
        ...
