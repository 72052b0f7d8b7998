from __future__ import annotations

from ovms.car.state import CarState
from ovms.car.vehicles.sim import SCENARIOS, SimCar
from ovms.cli.demo.events import SOON, CarEvents
from ovms.protocol.records.environment import Doors1, Doors2, Doors3, Doors4, Doors5

START = 1_750_000_000.0


def story(car: SimCar, seconds: int) -> list[str]:
    """Return what is told of a car, each event with its hours."""
    events = CarEvents(car.state)
    told = events.look(0, 0.0)
    for second in range(1, seconds):
        car.advance(START + second)
        told += events.look(0, float(second))
    return told


def test_a_commute_in_words() -> None:
    """A day begins asleep; the car leaves, gets on, arrives, and is charged at home."""
    told = story(SimCar(start=START, seed=1, scenario=SCENARIOS["commute"]), 3 * 3600)
    assert told[0].startswith("is asleep, ")
    for text in ("leaves, ", "arrived, 13.6 km, ", "is locked", "falls asleep", "is plugged in"):
        assert any(each.startswith(text) for each in told), text
    assert any("km on the way, " in each and each.endswith(" %") for each in told)
    assert any(each.startswith("charges, 6.6 kW, ") for each in told)


def test_a_fast_charge_in_words() -> None:
    """A charge that has begun before is told at once, and then each % that it gets on."""
    scenario = SCENARIOS["road-trip"]
    car = SimCar(start=START, seed=1, scenario=scenario, phase=scenario.phase_of(2, 0.05), soc=21)
    told = story(car, 3600)
    assert told[0].startswith("charges fast, ")
    assert "min to go" in told[0]
    assert any(each.startswith("is charged, 80 %, ") for each in told)
    assert "is unplugged" in told


def test_how_far_it_is_is_told_ever_less_often() -> None:
    """After an event soon, then after twice as long each time, and only if the car got on."""
    state = CarState(soc=80, doors_1=Doors1.CAR_ON, odometer=100.0, trip=0.0, speed=60)
    events = CarEvents(state)
    assert events.look(0, 0.0) == ["is on the way, 60 km/h, 80 %"]
    told = []
    for second in range(1, 40):
        state.trip = second / 60
        told += [second for text in events.look(0, float(second)) if "on the way" in text]
    assert told == [SOON, 3 * SOON, 7 * SOON]
    assert events.look(0, 1000.0) == ["0.7 km on the way, 60 km/h, 80 %"]
    assert events.look(0, 2000.0) == []


def test_switches_and_watchers() -> None:
    """What an app or an owner does is told, too."""
    state = CarState(
        soc=50, doors_1=Doors1(0), doors_2=Doors2(0), doors_3=Doors3.AWAKE, doors_4=Doors4(0),
        doors_5=Doors5(0),
    )  # fmt: skip
    events = CarEvents(state)
    assert events.look(0, 0.0) == ["is parked, 50 %"]
    state.doors_2 = Doors2.LOCKED | Doors2.VALET
    state.doors_4, state.doors_5 = Doors4.ALARM, Doors5.HVAC
    assert events.look(2, 1.0) == [
        "is locked", "is in valet mode", "sounds the alarm", "conditions the cabin",
        "is watched by an app",
    ]  # fmt: skip
    state.doors_2 = Doors2(0)
    assert events.look(0, 2.0) == [
        "is unlocked", "is out of valet mode", "is not watched any more"
    ]  # fmt: skip


def test_a_car_of_which_nothing_is_known_is_not_told_of() -> None:
    """The first line waits until there is something to tell."""
    state = CarState()
    events = CarEvents(state)
    assert events.look(0, 0.0) == []
    state.soc, state.doors_1, state.doors_3 = 40, Doors1(0), Doors3(0)
    assert events.look(0, 1.0) == ["is asleep, 40 %"]


def test_a_charge_that_breaks_off() -> None:
    """It says where, and how much there was; switching on and off is no drive."""
    state = CarState(
        soc=40, doors_1=Doors1.PILOT_PRESENT, doors_3=Doors3.AWAKE, charge_state="charging",
        charge_energy=3.25, trip=7.0, odometer=10.0,
    )  # fmt: skip
    events = CarEvents(state)
    assert events.look(0, 0.0) == ["charges, 40 %"]
    state.charge_state = "stopped"
    assert events.look(0, 1.0) == ["stopped charging, 40 %, 3.2 kWh"]
    state.doors_1 = Doors1.CAR_ON
    assert events.look(0, 2.0) == ["leaves, 40 %", "is unplugged"]
    state.doors_1 = Doors1(0)
    assert events.look(0, 3.0) == ["is switched off"]
