"""The car's state as named metrics, as the text command ``metrics list`` shows them. Pure.

Names and units are those of modules on the road: always metric.
"""

from __future__ import annotations

from collections.abc import Iterator

from ovms.car.state import CarState
from ovms.protocol.records.environment import Doors1, Doors2, Doors3, Doors5
from ovms.protocol.records.field_types import BitSet

_ATTRIBUTES: tuple[tuple[str, str, str], ...] = (
    ("v.vin", "vin", ""),
    ("v.b.soc", "soc", "%"),
    ("v.b.soh", "soh", "%"),
    ("v.b.range.ideal", "ideal_range", "km"),
    ("v.b.range.est", "estimated_range", "km"),
    ("v.b.range.full", "ideal_range_max", "km"),
    ("v.b.cac", "cac", "Ah"),
    ("v.b.capacity", "capacity", "kWh"),
    ("v.b.voltage", "battery_voltage", "V"),
    ("v.b.current", "battery_current", "A"),
    ("v.b.power", "battery_power", "kW"),
    ("v.b.temp", "temperature_battery", "°C"),
    ("v.b.energy.used", "energy_used", "kWh"),
    ("v.b.energy.recd", "energy_recovered", "kWh"),
    ("v.b.12v.voltage", "voltage_12v", "V"),
    ("v.b.12v.voltage.ref", "voltage_12v_ref", "V"),
    ("v.b.12v.current", "current_12v", "A"),
    ("v.c.state", "charge_state", ""),
    ("v.c.climit", "charge_limit", "A"),
    ("v.c.voltage", "line_voltage", "V"),
    ("v.c.current", "charge_current", "A"),
    ("v.c.power", "charge_power_input", "kW"),
    ("v.c.efficiency", "charger_efficiency", "%"),
    ("v.c.kwh", "charge_energy", "kWh"),
    ("v.c.kwh.grid", "grid_energy", "kWh"),
    ("v.c.kwh.grid.total", "grid_energy_total", "kWh"),
    ("v.c.duration.full", "minutes_to_full", "min"),
    ("v.c.limit.range", "limit_range", "km"),
    ("v.c.limit.soc", "limit_soc", "%"),
    ("v.c.timermode", "charge_timer_mode", ""),
    ("v.c.timerstart", "charge_timer_start", "min"),
    ("v.c.temp", "temperature_charger", "°C"),
    ("v.c.charging", "is_charging", ""),
    ("v.e.on", "is_on", ""),
    ("v.e.locked", "is_locked", ""),
    ("v.e.drivemode", "drive_mode", ""),
    ("v.e.temp", "temperature_ambient", "°C"),
    ("v.e.cabintemp", "temperature_cabin", "°C"),
    ("v.i.temp", "temperature_pem", "°C"),
    ("v.i.power", "inverter_power", "kW"),
    ("v.i.efficiency", "inverter_efficiency", "%"),
    ("v.m.temp", "temperature_motor", "°C"),
    ("v.p.odometer", "odometer", "km"),
    ("v.p.trip", "trip", "km"),
    ("v.p.speed", "speed", "km/h"),
    ("v.p.gpslock", "gps_lock", ""),
    ("v.p.latitude", "latitude", "°"),
    ("v.p.longitude", "longitude", "°"),
    ("v.p.altitude", "altitude", "m"),
    ("v.p.direction", "direction", "°"),
    ("v.p.satcount", "satellites", ""),
    ("v.p.gpshdop", "hdop", ""),
    ("v.p.gpsspeed", "gps_speed", "km/h"),
    ("v.p.gpssq", "gps_quality", "%"),
)
"""Metrics that are one attribute of the state: name, attribute, unit."""

_BITS: tuple[tuple[str, BitSet], ...] = (
    ("v.d.fl", Doors1.LEFT_DOOR),
    ("v.d.fr", Doors1.RIGHT_DOOR),
    ("v.d.cp", Doors1.CHARGE_PORT),
    ("v.e.handbrake", Doors1.HANDBRAKE),
    ("v.e.valet", Doors2.VALET),
    ("v.e.headlights", Doors2.HEADLIGHTS),
    ("v.e.awake", Doors3.AWAKE),
    ("v.e.hvac", Doors5.HVAC),
)
"""Metrics that are one bit of a door state."""


def metrics(state: CarState) -> Iterator[tuple[str, str]]:
    """Return the name and the value with its unit of each known metric, sorted by name."""
    return iter(sorted(_known(state)))


def _known(state: CarState) -> Iterator[tuple[str, str]]:
    for name, attribute, unit in _ATTRIBUTES:
        value = getattr(state, attribute)
        if value is not None:
            yield name, f"{_write(value)} {unit}".rstrip()
    for name, bit in _BITS:
        value = state.bit(bit)
        if value is not None:
            yield name, _write(value)
    for wheel, tyre in state.tyres.items():
        if tyre.pressure is not None:
            yield f"v.t.pressure.{wheel}", f"{_write(tyre.pressure)} kPa"
        if tyre.temperature is not None:
            yield f"v.t.temp.{wheel}", f"{_write(tyre.temperature)} °C"


def _write(value: float | str | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return str(value)
