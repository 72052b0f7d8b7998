from __future__ import annotations

import pytest

from ovms.car.state import STALE_AFTER, CarState, Topic
from ovms.protocol.records.environment import Doors1, Doors2, Doors4


@pytest.mark.parametrize(
    ("age", "expected"), [(0.0, 1), (STALE_AFTER, 1), (STALE_AFTER + 0.1, 0), (1e6, 0)]
)
def test_a_reading_is_fresh_until_its_time_is_over(age: float, expected: int) -> None:
    """Readings are fresh up to the bound, stale one step past it."""
    state = CarState()
    assert state.freshness(Topic.AMBIENT, 5.0) == -1
    state.updated[Topic.AMBIENT] = 5.0
    assert state.freshness(Topic.AMBIENT, 5.0 + age) == expected


@pytest.mark.parametrize(
    ("told", "doors", "expected"),
    [
        (None, None, None),
        (None, Doors2.LOCKED, True),
        (None, Doors2.VALET, False),
        (True, Doors2(0), True),
        (False, Doors2.LOCKED, False),
    ],
)
def test_the_lock_as_told_is_believed_before_the_door_bits(
    told: bool | None, doors: Doors2 | None, expected: bool | None
) -> None:
    """What the car says of its lock outright counts more than the door bits."""
    assert CarState(lock_told=told, doors_2=doors).is_locked is expected


def test_parking_time_runs_from_switch_off_until_switch_on() -> None:
    """The parking time is 0 while the car is on and at least 1 s from the moment it is off."""
    state = CarState(doors_1=Doors1.CAR_ON)
    state.note_power(10)
    assert state.parking_time(20) == 0
    state.doors_1 = Doors1.HANDBRAKE
    state.note_power(30)
    assert state.parking_time(30) == 1
    state.note_power(60)
    assert state.parking_time(95.7) == 65
    state.doors_1 = Doors1.CAR_ON
    state.note_power(100)
    assert state.parking_time(101) == 0


def test_the_parking_time_of_a_car_that_may_be_on_is_unknown() -> None:
    """Nobody knows since when it is parked, nor whether it is; that it was parked stays known."""
    state = CarState()
    state.note_power(10)
    assert (state.parked_since, state.parking_time(20)) == (None, None)
    state.put_bit(Doors1.LEFT_DOOR, True)
    state.note_power(30)
    assert (state.is_on, state.parking_time(40)) == (None, None)
    state.put_bit(Doors1.CAR_ON, False)
    state.note_power(50)
    state.put_bit(Doors1.CAR_ON, None)
    state.note_power(60)
    assert state.parking_time(65) == 15


def test_a_bit_is_known_by_itself() -> None:
    """A bit that was read says nothing of those beside it; a byte that was read says all."""
    state = CarState()
    state.put_bit(Doors1.CAR_ON, False)
    assert (state.doors_1, state.is_on, state.bit(Doors1.LEFT_DOOR)) == (Doors1(0), False, None)
    state.put_bit(Doors1.LEFT_DOOR, True)
    state.put_bit(Doors1.CAR_ON, None)
    assert (state.doors_1, state.is_on) == (Doors1.LEFT_DOOR, None)
    state.put_bit(Doors1.LEFT_DOOR, None)
    assert state == CarState()
    state.doors_1 = Doors1.CAR_ON
    assert state.bit(Doors1.LEFT_DOOR) is False


def test_a_bit_with_two_names_is_read_under_both() -> None:
    """An alarm that is read as modules send it is known under its other name, too."""
    state = CarState()
    state.put_bit(Doors4.ALARM_SENT, False)
    assert (state.bit(Doors4.ALARM), state.unread) == (False, {})


@pytest.mark.parametrize(
    ("word", "expected"),
    [("charging", True), ("heating", True), ("topoff", True), ("done", False), (None, None)],
)
def test_heating_counts_as_charging(word: str | None, expected: bool | None) -> None:
    """A battery that is heated for a charge counts as charging."""
    assert CarState(charge_state=word).is_charging is expected
