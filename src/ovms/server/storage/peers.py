"""What the server asks of the database about other servers: shared records, and their state.

Nothing blocks the event loop. What a call has written is on disk when it returns.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import insert, select, tuple_, update

from ovms.protocol.messages import LatestMessage
from ovms.protocol.times import parse_wire_time, wire_change
from ovms.server.storage import shared_records
from ovms.server.storage.limits import SHARED_LIMIT
from ovms.server.storage.schema import SERVER_ROW, messages, peers, server, vehicles
from ovms.server.storage.shared_records import ANY_SERVER
from ovms.server.storage.vehicles import PRESENCE_STALE

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from typing import Any

    from sqlalchemy import Connection, Select

    from ovms.protocol.records.sync import OwnerRecord, VehicleRecord
    from ovms.server.storage.database import Database
    from ovms.server.storage.shared_records import (
        OwnerSyncPosition,
        SharedRecord,
        SyncPosition,
        Taken,
    )

Direction = Literal["calls", "called"]
"""Whether our server calls the other one, or is called by it."""

PAGE: Final = 500
"""Records a reading of changes gives at once."""


@dataclass(frozen=True, slots=True)
class PeerStatus:
    """The state of another server. Times in Unix seconds, ``None`` for never.

    ``vehicle_time`` and ``owner_time`` are the newest changes received from it, 0 for none;
    ``vehicles`` and ``owners`` count the records that went over since the connection began.
    """

    id: str
    direction: Direction
    address: str
    connected: bool
    since: float | None
    heard: float | None
    vehicle_time: int
    owner_time: int
    vehicles: int
    owners: int
    error: str


def list_peers(connection: Connection, now: float) -> list[PeerStatus]:
    """Return all servers that we call or that have called; nobody is connected to a dead server."""
    heartbeat = connection.scalar(select(server.c.heartbeat).where(server.c.id == SERVER_ROW))
    is_alive = heartbeat is not None and heartbeat > now - PRESENCE_STALE
    query = select(*(peers.c[name] for name in PeerStatus.__dataclass_fields__))
    query = query.where(peers.c.address != "").order_by(peers.c.direction, peers.c.id)
    rows = connection.execute(query)
    return [
        PeerStatus(
            row.id, row.direction, row.address, row.connected and is_alive, row.since, row.heard,
            parse_wire_time(row.vehicle_time) or 0, parse_wire_time(row.owner_time) or 0,
            row.vehicles, row.owners, row.error,
        )
        for row in rows
    ]  # fmt: skip


def note_peer(connection: Connection, peer_id: str, direction: Direction, **values: object) -> None:
    """Store the state of a server: columns of the table and their values."""
    key = (peers.c.id == peer_id, peers.c.direction == direction)
    if values and not connection.execute(update(peers).where(*key).values(**values)).rowcount:
        row = {"connected": False, **values}
        connection.execute(insert(peers).values(id=peer_id, direction=direction, **row))


def _stored(server_id: str) -> Select[Any]:
    m, v = messages.c, vehicles.c
    return (
        select(m.vehicle_id, m.code, m.data, m.time)
        .join(vehicles, v.id == m.vehicle_id)
        .where(v.type == "car", v.server.in_([ANY_SERVER, server_id]), m.token == "")
        .order_by(m.vehicle_id, m.code)
    )


def _states(connection: Connection, query: Select[Any]) -> list[tuple[str, LatestMessage]]:
    rows = connection.execute(query)
    return [(vehicle_id, LatestMessage(code, data, time)) for vehicle_id, code, data, time in rows]


class PeerStore:
    """Shared records of a running server. Raises :class:`ovms.server.storage.errors.StoreError`."""

    def __init__(self, database: Database, limit: int = SHARED_LIMIT) -> None:
        self._database = database
        self._limit = limit

    async def reset(self, called: Collection[str]) -> None:
        """Mark all servers as disconnected, because ours starts; it calls those of ``called``.

        One that it no longer calls is hidden, and its sync position stays.
        """

        def put(connection: Connection) -> None:
            connection.execute(update(peers).values(connected=False))
            is_gone = (peers.c.direction == "calls", peers.c.id.not_in(called))
            connection.execute(update(peers).where(*is_gone).values(address=""))

        await self._database.write(put)

    async def note(self, peer_id: str, direction: Direction, **values: object) -> None:
        """Store the state of a server; see :func:`note_peer`."""
        await self._database.write(
            lambda connection: note_peer(connection, peer_id, direction, **values)
        )

    async def changed_vehicles(
        self, server_id: str, after: SyncPosition, until: float
    ) -> list[tuple[SyncPosition, VehicleRecord]]:
        """Return up to :data:`PAGE` vehicles; see :func:`shared_records.changed_vehicles`."""
        query = partial(
            shared_records.changed_vehicles, server_id=server_id, after=after, until=until,
            limit=PAGE,
        )  # fmt: skip
        return await self._database.read(query)

    async def changed_owners(
        self, after: OwnerSyncPosition, until: float
    ) -> list[tuple[OwnerSyncPosition, OwnerRecord]]:
        """Return up to :data:`PAGE` owners; see :func:`shared_records.changed_owners`."""
        query = partial(shared_records.changed_owners, after=after, until=until, limit=PAGE)
        return await self._database.read(query)

    async def stored_since(
        self, server_id: str, since: float, after: tuple[str, str]
    ) -> list[tuple[str, LatestMessage]]:
        """Return up to :data:`PAGE` plain latest messages of a server's vehicles.

        Those that came after ``since``, Unix seconds, behind a vehicle and code, in that order.
        """
        m = messages.c
        query = (
            _stored(server_id)
            .where(m.time > since, tuple_(m.vehicle_id, m.code) > tuple_(*after))
            .limit(PAGE)
        )
        return await self._database.read(partial(_states, query=query))

    async def stored_of(
        self, server_id: str, vehicle_ids: Sequence[str]
    ) -> list[tuple[str, LatestMessage]]:
        """Return the plain latest messages of those vehicles that the server may know of."""
        found = []
        for start in range(0, len(vehicle_ids), PAGE):
            some = messages.c.vehicle_id.in_(vehicle_ids[start : start + PAGE])
            found += await self._database.read(
                partial(_states, query=_stored(server_id).where(some))
            )
        return found

    async def heard(self, peer_id: str, direction: Direction) -> float:
        """Return when a server was last heard, Unix seconds; 0 for never."""
        key = (peers.c.id == peer_id, peers.c.direction == direction)
        query = select(peers.c.heard).where(*key)
        return await self._database.read(lambda connection: connection.scalar(query)) or 0.0

    async def newest(self, peer_id: str) -> tuple[int, int]:
        """Return the newest changes of vehicles and owners received from a server that we call."""
        p = peers.c
        query = select(p.vehicle_time, p.owner_time).where(p.id == peer_id, p.direction == "calls")
        row = await self._database.read(lambda connection: connection.execute(query).one_or_none())
        times = row or ("", "")
        return parse_wire_time(times[0]) or 0, parse_wire_time(times[1]) or 0

    async def take(
        self, peer_id: str, records: Sequence[SharedRecord], newest: tuple[int, int], now: float
    ) -> Taken:
        """Apply records of a server that we call, and store the ``newest`` times received."""

        def put(connection: Connection) -> Taken:
            taken = shared_records.take_records(connection, peer_id, records, now, self._limit)
            vehicle_time, owner_time = map(wire_change, newest)
            times = {"vehicle_time": vehicle_time, "owner_time": owner_time}
            note_peer(connection, peer_id, "calls", heard=now, **times)
            return taken

        return await self._database.write(put)
