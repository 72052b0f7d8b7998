"""What a vehicle type makes of frames: changes, refused readings, and ids that nobody reads."""

from __future__ import annotations

from pathlib import Path

from ovms.car.frames import Frame
from ovms.car.trust import Trust
from ovms.car.vehicles import find_type
from ovms.car.vehicles.data.folder import read_folder
from ovms.car.vehicles.data.vehicle import DataVehicle
from ovms.car.vehicles.decoding import Decoder, Reading
from ovms.car.vehicles.interface import BusVehicle, VehicleOptions
from tests.car.test_broken_vehicle import BrokenCar
from tests.car.test_vehicle_data import make

MOPED = Path(__file__).parents[1] / "cases" / "types" / "moped"


def frame(time: float, bus_id: int, data: str, channel: str = "") -> Frame:
    """Make a frame."""
    return Frame(time, bus_id, bytes.fromhex(data), bus_id > 0x7FF, channel)


def decoded(decoder: Decoder, *frames: Frame) -> list[tuple[float, str, object, str]]:
    """Return the changes, without units, and without bits of the doors that nobody maps."""
    return [
        (each.time, each.field, each.value, each.signal)
        for each in decoder.decode(frames)
        if each.signal or not each.field.startswith("doors")
    ]


def test_fields_over_time() -> None:
    """A row is a field that changed: when, to what, and which signal said so."""
    decoder = Decoder(DataVehicle(read_folder(MOPED)))
    assert decoded(decoder, frame(0, 0x201, "5A 00"), frame(1, 0x201, "5A 00")) == [
        (0, "soc", 45, "Battery.Soc"),
        (0, "charge_state", "stopped", "Battery.Mode"),
        (0, "charge_state_number", 0, "Battery.Mode"),
    ]
    assert decoded(decoder, frame(2.5, 0x202, "05"), frame(3, 0x201, "58 00")) == [
        (2.5, "doors_1.handbrake", False, "Locks.Stand"),
        (2.5, "doors_1.car_on", True, "Locks.Ignition"),
        (2.5, "doors_2.locked", True, "Locks.IsLocked"),
        (3, "soc", 44, "Battery.Soc"),
    ]
    (reading,) = Decoder(DataVehicle(read_folder(MOPED))).decode([frame(0, 0x201, "5A")])
    assert reading == Reading(0, "soc", 45, "%", "Battery.Soc")
    assert (decoder.frames, decoder.seconds) == (4, 3)


def test_readings_that_are_refused() -> None:
    """Each reason is there once, with how often, when, and the last value."""
    decoder = Decoder(DataVehicle(read_folder(MOPED)))
    frames = [frame(at, 0x201, "FF 00 FF FF FF 40") for at in (1, 2)]
    assert [each[1] for each in decoded(decoder, *frames)] == [
        "charge_state", "charge_state_number",
    ]  # fmt: skip
    assert [(each.signal, each.reason, each.count, each.value) for each in decoder.refused] == [
        ("Battery.Soc", "it is outside 0 to 100", 2, 127.5),
        ("Battery.CellTemperature", "its code is one to skip", 2, 215),
        ("Battery.Speed", "it is outside 0 to 150", 2, 6553.5),
        ("Battery.Limit", "its condition does not hold", 2, 64),
    ]
    refused = decoder.refused[0]
    assert (refused.field, refused.unit, refused.first, refused.last) == ("soc", "%", 1, 2)


def test_other_reasons(tmp_path: Path) -> None:
    """A code that has no meaning, a text that is none, and an error without its code."""
    car = make(
        tmp_path,
        "[signals]\nByte = { field = 'charge_state', values = { 1 = 'done' } }\n"
        "Text = { field = 'vin', piece = 1 }\nFirst = { field = 'error', code = 'Kind' }\n"
        "Motorola = { field = 'error', code = 'Kind' }\n",
    )
    decoder = Decoder(car)
    list(decoder.decode([frame(0, 0x10, "02 00 00 00 01 00 20 00")]))
    assert {each.signal: each.reason for each in decoder.refused} == {
        "Plain.Byte": "its code is not among the values",
        "Plain.Text": "it is no text",
        "Plain.Motorola": "what belongs to it is unknown, or it is no number",
    }


def test_ids_that_nobody_reads() -> None:
    """Also one that the DBC file has, by its name, and on a bus that is not the message's."""
    decoder = Decoder(DataVehicle(read_folder(MOPED)))
    list(decoder.decode([
        frame(0, 0x700, "01"), frame(2, 0x700, "02"), frame(6, 0x700, "0a0b"),
        frame(6, 0x18DAF110, "00", "can1"), frame(6, 0x202, "00"),
    ]))  # fmt: skip
    assert [(each.id, each.channel, each.count, each.every) for each in decoder.unread] == [
        ("700", "", 3, 3), ("18DAF110", "can1", 1, None),
    ]  # fmt: skip
    assert (decoder.unread[0].data, decoder.unread[0].message) == ("0A 0B", "")


def test_a_message_that_is_mapped_to_nothing(tmp_path: Path) -> None:
    """It is among those that nobody reads, with the DBC file's name, and costs no decoding."""
    car = make(tmp_path, "[signals]\nByte = { field = 'soc' }\n")
    assert car.ids == {(0x10, False)}
    decoder = Decoder(car)
    list(decoder.decode([frame(0, 0x11, "01 02"), frame(0, 0x10, "01")]))
    assert [(each.id, each.message) for each in decoder.unread] == [("011", "Muxed")]


def test_a_silence_has_its_time() -> None:
    """What changes with time does so when it is due, and not with the next frame."""
    found = find_type("obd2")
    assert found is not None
    car = found.make(VehicleOptions(trust=Trust.LISTEN))
    assert isinstance(car, BusVehicle)
    decoder = Decoder(car)
    speed = frame(0, 0x7E8, "03 41 0D 32 00 00 00 00")
    rows = decoded(decoder, speed, speed._replace(time=100))
    assert [row for row in rows if row[1] == "speed"] == [
        (0, "speed", 50, "Answer.Speed"), (30, "speed", 0, ""), (100, "speed", 50, "Answer.Speed"),
    ]  # fmt: skip


def test_a_type_of_another_package() -> None:
    """Any vehicle that reads a bus is decoded, without the signals."""
    decoder = Decoder(BrokenCar())
    assert decoded(decoder, frame(0, 1, "2A"), frame(1, 2, "00")) == [(0, "soc", 42, "")]
    assert [each.id for each in decoder.unread] == ["002"]
    assert decoder.refused == []
