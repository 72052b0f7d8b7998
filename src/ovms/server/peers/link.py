"""A connection with another server, once it has been welcomed; both ends do the same.

``R`` and pings apart, all that goes over it is ``r``: a message of one vehicle. For each vehicle
the car is on one side at most. That server says so with ``Z1``; from then on it sends what the car
sends and takes what the other side's clients have for the car, until ``Z0`` or the link's end::

    either     ──▶  T<age>, then what it has stored of a car that is nowhere
    car's side ──▶  Z1,<claim>, Z0  is the car here     T<age>  before a stored message
                    what the car says; answers (c, a) to what came from the other side
    ◀── other side  z<n>  apps that watch; commands (C, EMC), pings (A), what apps pass on

In a room, the other server is the car where the car is there, and a client (a *relay*) where it is
here. So the rooms' own rules say whose answer is whose, and what is in time. A server says that it
has a car only when that has proven itself, and since when: of two claims the later one
holds, and an equal one is the same car, heard of in another way.
So no message goes in circles, even where the links do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

from ovms.base.clock import Clock
from ovms.base.logs import get_logger
from ovms.protocol import Message
from ovms.protocol.errors import LocalProtocolError
from ovms.protocol.messages import LatestMessage
from ovms.protocol.records.sync import Replicated
from ovms.protocol.spelling import vehicle_key
from ovms.server.hub.hub import Hub, Removed, RoomSession
from ovms.server.hub.room import Room
from ovms.server.storage.peers import PeerStore

WAITING_LIMIT: Final = 64 << 20
"""Bytes that may wait for the other server to read: about the state of 100,000 cars."""

CLAIM_AHEAD_LIMIT: Final = 60_000
"""Milliseconds by which another server's claim may lie ahead of our clock. A later one counts as
this: otherwise a car whose login was claimed far in the future could come here no more."""

GONE = Message("Z", b"0")

log = get_logger("ovms.server.peers")


class Wire(Protocol):
    """What carries a link: :class:`ovms.net.client.ClientConnection`."""

    @property
    def unsent(self) -> int:
        """Bytes that wait for the other end to read."""

    def send(self, message: Message) -> None:
        """Send a message, or raise :class:`~ovms.net.client.ConnectionLost`."""

    async def drain(self) -> None:
        """Wait until the other end has taken enough, or raise the same."""

    def cut(self, error: Exception | None = None) -> None:
        """End it at once."""


class Flooded(Exception):
    """The other server does not read what it is sent."""

    def __str__(self) -> str:
        """Return the reason."""
        return "the other server does not read what it is sent"


class PeerLine:
    """One vehicle on a link: the line through which its room sends."""

    peer = ""
    is_proven = True
    """At the other server."""
    received = 0
    sent = 0
    unacknowledged = 0

    def __init__(self, link: PeerLink, vehicle_id: str, is_car: bool) -> None:
        self._link = link
        self._vehicle_id = vehicle_id
        self._is_car = is_car

    @property
    def link(self) -> PeerLink:
        """The link that it is on."""
        return self._link

    def send(self, message: Message) -> bool:
        """Send a message of the vehicle."""
        return self._link.send(Replicated(self._vehicle_id, message).message)

    def send_all(self, messages: Sequence[Message]) -> bool:
        """Send messages of the vehicle."""
        sent = [self.send(each) for each in messages]
        return all(sent)

    async def drained(self) -> None:
        """Wait while the other server has much to read; returns also when it is gone."""
        await self._link.drained()

    def close(self, error: Exception | None = None) -> None:
        """Drop the vehicle on this link."""
        self._link.drop(self._vehicle_id, self._is_car)


class PeerLink:
    """A link to the server ``peer_id``.

    ``shares`` returns whether the other server may know of a vehicle, by the id of the server that
    serves it.
    """

    def __init__(self, wire: Wire, peer_id: str, hub: Hub, shares: Callable[[str], bool]) -> None:
        self.peer_id = peer_id
        self.cars: dict[str, RoomSession] = {}
        """The cars that are at the other server."""
        self.relays: dict[str, RoomSession] = {}
        """The other server's clients of cars that are here."""
        self.is_open = True
        self._aged: tuple[str, int] | None = None
        """A vehicle whose car is nowhere, and how old the next message of it is."""
        self._wire = wire
        self._hub = hub
        self._shares = shares

    # -- sending ----------------------------------------------------------------------------

    def send(self, message: Message) -> bool:
        """Send a message; false if it cannot be sent. A server that does not read is cut off."""
        if not self.is_open:
            return False
        try:
            self._wire.send(message)
        except LocalProtocolError:
            return False
        except Exception:
            return False  # it is over, and its reader is told
        if self._wire.unsent > WAITING_LIMIT:
            self._wire.cut(Flooded())
            return False
        return True

    async def drained(self) -> None:
        """Wait while the other server has much to read; returns also when it is gone."""
        try:
            await self._wire.drain()
        except Exception:
            return

    # -- the cars that are here -------------------------------------------------------------

    async def announce(self) -> None:
        """Announce all cars that are here; call it once, at the beginning.

        A car that has come meanwhile is announced already.
        """
        for room in list(self._hub.rooms.values()):
            if not self.is_open:
                return
            if room.car is not None and room.vehicle.id not in self.relays:
                self.car_came(room)
                await self.drained()

    async def tell_stored(self, store: PeerStore, since: float, now: float) -> None:
        """Send what came after ``since``, Unix seconds, of cars that are connected nowhere."""
        place = ("", "")
        while page := await store.stored_since(self.peer_id, since, place):
            place = (page[-1][0], page[-1][1].code)
            await self._tell_states(page, now)

    async def tell_again(self, store: PeerStore, clock: Clock, vehicle_ids: Sequence[str]) -> None:
        """Send all that there is of vehicles that the other server may not have known before."""
        for vehicle_id in vehicle_ids:
            room = self._hub.rooms.get(vehicle_id)
            relay = self.relays.pop(vehicle_id, None)
            if room is not None and room.car is not None:
                self.car_came(room)
            if relay is not None:
                self._hub.leave(relay)
        await self._tell_states(await store.stored_of(self.peer_id, vehicle_ids), clock.time())

    async def _tell_states(self, states: Iterable[tuple[str, LatestMessage]], now: float) -> None:
        for vehicle_id, latest in states:
            if vehicle_id not in self.relays and vehicle_id not in self.cars:
                age = Message("T", b"%d" % max(0, now - latest.time))
                self.send(Replicated(vehicle_id, age).message)
                self.send(Replicated(vehicle_id, latest.message).message)
        await self.drained()

    def car_came(self, room: Room) -> None:
        """Announce a car, unless the other server has announced it to us.

        A car that has logged in again is announced again: by its claim the other server weighs it
        against one that has logged in elsewhere meanwhile.
        """
        vehicle_id = room.vehicle.id
        if vehicle_id in self.relays:
            self.send(Replicated(vehicle_id, room.relays.presence).message)
            return
        if vehicle_id in self.cars or not self._shares(room.server):
            return
        line = PeerLine(self, vehicle_id, is_car=False)
        self.relays[vehicle_id] = self._hub.enter_relay(room, line)

    def car_went(self, room: Room) -> None:
        """Tell the other server that a car is gone."""
        self.drop(room.vehicle.id, is_car=False)

    def server_changed(self, room: Room) -> None:
        """Drop a vehicle that the other server may not know of any more."""
        if not self._shares(room.server):
            self.drop(room.vehicle.id, is_car=False)
            self.drop(room.vehicle.id, is_car=True)

    # -- receiving --------------------------------------------------------------------------

    async def receive(self, data: bytes) -> None:
        """Handle the data of an ``r``, one at a time. A malformed one is ignored."""
        replicated = Replicated.parse(data)
        if replicated is None or not replicated.vehicle_id.isprintable():
            return  # only printable ids can be looked up
        vehicle_id, message = vehicle_key(replicated.vehicle_id), replicated.inner
        if message.code == "Z":
            await self._take_presence(vehicle_id, message.data)
        elif vehicle_id in self.relays:
            self.relays[vehicle_id].receive(message)
        elif vehicle_id in self.cars:
            self.cars[vehicle_id].receive(message)
        else:
            await self._take_of_absent(vehicle_id, message)

    async def _take_of_absent(self, vehicle_id: str, message: Message) -> None:
        """Handle a message of a car that is connected nowhere: a stored message has an age.

        Without an age it is new: from a server that replicates messages and announces no cars.
        """
        aged, self._aged = self._aged, None
        if message.code == "T" and message.data.isdigit() and len(message.data) < 12:
            self._aged = (vehicle_id, int(message.data))
        room = await self._hub.find(vehicle_id) if message.code != "T" else None
        if room is None:
            return
        if room.vehicle.type == "car" and self._shares(room.server) and room.car is None:
            if aged is not None and aged[0] == vehicle_id:
                room.relays.take_stored(message, aged[1])
            else:
                room.relays.take_replicated(PeerLine(self, vehicle_id, is_car=True), message)
        self._hub.release(room)

    async def _take_presence(self, vehicle_id: str, data: bytes) -> None:
        """Handle a car that came to the other server, or went."""
        is_here, _, since = data.partition(b",")
        if is_here == b"0":
            self.drop(vehicle_id, is_car=True)
        if is_here != b"1" or not since.isdigit() or len(since) > 16:
            return
        room = await self._hub.find(vehicle_id)
        if room is None:
            return
        try:
            if self.is_open and room.vehicle.type == "car" and self._shares(room.server):
                self._weigh(room, int(since))
        except Removed:
            log.debug("a vehicle went while its car came", vehicle=vehicle_id)
        finally:
            self._hub.release(room)

    def _weigh(self, room: Room, claim: int) -> None:
        """Let the other server's car into the room, unless another claim is as late."""
        vehicle_id = room.vehicle.id
        claim = min(claim, self._hub.claim_now() + CLAIM_AHEAD_LIMIT)
        is_known = room.car is not None and room.relays.claim >= claim
        if not is_known or room.relays.claim == claim:
            relay = self.relays.pop(vehicle_id, None)
            if relay is not None:
                self._hub.leave(relay)
        if not is_known:
            line = PeerLine(self, vehicle_id, is_car=True)
            self.cars[vehicle_id] = self._hub.enter_upstream(room, line, claim)

    # -- the end ----------------------------------------------------------------------------

    def drop(self, vehicle_id: str, is_car: bool) -> None:
        """Forget a vehicle on this link; if its car is here, tell the other server that it left."""
        session = (self.cars if is_car else self.relays).pop(vehicle_id, None)
        if session is None:
            return
        if not is_car:
            self.send(Replicated(vehicle_id, GONE).message)
        self._hub.leave(session)

    def close(self) -> None:
        """Leave all rooms: the link is over. May be called again."""
        self.is_open = False
        for sessions in (self.cars, self.relays):
            while sessions:
                self._hub.leave(sessions.popitem()[1])
