"""``g``: the position of a car for a group. The vehicle id is only in what apps get."""

from __future__ import annotations

from dataclasses import dataclass

from ovms.protocol.records.record import Record, StaleRule, flag, number, record, text


@record("g")
@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPosition(Record):
    """A car's position for its group, as apps get it. The car sends it without ``vehicle_id``."""

    vehicle_id: str | None = text("vehicle id; only towards apps")
    group: str | None = text("group name")
    soc: float | None = number("%", "state of charge")
    speed: float | None = number("distance/h", "speed")
    direction: float | None = number(
        "°", "0 north, 90 east", stale="gps_stale", stale_rule=StaleRule.ZERO
    )
    altitude: float | None = number("m", "altitude", stale="gps_stale", stale_rule=StaleRule.ZERO)
    gps_lock: bool | None = flag("the receiver has a position")
    gps_stale: float | None = number("", "-1 none, 0 stale, above 0 fresh")
    latitude: float | None = number("°", "north positive", places=6, stale="gps_stale")
    longitude: float | None = number("°", "east positive", places=6, stale="gps_stale")
