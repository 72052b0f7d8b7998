from __future__ import annotations

import asyncio
import json
import os
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from ovms.base.clock import ManualClock
from ovms.car.memory import (
    FILE_NAME,
    HANDED_OVER,
    LARGEST_FILE,
    NOT_KEPT,
    SAVE_INTERVAL,
    DamagedMemory,
    KnownFile,
    StateKeeper,
    StateMemory,
    hand_over,
    handed_over,
    restore,
    values_of,
)
from ovms.car.module import Module
from ovms.car.state import CarError, CarState, Topic
from ovms.car.vehicles.sim import SimCar
from ovms.protocol.records.environment import Doors1, Doors2

NOW, TIME = 1000.0, 1_790_000_000.0
MEMORY = StateMemory("CAR1", "roadster")


def lived() -> CarState:
    """Return a state with readings of every kind."""
    state = CarState(
        vin="VIN1", soc=64.5, charge_state="charging", charge_state_number=1, lock_told=True,
        latitude=47.5, longitude=-9.25, gps_lock=True, doors_2=Doors2.LOCKED, odometer=0,
        parked_since=400,
    )  # fmt: skip
    state.put_bit(Doors1.CAR_ON, False)
    state.tyres["fl"].pressure = 250.0
    state.updated = {Topic.POSITION: 900.0, Topic.TYRES: 10.0}
    return state


def again(data: bytes, now: float = 50.0, gap: float = 30.0) -> CarState:
    """Return a new state into which a memory was brought back, ``gap`` seconds later."""
    state = CarState()
    assert MEMORY.restore(data, state, now, TIME + gap)
    return state


def test_what_was_known_comes_back_with_its_age() -> None:
    """Each reading as it was; what is dated is older by the time between."""
    state = again(MEMORY.encode(lived(), NOW, TIME))
    assert values_of(state) == values_of(lived())
    assert (state.is_on, state.bit(Doors1.LEFT_DOOR), state.is_locked) == (False, None, True)
    assert state.updated == {Topic.POSITION: 50 - 130, Topic.TYRES: 50 - 1020}
    assert (state.parked_since, state.parking_time(50.0)) == (50 - 630, 630)


def test_a_whole_car_comes_back() -> None:
    """Every attribute that a simulated car has, but for what the module works out."""
    car = SimCar(start=NOW, seed=1).state
    state = again(MEMORY.encode(car, NOW, TIME))
    for each in fields(CarState):
        if each.name not in NOT_KEPT - {"tyres"}:
            assert getattr(state, each.name) == getattr(car, each.name), each.name


def test_nothing_known_is_nothing_kept() -> None:
    """A car of which nothing was read has nothing to bring back."""
    assert values_of(CarState()) == {}
    assert again(MEMORY.encode(CarState(), NOW, TIME)) == CarState()


def test_an_error_is_not_brought_back() -> None:
    """It would be told as a new one."""
    state = CarState(error=CarError(1, 2), time=5.0, gsm_signal=20)
    assert again(MEMORY.encode(state, NOW, TIME)) == CarState()


def test_what_is_known_already_counts_more() -> None:
    """Such as a VIN that was given at the start."""
    state = CarState(vin="MINE", doors_1=Doors1.CAR_ON)
    MEMORY.restore(MEMORY.encode(lived(), NOW, TIME), state, 0, TIME)
    assert (state.vin, state.doors_1, state.unread, state.soc) == ("MINE", Doors1.CAR_ON, {}, 64.5)
    assert state.parked_since is None


def test_only_what_the_type_fills_comes_back() -> None:
    """A type that has been changed does not keep for ever what it does not read any more."""
    state = CarState()
    MEMORY.restore(MEMORY.encode(lived(), NOW, TIME), state, 0, TIME, {"soc", "doors_1"})
    assert values_of(state) == {"soc": 64.5, "doors_1": 0, "unread": {"doors_1": 0x7F}}


@pytest.mark.parametrize("other", [StateMemory("CAR2", "roadster"), StateMemory("CAR1", "obd2")])
def test_another_car_s_memory_is_left_alone(other: StateMemory) -> None:
    """A state folder may have been another vehicle's, or another type's."""
    state = CarState()
    assert not other.restore(MEMORY.encode(lived(), NOW, TIME), state, 0, TIME)
    assert state == CarState()


