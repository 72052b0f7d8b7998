"""``L``: where the car is and how it moves."""

from __future__ import annotations

from dataclasses import dataclass

from ovms.protocol.records.record import (
    Record,
    StaleRule,
    flag,
    hexadecimal,
    number,
    record,
    text,
)


@record("L")
@dataclass(frozen=True, slots=True, kw_only=True)
class Location(Record):
    """Car location. Without a position it is 0, 0, no lock, stale -1."""

    latitude: float | None = number("°", "north positive", places=6, stale="gps_stale")
    longitude: float | None = number("°", "east positive", places=6, stale="gps_stale")
    direction: float | None = number(
        "°", "0 north, 90 east", stale="gps_stale", stale_rule=StaleRule.ZERO
    )
    altitude: float | None = number("m", "altitude", stale="gps_stale", stale_rule=StaleRule.ZERO)
    gps_lock: bool | None = flag("the receiver has a position")
    gps_stale: float | None = number("", "-1 none, 0 stale, above 0 fresh")
    speed: float | None = number("distance/h", "speed", "field")
    trip: float | None = number("distance", "trip meter", "field", scale=10)
    drive_mode: int | None = hexadecimal("drive mode as the car numbers it", "field")
    battery_power: float | None = number("kW", "battery power, negative charges", "field", places=3)
    energy_used: float | None = number(
        "kWh", "energy used; Wh from the PIC", "field", places=3, pic_factor=0.001
    )
    energy_recovered: float | None = number(
        "kWh", "energy recovered; Wh from the PIC", "field", places=3, pic_factor=0.001
    )
    inverter_power: float | None = number("kW", "inverter power", "field", places=3)
    inverter_efficiency: float | None = number("%", "inverter efficiency", "field", places=1)
    gps_mode: str | None = text("a letter a receiver: N A D P R F E M S", "field")
    satellites: float | None = number("", "satellites in use", "field")
    hdop: float | None = number("", "horizontal dilution of precision", "field", places=1)
    gps_speed: float | None = number("distance/h", "speed by GPS", "field", places=1)
    gps_quality: float | None = number("%", "under 30 not to be trusted", "field")
