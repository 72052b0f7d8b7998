from __future__ import annotations

from typing import Any

import pytest

from ovms.car.alert_limits import DEFAULTS
from ovms.car.columns import LIFETIME
from ovms.car.module import Module
from ovms.car.state import CarState
from ovms.car.trips import SHORT_STOP, TripLog
from ovms.car.vehicles.sim import SimCar
from ovms.protocol import Message
from ovms.protocol.records.environment import Doors1
from ovms.protocol.records.history import AckedRecord, HistoryRecord
from ovms.protocol.records.logs import TripRecord

ON, OFF = Doors1.CAR_ON, Doors1(0)
ENDS, LEAST_TRIP = DEFAULTS.trip.ends, DEFAULTS.trip.least


def ended(log: TripLog, state: CarState, now: float) -> HistoryRecord | None:
    """Switch a car off; return the record of its trip, which tells of that moment."""
    state.doors_1 = OFF
    assert log.look(state, now, 1000 + now) is None
    assert log.look(state, now + ENDS - 1, 2000) is None
    entry = log.look(state, now + ENDS, 2000)
    assert entry is None or entry.at == 1000 + now
    return entry and entry.record


def test_a_trip_is_from_on_to_off() -> None:
    """Off after on gives a record with the seconds between; nothing else does."""
    log, state = TripLog(), CarState(trip=1.0, doors_1=OFF)
    assert log.look(state, 0, 0) is None
    state.doors_1 = ON
    assert log.look(state, 10, 0) is None
    state.trip = 1.5
    assert log.look(state, 20, 0) is None
    record = ended(log, state, 70)
    assert record is not None
    assert (record.type, record.number, record.lifetime) == ("*-LOG-Trip", 1, LIFETIME)
    assert record.data.split(b",")[6:8] == [b"1.500", b"60"]
    assert log.look(state, 180, 0) is None


def test_a_moment_of_being_off_ends_no_trip() -> None:
    """A car that is off for some seconds, once or again and again, goes on with its trip."""
    log, state = TripLog(), CarState(odometer=100.0)
    for second in range(599):
        state.doors_1 = OFF if second % 60 > 50 and second < 590 else ON
        state.odometer = 100 + second / 60
        assert log.look(state, second, second) is None
    record = ended(log, state, 599)
    assert record is not None
    assert record.data.split(b",")[6:8] == [b"9.967", b"599"]


def test_a_moment_of_being_on_is_no_trip() -> None:
    """A single sample of a car that is on makes no trip, whatever a counter says in it."""
    log, state = TripLog(), CarState(odometer=0.0, doors_1=ON)
    log.look(state, 0, 0)
    state.odometer = 52000.0
    assert ended(log, state, 1) is None


def test_the_end_of_a_recording() -> None:
    """A recording that is over ends a trip if the car was off for some seconds."""
    for seconds, is_told in ((SHORT_STOP - 1, False), (SHORT_STOP, True)):
        log, state = TripLog(), CarState(trip=0.0, doors_1=ON)
        log.look(state, 0, 0)
        state.trip, state.doors_1 = 1.0, OFF
        log.look(state, 60, 60)
        log.finish()
        entry = log.look(state, 60 + seconds, 70)
        assert (entry is not None) is is_told


def drive(first: CarState, last: CarState) -> str | None:
    """Return the column of the trip's length after a drive from one state to another."""
    log = TripLog()
    for now, state in enumerate((first, last)):
        state.doors_1 = ON
        log.look(state, 3600 * now, 0)
    record = ended(log, last, 7200)
    return None if record is None else record.data.decode().split(",")[6]


@pytest.mark.parametrize(
    ("first", "last", "length"),
    [
        ({"trip": 10.0}, {"trip": 10.0 + LEAST_TRIP}, "10.200"),
        ({"trip": 10.0}, {"trip": 10.19}, None),
        ({"trip": 10.0}, {"trip": 10.0}, None),
        ({"trip": 10.0}, {"trip": 0.3}, None),
        ({}, {"trip": 3.0}, None),
        ({}, {}, None),
        ({"odometer": 500.0}, {"odometer": 520.0}, "20.000"),
        ({"odometer": 500.0}, {"odometer": 500.1}, None),
        ({"odometer": 500.0, "trip": 4.0}, {"odometer": 500.0, "trip": 5.0}, "5.000"),
        ({"odometer": 500.0, "trip": 4.0}, {"odometer": 501.0, "trip": 1.0}, "1.000"),
        ({"odometer": 500.0}, {}, None),
    ],
)
def test_a_short_trip_is_none(
    first: dict[str, Any], last: dict[str, Any], length: str | None
) -> None:
    """What counts is how far it went since it was on, by odometer or trip meter."""
    assert drive(CarState(**first), CarState(**last)) == length


def test_a_meter_may_begin_anew() -> None:
    """A trip meter that goes back to 0 once the car is on counts from there."""
    log, state = TripLog(), CarState(trip=30.0, doors_1=ON)
    for now, meter in enumerate((30.0, 0.0, 0.5)):
        state.trip = meter
        log.look(state, now, now)
    assert ended(log, state, 60) is not None


def test_the_columns_are_those_of_the_record() -> None:
    """As many as the record's table has, and empty if they are unknown."""
    log, state = TripLog(), CarState(trip=0, doors_1=ON)
    log.look(state, 0, 0)
    state.trip = 1
    record = ended(log, state, 60)
    assert record is not None
    columns = record.data.decode().split(",")
    assert len(columns) == len(TripRecord.TABLE) == 36
    known = {at + 1: text for at, text in enumerate(columns) if text}
    assert known == {1: "0", 7: "1.000", 8: "60"}


def test_a_car_that_is_not_known_to_be_off_goes_on_with_its_trip() -> None:
    """Only a car that is switched off ends a trip; one that is unknown for a while does not."""
    log, state = TripLog(), CarState(odometer=100, doors_1=ON)
    log.look(state, 0, 0)
    state.odometer, state.doors_1 = 110, None
    assert log.look(state, 600, 0) is None
    state.odometer = 120
    record = ended(log, state, 1200)
    assert record is not None
    assert record.data.split(b",")[6:8] == [b"20.000", b"1200"]


def test_a_car_that_falls_asleep_after_it_was_off() -> None:
    """A trip ends also if it is unknown soon after being off whether the car is on."""
    log, state = TripLog(), CarState(odometer=100, doors_1=ON)
    log.look(state, 0, 0)
    state.odometer, state.doors_1 = 110, OFF
    assert log.look(state, 600, 0) is None
    state.doors_1 = None
    entry = log.look(state, 640, 0)
    assert entry is not None
    assert entry.record.data.split(b",")[6:8] == [b"10.000", b"600"]


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
    assert (trip.ack, trip.timediff, trip.record.type) == (1, -ENDS, "*-LOG-Trip")
    assert columns[0] == "1"
    assert 10 < float(columns[6]) < 20
    assert 600 < float(columns[7]) < 1500
    assert float(columns[13]) > float(columns[14]) > 0
    assert len(module.delivery) == 0
