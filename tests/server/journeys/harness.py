"""A simulated car, the messages that modules make of it, and what a server has of them afterwards.

The car lives once. Several modules watch it, each of its own kind and on its own link, which loses,
delays and repeats messages, and is gone for hours. What arrives goes through the server's own
telemetry log. So the records are those that a server would have.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random

from ovms.car.module import INTERVAL_ALONE, Module
from ovms.car.reports import Units
from ovms.car.vehicles.sim import SimCar
from ovms.car.vehicles.sim.car import CarPhase, Steps
from ovms.car.vehicles.sim.ledger import Ledger
from ovms.car.vehicles.sim.scenario import DAY, Go, Scenario, Stay
from ovms.car.vehicles.sim.scenarios.road_trip import FAST, FIRST, NIGHT, SECOND, THIRD
from ovms.car.vehicles.sim.scenarios.week import WEEK
from ovms.protocol import Message
from ovms.protocol.messages import LatestMessage
from ovms.protocol.records.history import AckedRecord, KeptRecord
from ovms.server.hub.interfaces import OnSaved
from ovms.server.hub.telemetry import LogSettings, TelemetryLog
from ovms.server.journeys.samples import CONNECTION_TYPE, JourneyRecord

START = 1_735_603_200.0
"""2024-12-31 00:00 UTC, a Tuesday."""

MOVING_STEP, AWAKE_STEP, ASLEEP_STEP = 2.0, 10.0, 300.0
"""Seconds of a step of the car. The modules look when something has changed that they tell."""

LOOK_AFTER = 60.0
"""Seconds after which they look in any case; while the car sleeps, at each step."""

FIRMWARE_OF_PIC = b"3.1.4/TR2.0/V2/,5YJRE1A1111111111,20,1,TR,,-1,-1"

COMMUTER = WEEK

TRAVELLER = Scenario(
    name="traveller",
    meaning="260 km with fast charges on the way, a few days there, and back; days at home",
    acts=(
        NIGHT,
        Go(FIRST), FAST, Go(SECOND), FAST, Go(THIRD),
        Stay((1.5 * DAY, 3 * DAY)),
        Stay((10 * 3600, 12 * 3600), plug=NIGHT.plug),
        Go(THIRD.reversed()), FAST, Go(SECOND.reversed()), FAST, Go(FIRST.reversed()),
        Stay((1.5 * DAY, 3 * DAY), plug=NIGHT.plug),
    ),
    first=(60, 180),
    soc=(84, 92),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Losses:
    """What a link does to messages."""

    dropped: float = 0.0
    """The fraction that never arrives."""
    repeated: float = 0.0
    """The fraction that arrives twice."""
    late: float = 0.0
    """Seconds that a message is late at most; they stay in order."""
    outages: float = 0.0
    """How often a day the link is gone."""
    longest: float = 0.0
    """Seconds that it is gone at most."""


NO_LOSSES = Losses()
USUAL_LOSSES = Losses(dropped=0.02, repeated=0.02, late=20.0, outages=2.0, longest=3600.0)


@dataclass(frozen=True, slots=True)
class Reporting:
    """What kind of module it is, and how it reports."""

    name: str
    units: Units = Units.KILOMETRES
    is_watched: bool = False
    """Whether an app watches while the car is on or charges, so that it reports every minute."""
    is_pic: bool = False
    tells_changes: bool = True
    """Whether it reports at once what has changed; else at its interval only."""
    tells_trips: bool = False
    """Whether its records of trips and charges arrive."""
    losses: Losses = NO_LOSSES


ALONE = Reporting("an ESP32, nobody watches")
WATCHED = Reporting("an ESP32 in miles, an app watches", Units.MILES, is_watched=True)
WITH_LOGS = Reporting("an ESP32 with trip and charge log", tells_trips=True)
PIC = Reporting("a PIC", Units.MILES, is_pic=True)
PERIODIC = Reporting("ten-minute reports only", tells_changes=False)
LOSSY = Reporting("an ESP32, a bad link", is_watched=True, losses=USUAL_LOSSES)
LOSSY_WITH_LOGS = Reporting(
    "an ESP32 with trip and charge log, a bad link", Units.MILES, tells_trips=True,
    losses=USUAL_LOSSES,
)  # fmt: skip

EVERY_REPORTING = (ALONE, WATCHED, WITH_LOGS, PIC, PERIODIC, LOSSY, LOSSY_WITH_LOGS)


class RecordList:
    """The server's history: a list."""

    def __init__(self) -> None:
        self.records: list[JourneyRecord] = []

    def put_history(
        self, vehicle_id: str, record: KeptRecord, on_saved: OnSaved | None = None
    ) -> bool:
        """Keep a record."""
        self.records.append(JourneyRecord(record.time, record.type, record.number, record.data))
        return True


