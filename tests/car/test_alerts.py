from __future__ import annotations

import pytest

from ovms.car.alert_limits import DEFAULTS, AlertLimits, ErrorLimits, LowVoltageLimits, MovedLimits
from ovms.car.alerts import AlertWatch
from ovms.car.delivery import A_SECOND
from ovms.car.module import Module
from ovms.car.state import CarError, CarState, Topic
from ovms.car.vehicles.sim import SimCar
from ovms.protocol import Message
from ovms.protocol.records.environment import Doors1, Doors2, Doors4

START = 1_750_000_000.0
HERE = (47.66, 9.17)
KM = 1 / 111.2
"""A kilometre in degrees of latitude."""


class Car:
    """A car that is looked at each second. ``alerts`` are those since the last :meth:`told`."""

    def __init__(self, limits: AlertLimits = DEFAULTS, **state: object) -> None:
        self.state = CarState(**state)  # type: ignore[arg-type]
        self.watch = AlertWatch("TR", limits)
        self.now = 0.0
        self._alerts: list[bytes] = []

    def passes(self, seconds: float = 1, **state: object) -> Car:
        """Let time pass while the state is as given."""
        for name, value in state.items():
            setattr(self.state, name, value)
        for _ in range(round(seconds)):
            self._alerts += [alert.encode() for alert in self.watch.look(self.state, self.now)]
            self.now += 1
        return self

    def reads(self, name: str, value: object) -> Car:
        """Read a value from the bus; then a second passes."""
        self.state.read[name] = self.now
        return self.passes(1, **{name: value})

    def stands(self, *places: tuple[float, float], every: float = 1) -> Car:
        """Read positions, one each ``every`` seconds."""
        for self.state.latitude, self.state.longitude in places:
            self.state.updated[Topic.POSITION] = self.now
            self.passes(every)
        return self

    def told(self) -> list[bytes]:
        """Return the alerts."""
        alerts, self._alerts = self._alerts, []
        return alerts


@pytest.mark.parametrize(
    ("before", "after", "number", "expected"),
    [
        ("charging", "done", 4, [b"ICharging done at 80 %"]),
        ("topoff", "done", 4, [b"ICharging done at 80 %"]),
        ("charging", "stopped", 0x15, [b"ACharging stopped at 80 %"]),
        ("heating", "stopped", 0x0C, [b"ACharging interrupted at 80 %"]),
        ("prepare", "stopped", 0x0C, [b"ACharging interrupted at 80 %"]),
        ("charging", "topoff", 2, []),
        ("stopped", "charging", 1, []),
        ("done", "stopped", 0x15, []),
        ("charging", "new word", 9, []),
        ("charging", None, None, []),
        (None, "done", 4, []),
    ],
)
def test_the_end_of_a_charge(
    before: str | None, after: str | None, number: int | None, expected: list[bytes]
) -> None:
    """A charge that was under way and is not any more is told once, with the charge reached."""
    car = Car(soc=80, charge_state=before).passes(10)
    assert car.told() == []
    car.passes(30, charge_state=after, charge_state_number=number)
    assert car.told() == []
    assert car.passes(100).told() == expected


def test_an_unknown_charge_is_left_out() -> None:
    """Without a state of charge the alert does without it."""
    car = Car(charge_state="charging").passes(10)
    assert car.passes(40, charge_state="done").told() == [b"ICharging done"]


def test_a_charge_that_flickers() -> None:
    """A charger that lets go for two seconds, time and again, says nothing, and its end once."""
    car = Car(soc=54, charge_state="charging")
    for _ in range(20):
        car.passes(17, charge_state="charging", charge_state_number=1)
        car.passes(2, charge_state="stopped", charge_state_number=0x15)
    assert car.told() == []
    assert car.passes(40).told() == [b"ACharging stopped at 54 %"]


def test_a_moment_of_charging_is_no_charge() -> None:
    """What charges for a second, however often, has not stopped charging then."""
    car = Car(charge_state="charging").passes(1).passes(60, charge_state="stopped")
    for _ in range(5):
        car.passes(2, charge_state="charging").passes(60, charge_state="stopped")
    assert car.told() == []


