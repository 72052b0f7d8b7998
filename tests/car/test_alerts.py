from __future__ import annotations

import pytest

from ovms.car.alerts import AlertWatch
from ovms.car.delivery import A_SECOND
from ovms.car.module import Module
from ovms.car.state import CarError, CarState
from ovms.car.vehicles.sim import SimCar
from ovms.protocol import Message

START = 1_750_000_000.0


def alerts(watch: AlertWatch, state: CarState) -> list[bytes]:
    """Return the data of the alerts that are new."""
    return [alert.encode() for alert in watch.look(state)]


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
    watch = AlertWatch("SIM")
    state = CarState(soc=80, charge_state=before)
    assert alerts(watch, state) == []
    state.charge_state, state.charge_state_number = after, number
    assert alerts(watch, state) == expected
    assert alerts(watch, state) == []


def test_an_unknown_charge_is_left_out() -> None:
    """Without a state of charge the alert does without it."""
    watch = AlertWatch("SIM")
    watch.look(CarState(charge_state="charging"))
    assert alerts(watch, CarState(charge_state="done")) == [b"ICharging done"]


def test_errors_of_the_vehicle() -> None:
    """An error is told when it appears or changes, with type, code and data."""
    watch, state = AlertWatch("TR"), CarState()
    assert alerts(watch, state) == []
    state.error = CarError(10, 5)
    assert alerts(watch, state) == [b"ETR,10,5"]
    assert alerts(watch, state) == []
    state.error = CarError(10, 6)
    assert alerts(watch, state) == [b"ETR,10,6"]
    state.error = None
    assert alerts(watch, state) == []


def test_alerts_wait_for_the_link() -> None:
    """What happens without a link is told after the login, five a second, until it is delivered."""
    car = SimCar(start=START, seed=1)
    module = Module(car)
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
    assert [m.code for m in told if m.code in "cSPA"] == ["c", "S", "P", "A"]
    assert told[-2].data.startswith(b"ACharging stopped at ")
    answers = module.receive(Message("C", b"11"), now)
    assert not any(m.code == "P" for m in answers)
    ended: list[bytes] = []
    while not ended:
        now += 10
        assert now - START < 60_000
        told = module.poll(now)
        ended = [m.data for m in told if m.code == "P"]
        for record in (m for m in told if m.code == "h"):
            module.receive(Message("h", record.data.split(b",")[0]), now)
    assert ended[0].startswith((b"ICharging done at ", b"ACharging interrupted at "))
