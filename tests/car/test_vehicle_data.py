"""Vehicle types as data: what readings, conditions and frames come of a folder."""

from __future__ import annotations

import math
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import cantools.database
import pytest
from cantools.database import Database
from hypothesis import example, given
from hypothesis import strategies as st

from ovms.car.frames import Frame
from ovms.car.state import CarError, CarState, Topic
from ovms.car.trust import Trust
from ovms.car.vehicles.data.conditions import Condition, ConditionError, Value, parse_condition
from ovms.car.vehicles.data.dbc import read_dbc
from ovms.car.vehicles.data.encodings import (
    ENCODINGS,
    EncodingError,
    ValueRefused,
    parse_template,
)
from ovms.car.vehicles.data.fields import FIELDS, TOPICS, Holds
from ovms.car.vehicles.data.folder import read_folder
from ovms.car.vehicles.data.units import find_conversion
from ovms.car.vehicles.data.vehicle import DataVehicle
from ovms.protocol.commands import Answer, Command, Result
from ovms.protocol.records.environment import Doors1, Doors2, Doors5
from tests.car.frames import execute, frames_for

DBC = """VERSION ""

BU_: ECU

BO_ 16 Plain: 8 ECU
 SG_ Byte : 0|8@1+ (1,0) [0|0] "" ECU
 SG_ Signed : 8|8@1- (0.5,10) [-54|73] "" ECU
 SG_ Word : 16|16@1+ (1,0) [0|1000] "mV" ECU
 SG_ Motorola : 39|16@0+ (0.1,0) [0|6553.5] "mi" ECU
 SG_ Text : 48|16@1+ (1,0) [0|0] "" ECU

BO_ 17 Muxed: 8 ECU
 SG_ Kind M : 7|8@0+ (1,0) [0|255] "" ECU
 SG_ First m1 : 8|8@1+ (1,0) [0|0] "" ECU
 SG_ Second m2 : 8|8@1+ (1,0) [0|0] "" ECU

BO_ 2147485713 Long: 4 ECU
 SG_ Real : 0|32@1- (1,0) [0|0] "" ECU

SIG_VALTYPE_ 2147485713 Real : 1;
"""

HEAD = 'car_type = "T"\ndescription = "test"\n'


def make(folder: Path, mapping: str, dbc: str = DBC) -> DataVehicle:
    """Make a car of a folder with these files."""
    (folder / f"{folder.name}.dbc").write_text(dbc, "utf-8")
    (folder / "vehicle.toml").write_text(HEAD + mapping, "utf-8")
    return DataVehicle(read_folder(folder))


def state_after(car: DataVehicle, *frames: str) -> CarState:
    """Return the state after frames of the id 0x10, or ``11#`` before them, one a second."""
    for now, text in enumerate(frames):
        bus_id, _, data = text.rpartition("#")
        number = int(bus_id or "10", 16)
        car.receive(Frame(now, number, bytes.fromhex(data), number > 0x7FF), now)
    return car.state


