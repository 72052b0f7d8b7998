from __future__ import annotations

import pytest

from ovms.app.snapshot import Snapshot
from ovms.cli.measures import AS_CAR, find_units
from ovms.cli.show_lines import lines
from ovms.protocol import Message

NOW = 1_795_000_000.0


def line(name: str, *messages: Message, later: float = 0, units: str = "car") -> str | None:
    """Return what a line says after messages that came now, some seconds later."""
    snapshot = Snapshot("CAR1")
    for message in messages:
        snapshot.receive(message, NOW)
    chosen = AS_CAR if units == "car" else find_units(units)
    found = [each.value for each in lines(snapshot, NOW + later, chosen) if each.name == name]
    return found[0] if found else None


def state(**fields: object) -> Message:
    """Return an ``S`` with some fields, by their number."""
    return record("S", fields)


def record(code: str, fields: dict[str, object]) -> Message:
    """Return a record with the fields ``f1``, ``f2`` and so on."""
    last = max(int(name[1:]) for name in fields)
    texts = [str(fields.get(f"f{at}", "")) for at in range(1, last + 1)]
    return Message(code, ",".join(texts).encode())


CHARGING = {"f2": "K", "f3": 230, "f4": 31.3, "f5": "charging", "f6": "standard"}


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "charging, standard, 7.2 kW (230 V 31.3 A)"),
        ({"f4": ""}, "charging, standard, – (230 V –)"),
        ({"f10": -1, "f12": -1}, "charging, standard, 7.2 kW (230 V 31.3 A)"),
        ({"f32": 7.2}, "charging, standard, 7.2 kW (230 V 31.3 A)"),
        ({"f32": 0, "f35": 7.4}, "charging, standard, 7.4 kW (230 V 31.3 A)"),
        ({"f10": 3900, "f38": 38},
         "charging, standard, 7.2 kW (230 V 31.3 A), for 1 h 05 min, range +38 km/h"),
        ({"f5": "done", "f12": 105}, "done, standard, 10.5 kWh"),
        ({"f5": ""}, "–, standard"),
    ],
)  # fmt: skip
def test_a_charge(fields: dict[str, object], text: str) -> None:
    """State, mode, kW, volts, amps, energy and time, as far as they are known."""
    assert line("charge", state(**{**CHARGING, **fields})) == text


def test_the_power_of_the_battery_is_that_of_the_charge() -> None:
    """Where no charge power is sent, what flows into the battery is it."""
    flow = Message("L", b"1,2,0,0,1,1,0,0,0,-6.6")
    assert line("charge", state(**CHARGING), flow) == "charging, standard, 6.6 kW (230 V 31.3 A)"


