"""The Roadster's frames; the real recordings against a reading of their own, made here."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.car.frames import Frame
from ovms.car.module import Module
from ovms.car.recordings.cando import parse_lines
from ovms.car.recordings.recording import Recording
from ovms.car.reports import Units
from ovms.car.state import CarError, CarState, Topic
from ovms.car.trust import Trust
from ovms.car.vehicles.roadster import Roadster, roadster_type
from ovms.car.vehicles.roadster.demo import DEMO_RECORDING, VIN, text
from ovms.car.vehicles.roadster.simulated import SimulatedRoadster
from ovms.protocol.commands import Answer, Command, Result
from ovms.protocol.records.environment import Doors1, Doors5
from ovms.protocol.records.status import KM_PER_MILE
from ovms.protocol.records.tyres import PSI_PER_KPA
from tests.car.frames import execute, frames_for

VIN_FRAMES = ["A4 30 31 32 33 34 35 36", "A5 41 42 38 43 44 45 46", "A6 37 38 39"]
"""The VIN 0123456AB8CDEF789; its tenth character is 8."""


def fold(*frames: str, bus_id: int = 0x100, vin: str | None = None) -> CarState:
    """Return the state after frames in hexadecimal, one a second."""
    car = Roadster(vin)
    for now, data in enumerate(frames):
        car.receive(Frame(now, bus_id, bytes.fromhex(data)), now)
    return car.state


@pytest.mark.parametrize(
    ("frames", "attribute", "expected"),
    [
        (["06 1B 00 00 01"], "charge_timer_mode", 1),
        (["06 1A 00 00 05 9F"], "charge_timer_start", 0),
        (["06 1A 00 00 00 3B"], "charge_timer_start", 60),
        (["06 1A 00 00 00 3B", "06 1A 00 00 05 A0"], "charge_timer_start", 60),
        (["06 1C 00 00 01"], "charge_timer_mode", None),
        (["80 5D B4 00 75 00 A3 00"], "soc", 93),
        (["80 5D B4 00 75 00 A3 00"], "ideal_range", 180 * KM_PER_MILE),
        (["80 5D B4 00 75 00 A3 00"], "estimated_range", 163 * KM_PER_MILE),
        (["80 5D 70 17"], "ideal_range", 6000 * KM_PER_MILE),
        (["80 5D B4 00", "80 5C 71 17"], "ideal_range", 180 * KM_PER_MILE),
        (["80 5D B4 00 75 00 A3 00", "80 5C B4 00 75 00 FF FF"], "estimated_range",
         163 * KM_PER_MILE),
        (["80 5D B4 00"], "estimated_range", None),
        (["81 00 00 00 30 03 3F 4F"], "time", 0x4F3F0330),
        (["82 F6"], "temperature_ambient", -10),
        (["83 00 00 00 00 80 70 00"], "latitude", 1.0),
        (["84 00 00 00 00 80 8F FF"], "longitude", -1.0),
        (["83 00 00 00 FF FF FF 7F"], "latitude", None),
        (["85 01 49 01 67 00"], "gps_lock", True),
        (["85 00 49 01 67 00"], "gps_lock", False),
        (["85 01 49 01 67 00"], "direction", 329),
        (["85 01 68 01 67 00"], "direction", 0),
        (["85 01 49 01 67 00"], "altitude", 103),
        (["85 01 49 01 F0 FF"], "altitude", 0),
        (["88 18 0C 00 00 00 46"], "charge_current", 24),
        (["88 18 0C 01 00 00 46"], "charge_minutes", 268),
        (["88 18 0C 00 00 00 46"], "charge_limit", 70),
        (["88 18 0C 00", "88 7F FF FF"], "charge_current", None),
        (["88 18 0C 00", "88 7F FF FF"], "charge_minutes", None),
        (["89 2A DC 00 00 46"], "speed", 42 * KM_PER_MILE),
        (["89 2A DC 00 00 46"], "line_voltage", 220),
        (["89 2A DC 00 00 46"], "pilot_current", 70),
        (["89 2A DC 00 00 46", "89 00 FF FF 7F FF"], "line_voltage", None),
        (["89 2A DC 00 00 46", "89 00 FF FF 7F FF"], "pilot_current", None),
        (["8F 00 00 00 00 00 01 00"], "doors_5", Doors5.HVAC),
        (["8F 00 00 00 00 00 00 00"], "doors_5", Doors5(0)),
        (["93 01 7B 00 01 02 00 00"], "error", CarError(123, 513)),
        (["93 01 7B 00 01 02 00 00", "93 00 7B 00 01 02 00 00"], "error", None),
        (["93 01 FF FF 00 00 00 00"], "error", None),
        (["93 14 19 00 64 00 00 00"], "error", CarError(25, 100)),
        (["93 14 18 00 64 00 00 00"], "error", None),
        (["95 02 09 64 57 02 0E 1E"], "charge_state", "topoff"),
        (["95 0F"], "charge_state", "heating"),
        (["95 0E"], "charge_state", "stopped"),
        (["95 0E"], "charge_state_number", 14),
        (["95 04 0D 64 57 02 0E 1E"], "charge_substate", 13),
        (["95 04 07 64 57 02 0E 1E"], "charger_b4", 100),
        (["95 04 07 64 57 32 0E 1E"], "charge_mode", 3),
        (["95 04 07 64 57 02 0E 1E"], "charge_energy", 30),
        (["97 21 27 00 A4 D9 00 00"], "odometer", pytest.approx(5571.6 * KM_PER_MILE)),
        (["97 21 27 00 A4 D9 01"], "odometer", pytest.approx(12125.2 * KM_PER_MILE)),
        (["9C 01 28 00"], "trip", pytest.approx(4 * KM_PER_MILE)),
        (["9E 00 80 94"], "cac", 148.5),
        (["A3 F6 F6 00 00 00 F6"], "temperature_pem", -10),
        (["A3 F6 F6 00 00 00 F6"], "temperature_motor", 246),
        (["A3 F6 F6 00 00 00 F6"], "temperature_battery", -10),
        (["A3 F6"], "temperature_battery", None),
        (VIN_FRAMES, "vin", "0123456AB8CDEF789"),
        (VIN_FRAMES[::-1], "vin", "0123456AB8CDEF789"),
        (VIN_FRAMES[:2], "vin", None),
        ([*VIN_FRAMES[:2], "A6 37 00 39"], "vin", None),
        ([*VIN_FRAMES, "95 04 07 64 57 32 0E 1E"], "charge_mode", 7),
        ([VIN_FRAMES[1].replace("38", "39"), "95 04 07 64 57 32 0E 1E"], "charge_mode", 3),
        (["07 64", "80", "", "FF"], "soc", None),
    ],
)  # fmt: skip
def test_what_each_message_of_the_display_means(
    frames: list[str], attribute: str, expected: object
) -> None:
    """Each message gives the state that the bus's description says, short frames included."""
    assert getattr(fold(*frames), attribute) == expected