@pytest.mark.parametrize(
    ("mapping", "frames", "field", "expected"),
    [
        ('Byte = { field = "soc" }', ["2A"], "soc", 42),
        ('Byte = { field = "soc", scale = 0.5, offset = 1 }', ["2A"], "soc", 22),
        ('Byte = { field = "soc", offset = 250, modulo = 256 }', ["2A"], "soc", 36),
        ('Byte = { field = "soc", clamp = [50, 60] }', ["2A"], "soc", 50),
        ('Byte = { field = "soc", clamp = [10, 20] }', ["2A"], "soc", 20),
        ('Byte = { field = "soc", valid = [0, 41] }', ["29", "2A"], "soc", 41),
        ('Byte = { field = "soc", skip = [1, 0x2A] }', ["29", "2A"], "soc", 41),
        ('Byte = { field = "soc", none = 0x2A }', ["29", "2A"], "soc", None),
        ('Byte = { field = "soc" }', [""], "soc", None),
        ('Signed = { field = "soc" }', ["00 FF"], "soc", 9.5),
        ('Signed = { field = "soc", skip = -1 }', ["00 FF"], "soc", None),
        ('Signed = { field = "soc" }', ["00"], "soc", None),
        ('Word = { field = "voltage_12v" }', ["00 00 E8 03"], "voltage_12v", 1),
        ('Word = { field = "voltage_12v" }', ["00 00 E9 03"], "voltage_12v", None),
        ('Word = { field = "voltage_12v", unit = "V", valid = [0, 9000] }', ["00 00 E9 03"],
         "voltage_12v", 1001),
        ('Motorola = { field = "odometer" }', ["00 00 00 00 01 02"], "odometer",
         pytest.approx(25.8 * 1.609344)),
        ('"Plain.Byte" = { field = "soc" }', ["2A"], "soc", 42),
        ('Byte = { field = "charge_mode", scale = 0.5 }', ["07"], "charge_mode", 4),
        ('Byte = { field = "gps_lock" }', ["02"], "gps_lock", True),
        ('Byte = { field = "gps_lock" }', ["00"], "gps_lock", False),
        ('Byte = { field = "doors_1" }', ["84"], "doors_1", Doors1(0x84)),
        ('Byte = { field = "doors_1", values = { 1 = 0x80, 2 = 0 } }', ["01"], "doors_1",
         Doors1.CAR_ON),
        ('Byte = { field = "charge_state", values = { 0x2A = "done" } }', ["2A", "2B"],
         "charge_state", "done"),
        ('Byte = { field = "charge_state", values = { 42 = "done" }, else = "stopped" }',
         ["2A", "2B"], "charge_state", "stopped"),
        ('Byte = { field = "lock_told", values = { 1 = true }, else = "unknown" }', ["01", "02"],
         "lock_told", None),
        ('Byte = { field = "lock_told", values = { 1 = true, 2 = false } }', ["01", "02", "03"],
         "lock_told", False),
        ('Byte = { field = "soc", when = { Signed = { least = 10 } } }', ["07 00", "08 FF"],
         "soc", 7),
        ('First = { field = "soc", when = { Byte = 1 } }', ["11#01 07"], "soc", None),
        ('First = { field = "soc", when = { Byte = 1 } }', ["01", "11#01 07"], "soc", 7),
        ('First = { field = "soc", when = { Byte = 1 } }', ["01", "02", "11#01 07"], "soc", None),
        ('First = { field = "soc", when = { Byte = 1 }, else = 50 }', ["11#01 07"], "soc", 50),
        ('First = { field = "soc" }\nSecond = { field = "soc" }', ["11#01 07", "11#02 08"],
         "soc", 8),
        ('First = { field = "soc" }', ["11#02 07", "11#03 07"], "soc", None),
        ('Text = { field = "vin", piece = 1 }', ["00 00 00 00 00 00 41 42"], "vin", "AB"),
        ('Motorola = { field = "vin", piece = 1 }', ["00 00 00 00 41 42"], "vin", "AB"),
        ('Text = { field = "vin", piece = 1 }\nMotorola = { field = "vin", piece = 2 }',
         ["00 00 00 00 43 44 41 42"], "vin", "ABCD"),
        ('Text = { field = "vin", piece = 1 }\nFirst = { field = "vin", piece = 2 }',
         ["00 00 00 00 00 00 41 42"], "vin", None),
        ('Text = { field = "vin", piece = 1 }',
         ["00 00 00 00 00 00 41 42", "00 00 00 00 00 00 41 FF"], "vin", "AB"),
        ('Text = { field = "vin", piece = 1, none = 0 }',
         ["00 00 00 00 00 00 41 42", "00 00 00 00 00 00 00 00"], "vin", None),
        ('Word = { field = "error", code = "Byte" }', ["05 00 07 00"], "error", CarError(5, 7)),
        ('First = { field = "error", code = "Byte" }', ["11#01 07"], "error", None),
        ('Real = { field = "soc" }', ["811#00 00 28 42"], "soc", 42),
        ('Real = { field = "soc" }', ["811#00 00 28 42", "811#00 00 C0 7F"], "soc", 42),
        ('Real = { field = "soc" }', ["811#00 00 28 42", "811#00 00 80 7F"], "soc", 42),
        ('Real = { field = "soc", scale = 1e308 }', ["811#00 00 28 42"], "soc", None),
        ('Real = { field = "satellites" }', ["811#00 00 80 7F"], "satellites", None),
    ],
)  # fmt: skip
def test_what_a_signal_fills(
    tmp_path: Path, mapping: str, frames: list[str], field: str, expected: object
) -> None:
    """Each key of a signal does what the page says."""
    car = make(tmp_path, f"[signals]\n{mapping}")
    assert getattr(state_after(car, *frames), field) == expected


