"""What an app sees of each scenario over time: the messages of a module, no network between."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from ovms.car.module import Module
from ovms.car.reports import Units
from ovms.car.vehicles.sim import SCENARIOS, SimCar
from ovms.car.vehicles.sim.car import VALET_SPEED, CarPhase
from ovms.car.vehicles.sim.route import TO_TOWN
from ovms.car.vehicles.sim.scenario import Alarm, Go, Scenario, Stay, Valet
from ovms.protocol import Message
from ovms.protocol.commands import Command, Result
from ovms.protocol.records import Environment, Location, Status
from ovms.protocol.records.environment import Doors1, Doors2, Doors3, Doors4
from tests.car.frames import execute

START = 1_750_000_000.0


@dataclass
class Seen:
    """What an app was told, with the hours since the start."""

    alerts: list[tuple[float, str]] = field(default_factory=list)
    status: list[tuple[float, Status]] = field(default_factory=list)
    environment: list[tuple[float, Environment]] = field(default_factory=list)
    location: list[tuple[float, Location]] = field(default_factory=list)
    trips: int = 0
    charges: int = 0
    """Changes of the charge state in the history."""

    def take(self, message: Message, hours: float) -> None:
        """Take a message."""
        match message.code:
            case "P":
                self.alerts.append((hours, message.data.decode()))
            case "S":
                self.status.append((hours, Status.parse(message.data)))
            case "D":
                self.environment.append((hours, Environment.parse(message.data)))
            case "L":
                self.location.append((hours, Location.parse(message.data)))
            case "h":
                kind = message.data.split(b",")[2]
                self.trips += kind == b"*-LOG-Trip"
                self.charges += kind == b"*-LOG-Grid"


def watch(name: str, hours: float, seed: int = 1, step: float = 5) -> Seen:
    """Watch a scenario with an app that is always there; look each ``step`` seconds."""
    car = SimCar(start=START, seed=seed, scenario=SCENARIOS[name])
    module, seen, now = Module(car, Units.KILOMETRES, "CAR"), Seen(), START
    messages = [*module.connect(now), *module.receive(Message("Z", b"1"), now)]
    while now - START < hours * 3600:
        for message in messages:
            seen.take(message, (now - START) / 3600)
            if message.code == "h":
                module.receive(Message("h", message.data.split(b",")[0]), now)
        now += step
        messages = module.poll(now)
    return seen


def bits(value: int | None) -> int:
    """Return a byte of bits that is there."""
    assert value is not None
    return value


@pytest.mark.parametrize("seed", [1, 2])
def test_commute(seed: int) -> None:
    """To town, parked, home, charged: two trips and a charge in a round of some hours."""
    seen = watch("commute", 4, seed)
    assert seen.trips >= 2
    states = [status.charge_state for _, status in seen.status]
    assert states[0] == "stopped"
    assert "charging" in states
    assert max(location.speed or 0 for _, location in seen.location) > 90
    assert all("valet" not in text and "12 V" not in text for _, text in seen.alerts)


@pytest.mark.parametrize("seed", [1, 2])
def test_road_trip(seed: int) -> None:
    """Three legs with two fast charges between, far from home in the evening."""
    seen = watch("road-trip", 6, seed)
    powers = [status.charge_power or 0 for _, status in seen.status]
    assert max(powers) > 40
    assert seen.trips == 3
    fast = [s for _, s in seen.status if s.plug_type == 7 and (s.charge_power or 0) > 0]
    assert all((s.line_voltage or 0) > 300 for s in fast)
    done = [text for _, text in seen.alerts if text.startswith("ICharging done")]
    assert len(done) in (2, 3)
    assert 2 * len(done) - 1 <= seen.charges <= 3 * len(done) + 2
    first, last = seen.location[0][1], seen.location[-1][1]
    assert (last.latitude or 0) - (first.latitude or 0) > 1.5
    assert min(s.soc or 0 for _, s in seen.status) > 15


@pytest.mark.parametrize("seed", [1, 2])
def test_parked(seed: int) -> None:
    """It stands and wakes now and then; 12 V falls, alerts once, and recovers by itself later."""
    seen = watch("parked", 30, seed, step=60)
    assert {location.speed for _, location in seen.location} == {0}
    low = [hours for hours, text in seen.alerts if text.startswith("A12 V battery low: 11.")]
    assert low
    assert 2 < low[0] < 16
    volts = [(hours, d.voltage_12v or 0) for hours, d in seen.environment]
    before = [v for hours, v in volts if hours < low[0]]
    assert before[0] > before[-1]
    assert max(v for hours, v in volts if hours > low[0]) > 13.5
    wakes = [bool(bits(d.doors_3) & Doors3.AWAKE) for _, d in seen.environment]
    assert sum(now and not then for then, now in pairwise(wakes)) >= 8


@pytest.mark.parametrize("seed", [1, 2])
def test_valet(seed: int) -> None:
    """In valet mode it goes slowly; gone too far it alerts, once; back home the mode ends."""
    seen = watch("valet", 0.6, seed)
    modes = [bool(bits(d.doors_2) & Doors2.VALET) for _, d in seen.environment]
    assert modes[0] is False
    assert True in modes
    assert modes[-1] is False
    assert max(location.speed or 0 for _, location in seen.location) <= 3.6 * VALET_SPEED + 1
    assert [text for _, text in seen.alerts] == ["AIn valet mode the car went further than 1.5 km"]
    assert seen.trips == 3


@pytest.mark.parametrize("seed", [1, 2])
def test_theft(seed: int) -> None:
    """The alarm sounds with a door open; then it is moved while it is off, and both are alerts."""
    seen = watch("theft", 1.0, seed)
    assert [text for _, text in seen.alerts] == [
        "AThe alarm sounds", "AThe car is moved while it is off",
    ]  # fmt: skip
    sounds = [bool(bits(d.doors_4) & Doors4.ALARM) for _, d in seen.environment]
    assert sounds[0] is False
    assert True in sounds
    assert sounds[-1] is False
    assert not any(bits(d.doors_1) & Doors1.CAR_ON for _, d in seen.environment)
    moves = [location.gps_speed or 0 for _, location in seen.location]
    assert max(moves) > 20
    assert moves[0] == moves[-1] == 0
    assert {location.speed for _, location in seen.location} == {0}


def test_who_unlocks_silences_the_alarm() -> None:
    """With the PIN, as with any car's key."""
    car = SimCar(start=0, seed=1, scenario=SCENARIOS["theft"])
    for now in range(0, 600, 5):
        car.advance(now)
    assert car.body.alarm
    assert execute(car, Command(22, "9999"), car.time).result == Result.FAILED
    assert car.body.alarm
    assert execute(car, Command(22, "1234"), car.time).result == Result.OK
    assert not car.body.alarm


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_round_leads_into_the_next(name: str) -> None:
    """However long, and wherever in its round it begins, a car goes on; its seed decides how."""
    scenario = SCENARIOS[name]
    assert scenario.meaning
    for tenth in range(0, 10, 3):
        one, two = (
            SimCar(start=START, seed=5, scenario=scenario, phase=tenth / 10) for _ in range(2)
        )
        acts = set()
        for hour in range(1, 9):
            one.advance(START + 3600 * hour)
            two.advance(START + 3600 * hour - 1800)
            two.advance(START + 3600 * hour)
            assert one.state == two.state
            acts.add(one._at)
        assert one.phase in CarPhase
        assert acts


