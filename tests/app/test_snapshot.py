from __future__ import annotations

import json

import msgspec
import pytest

from ovms.app.snapshot import Seen, Snapshot
from ovms.base.clock import iso_time
from ovms.protocol import Message
from ovms.protocol.codes import parse_content
from ovms.protocol.records import Freshness
from ovms.protocol.records.tyres import Readings

NOW = 1_795_000_000.0


def filled(*messages: Message, now: float = NOW) -> Snapshot:
    """Return a snapshot that has taken messages, all at once."""
    snapshot = Snapshot("CAR1")
    for message in messages:
        snapshot.receive(message, now)
    return snapshot


def test_nothing_is_known_at_first() -> None:
    """A new snapshot knows nothing, and says so without failing."""
    snapshot = Snapshot("CAR1")
    assert snapshot.connected is None
    assert snapshot.updated is None
    assert snapshot.status.soc is None
    assert snapshot.environment.doors_1 is None
    assert snapshot.location.latitude is None
    assert snapshot.firmware.vin is None
    assert snapshot.server.firmware is None
    assert snapshot.wheels.stale is None
    assert snapshot.as_json(NOW) == {
        "vehicle": "CAR1",
        "connected": None,
        "paranoid": False,
        "messages": {},
        "alerts": [],
    }


def test_what_the_car_does_not_know_is_none() -> None:
    """A position whose stale indicator is -1 is unknown, as an attribute and in JSON."""
    snapshot = filled(Message("L", b"0,0,0,0,0,-1"), Message("Y", b"1,F,1,0,-1"))
    assert snapshot.location.latitude is None
    assert snapshot.location.freshness("latitude") is Freshness.UNKNOWN
    assert snapshot.tyres.pressure == Readings((None,), -1)
    assert snapshot.as_json(NOW)["messages"]["L"]["fields"]["latitude"] is None
    assert snapshot.messages["L"].message.data == b"0,0,0,0,0,-1"


def test_stored_messages_are_dated_by_the_first_age() -> None:
    """What came before the first T is as old as it says; what comes later is live."""
    snapshot = filled(Message("Z", b"1"), Message("S", b"80,K"), Message("T", b"300"))
    assert snapshot.connected is True
    assert snapshot.messages["S"].time == NOW - 300
    snapshot.receive(Message("S", b"81,K"), NOW + 5)
    snapshot.receive(Message("T", b"0"), NOW + 5)
    assert snapshot.messages["S"].time == NOW + 5
    assert snapshot.updated == NOW + 5


def test_a_new_connection_does_not_make_old_messages_younger() -> None:
    """After a reconnect the stored messages keep an age that they may have."""
    snapshot = filled(Message("S", b"80,K"), Message("T", b"0"))
    snapshot.restart(snapshot.vehicle_id)
    snapshot.receive(Message("S", b"80,K"), NOW + 100)
    snapshot.receive(Message("T", b"100"), NOW + 100)
    assert snapshot.messages["S"].time == NOW


def test_json_has_the_promised_shape() -> None:
    """Every message has its time, its age, its fields by name, and the fields without a name."""
    snapshot = filled(Message("Z", b"0"), Message("S", b"80,K"), Message("q", b"\xff,x"))
    snapshot.receive(Message("F", b",".join([b"1"] * 12)), NOW)
    shown = json.loads(json.dumps(snapshot.as_json(NOW + 7.9)))
    assert shown["connected"] is False
    assert sorted(shown["messages"]) == ["F", "S", "q"]
    status = shown["messages"]["S"]
    assert status["time"] == iso_time(NOW)
    assert status["time"].endswith("Z")
    assert status["age"] == 7
    assert (status["fields"]["soc"], status["fields"]["units"]) == (80, "K")
    assert status["fields"]["ideal_range"] is None
    assert shown["messages"]["F"]["extra"] == ["1", "1"]
    assert shown["messages"]["q"] == {**status, "fields": {}, "extra": ["ÿ,x"]}


def test_garbage_never_fails() -> None:
    """Records full of nonsense are taken, and read as unknown."""
    snapshot = filled(*(Message(chr(code), b"\xff,\x00,,nan,-") for code in range(1, 256)))
    assert snapshot.connected is False
    assert snapshot.status.soc is None
    json.dumps(snapshot.as_json(NOW))


def test_an_age_is_never_negative() -> None:
    """A clock that was set back makes nothing younger than now."""
    message = Message("S", b"1")
    assert Seen(message, NOW + 60, parse_content(message)).as_json(NOW)["age"] == 0


def test_json_is_json() -> None:
    """Bytes that are not UTF-8 and ages that nobody can have lived are written all the same."""
    data = b",".join([b"\xff"] * 60)
    snapshot = filled(*(Message(code, data) for code in "SDLFWYXVq"), Message("T", b"9" * 15))
    shown = snapshot.as_json(NOW)
    msgspec.json.encode(shown)
    assert shown["messages"]["S"]["extra"][0] == "ÿ"
    assert shown["messages"]["S"]["time"] == "1970-01-01T00:00:00Z"