@pytest.mark.parametrize(
    ("dashboard", "door_bit", "expected"),
    [
        (["0E 04"], "00", True),
        (["0E 05"], "08", False),
        (["0E 03 01"], "08", True),
        (["0E 01 01"], "00", False),
        (["0E 04", "0E 03"], "00", False),
        (["0E"], "08", True),
        (["06 04"], "00", False),
    ],
)
def test_the_lock_is_the_dashboards_or_the_door_bits(
    dashboard: list[str], door_bit: str, expected: bool
) -> None:
    """04 and 05 tell the lock; any other value leaves it to the door bit."""
    car = Roadster()
    for data in dashboard:
        car.receive(Frame(0, 0x102, bytes.fromhex(data)), 0)
    car.receive(Frame(1, 0x100, bytes.fromhex(f"96 60 {door_bit} 00 00")), 1)
    assert car.state.is_locked is expected


def test_door_bytes_pass_bit_for_bit() -> None:
    """The four door bytes are those of message D."""
    state = fold("96 E8 08 02 21 0C 00 00")
    doors = (state.doors_1, state.doors_2, state.doors_3, state.doors_4)
    assert tuple(map(int, [d for d in doors if d is not None])) == (0xE8, 0x08, 0x02, 0x21)


def test_a_tyre_without_a_reading_keeps_its_last_one() -> None:
    """Bytes of 0 are no reading of that value of that wheel."""
    state = fold("52 35 50 37 6E 39 00 00", "00 00 50 38 6E 39 00 3A", bus_id=0x344)
    psi = {
        wheel: tyre.pressure and tyre.pressure * PSI_PER_KPA for wheel, tyre in state.tyres.items()
    }
    assert psi["fl"] == pytest.approx(0x52 / 2.755)
    assert psi["rr"] is None
    assert (state.tyres["fl"].temperature, state.tyres["fr"].temperature) == (13, 16)
    assert state.tyres["rr"].temperature == 18
    assert state.freshness(Topic.TYRES, 1) == 1
    assert Topic.TYRES not in fold("00" * 8, bus_id=0x344).updated


