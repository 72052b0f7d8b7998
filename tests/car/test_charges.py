from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ovms.car.charges import ChargeLog
from ovms.car.columns import LIFETIME
from ovms.car.delivery import LONGEST_RECORD
from ovms.car.module import Module
from ovms.car.recordings.recording import Recording
from ovms.car.state import CarState
from ovms.car.vehicles.data.vehicle import DataVehicle
from ovms.car.vehicles.roadster import roadster_type
from ovms.car.vehicles.sim import SCENARIOS, SimCar
from ovms.protocol import Message
from ovms.protocol.commands import Command, Result
from ovms.protocol.records.history import AckedRecord, HistoryRecord
from ovms.protocol.records.logs import GridRecord
from tests.car.frames import execute

Told = list[tuple[str, list[str]]]


def looked(*states: tuple[str | None, int | None]) -> list[str]:
    """Return the charge states of the records of a car that goes through states."""
    log, state, found = ChargeLog(), CarState(), []
    for now, (state.charge_state, state.charge_state_number) in enumerate(states):
        for second in (0, 30):
            entry = log.look(state, 100 * now + second, 0)
            if entry is not None:
                found.append(entry.record.data.decode().split(",")[6])
    return found


def changed(log: ChargeLog, state: CarState, word: str) -> HistoryRecord:
    """Return the record of a change of the charge state."""
    log.look(state, 0, 0)
    state.charge_state = word
    assert log.look(state, 10, 0) is None
    entry = log.look(state, 40, 0)
    assert entry is not None
    return entry.record


def test_a_charge_that_flickers_is_one() -> None:
    """Its beginning and its end are told, with the time and the readings of when they were."""
    log, state, told = ChargeLog(), CarState(charge_state="stopped", charge_energy=0), []
    log.look(state, 0, 1000)
    for second in range(1, 400):
        is_charging = second % 19 < 17 and second < 200
        state.charge_state = "charging" if is_charging else "stopped"
        state.charge_energy = min(second, 200)
        entry = log.look(state, second, 1000 + second)
        if entry is not None:
            columns = entry.record.data.decode().split(",")
            told.append((second, entry.at - 1000, columns[6], columns[20]))
    assert told == [(3, 1, "charging", "1.000"), (230, 200, "stopped", "200.000")]


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ([("charging", 1), ("charging", 1)], []),
        ([("charging", 1), ("done", 4), ("done", 4)], ["done"]),
        ([("charging", None), ("done", None), ("charging", None)], ["done", "charging"]),
        ([("stopped", 0x0E), ("stopped", 0x15)], ["stopped"]),
        ([("stopped", None), ("stopped", 0x15)], []),
        ([(None, None), (None, 1), ("charging", 1)], []),
        ([("charging", 1), (None, None), ("charging", 1), (None, None), ("done", 4)], ["done"]),
        ([("done", 4), ("", 4), ("done", 4)], []),
        ([(None, 4), (None, 1)], []),
        ([("done", 0), ("charging", 1), ("done", 0)], ["charging", "done"]),
    ],
)
def test_a_change_of_the_charge_state_is_told(
    states: list[tuple[str | None, int | None]], told: list[str]
) -> None:
    """Each new state once; not the first reading of its word or number, nor what is lost."""
    assert looked(*states) == told


def test_the_columns_are_those_of_the_record() -> None:
    """As many as are described, in their places; what is unknown is empty."""
    record = changed(ChargeLog(), CarState(charge_state="charging"), "done")
    assert (record.type, record.number, record.lifetime) == ("*-LOG-Grid", 2, LIFETIME)
    columns = record.data.decode().split(",")
    assert len(columns) == len(GridRecord.TABLE) == 45
    assert {at + 1: text for at, text in enumerate(columns) if text} == {1: "0", 7: "done"}


