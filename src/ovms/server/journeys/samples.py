"""Samples: what a vehicle's records say of one second, in one unit each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ovms.protocol.records.history import CONNECTION_TYPE as CONNECTION_TYPE
from ovms.protocol.records.logs import GRID_TYPE, TRIP_TYPE
from ovms.server.journeys.values import Position

RECORD_TYPES: Final = ("D", "L", "S", TRIP_TYPE, GRID_TYPE, CONNECTION_TYPE)
"""The types of records that journeys are made of."""

UNIT_AS_BEFORE: Final = ""
"""The unit of distances that do not say theirs: that of the last sample that did."""


@dataclass(frozen=True, slots=True, order=True)
class JourneyRecord:
    """A record of the history, compared as the fold takes them: two that are equal are one."""

    time: int
    type: str
    number: int
    data: bytes


@dataclass(slots=True, kw_only=True)
class Sample:
    """What is said of one second; what no record says is ``None``.

    Units as in :mod:`.values`; percent, volts, amperes, seconds.
    """

    time: int
    distance_unit: str | None = None
    """What distances and speeds are in: M or K, as this sample says; :data:`UNIT_AS_BEFORE`; of
    ``None`` they are metric. Cleaned samples (:mod:`.cleaning`) are metric."""
    # Of the connection.
    is_connected: bool | None = None
    # S, *-LOG-Grid.
    soc: float | None = None
    charge_state: str | None = None
    charge_substate: str | None = None
    charge_mode: str | None = None
    plug: str | None = None
    charge_duration: float | None = None
    charge_energy: float | None = None
    """Into the battery since this charge began."""
    grid_energy: float | None = None
    grid_energy_total: float | None = None
    charge_power: float | None = None
    charge_power_input: float | None = None
    charge_end_time: int | None = None
    charger_efficiency: float | None = None
    line_voltage: float | None = None
    charge_current: float | None = None
    limit_soc: float | None = None
    limit_range: float | None = None
    ideal_range: float | None = None
    ideal_range_max: float | None = None
    estimated_range: float | None = None
    capacity: float | None = None
    cac: float | None = None
    soh: float | None = None
    # D.
    is_on: bool | None = None
    is_charging: bool | None = None
    is_plugged: bool | None = None
    """A pilot signal, or an open charge port."""
    is_conditioning: bool | None = None
    """The cabin is heated or cooled."""
    odometer: float | None = None
    trip_meter: float | None = None
    speed: float | None = None
    parking_time: float | None = None
    voltage_12v: float | None = None
    temperature_ambient: float | None = None
    temperature_battery: float | None = None
    temperature_cabin: float | None = None
    # L.
    position: Position | None = None
    altitude: float | None = None
    battery_power: float | None = None
    energy_used: float | None = None
    energy_recovered: float | None = None
    # *-LOG-Trip: it was a start or an end of a trip that the module keeps itself.
    driving_time: float | None = None
    is_trip_record: bool = False
    is_grid_record: bool = False