def test_every_record_has_its_attribute() -> None:
    """Capabilities, tyres and power export are typed, too, and empty before they come."""
    snapshot = Snapshot("CAR1")
    assert not snapshot.capabilities.supports(20)
    assert (snapshot.tyres.names, snapshot.power_export.power) == ((), None)
    for message in (Message("V", b"C20"), Message("Y", b"1,F,1,220"), Message("X", b"1,1,,,-3.6")):
        snapshot.receive(message, NOW)
    assert snapshot.capabilities.supports(20)
    assert (snapshot.tyres.names, snapshot.power_export.power) == (("F",), -3.6)


@pytest.mark.parametrize(("units", "unit"), [(b"K", "km"), (b"M", "mi"), (b"", "distance")])
def test_fields_have_units(units: bytes, unit: str) -> None:
    """A distance is in the unit that the car has said; other units are always the same."""
    snapshot = filled(Message("S", b"80," + units))
    assert snapshot.unit(snapshot.status, "ideal_range") == unit
    assert snapshot.unit(snapshot.environment, "speed") == f"{unit}/h"
    assert snapshot.unit(snapshot.status, "soc") == "%"
    assert snapshot.unit(snapshot.firmware, "vin") == ""
    with pytest.raises(KeyError):
        snapshot.unit(snapshot.status, "colour")


def test_a_copy_stands_still() -> None:
    """What comes later changes the snapshot, not its copy."""
    snapshot = filled(Message("S", b"80,K"), Message("g", b"A,TRACK,80"))
    copy = snapshot.copy()
    for message in (Message("S", b"81,K"), Message("g", b"B,TRACK,80"), Message("Z", b"1")):
        snapshot.receive(message, NOW)
    assert (copy.status.soc, list(copy.groups["TRACK"]), copy.connected) == (80, ["A"], None)
    assert snapshot.status.soc == 81


S_OF_A_PIC = Message("S", b"80,K,220,70,charging,standard,280,270,70,12,0,30,7,1,0,0,1439")
L_OF_A_PIC = Message("L", b"1,2,3,4,1,6,7,8,1A,-10.5,1234,567")
F_OF_A_PIC = Message("F", b"3.1.4/TR2.0/V2/pic,VIN")


@pytest.mark.parametrize(
    "messages", [(F_OF_A_PIC, S_OF_A_PIC, L_OF_A_PIC), (S_OF_A_PIC, L_OF_A_PIC, F_OF_A_PIC)]
)
def test_units_are_those_of_the_module(messages: tuple[Message, ...]) -> None:
    """Whichever comes first, a PIC's numbers are shown in the same units as an ESP32's."""
    snapshot = filled(*messages)
    assert snapshot.status.charge_duration == 12 * 60
    assert snapshot.status.charge_timer_start == 1439 * 60
    assert snapshot.location.energy_used == 1.234
    assert snapshot.messages["S"].as_json(NOW)["fields"]["charge_duration"] == 12 * 60
    snapshot.receive(Message("F", b"3.3.005,VIN"), NOW)
    assert snapshot.status.charge_duration == 12
    assert snapshot.location.energy_used == 1234


def test_old_readings_are_named_in_json() -> None:
    """A stale reading stays, and is said to be old; one that never was is null and not old."""
    snapshot = Snapshot("CAR1")
    snapshot.receive(Message("L", b"48.1,11.6,90,12,1,0"), NOW)
    told = snapshot.as_json(NOW)["messages"]["L"]
    assert told["old"] == ["latitude", "longitude", "direction", "altitude"]
    assert told["fields"]["latitude"] == 48.1
    snapshot.receive(Message("L", b"0,0,0,0,0,-1"), NOW)
    told = snapshot.as_json(NOW)["messages"]["L"]
    assert (told["old"], told["fields"]["latitude"]) == ([], None)


@pytest.mark.parametrize(
    ("firmware", "doors", "sounds"),
    [
        (b"3.3.005", b"2", True),
        (b"3.3.005", b"253", False),
        (b"2.1", b"4", False),
        (b"4.0", b"4", True),
        (b"4.0", b"0", False),
        (b"3.3.005", b"", None),
    ],
)
def test_the_alarm(firmware: bytes, doors: bytes, sounds: bool | None) -> None:
    """Modules on the road send bit 1 and leave the guide's bit to chance."""
    snapshot = Snapshot("CAR1")
    snapshot.receive(Message("F", firmware), NOW)
    snapshot.receive(Message("D", b"," * 15 + doors), NOW)
    assert snapshot.alarm is sounds