def test_bits_and_tyres_are_parts(tmp_path: Path) -> None:
    """One bit leaves the others as they are; a tyre's reading is that tyre's."""
    car = make(
        tmp_path,
        '[signals]\nByte = { field = "doors_2.locked" }\nFirst = { field = "doors_2.valet" }\n'
        'Signed = { field = "tyres.fl.temperature" }\nSecond = { field = "doors_5.hvac" }',
    )
    state = state_after(car, "01 00", "11#01 01")
    assert state.doors_2 == Doors2.LOCKED | Doors2.VALET
    assert state.tyres["fl"].temperature == 10
    assert state.tyres["fr"].temperature is None
    assert state_after(car, "00", "11#02 01").doors_2 == Doors2.VALET
    assert state.doors_5 == Doors5.HVAC


def test_switching_off_begins_to_park(tmp_path: Path) -> None:
    """The parking time counts from the frame that says that the car is off."""
    car = make(tmp_path, '[signals]\nByte = { field = "doors_1.car_on" }')
    assert state_after(car, "01").parked_since is None
    assert state_after(car, "01", "01", "00", "00").parked_since == 2


def test_ages_of_readings(tmp_path: Path) -> None:
    """A topic is stale after the seconds that the type gives; no reading is no news of it."""
    car = make(
        tmp_path,
        '[signals]\nByte = { field = "temperature_pem", none = 0xFF }\n'
        'Signed = { field = "latitude" }\n[stale]\ntemperatures = 10',
    )
    state = state_after(car, "20 00", "FF")
    assert [state.freshness(Topic.TEMPERATURES, now) for now in (10, 10.5)] == [1, 0]
    assert [state.freshness(Topic.POSITION, now) for now in (120, 121.5)] == [1, 0]
    assert state.freshness(Topic.TYRES, 0) == -1


def test_a_told_vin_stays(tmp_path: Path) -> None:
    """Whoever says the VIN knows it better than the bus."""
    kind = make(tmp_path, '[signals]\nText = { field = "vin", piece = 1 }').kind
    car = DataVehicle(kind, "MINE")
    assert state_after(car, "00 00 00 00 00 00 41 42").vin == "MINE"


def test_what_is_only_listened_to_claims_nothing(tmp_path: Path) -> None:
    """The type supports its commands, the car none as long as nothing is written to the bus."""
    car = make(
        tmp_path, '[commands.18]\nframes = [{ id = 0x18DAF110, extended = true, data = "0A" }]'
    )
    assert car.kind.commands == {18}
    assert (car.identity.commands, car.identity.write_enabled) == (frozenset(), False)
    assert execute(car, Command(18)) == Answer(18, Result.UNSUPPORTED)
    assert frames_for(car, Command(18)) == (Frame(0, 0x18DAF110, b"\x0a", True),)


def test_unused_parameters_are_counted_all_the_same(tmp_path: Path) -> None:
    """A car that needs no PIN still expects the one of the command."""
    car = make(
        tmp_path,
        "[commands.lock]\nparameters = { pin = { unused = true } }\n"
        'frames = [{ id = 1, data = "01" }]',
    )
    assert frames_for(car, Command(20)) == "expected pin"
    assert frames_for(car, Command(20, "x")) == (Frame(0, 1, b"\x01"),)


def test_questions_may_depend_on_the_bus(tmp_path: Path) -> None:
    """A question comes while its condition holds, and no sooner again than it says."""
    ask = '[[ask]]\nfor = "x"\nid = 1\ndata = "02"\nevery = 5\nwhen = { Byte = 1 }'
    car = DataVehicle(make(tmp_path, ask).kind, trust=Trust.ASK)
    assert car.sending(0) == []
    state_after(car, "01")
    assert car.sending(1) == [Frame(1, 1, b"\x02")]
    assert car.sending(5.9) == []
    assert car.sending(6) == [Frame(6, 1, b"\x02")]
    state_after(car, "02")
    assert car.sending(60) == []


