"""Values that most cars report at some time, by field, to find ranges that cannot be meant.

A DBC file's range drops all values outside it. Some files have ranges of another unit or of
nothing, such as ``[0|1]`` for a state of charge in per cent, which drop every reading.
"""

from __future__ import annotations

from ovms.car.vehicles.data.fields import StateField

LEAST_SHARE = 0.25
"""The part of a field's typical values that a range should cover."""

Bounds = tuple[float, float]

_BY_FIELD: dict[str, Bounds] = {
    "odometer": (0, 200_000), "trip": (0, 100), "battery_voltage": (0, 200),
    "line_voltage": (0, 240), "voltage_12v": (9, 15), "voltage_12v_ref": (9, 15),
    "battery_current": (-50, 50), "battery_power": (-10, 20), "charge_power": (0, 7),
    "charge_power_input": (0, 7), "grid_energy_total": (0, 1000), "charge_timer_start": (0, 1439),
    "temperature_ambient": (-20, 40), "latitude": (-90, 90), "longitude": (-180, 180),
}  # fmt: skip

_BY_UNIT: dict[str, Bounds] = {
    "%": (0, 100), "km": (0, 200), "km/h": (0, 120), "Ah": (0, 100), "A": (0, 16), "kW": (0, 10),
    "kWh": (0, 20), "min": (0, 240), "°C": (-20, 60), "°": (0, 360), "m": (0, 1000),
    "kPa": (150, 300),
}  # fmt: skip


def typical(field: StateField) -> Bounds | None:
    """Return the values of a field that any car may report; ``None`` if nothing is typical."""
    return _BY_FIELD.get(field.name) or _BY_UNIT.get(field.unit)


def is_narrow(field: StateField, bounds: Bounds, possible: Bounds) -> bool:
    """Return whether bounds leave out most of what is typical of a field, if it is possible."""
    usual = typical(field)
    if usual is None:
        return False
    least, most = max(usual[0], possible[0]), min(usual[1], possible[1])
    if least >= most:
        return False
    covered = min(most, bounds[1]) - max(least, bounds[0])
    return covered < LEAST_SHARE * (most - least)