class Reporter:
    """A module in the car, its link, and the server at the other end."""

    def __init__(self, car: SimCar, reporting: Reporting) -> None:
        self.reporting = reporting
        self._car = car
        self._module = Module(car, reporting.units)
        self._history = RecordList()
        self._log = TelemetryLog("CAR1", self._history, LogSettings())
        self._random = Random(reporting.name)  # noqa: S311 (the same chances each time)
        self._under_way: deque[tuple[float, Message]] = deque()
        self._looked = self._reported = car.time
        self._back_at = 0.0
        self._is_away = False
        self._hear(car.time, self._connect(car.time))

    @property
    def records(self) -> list[JourneyRecord]:
        """What the server has, as the fold takes it."""
        return sorted(set(self._history.records))

    def look(self, now: float) -> None:
        """Let time pass."""
        self._hear(now, self._messages(now))
        while self._under_way and self._under_way[0][0] <= now:
            time, message = self._under_way.popleft()
            self._log.tick(time)
            self._log.note(LatestMessage(message.code, self._data(message), time))
        self._log.tick(now)
        self._looked = now

    def _messages(self, now: float) -> list[Message]:
        """Return what the module says now."""
        losses = self.reporting.losses
        if self._is_away:
            if now < self._back_at:
                self._module.poll(now)
                return []
            return self._connect(now)
        if self._random.random() < losses.outages * (now - self._looked) / DAY:
            self._disconnect(now)
            return []
        if self.reporting.tells_changes:
            return [*self._count_apps(now), *self._module.poll(now)]
        if now < self._reported + INTERVAL_ALONE:
            return []
        self._reported = now
        return self._module.report(now)

    def _count_apps(self, now: float) -> list[Message]:
        """Tell the module how many apps watch. Return what it says to it."""
        is_watched = self.reporting.is_watched and is_busy(self._car)
        if is_watched == bool(self._module.watchers):
            return []
        return self._module.receive(Message("Z", b"%d" % is_watched), now)

    def _connect(self, now: float) -> list[Message]:
        self._is_away = False
        self._note_connection(now, b"1")
        return self._module.connect(now)

    def _disconnect(self, now: float) -> None:
        """Lose the link, with what is under way."""
        self._is_away = True
        self._back_at = now + self._random.uniform(1, self.reporting.losses.longest)
        self._under_way.clear()
        self._module.disconnect()
        self._note_connection(now, b"0")

    def _note_connection(self, now: float, data: bytes) -> None:
        self._history.records.append(JourneyRecord(int(now), CONNECTION_TYPE, 0, data))

    def _hear(self, now: float, messages: Iterable[Message]) -> None:
        """Put messages on their way; acknowledge records and alerts."""
        for message in messages:
            if message.code == "P":
                self._module.ping(now)
                self._module.receive(Message("a"), now)
            if message.code == "h":
                self._keep(now, message)
            elif message.code in "SDL" and self._random.random() >= self.reporting.losses.dropped:
                self._send(now, message)

    def _send(self, now: float, message: Message) -> None:
        losses = self.reporting.losses
        before = self._under_way[-1][0] if self._under_way else now
        arrives = max(before, now + self._random.uniform(0, losses.late))
        copies = 2 if self._random.random() < losses.repeated else 1
        self._under_way.extend([(arrives, message)] * copies)

    def _keep(self, now: float, message: Message) -> None:
        acked = AckedRecord.parse(message.data)
        assert acked is not None
        self._module.receive(Message("h", b"%d" % acked.ack), now)
        if self.reporting.tells_trips:
            made, record = int(now) + acked.timediff, acked.record
            self._history.records.append(
                JourneyRecord(made, record.type, record.number, record.data)
            )

    def _data(self, message: Message) -> bytes:
        return as_pic(message) if self.reporting.is_pic else message.data


def as_pic(message: Message) -> bytes:
    """Return what a PIC would say: other units, and without what only newer modules know."""
    fields = message.data.split(b",")
    if message.code == "S":
        for at in (9, 16):  # charge time and timer start
            fields[at] = b"%d" % (int(fields[at] or 0) // 60)
        return b",".join(fields[:26])
    if message.code == "L":
        for at in (10, 11):  # energy used and recovered
            fields[at] = b"%d" % round(1000 * float(fields[at] or 0))
        return b",".join(fields[:12])
    return b",".join(fields[:18])


@dataclass(frozen=True, slots=True)
class Lived:
    """A car's life: what it did, and the records that a server has of it."""

    start: float
    end: float
    ledger: Ledger
    meter: list[tuple[float, float]] = field(repr=False)
    """KWh from the grid in total by time, while it charged."""
    records: dict[str, list[JourneyRecord]] = field(repr=False)
    """By the name of how it reported."""


def live(
    scenario: Scenario,
    days: float,
    reportings: Sequence[Reporting] = EVERY_REPORTING,
    *,
    seed: int = 1,
    start: float = START,
) -> Lived:
    """Let a car live, and until it is parked again."""
    steps = Steps(awake=AWAKE_STEP, asleep=ASLEEP_STEP)
    car = SimCar(start=start, seed=seed, scenario=scenario, steps=steps, ledger=Ledger(10**6))
    reporters = [Reporter(car, each) for each in reportings]
    end = start + days * DAY
    looked, before = start, told_at_once(car)
    meter = [(start, 0.0)]
    while car.time < end or is_busy(car):
        car.advance(car.time + step_of(car))
        if car.charging.grid_energy_total > meter[-1][1]:
            meter.append((car.time, car.charging.grid_energy_total))
        told = told_at_once(car)
        if told != before or car.time >= looked + LOOK_AFTER:
            looked, before = car.time, told
            for reporter in reporters:
                reporter.look(looked)
    records = {each.reporting.name: each.records for each in reporters}
    return Lived(start, car.time, car.ledger, meter, records)


def step_of(car: SimCar) -> float:
    """Return the seconds of the next step."""
    if car.phase is not CarPhase.PARKED:
        return MOVING_STEP
    return AWAKE_STEP if is_busy(car) else ASLEEP_STEP


def is_busy(car: SimCar) -> bool:
    """Return whether the car does not sleep."""
    return car.phase is not CarPhase.PARKED or car.charging.is_active or car.body.is_awake


def told_at_once(car: SimCar) -> tuple[object, ...]:
    """Return what a module tells as soon as it changes."""
    state = car.state
    return (
        state.doors_1, state.doors_2, state.doors_3, state.doors_4, state.doors_5, state.is_on,
        state.charge_state, state.charge_substate, state.charge_mode, state.lock_told,
    )  # fmt: skip
