"""A car with several buses, as data: what counts from which, and what goes to which."""

from __future__ import annotations

from pathlib import Path

import pytest

from ovms.car.frames import Frame
from ovms.car.trust import Trust
from ovms.car.vehicles.data.folder import read_folder
from ovms.car.vehicles.data.problems import VehicleTypeError
from ovms.car.vehicles.data.vehicle import DataVehicle
from ovms.car.vehicles.interface import bitrate_of, buses_of
from ovms.protocol.commands import Command

DBC = """VERSION ""

BU_: ECU

BO_ 513 Battery: 8 ECU
 SG_ Soc : 0|8@1+ (0.5,0) [0|100] "%" ECU

BO_ 514 Locks: 2 ECU
 SG_ IsLocked : 0|1@1+ (1,0) [0|1] "" ECU

BO_ 2028 Answer: 9 ECU
 SG_ Kind M : 7|24@0+ (1,0) [0|0] "" ECU
 SG_ Odometer m6422785 : 31|16@0+ (1,0) [0|0] "km" ECU
"""

MAPPING = """
car_type = "T"
description = "test"
bus = "power"
bitrate = 500_000

[buses.body]
messages = ["Locks", "Answer"]
sends = [0x610]
bitrate = 125_000

[signals]
Soc = { field = "soc" }
IsLocked = { field = "doors_2.locked" }
Odometer = { field = "odometer" }

[[isotp]]
name = "cluster"
request = 0x7E4
response = 0x7EC

[[ask]]
for = "the odometer"
to = "cluster"
data = "22 01 01"
every = 60

[[ask]]
for = "the battery"
id = 0x600
data = "02 21 01"
every = 30

[commands.lock]
frames = [{ id = 0x610, data = "01 00 {pin:pin28}" }]
"""


def make(folder: Path, mapping: str = MAPPING, dbc: str = DBC) -> DataVehicle:
    """Make a car of a folder with these files, trusted to write."""
    (folder / f"{folder.name}.dbc").write_text(dbc, "utf-8")
    (folder / "vehicle.toml").write_text(mapping, "utf-8")
    return DataVehicle(read_folder(folder), trust=Trust.WRITE)


def hear(car: DataVehicle, frame_id: int, data: str, channel: str) -> None:
    """Have the car read a frame."""
    car.receive(Frame(0, frame_id, bytes.fromhex(data), channel=channel), 0)


def test_a_message_counts_only_from_its_bus(tmp_path: Path) -> None:
    """The same id on another bus changes nothing; a frame of no named bus counts."""
    car = make(tmp_path)
    hear(car, 0x201, "5A", "body")
    hear(car, 0x202, "01", "power")
    assert car.state.soc is None
    assert not car.state.doors_2
    hear(car, 0x201, "5A", "power")
    hear(car, 0x202, "01", "body")
    assert car.state.soc == 45
    assert car.state.doors_2
    hear(car, 0x201, "50", "")
    assert car.state.soc == 40


def test_one_id_on_two_buses(tmp_path: Path) -> None:
    """Two messages of one id are told apart by their buses, and are no flaw then."""
    dbc = DBC.replace("BO_ 514 Locks", "BO_ 513 Locks")
    car = make(tmp_path, dbc=dbc)
    assert car.kind.warnings == ()
    hear(car, 0x201, "5A", "power")
    assert car.state.soc == 45
    assert not car.state.doors_2
    hear(car, 0x201, "01", "body")
    assert car.state.soc == 45
    assert car.state.doors_2
    alone = MAPPING.replace('["Locks", "Answer"]', '["Answer"]')
    (warning,) = make(tmp_path, alone, dbc).kind.warnings
    assert "has the id of Battery" in warning.message


def test_without_names_every_bus_counts(tmp_path: Path) -> None:
    """A type that names no bus reads what comes, wherever from."""
    car = make(tmp_path, 'car_type = "T"\ndescription = "t"\n[signals]\nSoc = { field = "soc" }\n')
    assert buses_of(car) == frozenset()
    hear(car, 0x201, "5A", "any")
    assert car.state.soc == 45


def test_frames_go_to_their_bus(tmp_path: Path) -> None:
    """Requests on a link go where its answers come from, commands where the type says."""
    car = make(tmp_path)
    sent = [*car.sending(0), *car.sending(0)]
    assert {(frame.id, frame.channel) for frame in sent} == {(0x600, "power"), (0x7E4, "body")}
    hear(car, 0x7EC, "10 09 62 01 01 00 7B 00", "power")
    assert car.sending(0) == []
    hear(car, 0x7EC, "10 09 62 01 01 00 7B 00", "body")
    assert [(frame.id, frame.channel) for frame in car.sending(0)] == [(0x7E4, "body")]
    hear(car, 0x7EC, "21 00 00 00", "power")
    assert car.state.odometer is None
    hear(car, 0x7EC, "21 00 00 00", "body")
    assert car.state.odometer == 123
    car.execute(Command(20, "1234"), 0, lambda _: None)
    assert [(frame.id, frame.channel) for frame in car.sending(0)] == [(0x610, "body")]


def test_names_and_bitrates_are_told(tmp_path: Path) -> None:
    """A bus without a bitrate of its own has the type's."""
    car = make(tmp_path)
    assert buses_of(car) == {"power", "body"}
    assert [bitrate_of(car, name) for name in ("power", "body", "")] == [500_000, 125_000, 500_000]


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ('bus = "power"\n', "", 6, "bus is missing above"),
        ('bus = "power"', 'bus = "a b"', 4, "bus: "),
        ('"Locks"', '"Lock"', 8, "the DBC file has no message Lock (did you mean Locks?)"),
        ("0x610]", "0x620]", 9, "nothing is sent with the id 0x620"),
        ("[buses.body]", '[buses."a b"]', 7, "'a b' is no name"),
        ("bitrate = 125_000", "bitrate = 1", 10, "bitrate"),
        ("bitrate = 125_000", "speed = 1", 10, "there is no such key"),
        (
            "[signals]", '[buses.third]\nmessages = ["Locks"]\nsends = [0x610]\n[signals]',
            13, "Locks is of body already",
        ),
        (
            "[signals]", '[buses.third]\nmessages = []\nsends = [0x610]\n[signals]',
            14, "0x610 is sent to body already",
        ),
    ],
)  # fmt: skip
def test_mistakes_are_told(tmp_path: Path, old: str, new: str, line: int, reason: str) -> None:
    """Each with its line."""
    assert old in MAPPING
    with pytest.raises(VehicleTypeError) as caught:
        make(tmp_path, MAPPING.replace(old, new, 1))
    told = [str(problem) for problem in caught.value.problems]
    assert any(f"vehicle.toml:{line}: " in each and reason in each for each in told), told