def test_a_told_vin_is_believed_more_than_the_bus() -> None:
    """A VIN from outside stays, and its tenth character chooses where the mode is read."""
    state = fold(*VIN_FRAMES, "95 04 07 64 57 32 0E 1E", vin="XXXXXXXXX9XXXXXXX")
    assert (state.vin, state.charge_mode) == ("XXXXXXXXX9XXXXXXX", 3)


def test_frames_of_others_change_nothing() -> None:
    """29-bit ids and unknown ids are not read."""
    car = Roadster()
    car.receive(Frame(0, 0x100, bytes.fromhex("80 5D"), is_extended=True), 0)
    car.receive(Frame(0, 0x588, bytes.fromhex("80 5D")), 0)
    assert car.state == CarState()


@given(st.sampled_from([0x100, 0x102, 0x344, 0x588]), st.binary(max_size=8))
def test_no_frame_does_harm(bus_id: int, data: bytes) -> None:
    """Whatever comes on the bus, the car goes on and its reports can be made."""
    module = Module(Roadster())
    module.connect(0)
    module.vehicle.receive(Frame(0, bus_id, data), 0)  # type: ignore[attr-defined]
    assert {"F", "V"} <= {message.code for message in module.report_all(0)}


def test_every_signal_is_mapped() -> None:
    """The DBC file names nothing that is not read."""
    kind = roadster_type()
    names = {name for name in kind.bus.names if "." not in name}
    read_with_others = {"Kind", "TimerKind", "DashKind", "ErrorKind", "ErrorCode"}
    assert names - read_with_others == {name for each in kind.targets.values() for name in each}
    assert list(kind.bus.decode(Frame(0, 0x344, b"\x52"))) == [("Tyres", {"PressureFl": 0x52})]


@pytest.mark.parametrize("trust", [Trust.LISTEN, Trust.ASK])
def test_it_obeys_nobody_who_may_not_write(trust: Trust) -> None:
    """A Roadster that is only listened to, or asked, supports no command."""
    car = Roadster(trust=trust)
    assert execute(car, Command(20, "1234")) == Answer(20, Result.UNSUPPORTED)
    assert (car.identity.commands, car.identity.write_enabled) == (frozenset(), False)
    assert (car.sending(1e9), car.next_sending) == ([], None)


# -- what would be sent ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("10,3", ["0 05 19 00 00 03 00 00 00"]),
        ("10,4", ["0 05 19 00 00 04 00 00 00"]),
        ("11", ["0 05 03 00 00 01 00 00 00", "0.15 0a"]),
        ("12", ["0 05 03 00 00 00 00 00 00"]),
        ("12,for,nothing", ["0 05 03 00 00 00 00 00 00"]),
        ("15,70", ["0 05 02 00 00 46 00 00 00"]),
        ("16,1,13", ["0 05 19 00 00 01 00 00 00", "0 05 02 00 00 0d 00 00 00"]),
        ("17,1,60", ["0 05 1b 00 00 01 00 00 00", "0 05 1a 00 00 00 3b 00 00"]),
        ("17,0,0", ["0 05 1b 00 00 00 00 00 00", "0 05 1a 00 00 05 9f 00 00"]),
        ("17,1,1439", ["0 05 1b 00 00 01 00 00 00", "0 05 1a 00 00 05 9e 00 00"]),
        ("18", ["0 0a"]),
        ("19", ["0 06 2c 01 00 00 09 10 00"]),
        ("20,1234", ["0 0b 02 00 00 d2 04 00 40"]),
        ("21,1234", ["0 0b 00 00 00 d2 04 00 40"]),
        ("22,00012345", ["0 0b 03 00 00 39 30 00 80"]),
        ("23,99999999", ["0 0b 01 00 00 ff e0 f5 85"]),
        ("24,2", ["0 09 00 02", "1 09 02 02"]),
    ],
)
def test_what_is_sent_for_a_command(command: str, expected: list[str]) -> None:
    """Each command's frames, all under id 102: the second to send them at, and their bytes."""
    frames = frames_for(Roadster(), parsed(command))
    assert not isinstance(frames, str)
    assert {(frame.id, frame.is_extended) for frame in frames} == {(0x102, False)}
    assert [f"{frame.time:g} {frame.data.hex(' ')}" for frame in frames] == expected