def test_a_charge_that_starts_and_stops() -> None:
    """The same end is told once in ten minutes, another one at once, and the last of all."""
    car = Car(charge_state="charging").passes(60).passes(40, charge_state="stopped")
    assert car.told() == [b"ACharging stopped"]
    for _ in range(4):
        car.passes(60, charge_state="charging").passes(40, charge_state="stopped")
    assert car.told() == []
    car.passes(60, charge_state="charging").passes(40, charge_state="done")
    assert car.told() == [b"ICharging done"]
    car.passes(60, charge_state="charging").passes(40, charge_state="stopped")
    assert car.told() == [b"ACharging stopped"]
    car.passes(60, charge_state="charging").passes(500, charge_state="stopped")
    assert car.told() == []
    assert car.passes(40).told() == [b"ACharging stopped"]
    car.passes(60, charge_state="charging").passes(40, charge_state="stopped")
    car.watch.finish()
    assert car.passes().told() == [b"ACharging stopped"]


@pytest.mark.parametrize("ends", [None, 3, {"stopped": "x"}, {"new": 3}, {"stopped": True}])
def test_ends_that_were_told_before_a_restart(ends: object) -> None:
    """They are not told again soon; nonsense counts as nothing told."""
    before = Car(charge_state="charging").passes(60).passes(40, charge_state="stopped")
    told = before.watch.told(before.now)
    for resumed, expected in ((told, []), (told | {"ends": ends}, [b"ACharging stopped"])):
        car = Car(charge_state="stopped")
        car.watch.resume(resumed, car.now)
        car.passes(10).passes(60, charge_state="charging").passes(40, charge_state="stopped")
        assert car.told() == expected


def test_errors_of_the_vehicle() -> None:
    """An error is told once it lasts, with type, code and data."""
    car = Car().passes(3)
    assert car.passes(2, error=CarError(10, 5)).told() == []
    assert car.passes(2).told() == [b"ETR,10,5"]
    assert car.passes(10).passes(1, error=None).passes(10, error=CarError(10, 5)).told() == []
    assert car.passes(100, error=CarError(10, 6)).told() == [b"ETR,10,6"]
    assert car.passes(5, error=None).told() == []


@pytest.mark.parametrize(
    ("volts", "reference", "expected"),
    [
        (11.5, None, [b"A12 V battery low: 11.5 V"]),
        (11.6, None, [b"A12 V battery low: 11.6 V"]),
        (11.7, None, []),
        (11.7, 12.8, [b"A12 V battery low: 11.7 V"]),
        (11.7, 0, []),
        (11.5, 10.0, [b"A12 V battery low: 11.5 V"]),
        (0, None, []),
        (None, None, []),
    ],
)
def test_an_empty_12v_battery(
    volts: float | None, reference: float | None, expected: list[bytes]
) -> None:
    """Below the reference, the car's own or a full battery's, for half a minute."""
    car = Car(voltage_12v=12.7, voltage_12v_ref=reference).passes(60)
    assert car.passes(30, voltage_12v=volts).told() == []
    assert car.passes(100).told() == expected


def test_a_dip_of_the_12v_line() -> None:
    """A second, or a single reading however long it stays, is none; nor is a second of recovery."""
    car = Car(voltage_12v=12.6).passes(10)
    for _ in range(20):
        car.passes(1, voltage_12v=9.0).passes(10, voltage_12v=12.6)
    assert car.told() == []
    assert car.reads("voltage_12v", 9.0).passes(600).told() == []
    assert car.reads("voltage_12v", 9.0).passes(29).told() == []
    assert car.passes(1).told() == [b"A12 V battery low: 9.0 V"]
    car.passes(1, voltage_12v=12.6).passes(100, voltage_12v=9.0)
    assert car.told() == []
    car.reads("voltage_12v", 12.6).reads("voltage_12v", 12.6).passes(60)
    for _ in range(40):
        car.reads("voltage_12v", 11.0)
    assert car.told() == [b"A12 V battery low: 11.0 V"]