def test_a_phase_begins_on_the_way() -> None:
    """Cars spread over the phases of a scenario do not all stand at its beginning."""
    cars = [
        SimCar(start=START, seed=1, scenario=SCENARIOS["commute"], phase=at / 40)
        for at in range(40)
    ]
    driving = [car for car in cars if car.phase is CarPhase.DRIVING]
    assert 5 < len(driving) < 25
    assert all(car.state.is_on and not car.body.handbrake for car in driving)
    assert all(abs(car.trip - (car.drive.km if car.drive else -1)) < 1e-9 for car in driving)
    assert sum(car.charging.is_plugged for car in cars) > 5
    assert len({round(car.trip, 2) for car in driving}) == len(driving)
    valet = SimCar(start=START, seed=1, scenario=SCENARIOS["valet"], phase=0.8)
    assert valet.body.valet


@pytest.mark.parametrize(
    "acts",
    [
        (Go(TO_TOWN), Stay((1, 2))),
        (Stay((1, 2)), Go(TO_TOWN), Go(TO_TOWN)),
        (Stay((1, 2)), Go(TO_TOWN), Valet(True), Alarm(True), Go(TO_TOWN)),
    ],
)
def test_a_scenario_must_make_a_round(acts: tuple[Go | Stay | Valet | Alarm, ...]) -> None:
    """It begins with a stay, and each way leads to one."""
    with pytest.raises(ValueError, match="odd"):
        Scenario("odd", "nonsense", acts, (1, 2))
