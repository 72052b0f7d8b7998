"""The type ``obd2``, and what stands for a car: both joined frame by frame, and bytes by hand."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovms.base import logs
from ovms.car.frames import Frame
from ovms.car.trust import Trust
from ovms.car.vehicles.data.folder import VehicleType, read_folder
from ovms.car.vehicles.data.transport import IsoTpEndpoint
from ovms.car.vehicles.data.vehicle import DataVehicle
from ovms.car.vehicles.obd2.simulated import AFTER_RUN, MOST_PIDS, SimulatedCar, offered
from ovms.car.vehicles.simulation import Simulation
from ovms.protocol.records.environment import Doors1

FOLDER = Path(__file__).parents[2] / "src/ovms/car/vehicles/obd2"
VIN = "0VMS0BD2SEEDTEST1"
STEP = 0.25
ASKED_ASLEEP = 60
"""Seconds between two requests to a car that sleeps."""


@cache
def obd2() -> VehicleType:
    """Read the type, once."""
    return read_folder(FOLDER)


def all_frames(frame: Frame) -> bool:
    """Lose none."""
    return True


class Bus:
    """A module and a simulated car on one bus; ``passes`` tells which frames are not lost."""

    def __init__(
        self,
        trust: Trust = Trust.ASK,
        kind: VehicleType | None = None,
        passes: Callable[[Frame], bool] = all_frames,
        *,
        is_extended: bool = False,
    ) -> None:
        self.car = DataVehicle(kind or obd2(), trust=trust)
        self.other = SimulatedCar(vin=VIN, seed=3, is_extended=is_extended)
        self.passes = passes
        self.now = 1000.0
        self.asked: list[Frame] = []
        """What the module has sent."""
        self.told: list[Frame] = []
        """What the car has sent."""

    def step(self) -> None:
        """Let time pass, and all that is said be heard."""
        self.now += STEP
        self.car.advance(self.now)
        told = self.other.poll(self.now)
        asked = self._send()
        while asked or told:
            self.told += told
            for frame in filter(self.passes, told):
                self.car.receive(frame, self.now)
                asked += self._send()
            answers = [self.other.receive(frame, self.now) for frame in filter(self.passes, asked)]
            asked, told = [], [frame for each in answers for frame in each]

    def _send(self) -> list[Frame]:
        frames = self.car.sending(self.now)
        self.car.sent(self.now)
        self.asked += frames
        return frames

    def run(self, seconds: float) -> None:
        """Let time pass."""
        for _ in range(round(seconds / STEP)):
            self.step()

    def run_until(self, is_so: Callable[[], bool], most: float = 4000) -> None:
        """Let time pass until something is so."""
        end = self.now + most
        while not is_so():
            assert self.now < end
            self.step()

    def drive_off(self) -> None:
        """Let time pass until the car is on its way, and the module knows it."""
        self.run_until(lambda: self.other.state.is_on is True)
        self.run(ASKED_ASLEEP + 5)

    def switch_off(self) -> None:
        """Let time pass until the control unit has lost its power."""
        self.run_until(lambda: not self.other.is_powered)


def test_a_drive_is_told() -> None:
    """All that the control unit offers is known on the way, and follows it."""
    bus = Bus()
    bus.drive_off()
    for _ in range(5):
        bus.run(31)
        state, truth = bus.car.state, bus.other.state
        assert (state.vin, state.is_on, state.parked_since) == (VIN, True, None)
        assert state.odometer == pytest.approx(truth.odometer, abs=31 / 3600 * 120)
        assert state.soc == pytest.approx(truth.soc, abs=1.5)
        assert state.voltage_12v == pytest.approx(truth.voltage_12v, abs=0.2)
        assert state.temperature_ambient == pytest.approx(truth.temperature_ambient, abs=1)
        bus.run_until(lambda: bool(bus.other.state.speed), 120)
        bus.run(1.0)
        assert bus.car.state.speed == pytest.approx(bus.other.state.speed, abs=10)


def test_a_car_that_falls_silent_is_off() -> None:
    """Half a minute after its last word it stands and is off, the rest stays as it was read."""
    bus = Bus()
    bus.drive_off()
    bus.switch_off()
    assert bus.car.state.is_on
    silent_since = bus.told[-1].time
    bus.run_until(lambda: not bus.car.state.is_on, 31)
    assert bus.now == pytest.approx(silent_since + 30, abs=STEP)
    state = bus.car.state
    assert (state.speed, state.parked_since) == (0, bus.now)
    assert None not in (state.soc, state.odometer, state.vin)


def test_a_sleeping_car_is_left_alone() -> None:
    """It is asked one short question a minute, and on the way its speed each second."""
    bus = Bus()
    bus.drive_off()
    bus.asked.clear()
    bus.run(20)
    speeds = [frame.time for frame in bus.asked if frame.data[1:3] == b"\x01\x0d"]
    assert 19 <= len(speeds) <= 21
    bus.switch_off()
    bus.run(31)
    bus.asked.clear()
    bus.run(10 * ASKED_ASLEEP)
    assert [frame.data.hex() for frame in bus.asked] == ["0201000000000000"] * 10


def test_a_car_that_sleeps_from_the_beginning() -> None:
    """Nothing is known of it before its first answer: the module may be on another bus."""
    bus = Bus()
    bus.run(45)
    assert (bus.car.state.doors_1, bus.car.state.speed) == (None, None)


def test_who_listens_says_nothing() -> None:
    """With trust in listening alone no frame leaves, and what another asks for is read."""
    bus = Bus(Trust.LISTEN)
    bus.drive_off()
    assert bus.asked == []
    assert bus.car.state.doors_1 is None
    for request, flows in ((b"\2\1\x0d\0\0\0\0\0", False), (b"\2\x09\2\0\0\0\0\0", True)):
        answers = bus.other.receive(Frame(bus.now, 0x7E0, request), bus.now)
        if flows:
            answers += bus.other.receive(Frame(bus.now, 0x7E0, b"\x30\0\0\0\0\0\0\0"), bus.now)
        for frame in answers:
            bus.car.receive(frame, bus.now)
            assert bus.car.sending(bus.now) == []
    assert bus.car.state.speed == round(bus.other.state.speed or 0)
    assert (bus.car.state.vin, bus.car.state.is_on) == (VIN, True)


def test_only_what_is_offered_is_asked_for() -> None:
    """A control unit that offers the speed alone is asked for nothing else, whatever it has."""
    car = DataVehicle(obd2(), trust=Trust.ASK)
    asked = set()
    for now in range(600):
        car.advance(now)
        for frame in car.sending(now):
            car.sent(now)
            asked.add(frame.data[1:3].hex())
            if frame.data[1:3] == b"\1\0":
                car.receive(Frame(now, 0x7E8, bytes.fromhex("064100000800 00")), now)
    assert asked == {"0100", "010d", "0900", "0902"}


def heard(*texts: str) -> DataVehicle:
    """Return a car that only listens, after frames of its control unit, or ``ID#`` of another."""
    car = DataVehicle(obd2())
    for now, text in enumerate(texts):
        bus_id, _, data = text.rpartition("#")
        number = int(bus_id or "7E8", 16)
        car.receive(Frame(now, number, bytes.fromhex(data), number > 0x7FF), now)
    return car