def test_a_clock_that_goes_back_makes_nothing_younger() -> None:
    """A board without a clock starts in the past."""
    state = again(MEMORY.encode(lived(), NOW, TIME), gap=-1e6)
    assert state.updated[Topic.POSITION] == 50 - 100


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"{}", b"[" * 100_000, b'{"version": 2}', b"\xff", b" " * LARGEST_FILE,
     b'{"version":1,"vehicle":"CAR1","type":"roadster","saved":"x","values":{},"ages":{}}',
     b'{"version":1,"vehicle":"CAR1","type":"roadster","saved":1,"values":{"tyres":1},"ages":{}}'],
)  # fmt: skip
def test_a_damaged_memory_is_refused(text: bytes) -> None:
    """Whatever its bytes are."""
    with pytest.raises(DamagedMemory):
        MEMORY.restore(text + b" ", CarState(), 0, TIME)


@pytest.mark.parametrize(
    ("name", "value"),
    [("soc", "5"), ("soc", True), ("soc", [1]), ("doors_1", "x"), ("doors_1", 1.5),
     ("charge_state", "flying"), ("lock_told", 1), ("satellites", 1.5), ("nonsense", 1)],
)  # fmt: skip
def test_a_value_of_another_type_stays_unknown(name: str, value: object) -> None:
    """The rest comes back all the same."""
    kept: dict[str, Any] = json.loads(MEMORY.encode(lived(), NOW, TIME))
    kept["values"] = {"odometer": 5, name: value}
    assert values_of(again(json.dumps(kept).encode())) == {"odometer": 5}


# -- the file and what is handed over -------------------------------------------------------


def test_the_file_is_private_and_whole(tmp_path: Path) -> None:
    """It holds the position."""
    file = KnownFile(tmp_path / "state")
    assert file.load() is None
    file.save(b"text")
    assert file.load() == b"text"
    assert (tmp_path / "state" / FILE_NAME).stat().st_mode & 0o777 == 0o600
    file.set_aside()
    assert file.load() is None


def test_what_is_handed_over_comes_once() -> None:
    """The next program reads it, and leaves nothing to those that it starts itself."""
    hand_over(b"what is known")
    assert handed_over() == b"what is known"
    assert (handed_over(), HANDED_OVER in os.environ) == (None, False)


