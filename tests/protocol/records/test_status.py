from __future__ import annotations

from ovms.protocol.records.status import CHARGE_MODES, CHARGE_STATES, Status


def test_units() -> None:
    """The fields have the units of the guide and the field, in the order of the wire."""
    assert [field.unit for field in Status.TABLE] == [
        *("%", "", "V", "A", "", "", "distance", "distance", "A", "s", "", "kWh", "", "", ""),
        *("", "s", "", "Ah", "min", "min", "distance", "%", "", "°C", "min", "min", "min"),
        *("min", "distance", "", "kW", "V", "%", "kW", "%", "A", "distance/h", "kWh", "kWh"),
        *("kWh", "Unix s"),
    ]


def test_words() -> None:
    """Charge states and modes are the guide's words."""
    assert CHARGE_STATES == ("charging", "topoff", "done", "prepare", "heating", "stopped")
    assert CHARGE_MODES == ("standard", "storage", "range", "performance")


def test_energy_is_in_tenths() -> None:
    """Of all energies, that of the charge alone is in tenths of a kWh on the wire."""
    assert Status.parse(b",,,,,,,,,,,123").charge_energy == 12.3
    assert Status(charge_energy=12.34).encode() == b"," * 11 + b"123"
    assert Status.parse(b"," * 38 + b"12.3").grid_energy == 12.3


def test_cooling() -> None:
    """Cooling down is a number, for -1 says that the car does not."""
    assert Status.parse(b"," * 23 + b"-1").cooldown_active == -1


def test_a_pic_counts_in_minutes() -> None:
    """A PIC's charge duration and timer start become seconds; what is not there stays unknown."""
    status = Status.parse(b"80,K,220,70,charging,standard,280,270,70,12,0,30,7,1,0,0,1439,1,160.00")
    converted = status.from_pic()
    assert (converted.charge_duration, converted.charge_timer_start) == (720, 86340)
    assert converted.charge_energy == status.charge_energy == 3.0
    assert converted.encode() == status.encode().replace(b",12,", b",720,").replace(
        b",1439,", b",86340,"
    )
    assert Status.parse(b"80,K").from_pic() == Status.parse(b"80,K")
    assert Status.parse(b"80,K" + b",x" * 15).from_pic().encode() == b"80,K" + b",x" * 15


def test_the_unit_of_distances() -> None:
    """Distances are in miles or kilometres; in anything else they are in no known unit."""
    for text, unit in ((b"M", "M"), (b"K", "K"), (b"", None), (b"X", None), (b"km", None)):
        assert Status.parse(b"80," + text).distance_unit == unit