@pytest.mark.parametrize(
    ("frame", "field", "expected"),
    [
        ("03 41 0D 32", "speed", 50),
        ("03 41 0D FF", "speed", 255),
        ("02 41 0D 32", "speed", None),
        ("04 41 42 36 B0", "voltage_12v", 14),
        ("04 41 42 00 00", "voltage_12v", None),
        ("03 41 46 28", "temperature_ambient", 0),
        ("03 41 46 00", "temperature_ambient", -40),
        ("03 41 5B 80", "soc", pytest.approx(50.2, abs=0.01)),
        ("03 41 5B FF", "soc", pytest.approx(100, abs=0.01)),
        ("06 41 A6 00 12 D6 87", "odometer", pytest.approx(123456.7)),
        ("03 7F 01 12", "doors_1", None),
        ("03 41 FE 12", "doors_1", None),
        ("06 41 00 00 00 00 00", "doors_1", Doors1.CAR_ON),
        ("7E9#03 41 0D 32", "speed", 50),
        ("7EF#03 41 0D 32", "speed", 50),
        ("7F0#03 41 0D 32", "speed", None),
        ("7E7#03 41 0D 32", "speed", None),
        ("18DAF110#03 41 0D 32", "speed", 50),
        ("18DAF1FF#03 41 0D 32", "speed", 50),
        ("18DAF210#03 41 0D 32", "speed", None),
        ("18DAF1F1#03 41 0D 32", "speed", None),  # the tester's own
        ("7DF#02 01 0D", "speed", None),
    ],
)
def test_answers_as_the_standard_has_them(frame: str, field: str, expected: object) -> None:
    """Each PID is read with its unit, from all control units; negative answers say nothing."""
    assert getattr(heard(frame).state, field) == expected


