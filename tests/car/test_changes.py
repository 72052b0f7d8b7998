from __future__ import annotations

from dataclasses import fields

import pytest

from ovms.car.changes import MADE_OF, PATIENCE, ChangeWatch, is_known
from ovms.car.reports import CarIdentity, Units, make_message
from ovms.car.settings import ModuleSettings
from ovms.car.state import DOORS, CarState
from ovms.protocol.records.environment import Doors1, Doors2

ELSEWHERE = ("speed", "trip", "satellites", "hdop", "gps_speed", "gps_quality", "gps_lock")
"""What is in a location but no reason to send one: it is in D, too, or says nothing by itself."""


def watch(state: CarState, settings: ModuleSettings | None = None) -> ChangeWatch:
    """Return a watch whose state has just been sent."""
    made = ChangeWatch(state, settings or ModuleSettings({}))
    made.ready(0)
    made.note_sent("SDLWFV")
    return made


def test_a_change_is_taken_once() -> None:
    """A value that changes gives its message, once; one that was sent meanwhile gives none."""
    state = CarState(soc=50, charge_state="charging", doors_1=Doors1(0))
    changes = watch(state)
    assert changes.take(0) == set()
    state.charge_state = "done"
    assert (changes.take(0), changes.take(0)) == ({"S"}, set())
    state.doors_1 = Doors1.LEFT_DOOR
    changes.note_sent("SDLWFV")
    assert changes.take(0) == set()


def test_switching_on_is_told_with_status_and_position() -> None:
    """A car that is switched on has changed D, S and L, as far as anything of them is known."""
    state = CarState(soc=50, doors_1=Doors1(0), latitude=1, longitude=2)
    changes = watch(state)
    state.doors_1 = Doors1.CAR_ON
    assert changes.take(0) == {"D", "S", "L"}
    empty = CarState(doors_1=Doors1(0))
    changes = watch(empty)
    empty.doors_1 = Doors1.CAR_ON
    assert changes.take(0) == {"D"}


def test_nothing_is_ready_of_a_car_that_nobody_has_read() -> None:
    """Only what is about the module itself, however long it waits, and at the end, too."""
    changes = watch(CarState())
    assert changes.ready(0) == changes.ready(1e6, is_last=True) == {"F", "V"}
    assert changes.take(2e6) == set()


@pytest.mark.parametrize(
    ("code", "part", "rest"),
    [
        ("S", {"charge_mode": 1}, {"soc": 50}),
        ("D", {"odometer": 0}, {"doors_1": Doors1(0)}),
        ("L", {"battery_power": 0}, {"latitude": 1, "longitude": 2}),
    ],
)
def test_a_part_waits_a_little_for_the_rest(
    code: str, part: dict[str, object], rest: dict[str, object]
) -> None:
    """What matters most makes a message ready at once; without it, time does; 0 is a reading."""
    for more, ready_at in ((rest, 11.0), ({}, 10 + PATIENCE)):
        state = CarState()
        changes = watch(state)
        changes.take(0)
        for name, value in part.items():
            setattr(state, name, value)
        assert changes.take(10) == set()
        for name, value in more.items():
            setattr(state, name, value)
        assert changes.take(ready_at - 0.1 if not more else 10.9) == (set() if not more else {code})
        if not more:
            assert changes.take(ready_at) == {code}
        assert changes.take(ready_at + 1) == set()


def test_a_tyre_is_a_part() -> None:
    """One tyre waits for the others; all four do not."""
    state = CarState()
    changes = watch(state)
    state.tyres["fl"].temperature = 20
    assert changes.take(0) == set()
    for tyre in state.tyres.values():
        tyre.pressure = 200
    assert changes.take(1) == {"W"}


def test_a_change_does_not_wait() -> None:
    """A charge that ends is told, though nobody has read the battery."""
    state = CarState(charge_state_number=1)
    changes = watch(state)
    changes.take(0)
    state.charge_state_number = 4
    assert changes.take(1) == {"S"}
    state.charge_state_number = 1
    assert changes.take(2) == {"S"}


