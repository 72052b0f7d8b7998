from __future__ import annotations

import pytest

from ovms.car.state import STALE_AFTER, CarState, Topic
from ovms.protocol.records.environment import Doors1, Doors2


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
        (None, None, False),
        (None, Doors2.LOCKED, True),
        (None, Doors2.VALET, False),
        (True, Doors2(0), True),
        (False, Doors2.LOCKED, False),
    ],
)
def test_the_lock_as_told_is_believed_before_the_door_bits(
    told: bool | None, doors: Doors2 | None, expected: bool
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


@pytest.mark.parametrize(
    ("word", "expected"),
    [("charging", True), ("heating", True), ("topoff", True), ("done", False), (None, False)],
)
def test_heating_counts_as_charging(word: str | None, expected: bool) -> None:
    """A battery that is heated for a charge counts as charging."""
    assert CarState(charge_state=word).is_charging is expected
