"""Fields that are calculated from others: formulas, integrals, and mistakes in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.car.frames import Frame
from ovms.car.state import CarState
from ovms.car.vehicles.data.derived import LONGEST_GAP
from ovms.car.vehicles.data.fields import FIELDS
from ovms.car.vehicles.data.formulas import LONGEST_FORMULA, FormulaError, parse_formula
from ovms.car.vehicles.data.vehicle import DataVehicle
from tests.car.test_vehicle_data import make
from tests.car.test_vehicle_folders import problems

DBC = """VERSION ""

BU_: ECU

BO_ 16 Battery: 8 ECU
 SG_ Volts : 0|16@1+ (0.1,0) [0|500] "V" ECU
 SG_ Amps : 16|16@1- (0.1,0) [-400|400] "A" ECU
 SG_ Power2 : 32|16@1- (1,0) [-1000|1000] "W" ECU

BO_ 17 State: 8 ECU
 SG_ Plug : 0|8@1+ (1,0) [0|0] "" ECU
"""

READ = """[signals]
Volts = { field = "battery_voltage" }
Amps = { field = "battery_current" }
Plug = { field = "charge_state", values = { 1 = "charging" }, else = "stopped" }
[derived]
"""


def car_of(folder: Path, derived: str) -> DataVehicle:
    """Make a car with these calculated fields."""
    return make(folder, READ + derived, DBC)


def battery(volts: float, amps: float, power: int = 0) -> bytes:
    """Return a frame of the battery."""
    numbers = (round(volts * 10), round(amps * 10), power)
    return b"".join((number & 0xFFFF).to_bytes(2, "little") for number in numbers)


def tell(car: DataVehicle, now: float, data: bytes, bus_id: int = 16) -> CarState:
    """Have the car tell something; return its state."""
    car.receive(Frame(now, bus_id, data), now)
    return car.state


@pytest.mark.parametrize(
    ("written", "field", "expected"),
    [
        ('battery_power = "battery_voltage * battery_current / 1000"', "battery_power", 3.6),
        (
            'battery_power = { formula = "Volts * Amps", unit = "W" }', "battery_power", 3.6
        ),
        ('battery_power = { formula = "Battery.Power2 - 100", unit = "W" }', "battery_power", 0.4),
        ('charge_power = "max(0, -battery_power, 1)"\n'
         'battery_power = "battery_voltage * battery_current / 1000"', "charge_power", 1),
        ('charge_mode = "Power2 / 3"', "charge_mode", 167),
        ('"tyres.fl.pressure" = { formula = "Volts", unit = "bar" }', "tyres.fl.pressure", 36000),
        ('temperature_pem = { formula = "Volts / 5", unit = "°F" }', "temperature_pem", 22.22),
        ('lock_told = "battery_current > 9 and not battery_voltage < 100"', "lock_told", True),
    ],
)  # fmt: skip
def test_what_is_calculated(tmp_path: Path, written: str, field: str, expected: float) -> None:
    """A formula of fields and signals fills a field, in its unit, and in whatever order."""
    state = tell(car_of(tmp_path, written), 0, battery(360, 10, 500))
    assert FIELDS[field].get(state) == pytest.approx(expected, abs=0.01)


def test_what_is_unknown_makes_nothing(tmp_path: Path) -> None:
    """Without one of its parts, or divided by 0, a field is unknown and never 0."""
    car = car_of(tmp_path, 'battery_power = "battery_voltage * battery_current / (Power2 - 1)"')
    assert tell(car, 0, b"\x00\x0e").battery_power is None
    assert tell(car, 1, battery(360, 10, 2)).battery_power == 3600
    assert tell(car, 2, battery(360, 10, 1)).battery_power is None
    assert tell(car, 3, battery(360, 10, 3)).battery_power == 1800
    assert tell(car, 4, battery(360, 10, 2000)).battery_power is None  # outside the file's range


def test_a_silence_is_followed(tmp_path: Path) -> None:
    """When a part becomes unknown by silence, so does what is calculated of it."""
    silence = '\n[[silence]]\nof = "Battery"\nafter = 30\nset = { battery_current = "unknown" }\n'
    car = car_of(tmp_path, 'battery_power = "battery_voltage * battery_current"' + silence)
    assert tell(car, 0, battery(100, 1)).battery_power == 100
    car.advance(31)
    assert car.state.battery_power is None


def test_an_energy_is_a_power_over_hours(tmp_path: Path) -> None:
    """It counts while its condition holds, starts over when it should, and ignores long gaps."""
    car = car_of(
        tmp_path,
        'charge_energy = { formula = "-Volts * Amps", unit = "Wh", integrate = true, '
        'when = { charge_state = "charging" }, reset = { charge_state = "charging" } }',
    )
    assert tell(car, 0, battery(360, -10)).charge_energy is None
    assert tell(car, 10, b"\x01", 17).charge_energy == 0
    for second in range(11, 71):
        state = tell(car, second, battery(360, -10))
    assert state.charge_energy == pytest.approx(3.6 / 60)
    car.advance(1000)
    assert state.charge_energy == pytest.approx(3.6 * (60 + LONGEST_GAP) / 3600)
    tell(car, 1000, b"\x00", 17)
    before = state.charge_energy
    for second in range(1000, 1030):
        assert tell(car, second, battery(360, -10)).charge_energy == before
    assert tell(car, 2000, b"\x01", 17).charge_energy == 0


def test_a_sum_goes_on_after_a_restart(tmp_path: Path) -> None:
    """What was charged before counts, though the charge that resets it is under way."""
    car = car_of(
        tmp_path,
        'charge_energy = { formula = "-Volts * Amps", unit = "Wh", integrate = true, '
        'when = { charge_state = "charging" }, reset = { charge_state = "charging" } }',
    )
    car.state.charge_energy, car.state.charge_state = 5.0, "charging"
    car.resume(0)
    tell(car, 0, battery(360, -10))
    for second in range(61):
        state = tell(car, second, battery(360, -10))
    assert state.charge_energy == pytest.approx(5 + 3.6 / 60)
    tell(car, 100, b"\x00", 17)
    assert tell(car, 200, b"\x01", 17).charge_energy == 0


def test_a_field_keeps_its_value_while_its_condition_does_not_hold(tmp_path: Path) -> None:
    """Without integration nothing changes meanwhile."""
    car = car_of(
        tmp_path, 'charge_power = { formula = "Volts", when = { charge_state = "charging" } }'
    )
    assert tell(car, 0, battery(10, 0)).charge_power is None
    assert tell(car, 1, b"\x01", 17).charge_power == 10
    tell(car, 2, b"\x00", 17)
    assert tell(car, 3, battery(20, 0)).charge_power == 10


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('battery_power = "1 + 2"', "names nothing"),
        ("battery_power = \"__import__('os')\"", "a formula has no"),
        ('battery_power = "Volts.real()"', "a formula has no"),
        ('battery_power = "Volts ** 9"', "a formula has no 'Volts ** 9'"),
        ('battery_power = "[x for x in Volts]"', "a formula has no"),
        ('battery_power = "(lambda: Volts)()"', "a formula has no"),
        ('battery_power = "Volts if Amps else 1"', "a formula has no"),
        ('battery_power = "Volts[0]"', "a formula has no"),
        ("battery_power = \"'a' * Volts\"", "a formula has no"),
        ('battery_power = "f(Volts)"', "a formula has no"),
        ('battery_power = "abs(Volts, Amps)"', "abs takes one"),
        ('battery_power = "1 < Volts < 2"', "a formula has no"),
        ('battery_power = "Volts *"', "is no formula"),
        ('battery_power = "Volts * Ampz"', "no signal Ampz (did you mean Amps?)"),
        ('battery_power = "charge_state"', "charge_state holds a word"),
        ('battery_power = "Volts > 3"', "battery_power holds a number"),
        ('lock_told = "Volts"', "lock_told holds true or false"),
        ('battery_power = { formula = "Volts", unit = "km" }', "km cannot become kW"),
        ('battery_power = { formula = "Volts", reset = { Plug = 1 } }', "only what is integrated"),
        ('battery_power = { unit = "W" }', "formula is missing"),
        ("battery_power = 1", "should be a table"),
        ('battery_voltage = "Volts"', "battery_voltage is filled by Volts already"),
        ('battery_pow = "Volts"', "did you mean battery_power?"),
        ('vin = "Volts"', "no field 'vin' that is calculated"),
        ('charge_power = "battery_power"\nbattery_power = "charge_power"', "needs the next"),
        ('battery_power = "battery_power + Volts"', "needs the next"),
    ],
)
def test_mistakes(tmp_path: Path, written: str, expected: str) -> None:
    """Each mistake is told at its line; nothing of a formula is run."""
    head = 'car_type = "T"\ndescription = "test"\n' + READ
    told = problems(tmp_path, head + written + "\n", DBC)
    assert any(expected in each for each in told), told
    first = head.count("\n") + 1
    assert all(first <= int(each.split(":")[1]) <= first + 1 for each in told), told


def test_the_longest_formula() -> None:
    """A formula may be so long and no longer."""
    text = "a" + " + 1" * ((LONGEST_FORMULA - 1) // 4)
    assert parse_formula(text.ljust(LONGEST_FORMULA)).value({"a": 1.0}.get) == 75
    with pytest.raises(FormulaError, match="up to 300"):
        parse_formula(text.ljust(LONGEST_FORMULA + 1))
    for deep in ("(" * 299, "-" * 298 + "a", "a" + ".a" * 149, "9" * 299, "a*" * 149 + "9e999"):
        try:
            parse_formula(deep).value({"a": 2.0}.get)
        except FormulaError:
            continue


@given(st.lists(st.sampled_from(
    ["a", "b", "1", "0", "+", "-", "*", "/", "%", "(", ")", "<", "and", "not", "min(", ",", "."]
), max_size=12))  # fmt: skip
def test_any_text_is_a_formula_or_refused(parts: list[str]) -> None:
    """Whatever is written, it is refused, unknown, or a finite number."""
    try:
        formula = parse_formula(" ".join(parts))
    except FormulaError:
        return
    assert set(formula.names) <= {"a", "b", "a.b", "b.a", "a.a", "b.b"} or "." in parts
    value = formula.value({"a": 2.0, "b": 0.0}.get)
    assert value is None or abs(value) < float("inf")