def parsed(text: str) -> Command:
    """Read a command as it comes."""
    command = Command.parse(text.encode())
    assert command is not None
    return command


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("10", "expected mode"),
        ("10,2", "mode must be one of 0; 1; 3; 4"),
        ("10,3,3", "expected mode"),
        ("10,x", "mode must be one of"),
        ("10,-1", "mode must be one of"),
        ("15,0", "amps must be a number from 1 to 126"),
        ("15,127", "amps must be a number from 1 to 126"),
        ("15,٣", "amps must be"),
        ("15,1234567", "amps must be"),
        ("16,3", "expected mode and amps"),
        ("17,2,0", "timer must be a number from 0 to 1"),
        ("17,1,1440", "minutes must be a number from 0 to 1439"),
        ("20", "expected pin"),
        ("20,", "expected pin"),
        ("20,12a4", "the PIN must be 1 to 8 digits"),
        ("20,123456789", "the PIN must be 1 to 8 digits"),
        ("20,١٢٣٤", "the PIN must be 1 to 8 digits"),
        ("24,3", "button must be a number from 0 to 2"),
    ],
)
def test_what_is_refused(command: str, text: str) -> None:
    """Wrong parameters give no frame but a text, which repeats no PIN and has no comma."""
    refusal = frames_for(Roadster(), parsed(command))
    assert isinstance(refusal, str)
    assert refusal.startswith(text)
    assert "," not in refusal


@given(st.integers(10, 26), st.lists(st.text("0123456789-x,", max_size=9), max_size=3))
def test_frames_can_be_sent(number: int, parameters: list[str]) -> None:
    """Whatever is commanded, there is a text, or frames of 1 to 8 bytes in order of time."""
    if number not in roadster_type().commands:
        return
    frames = frames_for(Roadster(), Command(number, ",".join(parameters)))
    if not isinstance(frames, str):
        assert all(1 <= len(frame.data) <= 8 for frame in frames)
        assert [frame.time for frame in frames] == sorted(frame.time for frame in frames)


def test_questions_are_for_cars_that_are_awake() -> None:
    """A car of which nothing is known, or that sleeps, is not asked; one that is awake, in turn."""
    car = Roadster(trust=Trust.ASK)
    assert car.sending(0) == []
    car.receive(Frame(1, 0x100, bytes.fromhex("96 60 08 02 00")), 1)
    assert car.sending(1) == []
    car.receive(Frame(2, 0x100, bytes.fromhex("96 60 08 03 00")), 2)
    temperatures, hvac, cac = (
        bytes.fromhex(data)
        for data in (
            "06 2C 01 00 00 09 10 00",
            "06 D0 07 00 00 80 00 08",
            "06 D0 07 00 00 00 00 40",
        )
    )
    assert car.sending(2) == [Frame(2, 0x102, data) for data in (temperatures, hvac, cac)]
    assert car.sending(61.9) == []
    assert car.sending(62) == [Frame(62, 0x102, data) for data in (temperatures, hvac)]
    assert [frame.data for frame in car.sending(602)] == [temperatures, hvac, cac]


def drive(car: Roadster, now: float) -> None:
    """Have a car say that it is on, drives and charges, which no car does."""
    for data in ("96 B4 08 01 00", "89 41 E6 00 20 00", "95 01 09 64 00", "88 20 01 00", "80 50"):
        car.receive(Frame(now, 0x100, bytes.fromhex(data)), now)


