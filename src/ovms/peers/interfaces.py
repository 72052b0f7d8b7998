"""What links to other servers need of the database: :class:`ovms.store.peers.PeerStore` fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ovms.peers.link import States
from ovms.protocol.records.sync import OwnerRecord, VehicleRecord
from ovms.store.peers import Direction
from ovms.store.shared_records import OwnerPlace, Place, SharedRecord, Taken


class Changes(Protocol):
    """What another server may know."""

    async def changed_vehicles(
        self, server_id: str, after: Place, until: float
    ) -> list[tuple[Place, VehicleRecord]]:
        """Give the next vehicles of a server that changed behind a place, oldest first."""
        ...

    async def changed_owners(
        self, after: OwnerPlace, until: float
    ) -> list[tuple[OwnerPlace, OwnerRecord]]:
        """Give the next owners, oldest first."""
        ...


class Shelf(Protocol):
    """Where the records go that another server tells."""

    async def take(
        self, peer_id: str, records: Sequence[SharedRecord], newest: tuple[int, int], now: float
    ) -> Taken:
        """Take records and the newest times, all or nothing."""
        ...


class PeerKeeper(Changes, Shelf, States, Protocol):
    """All of it, and how things stand with other servers."""

    async def heard(self, peer_id: str, direction: Direction) -> float:
        """Give when a server was last heard, Unix seconds; 0 for never."""
        ...

    async def note(self, peer_id: str, direction: Direction, **values: object) -> None:
        """Keep how things stand: columns of the table and their values."""

    async def newest(self, peer_id: str) -> tuple[int, int]:
        """Give the newest changes of vehicles and owners that were had, Unix seconds."""
        ...
