from __future__ import annotations

from ovms.protocol.records.location import Location


def test_units() -> None:
    """The fields have the units of the guide and the field, in the order of the wire."""
    assert [field.unit for field in Location.TABLE] == [
        *("°", "°", "°", "m", "", "", "distance/h", "distance", "", "kW", "kWh", "kWh"),
        *("kW", "%", "", "", "", "distance/h", "%"),
    ]


def test_precision() -> None:
    """A position is written to a tenth of a metre."""
    assert Location(latitude=22.2741654, longitude=-0.00000004).encode() == b"22.274165,0.000000"


def test_no_position() -> None:
    """Without a position the numbers are there all the same."""
    nowhere = Location(
        latitude=0, longitude=0, direction=0, altitude=0, gps_lock=False, gps_stale=-1
    )
    assert nowhere.encode() == b"0.000000,0.000000,0,0,0,-1"


def test_a_pic_counts_in_watt_hours() -> None:
    """A PIC's energies become kWh."""
    location = Location.parse(b"1,2,3,4,1,6,7,8,1A,-10.5,1234,567").from_pic()
    assert (location.energy_used, location.energy_recovered) == (1.234, 0.567)
    assert (location.battery_power, location.trip) == (-10.5, 0.8)