VIN_HEX = VIN.encode().hex()


@pytest.mark.parametrize(
    "payload",
    [f"490201{VIN_HEX}", f"490201000000{VIN_HEX}", f"490201{VIN_HEX}000000"],
)
def test_vins_with_and_without_zeros(payload: str) -> None:
    """A VIN is known whether there are zeros before it, behind it, or none."""
    data = bytes.fromhex(payload)
    frames = [f"10{len(data):02x}{data[:6].hex()}"]
    frames += [f"2{at // 7 + 1}{data[6 + at : 13 + at].hex()}" for at in range(0, len(data) - 6, 7)]
    assert heard(*frames).state.vin == VIN
    assert heard(*frames[:2], *frames[3:]).state.vin is None


def test_two_control_units_at_once() -> None:
    """Another one that answers to everybody does not disturb the long answer of ours."""
    car = DataVehicle(obd2(), trust=Trust.ASK)
    car.sending(0)
    car.receive(Frame(0, 0x7E8, bytes.fromhex("06 41 00 00 00 00 00")), 0)
    assert [frame.data[1:3] for frame in car.sending(0)] == [b"\x09\0"]
    car.receive(Frame(0, 0x7E8, bytes.fromhex("06 49 00 40 00 00 00")), 0)
    assert [frame.data[1:3] for frame in car.sending(0)] == [b"\x09\2"]
    data = f"490201{VIN_HEX}"
    for at, head in enumerate(("1014", "21", "22")):
        ours = data[12 * at : 12] if at == 0 else data[14 * at - 2 : 14 * at + 12]
        car.receive(Frame(0, 0x7E9, bytes.fromhex(head) + b"\0" * 6), 0)
        car.receive(Frame(0, 0x7E8, bytes.fromhex(head + ours)), 0)
        assert [frame.id for frame in car.sending(0)][: at == 0] == [0x7E0] * (at == 0)
    assert car.state.vin == VIN


@given(st.integers(0, 2**32), st.floats(0.05, 0.6))
@settings(max_examples=15)
def test_frames_may_be_lost(seed: int, part: float) -> None:
    """Whatever is lost, nothing wrong is ever read, and all is known again soon after it ends."""
    chance = Random(seed)  # noqa: S311 (no secret)
    bus = Bus(passes=lambda _: chance.random() >= part)
    speeds: list[int] = []
    bus.run_until(lambda: bus.other.state.is_on is True)
    for _ in range(round(200 / STEP)):
        bus.step()
        state, truth = bus.car.state, bus.other.state
        speeds.append(round(truth.speed or 0))
        assert state.vin in (None, VIN)
        assert state.speed in {None, 0, *speeds}
        assert state.odometer is None or -0.06 < (truth.odometer or 0) - state.odometer < 10
        assert state.soc is None or abs(state.soc - (truth.soc or 0)) < 10
        assert state.voltage_12v is None or 11 < state.voltage_12v < 15
    bus.passes = all_frames
    bus.run(ASKED_ASLEEP + 35)
    known = bus.car.state
    assert (known.vin, known.is_on) == (VIN, bus.other.state.is_on)
    assert None not in (known.soc, known.odometer, known.voltage_12v, known.temperature_ambient)


