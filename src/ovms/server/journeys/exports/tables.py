"""Journeys as CSV: one table a kind, a unit in the head of each column that has one.

Times are local to a zone and carry their offset, numbers have a decimal point, what is unknown is
empty. Text that a spreadsheet would take for a formula is made harmless (:mod:`ovms.base.sheets`).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from ovms.base.sheets import csv_lines
from ovms.server.journeys.values import JourneyKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from zoneinfo import ZoneInfo

    from ovms.server.journeys.exports.rows import ExportRow

ROWS_AT_ONCE: Final = 500
"""Rows that are made into bytes together."""

Column = tuple[str, "Callable[[ExportRow, ZoneInfo], object]"]


def csv_of(kind: JourneyKind, rows: Iterable[ExportRow], zone: ZoneInfo) -> Iterator[bytes]:
    """Yield the CSV of journeys of a kind, in pieces: the head, then some rows each."""
    columns = COLUMNS[kind]
    yield csv_lines([[name for name, _ in columns]])
    waiting: list[list[object]] = []
    for row in rows:
        waiting.append([value(row, zone) for _, value in columns])
        if len(waiting) == ROWS_AT_ONCE:
            yield csv_lines(waiting)
            waiting = []
    if waiting:
        yield csv_lines(waiting)


def local_time(time: int, zone: ZoneInfo) -> str:
    """Return Unix seconds as ISO 8601 in a zone, with the offset."""
    return datetime.fromtimestamp(time, zone).isoformat()


def _time(end: str) -> Callable[[ExportRow, ZoneInfo], object]:
    return lambda row, zone: local_time(getattr(row.journey, end).time, zone)


def _of(name: str, digits: int = 3) -> Callable[[ExportRow, ZoneInfo], object]:
    return lambda row, _: _short(getattr(row.journey, name), digits)


def _at(end: str, name: str, digits: int = 3) -> Callable[[ExportRow, ZoneInfo], object]:
    return lambda row, _: _short(getattr(getattr(row.journey, end), name), digits)


def _degrees(end: str, name: str) -> Callable[[ExportRow, ZoneInfo], object]:
    return lambda row, _: _short(getattr(getattr(row.journey, end).position, name, None), 6)


def _row(name: str) -> Callable[[ExportRow, ZoneInfo], object]:
    return lambda row, _: _short(getattr(row, name), 3)


def _short(value: Any, digits: int) -> object:
    """Return a value without digits that say nothing; a word for one that has a name."""
    if isinstance(value, float):
        return f"{value:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"
    if isinstance(value, tuple):
        return " ".join(value)
    return getattr(value, "value", value)


_BEGIN: Final[list[Column]] = [
    ("id", _row("id")),
    ("start", _time("start")),
    ("end", _time("end")),
    ("duration [s]", _of("duration")),
]

_ENDS: Final[list[Column]] = [
    ("start_place", _row("start_place")),
    ("end_place", _row("end_place")),
    ("start_latitude [°]", _degrees("start", "latitude")),
    ("start_longitude [°]", _degrees("start", "longitude")),
    ("end_latitude [°]", _degrees("end", "latitude")),
    ("end_longitude [°]", _degrees("end", "longitude")),
    ("start_soc [%]", _at("start", "soc", 1)),
    ("end_soc [%]", _at("end", "soc", 1)),
    ("start_odometer [km]", _at("start", "odometer")),
    ("end_odometer [km]", _at("end", "odometer")),
]

_PLACE: Final[list[Column]] = [
    ("place", _row("start_place")),
    ("latitude [°]", _degrees("start", "latitude")),
    ("longitude [°]", _degrees("start", "longitude")),
    ("start_soc [%]", _at("start", "soc", 1)),
    ("end_soc [%]", _at("end", "soc", 1)),
    ("odometer [km]", _at("start", "odometer")),
]

_END: Final[list[Column]] = [
    ("temperature_ambient [°C]", _of("temperature_ambient", 1)),
    ("note", _row("note")),
    ("is_open", _of("is_open")),
    ("is_edited", _row("is_edited")),
    ("certainty", _of("certainty")),
    ("estimated", _of("estimated")),
]

COLUMNS: Final[dict[JourneyKind, list[Column]]] = {
    JourneyKind.TRIP: [
        *_BEGIN,
        *_ENDS,
        ("distance [km]", _of("distance")),
        ("energy [kWh]", _of("energy")),
        ("energy_used [kWh]", _of("energy_used")),
        ("energy_recovered [kWh]", _of("energy_recovered")),
        ("consumption [kWh/100 km]", _of("consumption", 2)),
        ("moving_time [s]", _of("moving_time")),
        ("speed_max [km/h]", _of("speed_max", 1)),
        ("altitude_min [m]", _of("altitude_min", 0)),
        ("altitude_max [m]", _of("altitude_max", 0)),
        ("ascent [m]", _of("ascent", 0)),
        ("descent [m]", _of("descent", 0)),
        ("temperature_battery [°C]", _of("temperature_battery", 1)),
        ("temperature_cabin [°C]", _of("temperature_cabin", 1)),
        ("purpose", _row("purpose")),
        *_END,
    ],
    JourneyKind.CHARGE: [
        *_BEGIN,
        *_PLACE,
        ("plug", _of("plug")),
        ("mode", _of("mode")),
        ("energy [kWh]", _of("energy")),
        ("grid_energy [kWh]", _of("grid_energy")),
        ("efficiency [%]", _of("efficiency", 1)),
        ("power_max [kW]", _of("power_max", 2)),
        ("ending", _of("ending")),
        ("cost", _row("cost")),
        ("currency", _row("currency")),
        ("temperature_battery [°C]", _of("temperature_battery", 1)),
        ("capacity [kWh]", _of("capacity", 2)),
        ("cac [Ah]", _of("cac", 2)),
        ("soh [%]", _of("soh", 1)),
        *_END,
    ],
    JourneyKind.PARKED: [
        *_BEGIN,
        *_PLACE,
        ("soc_lost [%]", _of("soc_lost", 1)),
        ("soc_lost_a_day [%]", _of("soc_lost_a_day", 2)),
        ("range_lost [km]", _of("range_lost", 1)),
        ("range_lost_a_day [km]", _of("range_lost_a_day", 2)),
        ("start_voltage_12v [V]", _at("start", "voltage_12v", 2)),
        ("end_voltage_12v [V]", _at("end", "voltage_12v", 2)),
        ("idle_time [s]", _of("idle_time")),
        ("preheat_time [s]", _of("preheat_time")),
        ("preheat_soc [%]", _of("preheat_soc", 1)),
        *_END,
    ],
}
"""What a table has of each kind: the heads and how to read them. They are a promise to scripts."""
