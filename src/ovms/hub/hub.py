"""All rooms, and the time limits of those who are in them.

A room exists while somebody is connected to its vehicle, and is loaded once, however many come at
the same moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from ovms.base.clock import Clock
from ovms.hub.commands import ANSWER_TIMEOUT
from ovms.hub.interfaces import Change, Keeper, Line
from ovms.hub.room import PROOF_TIMEOUT, Member, Room
from ovms.protocol import Message, Role

MINUTE = 60.0

IDLE_LIMITS = {Role.APP: 20 * MINUTE, Role.CAR: 16 * MINUTE, Role.BATCH: 5 * MINUTE}
"""Seconds of silence after which a connection is closed: apps ping every 3 to 5 minutes, cars
report every 10, batch tools come and go."""

CAR_PING_INTERVAL = 15 * MINUTE
"""Seconds after which the server breaks its own silence: a car that hears nothing for 16 minutes
restarts its whole network."""


class Idle(Exception):
    """A connection was silent for too long."""


class Unproven(Exception):
    """A car was welcomed, but nothing it sent could be deciphered: its welcome was a copy."""


class Removed(Exception):
    """The vehicle was removed, or its secret changed."""

    def __str__(self) -> str:
        """Say so."""
        return "the vehicle was removed or its secret changed"


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody in a room: how a connection speaks to the hub once it has been welcomed."""

    room: Room
    member: Member

    def receive(self, message: Message) -> None:
        """Take a message that came on the connection."""
        self.room.receive(self.member, message)


class Hub:
    """The rooms of all vehicles that somebody is connected to."""

    def __init__(
        self, keeper: Keeper, clock: Clock, version: str, answer_timeout: float = ANSWER_TIMEOUT
    ) -> None:
        self.rooms: dict[str, Room] = {}
        self._keeper = keeper
        self._clock = clock
        self._version = version
        self._answer_timeout = answer_timeout
        self._loading: dict[str, asyncio.Task[Room | None]] = {}

    async def find(self, vehicle_id: str) -> Room | None:
        """Give the room of a vehicle (its id in upper case); ``None`` if there is no such vehicle.

        The caller must let somebody in at once or call :meth:`release`. Raises what the keeper
        raises when it cannot look.
        """
        room = self.rooms.get(vehicle_id)
        if room is not None:
            return room
        loading = self._loading.get(vehicle_id)
        if loading is None:
            loading = asyncio.create_task(self._load(vehicle_id))
            self._loading[vehicle_id] = loading
            loading.add_done_callback(lambda _: self._loading.pop(vehicle_id, None))
        room = await asyncio.shield(loading)
        return await self.find(vehicle_id) if room is not None and room.is_void else room

    async def _load(self, vehicle_id: str) -> Room | None:
        found = await self._keeper.load_vehicle(vehicle_id)
        if found is None:
            return None
        vehicle, stored = found
        room = Room(vehicle, self._keeper, self._clock, self._version, self._answer_timeout)
        room.restore(stored)
        return room

    def enter(self, room: Room, role: Role, line: Line) -> Guest:
        """Let somebody into a room whose welcome was right.

        Raises :class:`Removed` if the vehicle went away, or changed its secret, since the look-up.
        """
        if room.is_void:
            raise Removed
        room = self.rooms.setdefault(room.vehicle.id, room)
        return Guest(room, room.join(role, line))

    def leave(self, guest: Guest) -> None:
        """See somebody off. May be called again."""
        guest.room.leave(guest.member)
        self.release(guest.room)

    def release(self, room: Room) -> None:
        """Drop a room that nobody is in."""
        if not room.members and self.rooms.get(room.vehicle.id) is room:
            del self.rooms[room.vehicle.id]

    def tick(self) -> None:
        """Close who is silent for too long, ping cars, give up commands. Call it each second."""
        now = self._clock.monotonic()
        for room in list(self.rooms.values()):
            room.tick(now)
            for member in room.members:
                self._watch(room, member, now)

    def _watch(self, room: Room, member: Member, now: float) -> None:
        if now - member.heard >= IDLE_LIMITS[member.role]:
            member.line.close(Idle("silent for too long"))
        elif member.is_car and not member.is_proven and now - member.joined >= PROOF_TIMEOUT:
            member.line.close(Unproven("nothing it sent could be deciphered"))
        elif member is room.car and now - member.sent >= CAR_PING_INTERVAL:
            room.ping_car()

    def refresh(self, vehicles: Iterable[Change]) -> None:
        """Close the connections of vehicles that were removed or got another secret."""
        for change in vehicles:
            room = self.rooms.get(change.id)
            if room is not None and change.secret != room.vehicle.secret:
                del self.rooms[change.id]
                room.close(Removed())
