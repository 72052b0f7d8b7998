"""``R``: sending records of vehicles and owners to another server, and receiving its own.

They go oldest first, and never a change of the second that still runs: a server names the second of
the newest change it has at its next login, and must not miss other changes of that second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from ovms.base.clock import Clock
from ovms.base.logs import get_logger
from ovms.protocol import Message
from ovms.protocol.records.sync import OwnerRecord, VehicleRecord
from ovms.server.storage.peers import PeerStore
from ovms.server.storage.shared_records import OwnerSyncPosition, SharedRecord, SyncPosition
from ovms.server.values import VehicleChange

LOOK: Final = 1.0
"""Seconds between two searches for changes."""

RECORDS_LIMIT: Final = 500
"""Records that are stored in one transaction."""

REFUSED_LIMIT: Final = 10
"""Reasons for refusals that are logged of records that are stored together."""

LEFT_OUT_LIMIT: Final = 1000
"""Vehicles that are remembered as logged; further ones that are left out are not logged."""

log = get_logger("ovms.server.peers")


class LeftOutLog:
    """Logs each vehicle once that other servers are not told of."""

    def __init__(self) -> None:
        self._logged: set[str] = set()

    def note(self, vehicle_id: str) -> None:
        """Log that a vehicle is left out, unless it has been logged or too many have been."""
        if vehicle_id not in self._logged and len(self._logged) < LEFT_OUT_LIMIT:
            self._logged.add(vehicle_id)
            log.warning(
                "a vehicle is not sent to other servers: its secret has a comma or is damaged",
                vehicle=vehicle_id,
            )


class RecordSender:
    """Sends records to a server that has called, from the times on that it named.

    ``send`` takes a message, ``drained`` waits while the other server has much to read.
    """

    def __init__(
        self,
        store: PeerStore,
        server_id: str,
        times: tuple[int, int],
        clock: Clock,
        send: Callable[[Message], bool],
        drained: Callable[[], Awaitable[None]],
        left_out: LeftOutLog,
    ) -> None:
        self.vehicles = 0
        """Vehicle records that were sent."""
        self.owners = 0
        """Owner records that were sent."""
        self._store = store
        self._server_id = server_id
        self._vehicle_place: SyncPosition = (times[0] + 1.0, "")
        self._owner_place: OwnerSyncPosition = (times[1] + 1.0, 0)
        self._clock = clock
        self._send = send
        self._drained = drained
        self._left_out = left_out

    async def run(
        self,
        begun: Callable[[], Awaitable[None]],
        pushed: Callable[[Sequence[str]], Awaitable[None]],
    ) -> None:
        """Send what there is, then what changes. Cancel it to end.

        ``begun`` is called when all that there was has been sent, ``pushed`` with the vehicles
        that are sent later: messages of a vehicle that the other server does not know are lost.
        """
        is_begun = False
        while True:
            try:
                ids = await self.push()
                if not is_begun:
                    await begun()
                elif ids:
                    await pushed(ids)
                is_begun = True
            except asyncio.CancelledError:
                raise
            except Exception as error:  # passing trouble of the database
                log.warning(
                    "cannot read records for a server", server=self._server_id, reason=str(error)
                )
            await asyncio.sleep(LOOK)

    async def push(self) -> list[str]:
        """Send all that has changed up to the second that runs; owners before their vehicles.

        Return the ids of the vehicles.
        """
        ids: list[str] = []
        until = float(int(self._clock.time()))
        while owners := await self._store.changed_owners(self._owner_place, until):
            for owner_place, owner in owners:
                self._owner_place = owner_place
                self.owners += self._send(owner.message)
            await self._drained()
        while vehicles := await self._store.changed_vehicles(
            self._server_id, self._vehicle_place, until
        ):
            for place, vehicle in vehicles:
                self._vehicle_place = place
                if not vehicle.fits:
                    self._left_out.note(vehicle.vehicle_id)
                    continue
                self.vehicles += self._send(vehicle.message)
                ids.append(vehicle.vehicle_id)
            await self._drained()
        return ids


class RecordReceiver:
    """Stores the records of a server that we call.

    The newest change that is stored, and named at the next login, is of a second that is complete:
    a later change has come, or the answer to a ping.
    """

    def __init__(
        self,
        store: PeerStore,
        peer_id: str,
        newest: tuple[int, int],
        clock: Clock,
        on_taken: Callable[[Sequence[VehicleChange], set[int]], None],
    ) -> None:
        self.vehicles = 0
        """Vehicle records that came."""
        self.owners = 0
        """Owner records that came."""
        self.newest = newest
        """The newest changes of vehicles and owners of seconds that are complete."""
        self._store = store
        self._peer_id = peer_id
        self._clock = clock
        self._on_taken = on_taken
        self._waiting: list[SharedRecord] = []
        self._seen = newest

    @property
    def is_full(self) -> bool:
        """So much waits that it should be stored now."""
        return len(self._waiting) >= RECORDS_LIMIT

    @property
    def seen(self) -> tuple[int, int]:
        """The newest changes that came: complete when a ping that is sent now is answered."""
        return self._seen

    def receive(self, data: bytes) -> None:
        """Handle the data of an ``R``; a malformed one is logged and ignored."""
        record = VehicleRecord.parse(data) or OwnerRecord.parse(data)
        if record is None:
            log.warning("malformed record", server=self._peer_id, kind=data[:1].decode("latin-1"))
            return
        self._waiting.append(record)
        vehicle_time, owner_time = self._seen
        # A clock was wrong: naming a future time would hide all changes until then.
        changed = min(record.changed, int(self._clock.time()))
        if isinstance(record, VehicleRecord):
            self.vehicles += 1
            self._seen = max(vehicle_time, changed), owner_time
        else:
            self.owners += 1
            self._seen = vehicle_time, max(owner_time, changed)

    async def keep(self) -> bool:
        """Store what waits; return false if nothing does. Raises what the store raises."""
        if not self._waiting:
            return False
        records, self._waiting = self._waiting, []
        # More may come of the second of the newest: it is not complete yet.
        vehicle_time, owner_time = self._seen
        await self._put(records, self._later((vehicle_time - 1, owner_time - 1)))
        return True

    async def whole(self, seen: tuple[int, int]) -> None:
        """Store that all up to these times has come: a ping that was sent then is answered."""
        newest = self._later(seen)
        if newest != self.newest and not self._waiting:
            await self._put([], newest)

    def _later(self, times: tuple[int, int]) -> tuple[int, int]:
        return max(self.newest[0], times[0]), max(self.newest[1], times[1])

    async def _put(self, records: Sequence[SharedRecord], newest: tuple[int, int]) -> None:
        taken = await self._store.take(self._peer_id, records, newest, self._clock.time())
        self.newest = newest
        reasons = sorted(set(taken.refused))
        for reason in reasons[:REFUSED_LIMIT]:
            log.warning("a record was refused", server=self._peer_id, reason=reason)
        if reasons[REFUSED_LIMIT:]:
            more = len(reasons) - REFUSED_LIMIT
            log.warning("more records were refused", server=self._peer_id, count=more)
        if taken.changes or taken.owners:
            self._on_taken(taken.changes, taken.owners)
