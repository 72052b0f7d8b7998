"""``S``: the state of the battery and of its charging."""

from __future__ import annotations

from dataclasses import dataclass

from ovms.protocol.records.record import Record, number, record, text

CHARGE_STATES = ("charging", "topoff", "done", "prepare", "heating", "stopped")
CHARGE_UNDER_WAY = frozenset({"charging", "topoff", "heating", "prepare"})
"""The charge states of a charge that is under way."""

CHARGE_MODES = ("standard", "storage", "range", "performance")
DISTANCE_UNITS = ("M", "K")

CHARGE_SUBSTATES = {
    0x01: "scheduledstop",
    0x02: "scheduledstart",
    0x03: "onrequest",
    0x05: "timerwait",
    0x07: "powerwait",
    0x0D: "stopped",
    0x0E: "interrupted",
}
"""The words of modules on the road for the sub-states that cars number alike."""

PLUG_TYPES = {1: "type1", 2: "type2", 3: "chademo", 4: "roadster", 5: "teslaus", 6: "supercharger",
              7: "ccs"}  # fmt: skip
"""The words of modules on the road for the plug type ids."""

KM_PER_MILE = 1.609344
"""Between the two units of distance that a car may report in."""


@record("S")
@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Record):
    """Car state. Distances are in the unit that ``units`` names."""

    soc: float | None = number("%", "state of charge")
    units: str | None = text("M for miles, K for kilometres", values=DISTANCE_UNITS)
    line_voltage: float | None = number("V", "voltage at the charger's inlet")
    charge_current: float | None = number("A", "charge current")
    charge_state: str | None = text("charge state", values=CHARGE_STATES)
    charge_mode: str | None = text("charge mode", values=CHARGE_MODES)
    ideal_range: float | None = number("distance", "ideal range")
    estimated_range: float | None = number("distance", "estimated range")
    charge_limit: float | None = number("A", "charge current limit")
    charge_duration: float | None = number("s", "charge time; minutes from the PIC", pic_factor=60)
    charger_b4: float | None = number("", "byte 4 of the Roadster's charger frame")
    charge_energy: float | None = number("kWh", "energy of this charge", scale=10)
    charge_substate: float | None = number("", "charge sub-state as the car numbers it")
    charge_state_number: float | None = number("", "charge state as the car numbers it")
    charge_mode_number: float | None = number(
        "", "charge mode: 0 standard, 1 storage, 3 range, 4 performance"
    )
    charge_timer_mode: float | None = number(
        "", "0 charge on plug-in, 1 by the timer", stale="charge_timer_stale"
    )
    charge_timer_start: float | None = number(
        "s",
        "timer start after midnight UTC; minutes from the PIC",
        pic_factor=60,
        stale="charge_timer_stale",
    )
    charge_timer_stale: float | None = number("", "-1 none, 0 stale, above 0 fresh")
    cac: float | None = number("Ah", "calculated amp-hour capacity", "2.1.4", places=2)
    minutes_to_full: float | None = number("min", "until the battery is full", "2.5.1", unknown=-1)
    minutes_to_limit: float | None = number(
        "min", "until the charge limit is reached", "2.5.1", unknown=-1
    )
    limit_range: float | None = number("distance", "range at which to stop charging", "2.5.1")
    limit_soc: float | None = number("%", "state of charge at which to stop", "2.5.1")
    cooldown_active: float | None = number("", "-1 not cooling, 0 and up cooling", "2.5.1")
    cooldown_temperature: float | None = number("°C", "cooldown ends below this", "2.5.1")
    cooldown_time: float | None = number("min", "cooldown ends after this", "2.5.1")
    charge_estimate: float | None = number(
        "min", "charge time for this charger", "field", unknown=-1
    )
    minutes_to_range_limit: float | None = number(
        "min", "until the range limit", "field", unknown=-1
    )
    minutes_to_soc_limit: float | None = number("min", "until the SOC limit", "field", unknown=-1)
    ideal_range_max: float | None = number("distance", "ideal range when full", "field")
    plug_type: float | None = number("", "plug type id", "field")
    charge_power: float | None = number("kW", "charge power", "field", places=2)
    battery_voltage: float | None = number("V", "battery voltage", "field", places=2)
    soh: float | None = number("%", "state of health", "field")
    charge_power_input: float | None = number("kW", "power into the charger", "field", places=2)
    charger_efficiency: float | None = number("%", "charger efficiency", "field", places=1)
    battery_current: float | None = number("A", "battery current", "field", places=2)
    range_speed: float | None = number("distance/h", "range gained an hour", "field", places=1)
    grid_energy: float | None = number("kWh", "grid energy of this charge", "field", places=2)
    grid_energy_total: float | None = number("kWh", "grid energy in total", "field", places=2)
    battery_capacity: float | None = number("kWh", "usable capacity", "field", places=2)
    charge_end_time: float | None = number(
        "Unix s", "end of the last charge, -1 unknown", "field", unknown=-1
    )

    @property
    def distance_unit(self) -> str | None:
        """What distances are in, M or K; ``None`` if the car says neither."""
        return self.units if self.units in DISTANCE_UNITS else None