# -- decoding -------------------------------------------------------------------------------


def database() -> Database:
    """Load the DBC file by the library alone."""
    loaded = cantools.database.load_string(DBC, "dbc")
    assert isinstance(loaded, Database)
    return loaded


REFERENCE = database()
BUS = read_dbc("test.dbc", DBC)


@given(st.sampled_from([0x10, 0x11, 0x811]), st.booleans(), st.binary(max_size=8))
@example(0x811, True, b"\x00\x00\x80\x7f")
def test_frames_are_read_as_the_library_does(bus_id: int, is_extended: bool, data: bytes) -> None:
    """Codes scaled by us are the library's finite values, even from the start of a frame."""
    decodings = list(BUS.decode(Frame(0, bus_id, data, is_extended)))
    name, codes = decodings[0] if decodings else ("", {})
    signals = {each: BUS.find(f"{name}.{each}")[0] for each in codes}
    values = {each: signals[each].scale(code) for each, code in codes.items()}
    is_read = {0x10: not is_extended, 0x11: not is_extended and data[:1] in (b"\1", b"\2")}
    if not (data and is_read.get(bus_id, is_extended)):
        assert values == {}
        return
    message = REFERENCE.get_message_by_name(name)
    decoded: Any = message.decode(data, decode_choices=False, allow_truncated=True)
    expected = {each: value for each, value in decoded.items() if math.isfinite(value)}
    assert repr(values) == repr(expected)
    for each, signal in signals.items():
        least, most = signal.possible
        assert not least > values[each]
        assert not values[each] > most


# -- the parts ------------------------------------------------------------------------------


def test_every_part_of_the_state_can_be_filled() -> None:
    """No attribute of the state is forgotten, but what the module itself works out."""
    own = {"parked_since", "updated", "read", "stale_after", "gsm_signal", "network", "unread"}
    assert {field.attribute for field in FIELDS.values()} == {
        each.name for each in fields(CarState)
    } - own
    assert set(TOPICS.values()) == set(Topic)
    assert {field.topic for field in FIELDS.values()} - {None} == set(Topic)


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_is_put_and_got(name: str) -> None:
    """What is put into a field is what it says then, and nothing else of the state changes."""
    field, state = FIELDS[name], CarState()
    values: dict[Holds, object] = {
        Holds.FLAG: True, Holds.WORD: "done", Holds.TEXT: "V", Holds.ERROR: CarError(1, 2),
    }  # fmt: skip
    value = field.bits(0xFF) if field.holds is Holds.BITS and field.bits else 7
    value = values.get(field.holds, value)  # type: ignore[assignment]
    assert not field.get(state)
    field.put(state, value)
    assert field.get(state) == value
    field.put(state, None)
    assert state == CarState()


@pytest.mark.parametrize(
    ("unit", "wanted", "value", "expected"),
    [
        ("mi", "km", 10, 16.09344),
        ("miles", "km", 10, 16.09344),
        ("mph", "km/h", 10, 16.09344),
        ("MPH", "km/h", 10, 16.09344),
        ("m/s", "km/h", 10, 36),
        ("m", "km", 500, 0.5),
        ("psi", "kPa", 1, 6.894757),
        ("bar", "kPa", 2.5, 250),
        ("hPa", "kPa", 10, 1),
        ("Pa", "kPa", 1000, 1),
        ("degF", "°C", 212, 100),
        ("K", "°C", 273.15, 0),
        ("degC", "°C", 5, 5),
        ("C", "°C", 5, 5),
        ("mV", "V", 500, 0.5),
        ("mA", "A", 500, 0.5),
        ("W", "kW", 500, 0.5),
        ("wh", "kWh", 500, 0.5),
        ("kwh", "kWh", 5, 5),
        ("s", "min", 90, 1.5),
        ("h", "min", 2, 120),
        (" percent ", "%", 5, 5),
        ("deg", "°", 5, 5),
        ("", "V", 5, 5),
        ("anything", "", 5, 5),
    ],
)
def test_units(unit: str, wanted: str, value: float, expected: float) -> None:
    """Units as DBC files write them become the state's."""
    convert = find_conversion(unit, wanted)
    assert convert is not None
    assert convert(value) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("unit", "wanted"), [("mi", "°C"), ("furlong", "km"), ("MV", "V")])
