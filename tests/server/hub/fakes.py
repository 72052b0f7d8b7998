"""What the hub leans on, without network and disk: lines that remember, a storage in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from ovms.base.clock import ManualClock
from ovms.protocol import Message, Role
from ovms.protocol.messages import LatestMessage
from ovms.protocol.records.alert import Alert
from ovms.protocol.records.history import CONNECTION_TYPE, KeptRecord
from ovms.server.hub.context import RoomContext
from ovms.server.hub.interfaces import OnSaved
from ovms.server.hub.limits import HubLimits
from ovms.server.hub.member import Member
from ovms.server.hub.room import Room
from ovms.server.hub.telemetry import LogSettings, TelemetryLog
from ovms.server.rights import VehicleRight, parse_rights
from ovms.server.values import (
    DayTraffic,
    HistoryEntry,
    HistoryKey,
    Traffic,
    TypeSummary,
    Vehicle,
    VehicleType,
)

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

    def __init__(self, peer: str = "192.0.2.1:5000") -> None:
        self.peer = peer
        self.is_proven = True
        """What the other end says next proves that it is no copy."""
        self.is_closed = False
        self.error: Exception | None = None
        self.messages: list[Message] = []
        self.pieces: list[int] = []
        """How many messages each came that were sent in one piece."""
        self.received = 0
        """Bytes, as a test sets them."""
        self.sent = 0
        self.unacknowledged = 0

    def send(self, message: Message) -> bool:
        """Remember a message."""
        if self.is_closed:
            return False
        self.messages.append(message)
        return True

    def send_all(self, messages: Sequence[Message]) -> bool:
        """Remember messages, and how many came in a piece."""
        messages = [*messages]
        self.pieces.append(len(messages))
        sent = [self.send(each) for each in messages]
        return all(sent)

    async def drained(self) -> None:
        """Have read everything."""

    def close(self, error: Exception | None = None) -> None:
        """Be closed; whoever owns the connection leaves the room later."""
        if not self.is_closed:
            self.error = error
        self.is_closed = True

    def take(self) -> list[str]:
        """Return what was sent since the last call."""
        texts = [text_of(each) for each in self.messages]
        self.messages.clear()
        return texts


def make_vehicle(
    id: str = "CAR1",  # noqa: A002 (the field's name)
    secret: str = "secret",  # noqa: S107
    type: VehicleType = "car",  # noqa: A002
    *,
    owner_id: int = 1,
    server: str = "*",
    paranoid_token: str = "",
    created: float = START,
) -> Vehicle:
    """Return a vehicle as the storage knows it."""
    return Vehicle(
        id, owner_id, "me", "", secret, type, paranoid_token, created, created, server=server
    )


@dataclass
class FakeStorage:
    """A storage in memory; its look-ups can be held back or made to fail."""

    vehicles: dict[str, Vehicle] = field(default_factory=dict)
    messages: dict[str, dict[str, LatestMessage]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    presence: dict[str, tuple[bool, int, int]] = field(default_factory=dict)
    history: list[KeptRecord] = field(default_factory=list)
    connections: list[KeptRecord] = field(default_factory=list)
    """Records of when the car was connected; the others are in the history."""
    unsaved: list[OnSaved] = field(default_factory=list)
    """Calls that are owed once the disk has taken what was kept."""
    traffic: dict[tuple[str, str], Traffic] = field(default_factory=dict)
    holds: int = 0
    """How many hold expiry back now."""
    held_at: list[str] = field(default_factory=list)
    """Readings of the history while somebody held expiry back."""
    is_full: bool = False
    gate: asyncio.Event | None = None
    error: Exception | None = None
    loads: int = 0

    async def load_vehicles(
        self, vehicle_ids: Sequence[str]
    ) -> dict[str, tuple[Vehicle, Sequence[LatestMessage]] | Exception]:
        """Look vehicles up, once the gate is open."""
        self.loads += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        "".join(vehicle_ids).encode()  # as a database does, which takes nothing that is no text
        return {
            each: (self.vehicles[each], [*self.messages.get(each, {}).values()])
            for each in vehicle_ids
            if each in self.vehicles
        }

    def put_message(self, vehicle_id: str, message: LatestMessage) -> None:
        """Keep a message."""
        self.messages.setdefault(vehicle_id, {})[message.code] = message

    def put_token(self, vehicle_id: str, token: str) -> None:
        """Keep a token; what was sealed under another is void."""
        self.tokens[vehicle_id] = token
        kept = self.messages.get(vehicle_id, {}).items()
        self.messages[vehicle_id] = {code: each for code, each in kept if not each.token}

    def put_presence(self, vehicle_id: str, *, car: bool, apps: int, batch: int) -> None:
        """Keep who is there."""
        self.presence[vehicle_id] = (car, apps, batch)

    def put_history(
        self, vehicle_id: str, record: KeptRecord, on_saved: OnSaved | None = None
    ) -> bool:
        """Keep a record, unless full."""
        if self.is_full:
            return False
        is_connection = record.type == CONNECTION_TYPE
        (self.connections if is_connection else self.history).append(record)
        self.unsaved += [on_saved] if on_saved else []
        return True

    def save(self) -> None:
        """Have everything on disk."""
        owed, self.unsaved = self.unsaved, []
        for behind in dict.fromkeys([call() for call in owed]):
            if behind is not None:
                behind()

    def history_waiting(self, vehicle_id: str) -> int:
        """Count what is owed to cars."""
        return len(self.unsaved)

    def put_traffic(self, vehicle_id: str, day: str, traffic: Traffic) -> None:
        """Add to a day's traffic."""
        a, b, c, d = self.traffic.get((vehicle_id, day), (0, 0, 0, 0))
        self.traffic[vehicle_id, day] = (
            a + traffic[0], b + traffic[1], c + traffic[2], d + traffic[3],
        )  # fmt: skip

    async def history_summary(self, vehicle_id: str, since: int | None) -> list[TypeSummary]:
        """Count by type."""
        types = sorted({record.type for record in self.history})
        return [summarise(kind, self._records(kind, since)) for kind in types]

    async def history_count(
        self, vehicle_id: str, record_type: str, since: int | None
    ) -> tuple[int, int]:
        """Count a type."""
        self._note_hold("count")
        return len(self._records(record_type, since)), len(self.history)

    async def history_page(
        self,
        vehicle_id: str,
        record_type: str,
        since: int | None,
        after: HistoryKey | None,
        last_id: int,
        limit: int,
    ) -> list[HistoryEntry]:
        """Return the next entries."""
        self._note_hold("page")
        await asyncio.sleep(0)
        entries = [
            HistoryEntry(record.time, record.number, at, record.data)
            for at, record in enumerate(self.history)
            if record in self._records(record_type, since)
        ]
        entries.sort(key=lambda entry: (entry.time, entry.number, entry.id))
        keys = ((entry.time, entry.number, entry.id) for entry in entries)
        rest = [entry for entry, key in zip(entries, keys, strict=True) if not after or key > after]
        return rest[:limit]

    def _records(self, kind: str, since: int | None) -> list[KeptRecord]:
        return [r for r in self.history if r.type == kind and (since is None or r.time > since)]

    @contextmanager
    def holding_expiry(self) -> Iterator[None]:
        """Count who holds expiry back."""
        self.holds += 1
        try:
            yield
        finally:
            self.holds -= 1

    def _note_hold(self, reading: str) -> None:
        if self.holds:
            self.held_at.append(reading)

    async def utilisation(self, vehicle_id: str) -> list[DayTraffic]:
        """Return the traffic, newest first."""
        days = sorted((day for each, day in self.traffic if each == vehicle_id), reverse=True)
        return [DayTraffic(day, *self.traffic[vehicle_id, day]) for day in days]


