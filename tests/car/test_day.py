"""A car's day with a bad network, in simulated time: the module, a room of the hub, the store."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from ovms.car.alert_limits import AlertLimits, ErrorLimits, TripLimits
from ovms.car.answers import AnswerCallback
from ovms.car.delivery import A_SECOND
from ovms.car.delivery_store import DeliveryFile
from ovms.car.module import Module
from ovms.car.reports import CarIdentity
from ovms.car.state import CarError, CarState
from ovms.protocol import Message, Role
from ovms.protocol.commands import Answer, Command, Result
from ovms.protocol.records.environment import Doors1
from ovms.server.storage import queries
from ovms.server.storage.batch import Batch
from ovms.server.storage.database import Database
from ovms.server.storage.opening import open_database
from tests.server.hub.fakes import FakeStorage, Peer, Place, message, text_of
from tests.server.storage.databases import apply, rows, with_schema

DAY = 86400
LOSSES = 50
HOUR = 3600
TURN = 3
"""Seconds from one turn to the next."""


class TripCar:
    """A car that is switched on and off, each trip longer than the one before."""

    def __init__(self) -> None:
        self.state = CarState(soc=80, doors_1=Doors1(0), trip=5.0, odometer=999.0)
        limits = AlertLimits(trip=TripLimits(ends=0), error=ErrorLimits(lasting=0))
        self.identity = CarIdentity(
            "FAKE", frozenset(), write_enabled=True, logs=True, alerts=limits
        )

    def advance(self, now: float) -> None:
        """Stand still."""

    def execute(self, command: Command, now: float, answer: AnswerCallback) -> None:
        """Do nothing."""
        answer(Answer(command.number, Result.UNSUPPORTED))


class RealKeeper(FakeStorage):
    """A keeper whose history is the store's."""

    def write(self, database: Database, written: int) -> int:
        """Write what is new as the store does; only then is it acknowledged."""
        if written == len(self.history):
            return written
        batch = Batch()
        for record in self.history[written:]:
            batch.history.put("CAR1", record, None)
        apply(database, batch)
        self.save()
        return len(self.history)