ids = st.sampled_from([0x7E8, 0x7E9, 0x7E0, 0x7DF, 0x18DAF110])
starts = st.sampled_from(
    [b"", b"\x10\x14\x49\x02", b"\x21", b"\x22", b"\x06\x41\0", b"\x04\x7f\x01"]
)
frames = st.builds(
    lambda bus_id, start, rest: Frame(0, bus_id, (start + rest)[:8], bus_id > 0x7FF),
    ids, starts, st.binary(max_size=8),
)  # fmt: skip


@given(st.lists(st.tuples(st.floats(0, 40), frames), max_size=50), st.sampled_from(list(Trust)))
def test_any_frames_are_survived(said: list[tuple[float, Frame]], trust: Trust) -> None:
    """No frame makes a module fail or say much, nor the simulated car; a listener says nothing."""
    car, other = DataVehicle(obd2(), trust=trust), SimulatedCar(seed=3)
    other.poll(0)
    now = 0.0
    for pause, frame in said:
        now += pause
        car.advance(now)
        car.receive(frame, now)
        sent = car.sending(now)
        assert len(sent) <= (2 if trust >= Trust.ASK else 0)
        other.receive(frame, now)
        other.poll(now)


# -- 29 bits --------------------------------------------------------------------------------


def test_a_car_with_29_bits() -> None:
    """It is found by itself, and from then on asked by ids of 29 bits alone."""
    bus = Bus(is_extended=True)
    bus.drive_off()
    assert bus.car.state.vin == VIN
    assert bus.car.state.odometer == pytest.approx(bus.other.state.odometer, abs=5)
    assert {frame.id for frame in bus.asked} == {0x7DF, 0x18DB33F1, 0x18DA10F1}
    bus.asked.clear()
    bus.run(130)
    assert {frame.id for frame in bus.asked} == {0x18DB33F1, 0x18DA10F1}


# -- several control units ------------------------------------------------------------------


class Unit:
    """A control unit with an answer to each request that it knows."""

    def __init__(
        self, request: int, response: int, answers: dict[str, str], *, is_shy: bool = False
    ) -> None:
        self.end = IsoTpEndpoint(response, request, request > 0x7FF)
        self.request = request
        self.answers = {bytes.fromhex(asked): bytes.fromhex(a) for asked, a in answers.items()}
        self.is_shy = is_shy
        """It answers only to requests to all."""
        self.asked: list[str] = []

    def receive(self, frame: Frame, now: float) -> list[Frame]:
        """Return the frames of the answer to a frame."""
        is_to_all = frame.id in (0x7DF, 0x18DB33F1) and frame.is_extended == (self.request > 0x7FF)
        is_request = frame.data[0] < 8
        if not (is_to_all or frame.id == self.request) or (
            self.is_shy and is_request and not is_to_all
        ):
            return []
        for request in self.end.receive(frame._replace(id=self.request), now):
            if request in self.answers:
                self.asked.append(request.hex())
                self.end.send(self.answers[request], now)
        return self.end.take()


def drive(units: list[Unit], seconds: float = 60, trust: Trust = Trust.ASK) -> DataVehicle:
    """Return a car after some time with these units."""
    car = DataVehicle(obd2(), trust=trust)
    now = 0.0
    while now < seconds:
        car.advance(now)
        while frames := car.sending(now):
            car.sent(now)
            for frame in [each for unit in units for sent in frames
                          for each in unit.receive(sent, now)]:  # fmt: skip
                car.receive(frame, now)
        now += 0.25
    return car


ENGINE = {"0100": "410000080001", "0120": "412000000001", "0140": "414040000000",
          "010d": "410d32", "0142": "414236b0"}  # fmt: skip