def test_units_that_do_not_fit(unit: str, wanted: str) -> None:
    """What cannot become the wanted unit is refused, a megavolt for a millivolt too."""
    assert find_conversion(unit, wanted) is None


@pytest.mark.parametrize(
    ("written", "holding", "failing"),
    [
        ({"x": 1}, [1, 1.0, True], [0, 2, None, "1"]),
        ({"x": [1, 2]}, [1, 2], [3, None]),
        ({"x": True}, [True, 1], [False, None]),
        ({"x": "A?C*"}, ["ABC", "ABCD"], ["AC", "", None, 1]),
        ({"x": {"not": 1}}, [0, None, "1"], [1, True]),
        ({"x": {"not": [1, 2]}}, [0, None], [1, 2]),
        ({"x": {"not": "A*"}}, ["B", None], ["A"]),
        ({"x": {"least": 1}}, [1, 2.5], [0.5, None, "2"]),
        ({"x": {"most": 1}}, [1, -5], [1.5, None]),
        ({"x": {"least": 1, "most": 3, "not": 2}}, [1, 3], [0, 2, 4, None]),
        ({"x": {"bits": 6}}, [2, 4, 6, 7], [0, 1, 8, None, "2"]),
        ([{"x": 1}, {"x": 3}], [1, 3], [2, None]),
    ],
)
def test_conditions(written: object, holding: list[Value], failing: list[Value]) -> None:
    """A condition holds for the values it should, and not for others or what is unknown."""
    condition = parse_condition(written)
    assert [value for value in holding if not condition.holds({"x": value}.get)] == []
    assert [value for value in failing if condition.holds({"x": value}.get)] == []


def test_all_entries_of_a_condition_must_hold() -> None:
    """A table is all of its entries, and no condition at all always holds."""
    condition = parse_condition({"x": 1, "y": 2})
    assert condition.names == {"x", "y"}
    assert condition.holds({"x": 1, "y": 2}.get)
    assert not condition.holds({"x": 1, "y": 3}.get)
    assert Condition().holds(dict[str, Value]().get)


@pytest.mark.parametrize(
    "written",
    [
        1, {}, [], [{}], [{"x": 1}, 2], {"x": []}, {"x": {}}, {"x": {"above": 1}}, {"x": [[1]]},
        {"x": {"least": "1"}}, {"x": {"most": True}}, {"x": {"least": 2, "most": 1}},
        {"x": {"bits": 0}}, {"x": {"bits": 1.5}}, {"x": {"bits": True}}, {"x": {"not": {}}},
        {"x": {"least": float("nan")}}, {"x": None},
    ],
)  # fmt: skip
def test_what_is_no_condition(written: object) -> None:
    """What is written otherwise is refused with a text."""
    with pytest.raises(ConditionError, match=r"\w{3}"):
        parse_condition(written)


singles = st.integers(0, 4)
tests_ = st.one_of(
    singles,
    st.lists(singles, min_size=1, max_size=3),
    st.fixed_dictionaries({"not": singles}),
    st.fixed_dictionaries({"least": st.just(1), "most": st.integers(1, 4)}),
    st.fixed_dictionaries({"least": singles}),
    st.fixed_dictionaries({"bits": st.integers(1, 7)}),
)
conditions = st.lists(
    st.dictionaries(st.sampled_from("xy"), tests_, min_size=1), min_size=1, max_size=2
)


