from __future__ import annotations

import re

import pytest

from ovms.car import trips
from ovms.car.columns import LIFETIME
from ovms.car.module import Module
from ovms.car.state import CarState
from ovms.car.trips import LEAST_TRIP, TripLog
from ovms.car.vehicles.sim import SimCar
from ovms.protocol import Message
from ovms.protocol.records.environment import Doors1
from ovms.protocol.records.history import AckedRecord

ON, OFF = Doors1.CAR_ON, Doors1(0)


def test_a_trip_is_from_on_to_off() -> None:
    """Off after on gives a record with the seconds between; nothing else does."""
    log, state = TripLog(), CarState(trip=1.5, doors_1=OFF)
    assert log.look(state, 0) is None
    state.doors_1 = ON
    assert log.look(state, 10) is None
    assert log.look(state, 20) is None
    state.doors_1 = OFF
    record = log.look(state, 70)
    assert record is not None
    assert (record.type, record.number, record.lifetime) == ("*-LOG-Trip", 1, LIFETIME)
    assert record.data.split(b",")[6:8] == [b"1.500", b"60"]
    assert log.look(state, 80) is None


@pytest.mark.parametrize(("trip", "counts"), [(LEAST_TRIP, True), (0.19, False), (None, False)])
def test_a_short_trip_is_none(trip: float | None, counts: bool) -> None:
    """Switched on and off in the garage, or moved a little, is no trip."""
    log, state = TripLog(), CarState(trip=trip, doors_1=ON)
    log.look(state, 0)
    state.doors_1 = OFF
    assert (log.look(state, 100) is not None) is counts


def test_the_columns_are_those_of_the_docstring() -> None:
    """As many as are described; all but words are numbers, with 0 for the unknown."""
    log, state = TripLog(), CarState(trip=1, doors_1=ON)
    log.look(state, 0)
    state.doors_1 = OFF
    record = log.look(state, 1)
    assert record is not None
    columns = record.data.decode().split(",")
    numbers = re.findall(r"\b(\d+) (?:GPS|to|and|least)", trips.__doc__ or "")
    assert numbers[0] == "1"
    assert len(columns) == 36
    assert [at + 1 for at, text in enumerate(columns) if not text] == [5, 19]
    assert all(float(text) >= 0 for text in columns if text)


def test_the_simulated_car_tells_its_trips() -> None:
    """A drive to town ends in one record for the history, sent when the car is switched off."""
    start = 1_750_000_000.0
    module = Module(SimCar(start=start, seed=1))
    module.connect(start)
    found = []
    for second in range(1, 1800):
        for message in module.poll(start + second):
            if message.code == "h":
                found.append(AckedRecord.parse(message.data))
                module.receive(Message("h", message.data.split(b",")[0]), start + second)
    (trip,) = found
    assert trip is not None
    columns = trip.record.data.decode().split(",")
    assert (trip.ack, trip.timediff, trip.record.type) == (1, 0, "*-LOG-Trip")
    assert columns[0] == "1"
    assert 10 < float(columns[6]) < 20
    assert 600 < float(columns[7]) < 1500
    assert float(columns[13]) > float(columns[14]) > 0
    assert len(module.delivery) == 0
