"""What links lean on, in memory: shared records, and wires that remember."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ovms.protocol import Message
from ovms.protocol.messages import LatestMessage
from ovms.protocol.records.sync import OwnerRecord, VehicleRecord
from ovms.server.storage.peers import Direction, PeerStore
from ovms.server.storage.shared_records import OwnerSyncPosition, SharedRecord, SyncPosition, Taken
from tests.server.hub.fakes import text_of


@dataclass
class FakeStore(PeerStore):
    """Shared records, and what was kept of other servers."""

    vehicles: list[tuple[SyncPosition, VehicleRecord]] = field(default_factory=list)
    owners: list[tuple[OwnerSyncPosition, OwnerRecord]] = field(default_factory=list)
    notes: dict[tuple[str, Direction], dict[str, object]] = field(default_factory=dict)
    taken: list[SharedRecord] = field(default_factory=list)
    times: tuple[int, int] = (0, 0)
    stored: list[tuple[str, LatestMessage]] = field(default_factory=list)
    last_heard: float = 0.0
    answer: Taken = field(default_factory=Taken)
    error: Exception | None = None
    page: int = 2

    async def note(self, peer_id: str, direction: Direction, **values: object) -> None:
        """Remember how things stand."""
        self._fail()
        self.notes.setdefault((peer_id, direction), {}).update(values)

    async def changed_vehicles(
        self, server_id: str, after: SyncPosition, until: float
    ) -> list[tuple[SyncPosition, VehicleRecord]]:
        """Return the next vehicles, two at a time."""
        self._fail()
        found = [each for each in self.vehicles if after < each[0] and each[0][0] < until]
        return [each for each in found if each[1].server in ("*", server_id)][: self.page]

    async def changed_owners(
        self, after: OwnerSyncPosition, until: float
    ) -> list[tuple[OwnerSyncPosition, OwnerRecord]]:
        """Return the next owners, two at a time."""
        self._fail()
        found = [each for each in self.owners if after < each[0] and each[0][0] < until]
        return found[: self.page]

    async def stored_since(
        self, server_id: str, since: float, after: tuple[str, str]
    ) -> list[tuple[str, LatestMessage]]:
        """Return the next stored messages, two at a time."""
        self._fail()
        places = [((vehicle_id, each.code), each) for vehicle_id, each in self.stored]
        found = [place for place in places if place[0] > after and place[1].time > since]
        return [(place[0], each) for place, each in found][: self.page]

    async def stored_of(
        self, server_id: str, vehicle_ids: Sequence[str]
    ) -> list[tuple[str, LatestMessage]]:
        """Return the stored messages of some vehicles."""
        self._fail()
        return [each for each in self.stored if each[0] in vehicle_ids]

    async def heard(self, peer_id: str, direction: Direction) -> float:
        """Return when a server was last heard."""
        self._fail()
        return self.last_heard

    async def newest(self, peer_id: str) -> tuple[int, int]:
        """Return the newest changes that were kept."""
        self._fail()
        return self.times

    async def take(
        self, peer_id: str, records: Sequence[SharedRecord], newest: tuple[int, int], now: float
    ) -> Taken:
        """Remember records and times."""
        self._fail()
        self.taken += records
        self.times = newest
        return self.answer

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error


class FakeWire:
    """A connection to another server that remembers what it was sent."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.unsent = 0
        self.error: Exception | None = None
        self.ended: Exception | None = None

    def send(self, message: Message) -> None:
        """Remember a message, or fail as a test wants."""
        if self.error is not None:
            raise self.error
        self.messages.append(message)

    async def drain(self) -> None:
        """Have room, or fail as a test wants."""
        if self.error is not None:
            raise self.error

    def cut(self, error: Exception | None = None) -> None:
        """Remember the end."""
        self.ended = error

    def take(self) -> list[str]:
        """Return what was sent since the last call."""
        texts = [text_of(each) for each in self.messages]
        self.messages.clear()
        return texts