@given(conditions, conditions)
def test_what_excludes_never_meets(one: object, other: object) -> None:
    """Conditions that are said to exclude each other never both hold, whatever the values."""
    first, second = parse_condition(one), parse_condition(other)
    values: list[Value] = [None, 0, 1, 2, 3, 4, 5]
    both = any(
        first.holds({"x": x, "y": y}.get) and second.holds({"x": x, "y": y}.get)
        for x in values
        for y in values
    )
    assert not (both and first.excludes(second))
    assert first.excludes(second) == second.excludes(first)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"x": 1}, {"x": 2}, True),
        ({"x": 1}, {"x": 1}, False),
        ({"x": [1, 2]}, {"x": [3, 4]}, True),
        ({"x": 1}, {"y": 2}, False),
        ({"x": 1, "y": 1}, {"x": 1, "y": 2}, True),
        ({"x": {"not": 1}}, {"x": 1}, True),
        ({"x": {"not": 1}}, {"x": [1, 2]}, False),
        ({"x": {"most": 1}}, {"x": {"least": 2}}, True),
        ({"x": {"most": 2}}, {"x": {"least": 2}}, False),
        ({"x": {"most": 1}}, {"x": 2}, True),
        ({"x": "A*"}, {"x": {"not": "A*"}}, True),
        ({"x": "A*"}, {"x": "B*"}, False),
        ([{"x": 1}, {"x": 2}], {"x": 3}, True),
        ([{"x": 1}, {"x": 2}], {"x": 2}, False),
    ],
)
def test_what_excludes(one: object, other: object, expected: bool) -> None:
    """Exclusion is seen where it is plain."""
    assert parse_condition(one).excludes(parse_condition(other)) is expected


@pytest.mark.parametrize(
    ("encoding", "text", "expected"),
    [
        ("byte", "255", "ff"),
        ("low_high", "258", "0201"),
        ("high_low", "258", "0102"),
        ("minutes_before", "0", "059f"),
        ("minutes_before", "1", "0000"),
        ("minutes_before", "1439", "059e"),
        ("pin28", "1234", "d2040040"),
        ("pin28", "0", "00000010"),
        ("pin28", "99999999", "ffe0f585"),
    ],
)
def test_encodings(encoding: str, text: str, expected: str) -> None:
    """Each encoding packs as the page says, into as many bytes as it says."""
    packed = ENCODINGS[encoding].pack(text)
    assert packed.hex() == expected
    assert len(packed) == ENCODINGS[encoding].size


@given(st.text(st.sampled_from("0123456789a- ٣"), max_size=10))
def test_a_pin_is_packed_or_refused(text: str) -> None:
    """A PIN can be read back from its bytes, or is refused without being repeated."""
    is_pin = text.isascii() and text.isdecimal() and len(text) <= 8
    if not is_pin:
        with pytest.raises(ValueRefused, match=r"^the PIN must be 1 to 8 digits$"):
            ENCODINGS["pin28"].pack(text)
        return
    packed = int.from_bytes(ENCODINGS["pin28"].pack(text), "little")
    assert str(packed & 0xFFFFFFF).zfill(packed >> 28) == text


@pytest.mark.parametrize(
    "text",
    ["", "0", "000", "0G", "{}", "{A}", "{a:}", "{a:bcd}", "00 " * 9, "{a:pin28} {b:pin28} 00",
     "0x01", "{a} {b"],
)  # fmt: skip
def test_what_is_no_frame(text: str) -> None:
    """Data that is written otherwise, or is too long, is refused with a text."""
    with pytest.raises(EncodingError, match=r"\w{3}"):
        parse_template(text)


NUMBERS = """VERSION ""

BU_: ECU

BO_ 16 Real: 8 ECU
 SG_ Left : 0|32@1- (1,0) [0|0] "" ECU
 SG_ Right : 32|32@1- (1e300,0) [0|0] "" ECU

BO_ 17 Endless: 400 ECU
 SG_ Whole : 0|3200@1+ (1,0) [0|0] "" ECU

SIG_VALTYPE_ 16 Left : 1;
SIG_VALTYPE_ 16 Right : 1;
"""

ODD = st.sampled_from((b"\0\0\xc0\x7f", b"\0\0\x80\x7f", b"\0\0\x80\xff", b"\xff\xff\x7f\x7f"))
"""NaN, infinity, its opposite, and the largest number, as a bus sends them."""


@given(left=ODD | st.binary(min_size=4, max_size=4), right=ODD, whole=st.binary(max_size=400))
def test_no_number_on_the_bus_is_too_odd(
    tmp_path_factory: pytest.TempPathFactory, left: bytes, right: bytes, whole: bytes
) -> None:
    """What cannot be calculated with is no reading, whatever looks at it."""
    kind = _odd_numbers(str(tmp_path_factory.getbasetemp())).kind
    for order in (left + right, right + left):
        car = DataVehicle(kind)
        car.receive(Frame(0, 0x10, order), 0)
        car.receive(Frame(0, 0x11, whole.ljust(400, b"\xff")), 0)
        state = car.state
        for value in (state.soc, state.soh, state.battery_current):
            assert value is None or math.isfinite(value)


