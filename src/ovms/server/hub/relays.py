"""Other servers in one room: as *relays*, for their clients, or as the place where its car is.

A relay hears all that the car says and asks what its clients ask. A server that has the car takes
the car's place in the room. See :mod:`ovms.server.peers.link` for what goes between servers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.protocol import Message, Role
from ovms.protocol.codes import CODES, Relay, Sealing
from ovms.protocol.paranoid import sealed_message, token_of
from ovms.server.hub.context import RoomContext
from ovms.server.hub.interfaces import Line
from ovms.server.hub.member import Car, Member
from ovms.server.hub.pacing import WATCHING

if TYPE_CHECKING:
    from ovms.server.hub.room import Room


class Relays:
    """Other servers in one room."""

    __slots__ = ("_context", "_room", "claim", "members")

    def __init__(self, room: Room, context: RoomContext) -> None:
        self.members: tuple[Member, ...] = ()
        """Other servers, for their clients."""
        self.claim = 0
        """When the car logged in, milliseconds: of two servers that claim it, the later has it."""
        self._room = room
        self._context = context

    @property
    def watching(self) -> int:
        """Interactive apps at other servers."""
        return sum(relay.watching for relay in self.members)

    @property
    def presence(self) -> Message:
        """What tells another server that the car is here, and since when."""
        return Message("Z", b"1,%d" % self.claim)

    # -- for its clients --------------------------------------------------------------------

    def join(self, line: Line) -> Member:
        """Let another server in for its clients, and tell it what is known of the car."""
        clock = self._context.clock
        relay = Member(Role.SERVER, line, joined=clock.monotonic(), heard=clock.monotonic())
        self.members += (relay,)
        self._room.send(relay, self.presence)
        for message, came in self._room.latest.replay():
            if came is not None:
                self._room.send(relay, Message("T", b"%d" % max(0, clock.time() - came)))
            self._room.send(relay, message)
        return relay

    def remove(self, relay: Member) -> None:
        """Let another server out."""
        self.members = tuple(each for each in self.members if each is not relay)

    def hear(self, car: Car, message: Message) -> None:
        """Pass on what the car says, except what is for the asker of a command or for us."""
        if _is_relayed(car, message):
            self.send(message)

    def send(self, message: Message) -> None:
        """Send a message to all."""
        for relay in self.members:
            self._room.send(relay, message)

    def receive(self, relay: Member, message: Message) -> None:
        """Handle what another server says for its clients."""
        if message.code in ("A", "C"):  # a ping has its turn: then all before it is answered
            self._room.take_command(relay, message)
        elif message.code == "E":
            self._room.take_sealed_from_client(relay, message)
        elif message.code == WATCHING:
            self._take_watching(relay, message)
        elif CODES[message.code].is_passed_on_by_peers:
            self._room.pass_to_car(message)
        else:
            self._room.ignore(relay, message)

    def _take_watching(self, relay: Member, message: Message) -> None:
        """Note how many apps watch at another server."""
        if message.data.isdigit() and len(message.data) < 7:
            relay.watching = int(message.data)
            self._room.tell_car_its_peers()

    # -- for its car ------------------------------------------------------------------------

    def join_upstream(self, line: Line, claim: int) -> Car:
        """Have the car at another server, which has seen its proof: it takes over at once.

        ``claim`` must be later than the room's own, if it has a car.
        """
        car = self._room.make_car(Role.SERVER, line)
        self.claim = claim
        self._room.seat(car)
        self._context.observers.car_came(self._room)
        return car

    def claim_car(self) -> None:
        """Claim the car, which has just proven to be here."""
        self.claim = max(self.claim + 1, int(self._context.clock.time() * 1000))

    def take_replicated(self, line: Line, message: Message) -> None:
        """Take a car's message from another server that did not say that the car is there."""
        if CODES[message.code].relay is Relay.ALWAYS:
            self._room.receive_from_car(self._room.make_car(Role.SERVER, line), message)

    def take_stored(self, message: Message, age: int) -> None:
        """Take a car's message that another server stored ``age`` seconds ago."""
        if CODES[message.code].is_stored:
            self._room.store(message.code, message.data, "", message, max(1, age))


def _is_relayed(car: Car, message: Message) -> bool:
    """Return whether other servers hear a car's message; answers go to the asker alone."""
    if message.code == "E":
        sealed = sealed_message(message)
        if sealed is None:
            return token_of(message) is not None
        return sealed.code != "c" and CODES[sealed.code].sealing is not Sealing.NEVER
    is_relayed = CODES[message.code].relay is not Relay.NEVER
    return is_relayed and (message.code != "T" or not car.is_local)