class Day:
    """The car, its clocks and its road to the server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = open_database(with_schema(folder))
        with self.database.writing() as connection:
            owner = queries.add_owner(connection, "bob", 1.0)
            queries.add_vehicle(connection, "CAR1", owner, "secret", 1.0)
        self.place = Place()
        self.storage = RealKeeper()
        self.place.context.storage = self.storage
        self.random = Random(1)  # noqa: S311 (the same day each time)
        self.car = TripCar()
        self.boot = self.clock_error = 0.0
        self.peer: Peer | None = None
        self.trips: list[int] = []
        self.alerts: list[str] = []
        self.written = 0
        self.sent: list[tuple[float, int]] = []
        self.start()

    # the car's own clocks
    def monotonic(self) -> float:
        """Return seconds since the process began."""
        return self.place.clock.monotonic() - self.boot

    def time(self) -> float:
        """Return the time of day, as the car has it."""
        return self.place.clock.time() + self.clock_error

    def start(self) -> None:
        """Start the car's process."""
        self.boot = self.place.clock.monotonic()
        self.store = DeliveryFile.open(self.folder / "car", "CAR1", 1)
        self.module = Module(self.car, clock=self, delivery_store=self.store)

    def kill(self) -> None:
        """End the process where it stands, and start another."""
        self.cut()
        self.store.close()
        self.start()

    def cut(self) -> None:
        """Lose the link."""
        if self.peer:
            self.peer.leaves()
            self.peer = None
            self.module.disconnect()

    def connect(self) -> None:
        """Make a link."""
        self.peer = Peer(self.place.room, Role.CAR)
        self.module.connect(self.time())

    def settle(self) -> None:
        """Have a good link until nothing waits, or for half an hour."""
        if self.peer is None:
            self.connect()
        for _ in range(1800 // TURN):
            self.turn()
        assert len(self.module.delivery) == 0

    def drive(self) -> None:
        """End a trip."""
        self.car.state.doors_1 = Doors1.CAR_ON
        self.tell(self.module.poll(self.time()))
        self.car.state.doors_1 = Doors1(0)
        self.car.state.odometer = 1000.0 + len(self.trips)
        self.trips.append(int(self.place.clock.time()))
        self.tell(self.module.poll(self.time()))

    def fail(self) -> None:
        """Have an error."""
        self.car.state.error = CarError(len(self.alerts), 7)
        self.alerts.append(f"FAKE,{len(self.alerts)},7")
        self.tell(self.module.poll(self.time()))

    def tell(self, messages: list[Message], *, lost: bool = False) -> None:
        """Send messages to the room, unless they are lost on the way."""
        counted = sum(each.code in "hP" for each in messages)
        self.sent += [(self.monotonic(), counted)] if counted else []
        if self.peer and not lost:
            self.peer.says(*map(text_of, messages))

    def store_unheard(self) -> int:
        """End a trip, and lose the link once it is stored; returns how many were stored unheard."""
        if self.peer is None:
            self.connect()
            self.turn()
        before = self.written
        self.drive()
        self.turn(deaf=True)
        self.cut()
        return self.written - before

    def turn(self, *, lost: bool = False, deaf: bool = False) -> None:
        """Let time pass; both say what they have to say."""
        self.place.passes(TURN - 1)
        self.tell(self.module.poll(self.time()), lost=lost)
        self.written = self.storage.write(self.database, self.written)
        self.place.passes(1)
        for text in self.peer.hears() if self.peer and not deaf else []:
            self.tell(self.module.receive(message(text), self.time()))


def test_a_day_with_fifty_losses(tmp_path: Path) -> None:
    """Every trip is stored once and at its time, every alert told; five at most go out at once.

    Links are lost with what was under way, some for hours right after the server stored what the
    car did not hear of; the car's process is killed, its clock set.
    """
    day = Day(tmp_path)
    turns, chance = DAY // TURN, day.random
    losses = set(chance.sample(range(turns), LOSSES))
    kills = set(chance.sample(range(300, turns), 5))
    day.clock_error = -50 * 365 * DAY  # until the network tells the time
    long = {turns // 4: 2 * HOUR, turns // 2: 8 * HOUR, turns - 2000: HOUR}
    up_at = unheard = 0
    for turn in range(turns):
        if turn in kills:
            day.kill()
        if chance.random() < 0.01:
            day.drive()
        if chance.random() < 0.003:
            day.fail()
        if turn == 200:
            day.clock_error = 0
        is_lost = turn in losses
        if turn in long:
            unheard += day.store_unheard()
            up_at = turn + long[turn] // TURN
        else:
            day.turn(lost=is_lost and chance.random() < 0.5, deaf=is_lost)
        if is_lost:
            day.cut()
            up_at = max(up_at, turn + chance.randint(0, 150))
        if day.peer is None and turn >= up_at:
            day.connect()
    day.settle()
    rows = stored(day)
    trips = [(time, data.split(b",")[5]) for kind, time, data in rows if kind == "*-LOG-Trip"]
    assert [float(odometer) for _, odometer in trips] == [1000.0 + n for n in range(len(day.trips))]
    assert [a for (a, _), b in zip(trips, day.trips, strict=True) if abs(a - b) > 1] == []
    assert {alert.text for alert in day.place.alerts.raised} == set(day.alerts)
    assert len(day.trips) > 200
    assert unheard == 3
    assert max(count for _, count in day.sent) == A_SECOND


@pytest.mark.parametrize("hours", [1 / 4, 5, 24 * 30])
@pytest.mark.parametrize("is_killed", [False, True])
def test_stored_unheard(tmp_path: Path, hours: float, is_killed: bool) -> None:
    """What was stored unheard is stored once, whenever the car comes back, and its next life."""
    day = Day(tmp_path)
    assert day.store_unheard() == 1
    if is_killed:
        day.kill()
    day.place.clock.advance(hours * HOUR)
    day.drive()
    day.settle()
    assert [time for _, time, _ in stored(day)] == day.trips
    assert [record.ack for record in day.storage.history].count(day.storage.history[0].ack) > 1


def stored(day: Day) -> list[tuple[str, int, bytes]]:
    """Return the history, in order of time."""
    return rows(day.database, "SELECT type, time, data FROM history ORDER BY time, id")