def test_the_limits_of_the_12v_battery() -> None:
    """A vehicle's data set what is low, or that nothing is."""
    truck = AlertLimits(low_12v=LowVoltageLimits(reference=25.2, drop=2.0, lasting=0))
    assert Car(truck, voltage_12v=24.0).passes(60).told() == []
    assert Car(truck, voltage_12v=23.0).passes(60).told() == [b"A12 V battery low: 23.0 V"]
    never = AlertLimits(low_12v=LowVoltageLimits(drop=0))
    assert Car(never, voltage_12v=9.0).passes(60).told() == []


def test_the_alarm() -> None:
    """It must sound for a while, and be silent for a while before it alerts again."""
    silent, sounds = Doors4(0), Doors4.ALARM
    car = Car(doors_4=silent).passes(5)
    assert car.passes(1, doors_4=sounds).passes(60, doors_4=silent).told() == []
    car.passes(30, doors_4=sounds)
    assert car.told() == [b"AThe alarm sounds"]
    for _ in range(3):
        car.passes(20, doors_4=silent).passes(20, doors_4=sounds)
    assert car.told() == []
    car.passes(100, doors_4=silent).passes(10, doors_4=sounds)
    assert car.told() == [b"AThe alarm sounds"]
    assert Car(doors_4=sounds).passes(100).told() == []


def test_an_alarm_that_is_read_once() -> None:
    """A single reading counts only if nothing contradicts it for half a minute."""
    car = Car(doors_4=Doors4(0)).passes(5)
    car.reads("doors_4", Doors4.ALARM).passes(20).reads("doors_4", Doors4(0))
    assert car.told() == []
    assert car.reads("doors_4", Doors4.ALARM).passes(40).told() == [b"AThe alarm sounds"]


MOVED = [b"AThe car is moved while it is off"]


def parked() -> Car:
    """Return a car that stands and is off."""
    return Car(doors_1=Doors1(0), gps_lock=True).stands(*[HERE] * 60)


@pytest.mark.parametrize(
    "place",
    [(0.0, 9.17), (0.0, 47.66), (47.66, 0.0), (0.0, 0.0), (48.0, 9.17), (47.665, 9.17),
     (147.66, 9.17), (47.66, 189.17)],
)  # fmt: skip
def test_one_position_is_no_theft(place: tuple[float, float]) -> None:
    """Wherever a single reading says that the car is, and however long it stays."""
    car = parked()
    for _ in range(5):
        car.stands(place).stands(*[HERE] * 10)
    assert car.stands(place).passes(3600).told() == []


@pytest.mark.parametrize("place", [(0.0, 9.17), (47.66, 0.0), (0.0, 0.0), (91.0, 9.17)])
def test_a_receiver_that_is_wrong_for_long(place: tuple[float, float]) -> None:
    """What is no place, or a half of one, is none for minutes, too."""
    assert parked().stands(*[place] * 600).stands(*[HERE] * 600).told() == []


def test_a_jump_that_stays() -> None:
    """A receiver that was silent on the way, and keeps saying that the car is far away: moved."""
    car = parked()
    assert car.stands(*[(48.5, 9.17)] * 29).told() == []
    assert car.stands(*[(48.5, 9.17)] * 60).told() == MOVED
    assert car.stands(*[HERE] * 600).told() == []