def test_each_reading_stands_in_its_column() -> None:
    """What a car knows of itself is where modules on the road put it, in metric units."""
    state = CarState(
        latitude=48.5, longitude=-11.25, altitude=480, gps_lock=True, plug_type=7,
        charge_state="charging", charge_substate=3, charge_mode=3, charge_limit=16,
        charge_minutes=90, charge_energy=10.25, grid_energy=11.5, grid_energy_total=1234.5678,
        soc=64, estimated_range=150.04, ideal_range=180, ideal_range_max=280, battery_voltage=391.2,
        temperature_battery=21, temperature_charger=35.5, temperature_ambient=-4.5,
        temperature_cabin=19, soh=97, cac=140.5, odometer=12345.6, limit_range=0, limit_soc=80,
    )  # fmt: skip
    record = changed(ChargeLog(), state, "topoff")
    assert record.data.decode() == (
        "1,48.500000,-11.250000,480,,ccs,topoff,onrequest,range,16,0,80,,,,,,,,"
        "5400,10.250,11.500,1234.568,,,,,64.0,150.0,180.0,280.0,391.2,"
        "21.0,35.5,,-4.5,19.0,97,,140.500,,,,,12345.600"
    )
    assert len(record.fields) < LONGEST_RECORD - 200
    read = GridRecord.parse(record.data)
    assert (read.charge_state, read.soc, read.battery_voltage) == ("topoff", 64.0, 391.2)
    assert (read.soh, read.cac, read.odometer) == (97, 140.5, 12345.6)


def test_numbers_without_a_word_do_no_harm() -> None:
    """A plug, mode or sub-state that nobody has a word for is empty, or its number."""
    state = CarState(charge_state="done", plug_type=99, charge_mode=2, charge_substate=9)
    record = changed(ChargeLog(), state, "stopped")
    assert record.data.decode().split(",")[5:9] == ["", "stopped", "9", ""]


def told_by(module: Module, poll: Callable[[], list[Message]], into: Told) -> None:
    """Note what is told for the history, and acknowledge it."""
    for message in poll():
        if message.code == "h":
            record = AckedRecord.parse(message.data)
            assert record is not None
            into.append((record.record.type, record.record.data.decode().split(",")))
            module.receive(Message("h", message.data.split(b",")[0]), 0)


def test_the_simulated_car_tells_its_charges() -> None:
    """What each charge began and ended with, the one that is stopped on request included."""
    start = 1_750_000_000.0
    car = SimCar(start=start, seed=1, scenario=SCENARIOS["parked"])
    module = Module(car)
    module.connect(start)
    told: Told = []
    module.poll(start)
    car.charging.plug()
    is_stopped = False
    for second in range(1, 2 * 3600, 10):
        told_by(module, lambda now=start + second: module.poll(now), told)  # type: ignore[misc]
        if not is_stopped and car.charging.energy > 1:
            is_stopped = execute(car, Command(12, ""), start + second).result == Result.OK
    assert [columns[6] for _, columns in told] == ["charging", "stopped"]
    columns = told[1][1]
    assert (columns[0], columns[5], columns[7]) == ("1", "type2", "onrequest")
    assert float(columns[19]) > 0
    assert 1 < float(columns[20]) < float(columns[21]) <= float(columns[22])
    assert all(columns[6] != told[at][1][6] for at, (_, columns) in enumerate(told[1:]))


def test_a_car_that_keeps_no_logs_tells_none(roadster_data: Path) -> None:
    """A car from a bus tells neither trips nor charges unless it was made to."""
    assert replayed(roadster_data / "20120218.charge.done.csv", logs=False) == []


def replayed(path: Path, *, logs: bool = True) -> Told:
    """Return what a recording tells for the history."""
    car = DataVehicle(roadster_type(), logs=logs)
    module, told = Module(car), list[tuple[str, list[str]]]()
    module.connect(0)
    for frame in Recording(path).frames():
        car.receive(frame, frame.time)
        told_by(module, lambda now=frame.time: module.poll(now), told)  # type: ignore[misc]
    module.finish(frame.time)
    told_by(module, lambda: module.poll(frame.time), told)
    return told


def test_the_recorded_charge_is_told(roadster_data: Path) -> None:
    """The real charge, from 93 to 96 %: prepared, begun, and done after 16 minutes."""
    told = replayed(roadster_data / "20120218.charge.done.csv")
    assert [kind for kind, _ in told] == ["*-LOG-Grid"] * 3
    picked = [(c[6], c[7], c[8], c[9], c[19], c[20], c[27]) for _, c in told]
    assert picked[0][0] == "prepare"
    assert picked[1:] == [
        ("charging", "timerwait", "standard", "70", "180", "0.000", "93.0"),
        ("done", "9", "standard", "70", "1140", "2.000", "96.0"),
    ]


def test_the_recorded_drive_is_told_as_a_trip(roadster_data: Path) -> None:
    """The real drive is one trip of 6.4 km, without a position, and no charge."""
    ((kind, columns),) = replayed(roadster_data / "20120218.drive.a.csv")
    assert kind == "*-LOG-Trip"
    assert columns[:3] == ["0", "", ""]
    assert (columns[6], columns[7]) == ("6.437", "934")
