"""``*-LOG-Trip`` and ``*-LOG-Grid``: the trips and charges that modules keep in the history.

The data of such a record are columns as modules on the road write them, always metric. Its number
is the version of the format, the same every time. Newer versions only append columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ovms.protocol.records.record import Record, flag, number, record, text

TRIP_TYPE: Final = "*-LOG-Trip"
GRID_TYPE: Final = "*-LOG-Grid"


@record(TRIP_TYPE)
@dataclass(frozen=True, slots=True, kw_only=True)
class TripRecord(Record):
    """A trip, as the car is at its end, or a start, where a module tells those too."""

    gps_lock: bool | None = flag("the receiver has a position")
    latitude: float | None = number("°", "north positive", places=6)
    longitude: float | None = number("°", "east positive", places=6)
    altitude: float | None = number("m", "altitude")
    place: str | None = text("name of the place")
    odometer: float | None = number("km", "odometer", places=3)
    trip: float | None = number("km", "trip, as the car's meter has it", places=3)
    driving_time: float | None = number("s", "the car was on for so long")
    drive_mode: float | None = number("", "drive mode as the car numbers it")
    soc: float | None = number("%", "state of charge", places=1)
    estimated_range: float | None = number("km", "estimated range", places=1)
    ideal_range: float | None = number("km", "ideal range", places=1)
    ideal_range_max: float | None = number("km", "ideal range when full", places=1)
    energy_used: float | None = number("kWh", "energy used on the trip", places=3)
    energy_recovered: float | None = number("kWh", "energy recovered on the trip", places=3)
    charge_used: float | None = number("Ah", "charge used on the trip", places=3)
    charge_recovered: float | None = number("Ah", "charge recovered on the trip", places=3)
    soh: float | None = number("%", "state of health")
    health: str | None = text("health in words")
    cac: float | None = number("Ah", "calculated amp-hour capacity", places=3)
    energy_used_total: float | None = number("kWh", "energy used in total", places=3)
    energy_recovered_total: float | None = number("kWh", "energy recovered in total", places=3)
    charge_used_total: float | None = number("Ah", "charge used in total", places=3)
    charge_recovered_total: float | None = number("Ah", "charge recovered in total", places=3)
    temperature_ambient: float | None = number("°C", "outside", places=1)
    temperature_cabin: float | None = number("°C", "cabin", places=1)
    temperature_battery: float | None = number("°C", "battery", places=1)
    temperature_pem: float | None = number("°C", "power electronics", places=1)
    temperature_motor: float | None = number("°C", "motor", places=1)
    temperature_charger: float | None = number("°C", "charger", places=1)
    tyre_temperature_min: float | None = number("°C", "coldest tyre", places=1)
    tyre_temperature_max: float | None = number("°C", "warmest tyre", places=1)
    tyre_pressure_min: float | None = number("kPa", "least tyre pressure", places=1)
    tyre_pressure_max: float | None = number("kPa", "highest tyre pressure", places=1)
    tyre_health_min: float | None = number("%", "least tyre health")
    tyre_health_max: float | None = number("%", "highest tyre health")


@record(GRID_TYPE)
@dataclass(frozen=True, slots=True, kw_only=True)
class GridRecord(Record):
    """A change of the charge state, or of the export of power. Version 2 has the odometer."""

    gps_lock: bool | None = flag("the receiver has a position")
    latitude: float | None = number("°", "north positive", places=6)
    longitude: float | None = number("°", "east positive", places=6)
    altitude: float | None = number("m", "altitude")
    place: str | None = text("name of the place")
    charge_type: str | None = text("kind of plug")
    charge_state: str | None = text("charge state")
    charge_substate: str | None = text("charge sub-state")
    charge_mode: str | None = text("charge mode")
    charge_limit: float | None = number("A", "charge current limit")
    limit_range: float | None = number("km", "range at which to stop charging")
    limit_soc: float | None = number("%", "state of charge at which to stop")
    export_type: str | None = text("kind of connection of the export")
    export_state: str | None = text("state of the export")
    export_substate: str | None = text("sub-state of the export")
    export_mode: str | None = text("mode of the export")
    export_limit: float | None = number("A", "current limit of the export")
    export_limit_range: float | None = number("km", "range at which to stop the export")
    export_limit_soc: float | None = number("%", "state of charge at which to stop the export")
    charge_duration: float | None = number("s", "charge time")
    charge_energy: float | None = number("kWh", "energy of this charge", places=3)
    grid_energy: float | None = number("kWh", "grid energy of this charge", places=3)
    grid_energy_total: float | None = number("kWh", "grid energy in total", places=3)
    export_duration: float | None = number("s", "time of the export")
    export_energy: float | None = number("kWh", "energy of this export", places=3)
    export_grid_energy: float | None = number("kWh", "energy to the grid", places=3)
    export_grid_energy_total: float | None = number("kWh", "energy to the grid in total", places=3)
    soc: float | None = number("%", "state of charge", places=1)
    estimated_range: float | None = number("km", "estimated range", places=1)
    ideal_range: float | None = number("km", "ideal range", places=1)
    ideal_range_max: float | None = number("km", "ideal range when full", places=1)
    battery_voltage: float | None = number("V", "battery voltage", places=1)
    temperature_battery: float | None = number("°C", "battery", places=1)
    temperature_charger: float | None = number("°C", "charger", places=1)
    temperature_charger_12v: float | None = number("°C", "12 V charger", places=1)
    temperature_ambient: float | None = number("°C", "outside", places=1)
    temperature_cabin: float | None = number("°C", "cabin", places=1)
    soh: float | None = number("%", "state of health")
    health: str | None = text("health in words")
    cac: float | None = number("Ah", "calculated amp-hour capacity", places=3)
    energy_used_total: float | None = number("kWh", "energy used in total", places=3)
    energy_recovered_total: float | None = number("kWh", "energy recovered in total", places=3)
    charge_used_total: float | None = number("Ah", "charge used in total", places=3)
    charge_recovered_total: float | None = number("Ah", "charge recovered in total", places=3)
    odometer: float | None = number("km", "odometer", "field", places=1)


LOG_RECORDS: Final[dict[str, type[Record]]] = {TRIP_TYPE: TripRecord, GRID_TYPE: GridRecord}
"""The records by type."""
