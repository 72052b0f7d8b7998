"""``X``: power out of the car (vehicle to load, home or grid)."""

from __future__ import annotations

from dataclasses import dataclass

from ovms.protocol.records.record import Record, flag, number, record, text


@record("X")
@dataclass(frozen=True, slots=True, kw_only=True)
class PowerExport(Record):
    """Power export. Firmware before 3.3.005 sent it under the code ``G``."""

    generating: bool | None = flag("the car gives power", "field")
    pilot: bool | None = flag("pilot signal present", "field")
    voltage: float | None = number("V", "voltage", "field", places=1)
    current: float | None = number("A", "current", "field", places=1)
    power: float | None = number("kW", "power", "field", places=3)
    efficiency: float | None = number("%", "efficiency", "field", places=1)
    type: str | None = text("kind of connection", "field")
    state: str | None = text("state", "field")
    substate: str | None = text("sub-state", "field")
    mode: str | None = text("mode", "field")
    current_limit: float | None = number("A", "current limit", "field", places=1)
    limit_range: float | None = number("distance", "range at which to stop", "field")
    limit_soc: float | None = number("%", "state of charge at which to stop", "field")
    energy: float | None = number("kWh", "energy of this export", "field", places=3)
    grid_energy: float | None = number("kWh", "energy to the grid", "field", places=3)
    grid_energy_total: float | None = number(
        "kWh", "energy to the grid in total", "field", places=3
    )
    duration: float | None = number("s", "time of this export", "field")
    timer_mode: float | None = number("", "1 by the timer", "field")
    timer_start: float | None = number("s", "timer start after midnight UTC", "field")
    minutes_to_empty: float | None = number("min", "until the battery is empty", "field")
    minutes_to_range_limit: float | None = number("min", "until the range limit", "field")
    minutes_to_soc_limit: float | None = number("min", "until the SOC limit", "field")
    temperature: float | None = number("°C", "inverter temperature", "field", places=1)
    time: float | None = number("Unix s", "time of the reading", "field")
