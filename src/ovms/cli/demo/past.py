"""Three weeks in the life of a car, as the server would have kept them.

The car lives them in a few seconds, with a module that sends what it would have sent. Telemetry
goes through the server's own log, records and alerts are kept as they came, all with the times of
then. The batch is written in one transaction: the car has all of its past or none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from ovms.car.module import Module
from ovms.car.reports import Units
from ovms.car.vehicles.sim import SimCar
from ovms.car.vehicles.sim.car import CarPhase, Steps
from ovms.car.vehicles.sim.scenario import DAY, Stay
from ovms.car.vehicles.sim.scenarios.week import DAYS, WEEK, begin_of
from ovms.cli.demo.cars import SLEEPS_ON, DemoCar
from ovms.protocol import Message
from ovms.protocol.codes import CODES
from ovms.protocol.messages import LatestMessage
from ovms.protocol.records.alert import Alert
from ovms.protocol.records.history import AckedRecord, HistoryRecord
from ovms.server.hub.recorder import ALERT_LIFE
from ovms.server.hub.telemetry import LogSettings, TelemetryLog
from ovms.server.storage.batch import Batch
from ovms.server.storage.history_batch import OnSaved
from ovms.server.values import ALERT_TYPE, KeptRecord

DAYS_BEHIND: Final = 21

STEPS: Final = Steps(moving=2.0, awake=10.0, asleep=120.0)
"""Coarser than a car that somebody watches."""

LOOK: Final = 5.0
"""Seconds between two looks of the module at its car while doors move."""

LOOK_DRIVING: Final = 10.0
LOOK_AWAKE: Final = 20.0
LOOK_CHARGING: Final = 90.0

INTERVALS: Final = (1800.0, 60.0)
"""Seconds between two reports, at rest and else: what the server's telemetry log has of them."""

LAST_NIGHT: Final = 34 * 3600.0
"""Seconds before now from which the first night at home lasts until after now."""

NIGHTS: Final = frozenset(begin_of(weekday) for weekday in range(len(DAYS)))


@dataclass(slots=True)
class PastServer:
    """What a server would have kept of a car: its latest messages and its history."""

    vehicle_id: str
    batch: Batch = field(default_factory=Batch)
    log: TelemetryLog = field(init=False)

    def __post_init__(self) -> None:
        """Start the telemetry log."""
        self.log = TelemetryLog(self.vehicle_id, self, LogSettings())

    def put_history(
        self, vehicle_id: str, record: KeptRecord, on_saved: OnSaved | None = None
    ) -> bool:
        """Put a record into the batch."""
        self.batch.history.put(vehicle_id, record, on_saved)
        return True

    def answer(self, message: Message, now: float) -> Message | None:
        """Keep a message of the car. Return the answer to it, if it gets one."""
        self.log.tick(now)
        match message.code:
            case "A":
                return Message("a")
            case "h":
                acked = AckedRecord.parse(message.data)
                assert acked is not None
                self._keep(acked.record, now, acked.ack)
                return Message("h", str(acked.ack).encode())
            case "P":
                alert = Alert.parse(message.data)
                assert alert is not None
                text = f"{alert.kind},{alert.text}".encode()
                self._keep(HistoryRecord(ALERT_TYPE, 0, ALERT_LIFE, text), now)
        if CODES[message.code].is_stored:
            latest = LatestMessage(message.code, message.data, now)
            self.batch.messages.setdefault(self.vehicle_id, {})[message.code] = latest
            self.log.note(latest)
        return None

    def _keep(self, record: HistoryRecord, now: float, ack: int | None = None) -> None:
        expires = int(now) + record.lifetime
        kept = KeptRecord(record.type, record.number, int(now), expires, record.data, ack, now)
        self.put_history(self.vehicle_id, kept)


def live(demo_car: DemoCar, now: float) -> Batch:
    """Return what a server keeps of a car's last three weeks, at the end of which it sleeps."""
    begin = now - now % DAY - DAYS_BEHIND * DAY
    weekday = datetime.fromtimestamp(begin, UTC).weekday()
    car = demo_car.make(begin, phase=WEEK.phase_of(begin_of(weekday)), steps=STEPS)
    module = Module(car, Units.KILOMETRES, demo_car.id, intervals=INTERVALS)
    server = PastServer(demo_car.id)
    messages = module.connect(begin)
    stays = False
    time = begin
    while True:
        for message in messages:
            answer = server.answer(message, time)
            if answer is not None:
                module.receive(answer, time)
        if time >= now:
            break
        if not stays and time >= now - LAST_NIGHT and _is_at_night(car):
            stays = True
            car.stay_until(_morning(car, now))
        time = min(now, time + _seconds_to_look(car))
        watches = car.state.is_on or car.charging.is_active
        if bool(module.watchers) != watches:  # its owner looks on when something happens
            module.receive(Message("Z", b"%d" % watches), time)
        messages = module.poll(time)
    server.log.flush()
    server.batch.put_presence(demo_car.id, (False, 0, 0, now))
    return server.batch


def _is_at_night(car: SimCar) -> bool:
    return car.phase is CarPhase.PARKED and car.act in NIGHTS


def _morning(car: SimCar, now: float) -> float:
    """Return the first usual time to leave after now, but for hours in which the car sleeps."""
    stay = car.scenario.act(car.act)
    assert isinstance(stay, Stay)
    return stay.end(now + SLEEPS_ON, car.random)


def _seconds_to_look(car: SimCar) -> float:
    """Return the seconds until the module looks at its car again."""
    if car.phase is not CarPhase.PARKED:
        return LOOK_DRIVING if car.phase is CarPhase.DRIVING else LOOK
    seconds = LOOK_AWAKE if car.body.is_awake else INTERVALS[0]
    if car.charging.is_active:
        seconds = LOOK_CHARGING
    return max(LOOK, min(seconds, car.leaves_at - car.time))
