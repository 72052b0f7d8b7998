"""What the hub leans on, without network and disk: lines that remember, a keeper in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ovms.base.clock import ManualClock
from ovms.hub.room import Member, Room
from ovms.protocol import Message, Role
from ovms.protocol.messages import LatestMessage

START = 1_700_000_000.0
"""When the tests' clocks start, Unix seconds."""

VERSION = "9.9.9"


def message(text: str) -> Message:
    """Make a message from its code and data in one text, bytes as Latin-1."""
    return Message(text[0], text[1:].encode("latin-1"))


def text_of(sent: Message) -> str:
    """Write a message as code and data in one text."""
    return sent.code + sent.data.decode("latin-1")


class FakeLine:
    """A connection that remembers what it was sent; closed, it takes nothing more."""

    def __init__(self) -> None:
        self.peer = "tests"
        self.is_closed = False
        self.error: Exception | None = None
        self.sent: list[Message] = []

    def send(self, message: Message) -> bool:
        """Remember a message."""
        if self.is_closed:
            return False
        self.sent.append(message)
        return True

    def close(self, error: Exception | None = None) -> None:
        """Be closed; whoever owns the connection leaves the room later."""
        if not self.is_closed:
            self.error = error
        self.is_closed = True

    def take(self) -> list[str]:
        """Give what was sent since the last call."""
        texts = [text_of(each) for each in self.sent]
        self.sent.clear()
        return texts


@dataclass(frozen=True)
class FakeVehicle:
    """A vehicle as the keeper knows it."""

    id: str = "CAR1"
    secret: str = "secret"
    type: str = "car"
    paranoid_token: str = ""
    created: float = START


@dataclass
class FakeKeeper:
    """A keeper in memory; its look-ups can be held back or made to fail."""

    vehicles: dict[str, FakeVehicle] = field(default_factory=dict)
    messages: dict[str, dict[str, LatestMessage]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    presence: dict[str, tuple[bool, int, int]] = field(default_factory=dict)
    gate: asyncio.Event | None = None
    error: Exception | None = None
    loads: int = 0

    async def load_vehicle(
        self, vehicle_id: str
    ) -> tuple[FakeVehicle, Sequence[LatestMessage]] | None:
        """Look a vehicle up, once the gate is open."""
        self.loads += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        vehicle = self.vehicles.get(vehicle_id)
        if vehicle is None:
            return None
        return vehicle, list(self.messages.get(vehicle_id, {}).values())

    def keep_message(self, vehicle_id: str, message: LatestMessage) -> None:
        """Keep a message."""
        self.messages.setdefault(vehicle_id, {})[message.code] = message

    def keep_token(self, vehicle_id: str, token: str) -> None:
        """Keep a token."""
        self.tokens[vehicle_id] = token

    def keep_presence(self, vehicle_id: str, *, car: bool, apps: int, batch: int) -> None:
        """Keep who is there."""
        self.presence[vehicle_id] = (car, apps, batch)


class Peer:
    """Somebody in a room, and the line to them."""

    def __init__(self, room: Room, role: Role) -> None:
        self.room = room
        self.line = FakeLine()
        self.member: Member = room.join(role, self.line)

    def says(self, *texts: str) -> None:
        """Send messages to the room."""
        for text in texts:
            self.room.receive(self.member, message(text))

    def hears(self) -> list[str]:
        """Give what the room has sent since the last call."""
        return self.line.take()

    def leaves(self) -> None:
        """Be gone."""
        self.line.is_closed = True
        self.room.leave(self.member)


class Place:
    """A room of one vehicle, with its keeper and clock."""

    def __init__(
        self, stored: Iterable[LatestMessage] = (), vehicle: FakeVehicle | None = None
    ) -> None:
        self.clock = ManualClock(START)
        self.keeper = FakeKeeper()
        self.room = Room(vehicle or FakeVehicle(), self.keeper, self.clock, VERSION)
        self.room.restore(stored)

    def joins(self, role: Role) -> Peer:
        """Let somebody in, what they hear at login included."""
        return Peer(self.room, role)

    def car(self) -> Peer:
        """Let a car in that has proven itself; what it heard so far is forgotten."""
        car = self.joins(Role.CAR)
        car.says("a")
        car.hears()
        return car

    def app(self, role: Role = Role.APP) -> Peer:
        """Let a client in; what it heard so far is forgotten."""
        app = self.joins(role)
        app.hears()
        return app

    def passes(self, seconds: float) -> None:
        """Let time pass, with a tick each second as the hub does."""
        end = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end:
            self.clock.advance(min(1.0, end - self.clock.monotonic()))
            self.room.tick(self.clock.monotonic())

    @property
    def stored(self) -> dict[str, LatestMessage]:
        """The messages that the keeper has."""
        return self.keeper.messages.get(self.room.vehicle.id, {})