@pytest.mark.parametrize(
    ("fields", "later", "text"),
    [
        ({"f20": 75, "f21": 30}, 0,
         "full in 1 h 15 min, at 12:21, at the limit in 30 min, at 11:36"),
        ({"f20": 75}, 3600, "full in 15 min, at 12:21"),
        ({"f20": 75}, 4530, "full due at 12:21"),
        ({"f20": -1, "f21": -1}, 0, "–"),
        ({"f20": -1, "f29": 20}, 0, "at the limit in 20 min, at 11:26"),
        ({"f28": 20}, 0, "at the limit in 20 min, at 11:26"),
        ({}, 0, "–"),
        ({"f5": "done", "f20": 75}, 0, None),
    ],
)  # fmt: skip
def test_when_a_charge_ends(
    fields: dict[str, object],
    later: float,
    text: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The end stays where it is while the time to it gets shorter."""
    in_utc(monkeypatch)
    assert line("done", state(**{**CHARGING, **fields}), later=later) == text


def in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have this machine's clock show UTC."""
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def test_the_end_of_the_last_charge(monkeypatch: pytest.MonkeyPatch) -> None:
    """A car that says when its last charge ended is believed, unless that is yet to come."""
    in_utc(monkeypatch)
    ended = {**CHARGING, "f5": "done", "f42": NOW - 3600}
    assert line("last charge", state(**ended)) == "ended 10:06"
    for unknown in (-1, 0, NOW + 3600):
        assert line("last charge", state(**{**ended, "f42": unknown})) is None


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"f9": 32}, "32 A"),
        ({"f9": 32, "f23": 80, "f22": 250, "f2": "K"}, "32 A, stop at 80 %, stop at 250 km"),
        ({"f9": 0, "f23": 0, "f22": 0}, "–, charge to full"),
        ({"f9": 32, "f23": -1, "f22": -1}, "32 A"),
    ],
)
def test_limits(fields: dict[str, object], text: str) -> None:
    """A current of 0 is none, and limits of 0 are no limits."""
    assert line("limits", state(**fields)) == text


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"f16": 1, "f17": 81000, "f18": 1}, "charge at 22:30"),
        ({"f16": 1, "f17": 81000, "f18": 0}, "charge at 22:30 (old)"),
        ({"f16": 1, "f17": 3600, "f18": 1}, "charge at 01:00"),
        ({"f16": 0, "f17": 81000, "f18": 1}, None),
        ({"f16": 1, "f17": 81000, "f18": -1}, None),
    ],
)
def test_a_timer(
    fields: dict[str, object], text: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is shown when it counts, as the clock here will show it."""
    in_utc(monkeypatch)
    assert line("timer", state(**fields)) == text


@pytest.mark.parametrize(
    ("status", "environment", "text"),
    [
        ({"f34": 97, "f33": 371.32, "f37": -18.2, "f41": 42, "f19": 116.67},
         {"f6": 8, "f13": 1}, "SOH 97 %, 371.3 V -18.2 A, 42 kWh usable, 116.67 Ah, 8 °C"),
        ({"f34": 0, "f33": 0, "f37": 0, "f41": 0, "f19": 0}, {"f6": 0, "f13": 1},
         "SOH –, 0 °C"),
        ({"f34": 97}, {"f6": 0, "f13": -1}, "SOH 97 %, –"),
        ({"f34": 97}, {"f6": 8, "f13": 0}, "SOH 97 %, 8 °C (old)"),
    ],
)  # fmt: skip
def test_the_battery(status: dict[str, object], environment: dict[str, object], text: str) -> None:
    """What cannot be 0 and is, is not known; stale values are unknown or old."""
    assert line("battery", state(**status), record("D", environment)) == text


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"f15": 12.6}, "12.6 V"),
        ({"f15": 12.6, "f17": 12.8, "f20": 1.5, "f18": 16},
         "12.6 V (reference 12.8 V), 1.5 A, charging"),
        ({"f15": 0, "f17": 0, "f20": 0}, "–"),
    ],
)  # fmt: skip
def test_the_12_v_line(fields: dict[str, object], text: str) -> None:
    """The line itself, its reference, its current; 0 V is no reading."""
    assert line("12 V", record("D", fields)) == text


@pytest.mark.parametrize(
    ("environment", "location", "later", "text"),
    [
        ({"f1": 128, "f9": 54}, b"1,2,0,0,1,1,54,0,0,12.34", 0, "on, 54 km/h, 12.3 kW"),
        ({"f1": 64, "f9": 0, "f10": 3600}, b"1,2,0,0,1,1", 3600,
         "off, 0 km/h, parked for 2 h, hand brake"),
        ({"f1": 0, "f9": 0, "f10": -1}, b"", 0, "off, 0 km/h"),
        ({"f2": 0}, b"", 0, "–, –"),
    ],
)  # fmt: skip
def test_the_drive(
    environment: dict[str, object], location: bytes, later: float, text: str
) -> None:
    """On or off, speed and power; the time it is parked goes on."""
    messages = (state(f2="K"), record("D", environment), Message("L", location))
    assert line("drive", *messages, later=later) == text


@pytest.mark.parametrize(
    ("doors_1", "doors_2", "doors_5", "text"),
    [
        ("0", "0", "0", "nothing"),
        ("7", "192", "7", "left door, right door, rear left door, rear right door, charge port, "
         "bonnet, front trunk, trunk"),
        ("1", "0", "", "left door (unknown: rear left door, rear right door, front trunk)"),
        ("", "", "", "–"),
    ],
)  # fmt: skip
def test_every_door(doors_1: str, doors_2: str, doors_5: str, text: str) -> None:
    """What is open, of every door, and what is not known of."""
    fields: dict[str, object] = {"f1": doors_1, "f2": doors_2, "f18": doors_5}
    assert line("open", record("D", fields)) == text


@pytest.mark.parametrize(
    ("fields", "firmware", "text"),
    [
        ({"f2": 8, "f16": 0}, b"3.3.005", "locked, alarm off"),
        ({"f2": 0, "f3": 5, "f16": 2}, b"3.3.005", "unlocked, ALARM SOUNDS"),
        ({"f2": 56, "f16": 0}, b"3.3.005", "locked, valet mode, headlights on, alarm off"),
        ({"f2": 8, "f16": 253}, b"3.3.005", "locked, alarm off"),
        ({"f2": 8, "f16": 4}, b"4.0", "locked, ALARM SOUNDS"),
        ({"f2": 8}, b"3.3.005", "locked, alarm –"),
        ({"f3": 4}, b"", "locked, alarm –"),
        ({"f3": 5}, b"", "unlocked, alarm –"),
        ({"f1": 0}, b"", "–, alarm –"),
    ],
)
def test_the_lock_and_the_alarm(fields: dict[str, object], firmware: bytes, text: str) -> None:
    """Modules on the road have the alarm in bit 1 and leave bit 2 to chance."""
    assert line("lock", Message("F", firmware), record("D", fields)) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"22.274165,114.185715,90,12,1,1", "22.27416 114.18572, 12 m"),
        (b"22.274165,114.185715,90,12,1,1,0,0,0,0,0,0,0,0,A,11",
         "22.27416 114.18572, 12 m, 11 satellites"),
        (b"22.274165,114.185715,90,12,0,0", "22.27416 114.18572, 12 m, no GPS lock now (old)"),
        (b"22.274165,114.185715,90,12,1,0", "22.27416 114.18572, 12 m (old)"),
        (b"0,0,0,0,0,-1", "–"),
        (b"0,0,0,0,0,1", "–"),
        (b"0,0,0,0", "–"),
        (b"22.274165,114.185715,90,12,1,-1", "–"),
        (b"0.000000,0.000000,0,0,1,1", "–"),
        (b"0,8,90,12,1,1", "0.00000 8.00000, 12 m"),
        (b"91,8,90,12,1,1", "–"),
        (b"50,-180.5,90,12,1,1", "–"),
        (b"-90,180,0,2835,1,1", "-90.00000 180.00000, 2,835 m"),
        (b"", "–"),
    ],
)  # fmt: skip
def test_the_position(data: bytes, text: str) -> None:
    """A position that was never known is a dash and no place on a map; a stale one is old."""
    messages = (Message("L", data),)
    assert line("position", *messages) == text
    assert (line("map", *messages) is None) == (text == "–")


@pytest.mark.parametrize(
    ("code", "data", "text"),
    [
        ("W", b"34.8,8,36.6,8,34.5,8,36.5,8,1", "fl 2.38, fr 2.40, rl 2.52, rr 2.52 bar; "
         "8 °C, 8 °C, 8 °C, 8 °C"),
        ("W", b"34.8,,36.6,,34.5,,36.5,,0", "fl 2.38, fr 2.40, rl 2.52, rr 2.52 bar (old)"),
        ("W", b"0,0,0,0,0,0,0,0,-1", "–"),
        ("W", b"34.8,8,36.6,8,34.5,8,36.5,8,-1", "–"),
        ("W", b"0,0,0,0,0,0,0,0,1", "–"),
        ("W", b",,36.6,8,34.5,8,36.5,8,1", "fl 2.38, fr –, rl 2.52, rr 2.52 bar; "
         "8 °C, –, 8 °C, 8 °C"),
        ("Y", b"2,Front,Rear,2,230,180,1,2,20,21,1,0,1,2,0,2,1", "Front 2.30, Rear 1.80 ALERT bar; "
         "20 °C, 21 °C"),
        ("Y", b"2,Front,Rear,2,230,250,0", "Front 2.30, Rear 2.50 bar (old)"),
        ("Y", b"2,Front,Rear,2,230,250,-1", "–"),
        ("Y", b"2,Front,Rear,1,230,1", "Front 2.30, Rear – bar"),
    ],
)  # fmt: skip
def test_tyres(code: str, data: bytes, text: str) -> None:
    """Four wheels or any, in bar for a car in kilometres; what is not known is a dash."""
    assert line("tyres", state(f2="K"), Message(code, data)) == text


def test_tyres_of_any_wheels_count_more() -> None:
    """A car that sends both is shown as it names its wheels."""
    both = (Message("W", b"1,1,1,1,1,1,1,1,1"), Message("Y", b"2,F,R,2,230,250,1"))
    assert line("tyres", *both, units="kpa") == "F 230, R 250 kPa"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"1,VIN,20,1,TR,op", "20 of 31 (-73 dBm), op"),
        (b"1,VIN,99,1,TR,", "–"),
        (b"1,VIN,20,1,TR,op,0,0,HW,LTE", "20 of 31 (-73 dBm), op, LTE"),
        (b"1,VIN,,1,TR,op", "–, op"),
        (b"1,VIN,0,1,TR,", "0 of 31 (-113 dBm)"),
    ],
)
def test_the_signal(data: bytes, text: str) -> None:
    """99 is no level; the network is named where it is known."""
    assert line("signal", Message("F", data)) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"0,0,4,30,31,32,0,0,0,0,8,0,1,1", "outside 8 °C, motor 31 °C, electronics 30 °C"),
        (b"0,0,4,0,0,0,0,0,0,0,0,0,-1,-1", "outside –, motor –, electronics –"),
        (b"0,0,4,30,31,32,0,0,0,0,8,0,0,0",
         "outside 8 °C (old), motor 31 °C (old), electronics 30 °C (old)"),
        (b"0,0,4,30,31,32,0,0,0,0,8,0,1,1,12,0,12,128,25,0,21",
         "outside 8 °C, cabin 21 °C, motor 31 °C, electronics 30 °C, charger 25 °C, climate on"),
    ],
)  # fmt: skip
def test_temperatures(data: bytes, text: str) -> None:
    """Those that were never read are dashes, those of some time ago are old."""
    assert line("temperature", Message("D", data)) == text


def test_the_odometer() -> None:
    """Thousands have no exponent, and 0 is no reading."""
    meters = (state(f2="M"), record("D", {"f7": 40, "f8": 12345678}))
    assert line("odometer", *meters) == "1,234,567.8 mi, trip 4 mi"
    assert line("odometer", state(f2="K"), record("D", {"f7": 0, "f8": 0})) == "–, trip 0 km"
    assert line("odometer", record("D", {"f7": 40, "f8": 50})) == "5 km or mi, trip 4 km or mi"