def test_a_car_that_is_moved() -> None:
    """Towed at 40 km/h, with a position each second or each minute: one alert, soon."""
    for every in (1, 60):
        car, step = parked(), 40 / 3600 * KM * every
        way = [(HERE[0] + at * step, HERE[1]) for at in range(200)]
        assert car.stands(*way[: 300 // every if every > 1 else 100], every=every).told() == MOVED
        assert car.stands(*way[100:], every=every).told() == []
    assert parked().stands((HERE[0] + KM, HERE[1])).passes(120).told() == []


def test_a_car_without_news_of_its_fix() -> None:
    """Where the receiver does not say whether it has a fix, the alert works; without one, not."""
    away = [(HERE[0] + 2 * KM, HERE[1])] * 60
    for lock, expected in ((None, MOVED), (False, [])):
        car = parked()
        car.state.gps_lock = lock
        assert car.stands(*away).told() == expected


def test_a_position_of_the_way_is_not_where_it_stands() -> None:
    """A fix that was lost on the way and comes back where the car was parked is no theft."""
    car = Car(doors_1=Doors1.CAR_ON, gps_lock=True).stands(*[HERE] * 10).passes(600)
    car.passes(600, doors_1=Doors1(0)).stands(*[(HERE[0] + 9 * KM, HERE[1])] * 100)
    assert car.told() == []


def test_the_first_position_may_be_wrong() -> None:
    """A wrong position at the very start does not make a theft of the right ones."""
    for wrong in ((0.0, 9.17), (50.0, 20.0), (0.0, 0.0)):
        car = Car(doors_1=Doors1(0), gps_lock=True).stands(wrong).stands(*[HERE] * 300)
        assert car.told() == []


def test_a_moment_of_power_does_not_hide_a_theft() -> None:
    """A single sample of a car that is on does not draw the circle anew."""
    car = parked()
    for at in range(100):
        car.state.doors_1 = Doors1.CAR_ON if at % 10 == 0 else Doors1(0)
        car.stands((HERE[0] + at * 0.01 * KM, HERE[1]))
    assert car.told() == MOVED


def test_valet_mode() -> None:
    """Further than 1.5 km for a while; a mode that flickers does not begin anew."""
    car = Car(doors_1=Doors1.CAR_ON, doors_2=Doors2.VALET).stands(*[HERE] * 20)
    for at in range(200):
        car.state.doors_2 = Doors2(0) if at % 20 == 0 else Doors2.VALET
        car.stands((HERE[0] + at * 0.012 * KM, HERE[1]))
    assert car.told() == [b"AIn valet mode the car went further than 1.5 km"]


def test_no_circle() -> None:
    """A distance of 0 switches the alert off."""
    car = Car(AlertLimits(moved=MovedLimits(distance=0)), doors_1=Doors1(0)).stands(*[HERE] * 20)
    assert car.stands(*[(HERE[0] + 2 * KM, HERE[1])] * 100).told() == []


def test_alerts_wait_for_the_link() -> None:
    """What happens without a link is told after the login, five a second, until it is delivered."""
    car = SimCar(start=START, seed=1)
    module = Module(car, alert_limits=AlertLimits(error=ErrorLimits(lasting=0)))
    for at in range(A_SECOND + 2):
        car.state.error = CarError(at, 0)
        assert module.poll(START) == []
    told: list[bytes] = []
    for login in range(2):
        module.connect(START)
        told = [m.data for s in range(5) for m in module.poll(START + 5 * login + s)
                if m.code == "P"]  # fmt: skip
        assert told == [b"ESIM,%d,0" % at for at in range(A_SECOND + 2)]
        module.disconnect()
    module.connect(START + 20)
    for second in range(20, 25):
        for message in module.poll(START + second):
            if message.code == "A":
                module.receive(Message("a"), START + second)
    module.connect(START + 30)
    assert not any(m.code == "P" for m in module.poll(START + 30))
    assert len(module.delivery) == 0


def test_the_simulated_car_alerts_when_a_charge_ends() -> None:
    """Charging at home ends done; stopped by command it is an alert, after the state itself."""
    car = SimCar(start=START, seed=1)
    module = Module(car)
    module.connect(START)
    now = START
    while not car.charging.power:
        now += 10
        assert now - START < 20_000
        assert not any(m.code == "P" for m in module.poll(now))
    told = module.receive(Message("C", b"12"), now)
    assert [m.code for m in told if m.code in "cSPA"] == ["c", "S"]
    told = [m for second in range(40) for m in module.poll(now + second)]
    now += 40
    assert [m.data[:20] for m in told if m.code == "P"] == [b"ACharging stopped at"]
    module.receive(Message("C", b"11"), now)
    ended: list[bytes] = []
    while not ended:
        now += 10
        assert now - START < 60_000
        told = module.poll(now)
        ended = [m.data for m in told if m.code == "P"]
        for record in (m for m in told if m.code == "h"):
            module.receive(Message("h", record.data.split(b",")[0]), now)
    assert ended[0].startswith((b"ICharging done at ", b"ACharging interrupted at "))
