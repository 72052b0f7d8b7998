from __future__ import annotations

from ovms.protocol.records.power_export import PowerExport


def test_units() -> None:
    """The fields have the field's units, in the order of the wire."""
    assert [field.unit for field in PowerExport.TABLE] == [
        *("", "", "V", "A", "kW", "%", "", "", "", "", "A", "distance", "%", "kWh", "kWh", "kWh"),
        *("s", "", "s", "min", "min", "min", "°C", "Unix s"),
    ]


def test_not_generating() -> None:
    """A car that gives no power says so."""
    read = PowerExport.parse(b"0,0,0.0,0.0,0.000,0.0,,stopped")
    assert read == PowerExport(
        generating=False, pilot=False, voltage=0, current=0, power=0, efficiency=0, state="stopped"
    )
