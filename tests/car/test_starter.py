"""The first mapping for a DBC file, and its guesses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ovms.car.vehicles.data.folder import read_folder
from ovms.car.vehicles.data.guesses import MOST_PER_FIELD
from ovms.car.vehicles.data.problems import VehicleTypeError
from ovms.car.vehicles.data.starter import is_type_name, make_folder

SIGNALS = {
    "BattSOC": '"%"', "BMS_SOH": '"%"', "VehicleSpeed": '"kph"', "WheelSpeedFL": '"kph"',
    "PackVoltage": '"V"', "MaxPackVoltage": '"V"', "hv_batt_current": '"A"',
    "AmbientTemp": '"degC"',
    "OdometerValue": '"km"', "Odo": '""', "GPS_Latitude": '"deg"', "LIGHT": '"V"',
    "TirePressureFL": '"bar"', "Kilometerstand": '"furlong"',
}  # fmt: skip
"""Signals and their units."""

EXPECTED = {
    "BattSOC": "soc", "BMS_SOH": "soh", "VehicleSpeed": "speed", "PackVoltage": "battery_voltage",
    "hv_batt_current": "battery_current", "AmbientTemp": "temperature_ambient",
    "OdometerValue": "odometer", "GPS_Latitude": "latitude",
    "TirePressureFL": "tyres.fl.pressure",
}  # fmt: skip


def dbc(*more: str) -> str:
    """Return a file with the signals above and more rows."""
    rows = [
        f" SG_ {name} : {16 * at}|16@1+ (1,0) [0|0] {unit} A"
        for at, (name, unit) in enumerate(SIGNALS.items())
    ]
    return "\n".join(['VERSION ""', "BU_: A", "BO_ 1 M: 64 A", *rows, *more, ""])


def made(folder: Path, text: str, name: str = "car") -> tuple[Path, str]:
    """Make a folder of a DBC file. Return it, and its mapping with all guesses switched on."""
    (folder / "file.dbc").write_text(text, "utf-8")
    count = make_folder(folder / name, folder / "file.dbc")
    mapping = (folder / name / "vehicle.toml").read_text("utf-8")
    switched_on, found = re.subn(r"^# (.* = \{ field = )", r"\1", mapping, flags=re.MULTILINE)
    assert found == count
    return folder / name, switched_on


def test_guesses_by_names_and_units(tmp_path: Path) -> None:
    """A new folder is sound, and so is each guess; names and units must fit."""
    folder, mapping = made(tmp_path, dbc())
    assert read_folder(folder).readings == 0
    (folder / "vehicle.toml").write_text(mapping, "utf-8")
    kind = read_folder(folder)
    assert {
        name: target.field.name
        for signals in kind.targets.values()
        for name, (target,) in signals.items()
    } == EXPECTED
    assert (kind.car_type, kind.warnings) == ("CAR", ())


def test_a_charge_state_by_its_texts(tmp_path: Path) -> None:
    """A table of values says which code is which state; one that says nothing is no guess."""
    text = dbc(
        "BO_ 2 Charger: 8 A",
        ' SG_ ChargeStatus : 0|8@1+ (1,0) [0|0] "" A',
        ' SG_ ChargerMode : 8|8@1+ (1,0) [0|0] "" A',
        'VAL_ 2 ChargeStatus 0 "Not charging" 1 "AC Charging" 2 "Complete" 3 "SNA" ;',
        'VAL_ 2 ChargerMode 0 "A" 1 "B" ;',
    )
    _, mapping = made(tmp_path, text)
    assert (
        'ChargeStatus = { field = "charge_state", values = '
        '{ 0 = "stopped", 1 = "charging", 2 = "done" } }' in mapping
    )
    assert "ChargerMode" not in mapping


def test_many_signals_of_one_meaning(tmp_path: Path) -> None:
    """Names that several messages have are whole ones, and there are not too many guesses."""
    more = [
        row
        for at in range(2, 12)
        for row in (f"BO_ {at} M{at}: 8 A", ' SG_ SOC : 0|8@1+ (1,0) [0|0] "%" A')
    ]
    folder, mapping = made(tmp_path, dbc(*more))
    assert mapping.count('field = "soc"') == MOST_PER_FIELD
    assert '"M2.SOC" = { field = "soc" }' in mapping
    (folder / "vehicle.toml").write_text(mapping, "utf-8")
    assert read_folder(folder).readings == len(EXPECTED) - 1 + MOST_PER_FIELD


def test_a_signal_of_two_meanings(tmp_path: Path) -> None:
    """Its first meaning is the guess, so that all guesses together are sound."""
    folder, mapping = made(tmp_path, dbc("BO_ 2 N: 8 A", ' SG_ EpbReady : 0|1@1+ (1,0) [0|0] "" A'))
    (folder / "vehicle.toml").write_text(mapping, "utf-8")
    (target,) = read_folder(folder).targets["N"]["EpbReady"]
    assert target.field.name == "doors_1.car_on"


def test_odd_names(tmp_path: Path) -> None:
    """Whatever a signal or message is called, the mapping is TOML."""
    text = dbc('BO_ 2 Über"Bat\\: 8 A', ' SG_ a.SOC"\\x : 0|8@1+ (1,0) [0|0] "%" A')
    folder, mapping = made(tmp_path, text, name="0")
    (folder / "vehicle.toml").write_text(mapping.replace("# of =", "[[silence]]\nof ="), "utf-8")
    with pytest.raises(VehicleTypeError, match=r"silence\.0\.after is missing"):
        read_folder(folder)


def test_what_is_refused_makes_nothing(tmp_path: Path) -> None:
    """A file without messages or none at all leaves no folder."""
    for name, text in (("empty", 'VERSION ""\n'), ("none", "hello")):
        (tmp_path / name).write_text(text, "utf-8")
    for name in ("empty", "none", "missing"):
        with pytest.raises(VehicleTypeError):
            make_folder(tmp_path / "car", tmp_path / name)
    assert not (tmp_path / "car").exists()


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("car", True), ("My-Car_2", True), ("", False), (".x", False), ("a b", False), ("ä", False),
     ("x" * 40, True), ("x" * 41, False)],
)  # fmt: skip
def test_names_of_folders(name: str, is_one: bool) -> None:
    """A folder has a plain name."""
    assert is_type_name(name) is is_one