def summarise(kind: str, records: list[KeptRecord]) -> TypeSummary:
    """Return what there is of a type."""
    return TypeSummary(
        kind,
        len({record.number for record in records}),
        len(records),
        sum(len(kind) + len(record.data) + 4 + 20 for record in records),
        min((record.time for record in records), default=0),
        max((record.time for record in records), default=0),
    )


class FakeAlerts:
    """An alert service that remembers; errors are put into few words."""

    def __init__(self) -> None:
        self.raised: list[Alert] = []
        self.subscriptions: list[bytes] = []

    def raise_alert(self, vehicle: Vehicle, alert: Alert) -> Alert:
        """Remember an alert."""
        self.raised.append(alert)
        return Alert("E", "in words") if alert.kind == "E" else alert

    async def subscribe(self, vehicle: Vehicle, data: bytes) -> None:
        """Remember a subscription."""
        self.subscriptions.append(data)


_tokens = count()


def fresh_token() -> str:
    """Return a token that nobody has used."""
    return f"token {next(_tokens)}"


class Peer:
    """Somebody in a room, and the line to them."""

    def __init__(
        self,
        room: Room,
        role: Role,
        address: str = "192.0.2.1",
        *,
        token: str | None = None,
        is_repeated: bool = False,
        rights: VehicleRight | None = None,
    ) -> None:
        self.room = room
        self.line = FakeLine(f"{address}:5000")
        self.member: Member = room.join(
            role,
            self.line,
            token=token or fresh_token(),
            is_repeated=is_repeated,
            rights=rights,
        )

    def says(self, *texts: str) -> None:
        """Send messages to the room."""
        for text in texts:
            self.room.receive(self.member, message(text))

    def hears(self) -> list[str]:
        """Return what the room has sent since the last call."""
        return self.line.take()

    def leaves(self) -> None:
        """Be gone."""
        self.line.is_closed = True
        self.room.leave(self.member)