def test_what_becomes_unknown_is_told() -> None:
    """A message that was known once is sent with what is unknown now."""
    state = CarState(charge_state="charging", soc=50)
    changes = watch(state)
    changes.take(0)
    state.charge_state = None
    assert changes.take(1) == {"S"}


def test_a_speed_is_no_reason_for_a_position() -> None:
    """It is in D, too, and 0, 0 would replace the position that the server has."""
    changes = watch(CarState(speed=50, trip=5))
    assert changes.ready(100, is_last=True) == {"F", "V", "D"}


def test_a_bit_that_is_read_later_is_told() -> None:
    """Even one that is not set: until then the app has shown it as unknown."""
    state = CarState(doors_2=None, doors_1=Doors1(0))
    changes = watch(state)
    changes.take(0)
    state.put_bit(Doors2.LOCKED, False)
    assert changes.take(1) == {"D"}
    changes.note_sent("D")
    state.put_bit(Doors2.VALET, False)
    assert (changes.take(2), changes.take(3)) == ({"D"}, set())


@pytest.mark.parametrize(
    ("number", "value", "codes"), [(2, "K", {"S", "D"}), (31, "1", {"F", "V"}), (11, "G", set())]
)
def test_settings_change_messages(number: int, value: str, codes: set[str]) -> None:
    """Units change the known messages that hold distances, and feature 15 what the car offers."""
    settings = ModuleSettings({})
    changes = watch(CarState(soc=50, doors_1=Doors1(0)), settings)
    changes.take(0)
    settings.set_parameter(number, value)
    assert (changes.take(1), changes.take(2)) == (codes, set())


def test_a_position_is_known_by_either_reading() -> None:
    """A direction alone is enough for L; F and V are always known."""
    assert not is_known("L", CarState())
    assert is_known("L", CarState(direction=5))
    assert is_known("L", CarState(latitude=1.0, longitude=2.0))
    assert all(is_known(code, CarState()) for code in "FV")


def test_every_reading_makes_its_message() -> None:
    """Each attribute that a message tells is enough for it, be it 0; others are none of it."""
    for code, made_of in MADE_OF.items():
        identity = CarIdentity("X", frozenset(), write_enabled=False)
        empty = make_message(code, CarState(), identity, Units.MILES, 0)
        for each in fields(CarState):
            if each.name in ("tyres", "unread", "updated", "stale_after", "parked_since", "error"):
                continue
            kinds: dict[str, type] = {name: kind for kind, name in DOORS.items()}
            kind = str if each.name in ("vin", "network", "charge_state") else int
            state = CarState()
            setattr(state, each.name, kinds.get(each.name, kind)(1))
            if each.name in ("latitude", "longitude"):
                state.latitude = state.longitude = 1
            is_told = make_message(code, state, identity, Units.MILES, 0) != empty
            is_reason = any(value is not None for value in made_of(state))
            is_elsewhere = code == "L" and each.name in ELSEWHERE
            assert is_reason == (is_told and not is_elsewhere), (code, each.name)


def test_what_becomes_known_later_follows() -> None:
    """The first reading of any value is told within seconds, once, with others of that time."""
    state = CarState(doors_1=Doors1(0))
    changes = watch(state)
    assert changes.take(PATIENCE) == set()
    state.voltage_12v, state.speed, state.battery_voltage = 12.4, 50, 400
    assert changes.take(PATIENCE + 1) == set()
    assert changes.take(2 * PATIENCE) == {"D"}
    changes.note_sent("D")
    state.speed = None
    assert changes.take(3 * PATIENCE) == {"S"}
    changes.note_sent("S")
    state.speed, state.voltage_12v = 0, 12.5
    assert changes.take(4 * PATIENCE) == set()