@pytest.mark.parametrize("number", ["", "x", "-1", "9" * 30, "999999"])
def test_a_number_that_is_no_file_is_nothing(number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sets the variable harms nobody."""
    monkeypatch.setenv(HANDED_OVER, number)
    assert handed_over() is None


class ListeningCar:
    """A vehicle that fills its battery only, and notes when it resumes."""

    filled = ("soc",)

    def __init__(self) -> None:
        self.state = CarState()
        self.identity = SimCar(start=0, seed=1).identity
        self.resumed: list[float] = []

    def advance(self, now: float) -> None:
        """Stand still."""

    def execute(self, *args: object) -> None:
        """Do nothing."""

    def resume(self, now: float) -> None:
        """Note it."""
        self.resumed.append(now)


def test_what_is_handed_over_counts_before_the_file(tmp_path: Path) -> None:
    """It is newer; the vehicle is told, and gets what it fills."""
    file, car, clock = KnownFile(tmp_path), ListeningCar(), ManualClock(TIME)
    file.save(MEMORY.encode(CarState(soc=1), NOW, TIME))
    restore(MEMORY, car, 7, MEMORY.encode(lived(), NOW, TIME), file, clock)
    assert (values_of(car.state), car.resumed) == ({"soc": 64.5}, [7])
    other = ListeningCar()
    restore(MEMORY, other, 7, None, file, clock)
    assert (other.state.soc, other.resumed) == (1, [7])


def test_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    """The car starts knowing nothing."""
    file, car = KnownFile(tmp_path), ListeningCar()
    file.save(b"{")
    restore(MEMORY, car, 0, None, file, ManualClock(TIME))
    assert (car.state, car.resumed) == (CarState(), [])
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{FILE_NAME}.damaged"]


def test_what_came_back_is_told_at_login() -> None:
    """The server keeps what it has: there is no 0, and the position is old."""
    car = SimCar(start=0, seed=1)
    quiet = ListeningCar()
    quiet.filled = ()  # type: ignore[assignment]
    restore(MEMORY, quiet, 500, MEMORY.encode(car.state, 0, TIME), None, ManualClock(TIME + 500))
    told = {message.code: message.data.split(b",") for message in Module(quiet).connect(500)}
    assert set(told) == set("FSDLWV")
    assert float(told["S"][0]) == round(car.state.soc or 0)
    assert told["L"][4:6] == [b"1", b"0"]


# -- keeping --------------------------------------------------------------------------------


class Bench:
    """A keeper, and what it has saved."""

    def __init__(self) -> None:
        self.clock = ManualClock(TIME)
        self.state = CarState()
        self.saved: list[bytes] = []
        self.keeper = StateKeeper(MEMORY, self.state, lambda: NOW, self.saved.append, self.clock)

    def is_due(self) -> bool:
        """Return whether something is to be saved now."""
        return self.keeper.due() is not None


def test_changes_are_saved_at_once_and_drifts_seldom() -> None:
    """First readings, words, bits and whole percents at once; the rest after some seconds."""
    bench = Bench()
    assert not bench.is_due()
    bench.state.soc = 50.0
    assert (bench.is_due(), bench.is_due()) == (True, False)
    bench.state.soc, bench.state.speed = 50.1, 30.0
    assert bench.is_due()
    bench.state.speed = 31.0
    assert not bench.is_due()
    bench.state.charge_state = "charging"
    assert bench.is_due()
    bench.state.put_bit(Doors1.CAR_ON, True)
    assert bench.is_due()
    bench.state.speed = 32.0
    bench.clock.advance(SAVE_INTERVAL - 0.1)
    assert not bench.is_due()
    bench.clock.advance(0.1)
    assert (bench.is_due(), bench.is_due()) == (True, False)


def test_a_car_that_sleeps_costs_no_write() -> None:
    """The age of what it said grows, but that is no news."""
    bench = Bench()
    bench.state.soc = 50.0
    assert bench.is_due()
    bench.clock.advance(1e6)
    assert not bench.is_due()


def test_what_is_told_is_saved_at_once() -> None:
    """A power cut is what follows an empty 12 V battery. Ages alone are no news."""
    bench = Bench()
    told: dict[str, Any] = {"charge": ["charging", 1, 5.0, None, None]}
    bench.keeper.told = lambda now: told
    assert (bench.is_due(), bench.is_due()) == (True, False)
    told = {"charge": ["charging", 1, 6.0, None, None]}
    assert not bench.is_due()
    told = {"charge": ["charging", 1, 7.0, None, None], "low_12v": True}
    assert bench.is_due()
    assert MEMORY.told(bench.keeper.text) == told


@pytest.mark.parametrize(
    "told",
    [{"charge": 5}, {"charge": ["x"]}, {"errors": 1}, {"errors": [[1], "x", [1, "a", 2, 3]]},
     {"soc": "x"}, {"low_12v": "x", "moved": 1}, {"more": []}],
)  # fmt: skip
def test_a_damaged_note_of_alerts_is_nothing(told: dict[str, Any]) -> None:
    """Nothing fails, and nothing counts as told."""
    module = Module(SimCar(start=0, seed=1))
    module.resume(told, 0)
    assert module.told(0) == {}


async def test_the_last_state_is_saved_at_the_end() -> None:
    """However the car ends; nothing is saved of a car that nobody has read."""
    for soc, count in ((None, 0), (50.0, 1)):
        bench = Bench()
        bench.state.soc = soc
        task = asyncio.create_task(bench.keeper.run())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert len(bench.saved) == count


def test_a_disk_that_fails_ends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """That is logged once."""
    bench = Bench()

    def fail(text: bytes) -> None:
        raise OSError("disk full")

    keeper = StateKeeper(MEMORY, bench.state, lambda: NOW, fail, bench.clock)
    for _ in range(3):
        keeper._write(b"")
    assert capsys.readouterr().err.count("what is known of the car cannot be kept") == 1