class Place:
    """A room of one vehicle, with its storage and clock."""

    def __init__(
        self,
        stored: Iterable[LatestMessage] = (),
        vehicle: Vehicle | None = None,
        limits: HubLimits | None = None,
    ) -> None:
        self.clock = ManualClock(START)
        self.storage = FakeStorage()
        self.alerts = FakeAlerts()
        self.tasks: list[asyncio.Task[None]] = []
        context = RoomContext(
            self.storage, self.alerts, self.clock, VERSION, self._spawn,
            limits=limits or HubLimits(),
        )  # fmt: skip
        self.context = context
        self.groups = context.groups
        vehicle = vehicle or make_vehicle()
        self.telemetry = TelemetryLog(vehicle.id, self.storage, LogSettings())
        self.telemetry.keep_for(vehicle.log_days, vehicle.log_position_days)
        self.room = Room(vehicle, context, self.telemetry)
        self.room.latest.restore(stored)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        self.tasks.append(asyncio.create_task(work))
        return self.tasks[-1]

    async def settle(self) -> None:
        """Wait until the room's tasks are done."""
        while self.tasks:
            await asyncio.gather(*self.tasks, return_exceptions=True)
            self.tasks = [task for task in self.tasks if not task.done()]

    def joins(self, role: Role, address: str = "192.0.2.1") -> Peer:
        """Let somebody in, what they hear at login included; a car's next word proves it."""
        return Peer(self.room, role, address)

    def stranger(self, token: str | None = None, *, is_repeated: bool = False) -> Peer:
        """Let a car in that proves nothing by what it says, until its line is told so."""
        stranger = Peer(self.room, Role.CAR, token=token, is_repeated=is_repeated)
        stranger.line.is_proven = False
        return stranger

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

    def shared_app(self, rights: str, role: Role = Role.APP) -> Peer:
        """Let a client of somebody in with whom the vehicle is shared; what it heard is kept."""
        return Peer(self.room, role, rights=parse_rights(rights))

    def passes(self, seconds: float) -> None:
        """Let time pass, with a tick each second as the hub does."""
        end = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end:
            self.clock.advance(min(1.0, end - self.clock.monotonic()))
            self.room.tick(self.clock.monotonic())
            for pacer in [*self.context.pacers]:
                pacer.flush()
            for _ in range(10):
                self.groups.pump()

    @property
    def stored(self) -> dict[str, LatestMessage]:
        """The messages that the storage has."""
        return self.storage.messages.get(self.room.vehicle.id, {})