BATTERY = {"0100": "410000000001", "0120": "412000000001", "0140": "414000000020",
           "015b": "415b80"}  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other"),
    [((0x7E0, 0x7E8), (0x7E3, 0x7EB)), ((0x7E6, 0x7EE), (0x7E7, 0x7EF)),
     ((0x18DA10F1, 0x18DAF110), (0x18DAFFF1, 0x18DAF1FF))],
)  # fmt: skip
def test_each_unit_is_asked_for_what_it_offers(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    """Speed and 12 V come from one, and the state of charge from another; none is asked in vain."""
    units = [Unit(*one, ENGINE), Unit(*other, BATTERY)]
    state = drive(units).state
    assert (state.speed, state.voltage_12v) == (50, 14)
    assert state.soc == pytest.approx(50.2, abs=0.01)
    assert set(units[0].asked) == set(ENGINE)
    assert set(units[1].asked) == set(BATTERY)


def test_a_unit_that_answers_only_to_all() -> None:
    """One that does not answer on its own id is asked by the id of all."""
    state = drive([Unit(0x7E1, 0x7E9, ENGINE, is_shy=True)]).state
    assert (state.speed, state.voltage_12v) == (50, 14)


def test_of_two_that_offer_the_same_one_is_asked() -> None:
    """The first one is asked for the speed, and the other only for what it alone has."""
    units = [Unit(0x7E0, 0x7E8, ENGINE), Unit(0x7E1, 0x7E9, ENGINE | BATTERY)]
    units[1].answers[bytes.fromhex("0140")] = bytes.fromhex("414040000020")
    drive(units)
    assert "010d" in units[0].asked
    assert all(units[1].asked.count(each) <= 1 for each in ("010d", "0142"))
    assert "015b" in units[1].asked


def vin_answers(vin: bytes) -> dict[str, str]:
    """Return the answers of a unit that tells a VIN."""
    return {"0100": "410000000000", "0900": "490040000000", "0902": f"490201{vin.hex()}"}


@pytest.mark.parametrize(
    "none",
    [b"\0" * 17, b"\xff" * 17, b" " * 17, b"0" * 17, b"X" * 17, b"-" * 17, b"12345678901234567",
     b"WVWZZZ1OZXW000001", b"WVWZZZ1IZXW000001", b"WVWZZZ1QZXW000001", b"wvwzzz1jzxw000001",
     b"WVWZZZ1JZXW00000", b"WVWZZZ1JZX\0\0\0\0\0\0\0", b""],
)  # fmt: skip
def test_an_answer_that_is_no_vin_is_none(none: bytes) -> None:
    """It is unknown, and another unit's is taken, whichever comes first."""
    assert drive([Unit(0x7E0, 0x7E8, vin_answers(none))]).state.vin is None
    for order in (1, -1):
        given = [none, VIN.encode()][::order]
        units = [Unit(0x7E0 + at, 0x7E8 + at, vin_answers(vin)) for at, vin in enumerate(given)]
        assert drive(units, 100).state.vin == VIN


def test_who_answers_what_is_logged_once(lines: Callable[[], list[dict[str, str]]]) -> None:
    """A line for each control unit, with what it has answered."""
    drive([Unit(0x7E0, 0x7E8, ENGINE), Unit(0x7E3, 0x7EB, BATTERY)], 200)
    told = [(line["id"], line["answers"]) for line in lines()]
    assert [id_ for id_, _ in told] == ["7E8", "7EB"]
    assert [("speed" in each, "12 V" in each, "state of charge" in each) for _, each in told] == [
        (True, True, False), (False, False, True),
    ]  # fmt: skip


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, str]]]]:
    """Return a function that returns the lines of the log about control units."""
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    yield lambda: [
        line for each in stream.getvalue().splitlines()
        if (line := json.loads(each))["event"] == "control unit"
    ]  # fmt: skip
    logs.configure("warning", "text")


# -- the simulated control unit ---------------------------------------------------------------


@pytest.fixture
def running() -> SimulatedCar:
    """Make a car that is on, at second 200."""
    other = SimulatedCar(vin=VIN, seed=3)
    for now in range(201):
        other.poll(now)
    assert other.is_powered
    return other


