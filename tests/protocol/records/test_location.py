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