def test_a_dead_bus_leaves_no_car_on_its_way_for_ever() -> None:
    """After a minute it counts as off, the charge as unknown; nobody is asked, nothing alerts."""
    car = Roadster(trust=Trust.ASK)
    module = Module(car)
    module.connect(0)
    drive(car, 0)
    for now in (0, 59.9):
        module.poll(now)
        state = car.state
        assert (state.is_on, state.is_charging, state.soc) == (True, True, 80)
        assert state.speed == pytest.approx(65 * KM_PER_MILE)
    assert car.sending(59.9)
    told = {message.code: message for message in module.poll(60)}
    assert {"S", "D"} <= told.keys()
    assert (state.is_on, state.is_charging, state.speed, state.soc) == (False, None, 0, 80)
    assert (state.charge_state, state.charge_current, state.line_voltage) == (None, None, None)
    assert state.parked_since == 60
    assert state.doors_1 == Doors1.CHARGE_PORT | Doors1.ALWAYS_SET
    assert car.sending(10_000) == []
    assert not module.delivery
    drive(car, 10_000)
    module.poll(10_000)
    assert (state.is_on, state.is_charging) == (True, True)
    assert not module.delivery


def test_what_a_sleeping_car_said_stays() -> None:
    """That a charge is done, and what its doors are."""
    car = Roadster()
    for data in ("96 4C 08 00 00", "95 04 09 64 00", "88 7F FF FF"):
        car.receive(Frame(0, 0x100, bytes.fromhex(data)), 0)
    before = car.state.charge_state, car.state.doors_1, car.state.doors_2
    car.advance(100_000)
    assert (car.state.charge_state, car.state.doors_1, car.state.doors_2) == before
    assert before[0] == "done"


def test_a_car_that_is_asked_falls_asleep_all_the_same() -> None:
    """The module's questions do not keep the simulated car awake, nor wake it when it sleeps."""
    car, sim = Roadster(trust=Trust.ASK), SimulatedRoadster()
    asked = said = 0.0
    for now in range(3600):
        for frame in sim.poll(now):
            car.receive(frame, now)
            said = now
        car.advance(now)
        for frame in car.sending(now):
            asked = now
            for answer in sim.receive(frame, now):
                car.receive(answer, now)
        car.sent(now)
    assert 500 < asked < said < 700
    assert car.sending(10_000) == []


# -- recordings -----------------------------------------------------------------------------


def last_frames(path: Path) -> dict[tuple[int, int | None], list[int]]:
    """Read a recording without any code of ours: the last data bytes of each kind of frame."""
    last: dict[tuple[int, int | None], list[int]] = {}
    for line in path.read_text("latin-1").splitlines():
        parts = line.strip().split(",")
        if parts[0] == "RD11":
            bus_id, *data = (int(part, 16) for part in parts[2:])
            last[bus_id, data[0] if bus_id in (0x100, 0x102) else None] = data
    return last


def word(data: list[int], at: int) -> int:
    """Return a two-byte value, low byte first; ``at`` counts bytes from 1."""
    return data[at - 1] + 256 * data[at]


def replayed(path: Path, units: Units) -> dict[str, list[str]]:
    """Fold a recording; give the fields of the last messages."""
    module = Module(Roadster(), units)
    module.connect(0)
    for frame in Recording(path).frames():
        module.vehicle.receive(frame, frame.time)  # type: ignore[attr-defined]
        module.poll(frame.time)
    return {m.code: m.data.decode().split(",") for m in module.report_all(frame.time)}


