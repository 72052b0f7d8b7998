"""A simulated car of any type that is a folder: a module of that type reads what the car is."""

from __future__ import annotations

from pathlib import Path

import pytest

import ovms.car.vehicles
from ovms.car.frames import Frame
from ovms.car.trust import Trust
from ovms.car.vehicles.data.fields import FIELDS, Holds
from ovms.car.vehicles.data.folder import VehicleType, read_folder
from ovms.car.vehicles.data.simulated import SimulatedType
from ovms.car.vehicles.data.vehicle import DataVehicle

START = 1_750_000_000.0
VIN = "0VMSSM1TEST000001"
OWN = Path(ovms.car.vehicles.__file__).parent
CASES = Path(__file__).parents[1] / "cases" / "types"
TICK = 0.1


def drive(kind: VehicleType, seconds: float) -> tuple[SimulatedType, DataVehicle]:
    """Let a module listen to the car of its type, and ask it, until the car has been on its way."""
    car = SimulatedType(kind, vin=VIN, seed=1, behind=50)
    module = DataVehicle(kind, trust=Trust.ASK)
    for tick in range(int(seconds / TICK)):
        now = START + TICK * tick
        for frame in car.poll(now):
            module.receive(frame, now)
        for frame in module.sending(now):
            for answer in car.receive(frame, now):
                module.receive(answer, now)
        module.sent(now)
        module.advance(now)
    return car, module


def read_fields(kind: VehicleType) -> set[str]:
    """Return the fields that a type reads."""
    return {
        target.field.name
        for signals in kind.targets.values()
        for targets in signals.values()
        for target in targets
    }


@pytest.mark.parametrize(
    ("folder", "besides"),
    [
        # its timer counts round the day, and shows midnight as a minute past
        (OWN / "roadster", {"charge_timer_start"}),
        (OWN / "obd2", set()),
        # one signal for three temperatures; a limit that it has only while it charges
        (CASES / "gps", {"tyres.fl.temperature", "temperature_battery", "temperature_ambient"}),
        (CASES / "moped", {"charge_limit"}),
    ],
    ids=lambda each: each.name if isinstance(each, Path) else "",
)
def test_a_module_reads_what_the_car_is(folder: Path, besides: set[str]) -> None:
    """Numbers, words, bits, the VIN in pieces, multiplexed messages, and answers to requests."""
    kind = read_folder(folder)
    car, module = drive(kind, 90)
    assert car.state.is_on
    assert (car.state.speed or 0) > 20
    fields = read_fields(kind) - besides
    assert fields
    for name in fields:
        is_, read = FIELDS[name].get(car.state), FIELDS[name].get(module.state)
        if FIELDS[name].holds is Holds.NUMBER and is_ is not None:
            assert read == pytest.approx(is_, rel=0.02, abs=2.5), name
        else:
            assert read == is_, name


def test_a_sleeping_car_says_nothing() -> None:
    """It is awake at first, so that a module sees it; later its bus is silent now and then."""
    lines: list[str] = []
    car = SimulatedType(read_folder(CASES / "moped"), seed=1, say=lines.append)
    assert car.poll(START)
    silent = [second for second in range(4000) if not car.poll(START + second)]
    assert silent
    assert lines[:2] == ["switched on", "switched off"]


def test_a_request_that_nothing_answers() -> None:
    """The car answers negatively, or not at all if all control units were asked."""
    car = SimulatedType(read_folder(OWN / "obd2"), seed=1)
    own, everybody = (Frame(0, each, bytes.fromhex("0201990000000000")) for each in (0x7E0, 0x7DF))
    (answer,) = car.receive(own, START)
    assert answer.data[:4] == bytes.fromhex("037F0131")
    assert car.receive(everybody, START + 1) == []
    assert car.receive(Frame(0, 0x123, b"\x00"), START + 2) == []