@cache
def _odd_numbers(folder: str) -> DataVehicle:
    made = Path(folder) / "odd"
    made.mkdir()
    return make(
        made,
        '[signals]\nWhole = { field = "soc" }\nLeft = [\n'
        '{ field = "soh", when = { Right = { bits = 1 } } },\n'
        '{ field = "battery_current", scale = 2 }]\n'
        'Right = { field = "error", code = "Left", when = { Whole = { not = 3 } } }',
        NUMBERS,
    )


# -- silence --------------------------------------------------------------------------------


def seen(car: DataVehicle, *names: str) -> list[object]:
    """Return what is known of a car."""
    return [getattr(car.state, name) for name in names]


def test_a_message_that_comes_no_more(tmp_path: Path) -> None:
    """Its silence sets fields once, whatever other messages come; its return undoes that."""
    car = make(
        tmp_path,
        '[signals]\nByte = { field = "soc" }\nSigned = { field = "doors_1.car_on" }\n'
        '[[silence]]\nof = "Plain"\nafter = 30\n'
        'set = { "doors_1.car_on" = false, soc = "unknown", doors_2 = 8 }\n'
        '[[silence]]\nof = "Plain"\nafter = 60\nset = { soh = 90 }\n'
        '[[silence]]\nof = "Muxed"\nafter = 1\nset = { speed = 0 }',
    )
    car.advance(1000)
    assert seen(car, "doors_2") == [None]
    car.receive(Frame(1000, 0x10, b"\x2a\1"), 1000)
    car.advance(1029.9)
    assert seen(car, "soc", "is_on") == [42, True]
    car.receive(Frame(1029, 0x11, b"\1\1"), 1029)
    car.advance(1030)
    assert seen(car, "soc", "is_on", "speed") == [None, False, 0]
    assert seen(car, "doors_2", "parked_since") == [Doors2.LOCKED, 1030]
    assert seen(car, "soh") == [None]
    car.state.soc = 50
    car.advance(1060)
    assert seen(car, "soc", "soh") == [50, 90]
    car.receive(Frame(1070, 0x10, b"\x2b\1"), 1070)
    assert seen(car, "soc", "is_on") == [43, True]
    car.advance(1100)
    assert seen(car, "soc", "is_on") == [None, False]


def test_a_silence_begins_anew_with_a_restart(tmp_path: Path) -> None:
    """A car that sleeps meanwhile counts as off, though not a frame of it has come."""
    car = make(
        tmp_path,
        '[signals]\nByte = { field = "soc" }\nSigned = { field = "doors_1.car_on" }\n'
        '[[silence]]\nof = "Plain"\nafter = 30\nset = { speed = 0 }\n'
        '[derived]\nsoh = "Word"\n',
    )
    assert car.filled == {"soc", "doors_1", "speed", "soh"}
    car.state.speed = 50
    car.resume(1000)
    car.advance(1029)
    assert car.state.speed == 50
    car.advance(1030)
    assert car.state.speed == 0


def test_silence_may_mean_something_only_at_times(tmp_path: Path) -> None:
    """Its condition is looked at when the time is over, a signal's last value among it."""
    car = make(
        tmp_path,
        '[signals]\nByte = { field = "soc" }\n[[silence]]\nof = "Plain"\nafter = 30\n'
        "set = { soc = 0 }\nwhen = { soc = { most = 50 }, Signed = 10 }",
    )
    for start, data, soc in ((0, "2A 00", 0), (100, "2A 02", 42), (200, "33 00", 51)):
        car.receive(Frame(start, 0x10, bytes.fromhex(data)), start)
        car.advance(start + 30)
        assert seen(car, "soc") == [soc]


# -- links ----------------------------------------------------------------------------------