@pytest.mark.parametrize("name", ["20120218.drive.a.csv", "20120218.charge.done.csv"])
@pytest.mark.parametrize("units", Units)
def test_a_recording_ends_in_the_state_of_its_last_frames(
    roadster_data: Path, name: str, units: Units
) -> None:
    """After a replay the messages say what the last frames of each kind say."""
    last = last_frames(roadster_data / name)
    messages = replayed(roadster_data / name, units)
    factor = 1 if units is Units.MILES else 1.609344
    ranges, charge, charger = last[0x100, 0x80], last[0x100, 0x88], last[0x100, 0x95]
    status = messages["S"]
    assert status[0] == str(ranges[1])
    assert status[6] == f"{word(ranges, 3) * factor:.0f}"
    assert status[7] == f"{word(ranges, 7) * factor:.0f}"
    assert (charger[1], status[4], status[13]) == (4, "done", "4")
    assert status[12] == str(charger[2])
    assert status[10] == str(charger[3])
    assert (status[5], status[14]) == ("standard", str(charger[5] >> 4))
    assert status[11] == str(charger[7] * 10)
    assert status[3] == str(charge[1])
    assert status[8] == str(charge[6])
    assert status[9] == str(60 * word(charge, 3))  # seconds, as ESP32 modules say it

    doors, temperatures, odometer = last[0x100, 0x96], last[0x100, 0xA3], last[0x100, 0x97]
    environment = messages["D"]
    assert [environment[at] for at in (0, 1, 11, 15)] == [str(byte) for byte in doors[1:5]]
    told = last[0x102, 0x0E][1]
    locked = told == 4 if told in (4, 5) else bool(doors[2] & 8)
    assert environment[2] == ("4" if locked else "5")
    assert environment[3:6] == [str(temperatures[at]) for at in (1, 2, 6)]
    assert environment[10] == str(last[0x100, 0x82][1])
    tenths = odometer[4] + 256 * odometer[5] + 65536 * odometer[6]
    assert environment[7] == f"{tenths * factor:.0f}"
    assert environment[6] == f"{word(last[0x100, 0x9C], 3) * factor:.0f}"
    assert environment[8] == f"{last[0x100, 0x89][1] * factor:.0f}"
    assert environment[12:14] == ["1", "1"]

    gps, place = last[0x100, 0x85], messages["L"]
    assert place[:6] == ["0.000000", "0.000000", str(word(gps, 3)), str(word(gps, 5)), "0", "-1"]

    assert ("W" in messages) == ((0x344, None) in last)
    if (0x344, None) in last:
        wheels, tyres = messages["W"], last[0x344, None]
        expected = [f"{tyres[at] / 2.755:.1f}" for at in (2, 6, 0, 4)]
        assert wheels[0:8:2] == expected
        assert wheels[1:8:2] == [str(tyres[at] - 40) for at in (3, 7, 1, 5)]
        assert wheels[8] == "1"


def test_no_change_of_doors_or_charge_is_skipped(roadster_data: Path) -> None:
    """Every state that doors and charger go through in a recording is told, in order."""
    path = roadster_data / "20120218.charge.done.csv"
    seen: dict[int, list[tuple[int, ...]]] = {0x95: [], 0x96: []}
    told: dict[str, list[tuple[int, ...]]] = {"S": [], "D": []}
    module = Module(Roadster())
    module.connect(0)
    for frame in Recording(path).frames():
        module.vehicle.receive(frame, frame.time)  # type: ignore[attr-defined]
        for message in module.poll(frame.time):
            fields = message.data.decode().split(",")
            if message.code == "S":
                told["S"].append((int(fields[13]), int(fields[12])))
            elif message.code == "D":
                told["D"].append(tuple(int(fields[at]) for at in (0, 1, 11, 15)))
        if frame.id == 0x100 and frame.data[0] in seen:
            size = 3 if frame.data[0] == 0x95 else 5
            seen[frame.data[0]].append(tuple(frame.data[1:size]))
    assert changes(told["D"]) == changes(seen[0x96])
    assert changes(told["S"]) == changes(seen[0x95])


def changes(values: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Drop repetitions of neighbours."""
    return [b for a, b in zip([None, *values], values, strict=False) if a != b]


def test_the_demo_recording_is_what_its_maker_makes() -> None:
    """The recording in the package is the one that the code beside it makes."""
    assert DEMO_RECORDING.read_bytes().decode() == text()


def test_the_demo_recording_tells_its_story() -> None:
    """Unlock, open, drive off, less charge, stop, plug in, charge."""
    car = Roadster()
    seen: list[tuple[object, ...]] = []
    for frame in parse_lines(text().splitlines()):
        car.receive(frame, frame.time)
        state = car.state
        is_moving = (state.speed or 0) > 5
        now = (state.is_locked, is_moving, state.charge_state)
        if frame.time > 1 and (not seen or seen[-1] != now):
            seen.append(now)
    assert seen == [
        (True, False, "done"),
        (False, False, "done"),
        (False, True, "done"),
        (False, False, "done"),
        (True, False, "done"),
        (True, False, "prepare"),
        (True, False, "charging"),
    ]
    assert car.state.vin == VIN
    assert car.state.has_position
    assert car.state.soc == 82