def say(other: SimulatedCar, text: str, bus_id: int = 0x7E0, now: float = 200) -> list[str]:
    """Put a frame on the bus; give the answer."""
    answer = other.receive(Frame(now, bus_id, bytes.fromhex(text)), now)
    assert all((frame.id, len(frame.data)) == (0x7E8, 8) for frame in answer)
    return [frame.data.hex(" ").upper() for frame in answer]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("02 01 00", ["06 41 00 00 08 00 01 00"]),
        ("02 01 20", ["06 41 20 00 00 00 01 00"]),
        ("02 01 40", ["06 41 40 44 00 00 21 00"]),
        ("02 01 A0", ["06 41 A0 04 00 00 00 00"]),
        ("02 01 C0", ["03 7F 01 12 00 00 00 00"]),
        ("02 01 0C", ["03 7F 01 12 00 00 00 00"]),
        ("01 01", ["03 7F 01 12 00 00 00 00"]),
        ("02 09 00", ["06 49 00 40 00 00 00 00"]),
        ("02 09 04", ["03 7F 09 12 00 00 00 00"]),
        ("03 22 F1 90", ["03 7F 22 11 00 00 00 00"]),
        ("02 09 02", ["10 14 49 02 01 30 56 4D"]),
        ("", []),
        ("00", []),
        ("05 01", []),
        ("21 01 00", []),
        ("30 00 00", []),
        ("F0", []),
    ],
)
def test_what_the_control_unit_answers(
    running: SimulatedCar, request_: str, expected: list[str]
) -> None:
    """It answers what it has, refuses what it has not, and ignores what is no request."""
    assert say(running, request_) == expected
    refused = [text for text in expected if text.startswith("03 7F")]
    running.poll(202)
    assert say(running, request_, 0x7DF, 202) == [each for each in expected if each not in refused]


def test_several_pids_in_one_request(running: SimulatedCar) -> None:
    """Up to six are answered together, those that it does not have left out."""
    (text,) = say(running, f"0{MOST_PIDS + 1} 01 46 0C 0C 0C 0C 46")
    assert text[:12] == "05 41 46 26 46"[:12]
    assert text.split()[2::2][:2] == ["46", "46"]


def test_a_long_answer_waits_to_go_on(running: SimulatedCar) -> None:
    """It goes on when it is let; not after a second, and a new request ends it."""
    head = ["10 14 49 02 01 30 56 4D"]
    assert say(running, "02 09 02", now=200) == head
    assert say(running, "30 00 00", now=200.5) == [
        "21 53 30 42 44 32 53 45", "22 45 44 54 45 53 54 31",
    ]  # fmt: skip
    assert say(running, "02 09 02", now=201) == head
    assert say(running, "30 00 00", now=202.1) == []
    assert say(running, "02 09 02", now=203) == head
    assert say(running, "02 01 00", now=203.1) == ["06 41 00 00 08 00 01 00"]
    assert say(running, "30 00 00", now=203.2) == []


def test_a_car_that_is_off_is_silent(running: SimulatedCar) -> None:
    """Its control unit answers a little longer than the car is on."""
    now = 200.0
    while running.state.is_on:
        running.poll(now := now + 1)
    assert say(running, "02 01 00", now=now + AFTER_RUN - 2)
    assert say(running, "02 01 00", now=now + AFTER_RUN + 1) == []


def test_the_same_seed_gives_the_same_car() -> None:
    """A car follows from its seed; it has a VIN of its own if none is given."""
    cars = [SimulatedCar(seed=seed) for seed in (1, 1, 2)]
    for now in range(0, 300, 5):
        for car in cars:
            car.poll(now)
    one, same, other = (car.state for car in cars)
    assert (one.odometer, one.vin) == (same.odometer, same.vin)
    assert (one.odometer, one.vin) != (other.odometer, other.vin)
    assert one.vin is not None
    assert len(one.vin) == 17


def test_it_is_a_simulation() -> None:
    """It can be put on a bus like any other."""
    simulation: Simulation = SimulatedCar()
    assert simulation.poll(0) == []


@pytest.mark.parametrize(
    ("after", "numbers", "expected"),
    [
        (0, (0x0D,), "00080000"),
        (0, (0x20,), "00000001"),
        (0, (0x42,), "00000001"),
        (0x20, (0x0D,), "00000000"),
        (0xA0, (0xA1, 0xA6), "84000000"),
        (0, (1, 0x20, 0xFF), "80000001"),
    ],
)
def test_bits_of_what_is_offered(after: int, numbers: tuple[int, ...], expected: str) -> None:
    """Each PID has its bit, the first the highest; the last stands for all that come later."""
    assert offered(after, numbers).hex() == expected