LINKS = (
    '[[isotp]]\nname = "a"\nrequest = 0x20\nresponse = 0x10\n'
    '[[isotp]]\nname = "b"\nrequest = 0x21\nresponse = 0x11\n'
    '[[ask]]\nfor = "x"\nto = "a"\ndata = "01 02"\nevery = 5\n'
    '[[ask]]\nfor = "y"\nto = "b"\ndata = "01"\nevery = 5\n'
    '[[ask]]\nfor = "z"\nid = 0x30\ndata = "01"\nevery = 5\n'
)


def sent(car: DataVehicle, now: float) -> list[str]:
    """Return what a car sends now, as ``ID#data``, zeros at its end left out."""
    frames = []
    while given := car.sending(now):
        frames += given
        car.sent(now)
    return [f"{frame.id:X}#{frame.data.rstrip(bytes(1)).hex(' ')}" for frame in frames]


def test_links_are_asked_side_by_side(tmp_path: Path) -> None:
    """Each link has a question open; frames that ask without one do not wait for them."""
    mapping = '[signals]\nByte = { field = "soc" }\nFirst = { field = "soh" }\n' + LINKS
    car = DataVehicle(make(tmp_path, mapping).kind, trust=Trust.ASK)
    assert sent(car, 0) == ["30#01", "20#02 01 02", "21#01 01"]
    car.receive(Frame(0, 0x11, b"\2\1\7"), 0)
    assert seen(car, "soh", "soc") == [7, None]
    car.receive(Frame(0, 0x10, b"\x10\x0a\x41\2\0\0\0\0"), 0)
    assert sent(car, 0) == ["20#30"]
    car.receive(Frame(0, 0x10, b"\x21\0\0\0\0\0\0\0"), 0)
    assert car.state.soc == 0x41


def test_a_command_on_a_link(tmp_path: Path) -> None:
    """Its requests wait for what is open there, then each for the answer to the one before."""
    mapping = LINKS + (
        "[commands.charge-current]\n"
        'frames = [{ to = "a", data = "10 03" }, { to = "a", data = "2E 01 {amps}" }]\n'
    )
    car = DataVehicle(make(tmp_path, mapping).kind, trust=Trust.WRITE)
    car.sending(0)
    car.sent(0)
    car.receive(Frame(0, 0x11, b"\1\x41"), 0)
    given: list[Answer] = []
    car.execute(Command(15, "16"), 0.1, given.append)
    assert sent(car, 0.1) == []
    assert car.next_sending == 1.0
    car.receive(Frame(0.2, 0x10, b"\2\x41\2"), 0.2)
    assert sent(car, 0.2) == ["20#02 10 03"]
    assert sent(car, 0.5) == []
    car.receive(Frame(0.6, 0x10, b"\2\x50\3"), 0.6)
    assert sent(car, 0.6) == ["20#03 2e 01 10"]
    assert car.next_sending is None
    assert given == []
    car.advance(0.6)
    assert given == [Answer(15, Result.OK)]
    assert sent(car, 5.1) == ["30#01", "20#02 01 02", "21#01 01"]


def test_a_command_does_not_wait_for_ever(tmp_path: Path) -> None:
    """Where nothing is answered its requests go out a second apart, and questions after them."""
    mapping = LINKS + (
        '[commands.wakeup]\nframes = [{ to = "a", data = "10 03" }, { to = "a", data = "3E" }]\n'
    )
    car = DataVehicle(make(tmp_path, mapping).kind, trust=Trust.WRITE)
    answers: list[Answer] = []
    car.execute(Command(18), 0, answers.append)
    gone = {now: frames for now in range(4) if (frames := sent(car, now))}
    assert gone == {0: ["20#02 10 03", "30#01"], 1: ["20#01 3e", "21#01 01"], 2: ["20#02 01 02"]}


def test_links_of_a_listener(tmp_path: Path) -> None:
    """Nothing leaves, not even what lets a long answer go on."""
    car = make(tmp_path, '[signals]\nByte = { field = "soc" }\n' + LINKS)
    car.receive(Frame(0, 0x10, b"\x10\x0a\x41\2\0\0\0\0"), 0)
    assert car.sending(0) == []
    car.receive(Frame(0, 0x10, b"\x21\0\0\0\0\0\0\0"), 0)
    assert car.state.soc == 0x41
    assert car.sending(99) == []
