"""Tables of trips, charges and parked time: as wide as the terminal lets them be.

What fits into 80 columns is the default; a wider terminal, and a pipe, get all columns.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ovms.cli.common import print_table
from ovms.cli.measures import ShownUnits, number
from ovms.protocol.records.status import KM_PER_MILE
from ovms.server.journeys.values import Certainty, Charge, JourneyKind, Parked, Trip

if TYPE_CHECKING:
    from decimal import Decimal
    from zoneinfo import ZoneInfo

    from ovms.server.journeys.values import Journey, JourneyEnd
    from ovms.server.storage.journeys import JourneyRow

WIDE: Final = 140
"""Columns of a terminal from which on a table has all its columns."""

NAME_WIDTH: Final = 10
"""Characters of a place's name in a narrow table."""

LEAST_IDLE: Final = 6 * 3600
"""Seconds parked from which on a table says what is lost a day."""

MARKS: Final = {Certainty.MEASURED: "", Certainty.ESTIMATED: "~", Certainty.GAPS: "?"}
OPEN_MARK: Final = ">"
LEGEND: Final = {"~": "partly estimated", "?": "with gaps", OPEN_MARK: "goes on", "*": "corrected"}


@dataclass(frozen=True, slots=True)
class TableStyle:
    """How values are written in a table."""

    zone: ZoneInfo
    units: ShownUnits
    names: Mapping[int, str]
    """Of places, by their ids."""
    is_wide: bool

    @property
    def length(self) -> str:
        """The unit of distances."""
        return self.units.length or "km"

    def distance(self, km: float | None, places: int = 1) -> str:
        """Write a distance without its unit."""
        if km is None:
            return ""
        return f"{km / KM_PER_MILE if self.length == 'mi' else km:,.{places}f}"

    def consumption(self, kwh: float | None) -> str:
        """Write kWh for 100 km in the unit of :attr:`consumption_unit`."""
        if kwh is None:
            return ""
        if self.length == "mi":  # miles for a kWh is what their drivers compare
            return f"{100 / kwh / KM_PER_MILE:.1f}" if kwh > 0 else ""
        return f"{kwh:.1f}"

    @property
    def speed_unit(self) -> str:
        """The unit of speeds."""
        return "mph" if self.length == "mi" else "km/h"

    @property
    def consumption_unit(self) -> str:
        """In what consumption is told."""
        return "mi/kWh" if self.length == "mi" else "kWh/100 km"

    def time(self, seconds: int) -> str:
        """Write a time to the minute, in the owner's zone."""
        return f"{datetime.fromtimestamp(seconds, self.zone):%Y-%m-%d %H:%M}"

    def place(self, place_id: int | None) -> str:
        """Write a place's name, shortened in a narrow table."""
        name = "" if place_id is None else self.names.get(place_id, "")
        if self.is_wide or len(name) <= NAME_WIDTH:
            return name
        return f"{name[: NAME_WIDTH - 1]}…"

    def temperature(self, celsius: float | None) -> str:
        """Write a temperature without its unit."""
        if celsius is None:
            return ""
        return (
            f"{celsius * 9 / 5 + 32:.0f}"
            if self.units.temperature_unit == "°F"
            else f"{celsius:.0f}"
        )


Column = tuple[str, bool, Callable[["TableStyle", "JourneyRow"], str]]
"""A column: its title, whether narrow tables have it, and what a cell is."""


def is_wide() -> bool:
    """Return whether there is room for all columns."""
    return not sys.stdout.isatty() or shutil.get_terminal_size().columns >= WIDE


def print_journeys(kind: JourneyKind, rows: Iterable[JourneyRow], style: TableStyle) -> None:
    """Print a table of journeys of one kind, and what its marks mean; nothing for none."""
    columns = [each for each in COLUMNS[kind] if style.is_wide or each[1]]
    titles = [title.format(length=style.length, consumption=style.consumption_unit,
                           speed=style.speed_unit, degrees=style.units.temperature_unit)
              for title, _, _ in columns]  # fmt: skip
    cells = [[write(style, row) for _, _, write in columns] for row in rows]
    if not cells:
        return
    print_table(titles, cells)
    if sys.stdout.isatty():
        _print_legend(titles, cells)


def _print_legend(titles: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    place = titles.index("~")
    seen = "".join(row[place] for row in cells)
    meanings = [f"{mark} {meaning}" for mark, meaning in LEGEND.items() if mark in seen]
    if meanings:
        print(", ".join(meanings))


def duration(seconds: int | None) -> str:
    """Write a span as hours and minutes, with days from one on."""
    if seconds is None:
        return ""
    minutes = max(0, seconds) // 60
    days, rest = divmod(minutes, 24 * 60)
    text = f"{rest // 60}:{rest % 60:02}"
    return f"{days} d {text}" if days else text


def money(amount: Decimal | None, currency: str | None) -> str:
    """Write an amount of money."""
    if amount is None:
        return ""
    places = 2 if amount == round(amount, 2) else 3
    return f"{amount:,.{places}f} {currency or ''}".rstrip()


def rounded(value: float | None, places: int = 1) -> str:
    """Write a number; an unknown one is empty."""
    return "" if value is None else number(value, "", places, fixed=True)


def _mark(style: TableStyle, row: JourneyRow) -> str:
    mark = MARKS[row.journey.certainty] + ("*" if row.is_edited else "")
    return mark + (OPEN_MARK if row.journey.is_open else "")


def _soc(style: TableStyle, row: JourneyRow) -> str:
    first, last = row.journey.start.soc, row.journey.end.soc
    if first is None and last is None:
        return ""
    return f"{_percent(first)} → {_percent(last)}"


def _percent(soc: float | None) -> str:
    return "?" if soc is None else f"{soc:.0f}"


def _sure(style: TableStyle, row: JourneyRow) -> str:
    estimated = row.estimated
    word = row.journey.certainty.value
    return f"{word}: {', '.join(estimated)}" if estimated else word


def _trip(write: Callable[[TableStyle, Trip], str]) -> Callable[[TableStyle, JourneyRow], str]:
    return lambda style, row: write(style, row.journey) if isinstance(row.journey, Trip) else ""


def _charge(write: Callable[[TableStyle, Charge], str]) -> Callable[[TableStyle, JourneyRow], str]:
    return lambda style, row: write(style, row.journey) if isinstance(row.journey, Charge) else ""


def _parked(write: Callable[[TableStyle, Parked], str]) -> Callable[[TableStyle, JourneyRow], str]:
    return lambda style, row: write(style, row.journey) if isinstance(row.journey, Parked) else ""


def _purpose(style: TableStyle, row: JourneyRow) -> str:
    return "" if row.purpose is None else row.purpose.value


def _mean_speed(style: TableStyle, trip: Trip) -> str:
    seconds = trip.moving_time or trip.duration
    return style.distance(trip.distance * 3600 / seconds if trip.distance and seconds else None, 0)


def _volts_lost(style: TableStyle, parked: Parked) -> str:
    first, last = parked.start.voltage_12v, parked.end.voltage_12v
    if first is None or last is None or parked.duration <= 0:
        return ""
    return rounded((first - last) * 86400 / parked.duration, 2)


def _lost(parked: Parked, a_day: float | None) -> float | None:
    """Return what is lost a day; of a short time, in which one percent may be much, nothing."""
    return a_day if (parked.idle_time or 0) >= LEAST_IDLE else None


def mean_power(charge: Charge) -> float | None:
    """Return the mean power into the battery, kW."""
    if charge.energy is None or charge.duration <= 0:
        return None
    return charge.energy * 3600 / charge.duration


_BEGIN: Final[tuple[Column, ...]] = (
    ("id", True, lambda style, row: str(row.id)),
    ("start", True, lambda style, row: style.time(row.journey.start.time)),
    ("time", True, lambda style, row: duration(row.journey.duration)),
)
_END: Final[tuple[Column, ...]] = (
    ("~", True, _mark),
    ("sure", False, _sure),
    ("note", False, lambda style, row: row.note),
)

COLUMNS: Final[dict[JourneyKind, tuple[Column, ...]]] = {
    JourneyKind.TRIP: (
        *_BEGIN,
        ("from", False, lambda style, row: style.place(row.start_place)),
        ("to", True, lambda style, row: style.place(row.end_place)),
        ("{length}", True, _trip(lambda style, trip: style.distance(trip.distance))),
        ("kWh", True, _trip(lambda style, trip: rounded(trip.energy))),
        ("{consumption}", True, _trip(lambda style, trip: style.consumption(trip.consumption))),
        ("SOC %", True, _soc),
        ("{speed}", False, _trip(_mean_speed)),
        ("max {speed}", False, _trip(lambda style, trip: style.distance(trip.speed_max, 0))),
        ("out {degrees}", False,
         _trip(lambda style, trip: style.temperature(trip.temperature_ambient))),
        ("purpose", False, _purpose),
        *_END,
    ),
    JourneyKind.CHARGE: (
        *_BEGIN,
        ("place", True, lambda style, row: style.place(row.start_place)),
        ("kWh", True, _charge(lambda style, charge: rounded(charge.energy))),
        ("grid kWh", False, _charge(lambda style, charge: rounded(charge.grid_energy))),
        ("%", False, _charge(lambda style, charge: rounded(charge.efficiency, 0))),
        ("SOC %", True, _soc),
        ("max kW", True, _charge(lambda style, charge: rounded(charge.power_max))),
        ("kW", False, _charge(lambda style, charge: rounded(mean_power(charge)))),
        ("cost", True, lambda style, row: money(row.cost, row.currency)),
        ("plug", False, _charge(lambda style, charge: charge.plug or "")),
        ("ended", False, _charge(
            lambda style, charge: "" if charge.is_open else charge.ending.value)),
        *_END,
    ),
    JourneyKind.PARKED: (
        *_BEGIN,
        ("place", True, lambda style, row: style.place(row.start_place)),
        ("SOC %", True, _soc),
        ("lost % a day", True,
         _parked(lambda style, parked: rounded(_lost(parked, parked.soc_lost_a_day)))),
        ("lost {length} a day", False,
         _parked(lambda style, parked: style.distance(_lost(parked, parked.range_lost_a_day)))),
        ("lost 12 V a day", False, _parked(_volts_lost)),
        ("preheated", True, _parked(
            lambda style, parked: duration(parked.preheat_time) if parked.preheat_time else "")),
        ("for %", False, _parked(lambda style, parked: rounded(parked.preheat_soc))),
        *_END,
    ),
}  # fmt: skip
"""The columns of each kind."""


def describe(row: JourneyRow, style: TableStyle) -> list[tuple[str, str]]:
    """Return all that is known of a journey as names and values."""
    journey = row.journey
    lines = [
        ("start", _end(style, journey.start, row.start_place)),
        ("end", "goes on, last " + _end(style, journey.end, row.end_place) if journey.is_open
         else _end(style, journey.end, row.end_place)),
        ("time", duration(journey.duration)),
        ("SOC", _with(_soc(style, row), "%")),
    ]  # fmt: skip
    lines += _details(journey, style)
    lines += [
        ("outside", _degrees(journey.temperature_ambient, style)),
        ("cost", money(row.cost, row.currency)),
        ("purpose", _purpose(style, row)),
        ("note", row.note),
        ("sure", _sure(style, row) + (", corrected" if row.is_edited else "")),
    ]
    return [(name, text) for name, text in lines if text]


def _details(journey: Journey, style: TableStyle) -> list[tuple[str, str]]:
    length = style.length
    match journey:
        case Trip():
            return [
                ("distance", _with(style.distance(journey.distance), length)),
                ("odometer", _with(style.distance(journey.end.odometer), length)),
                ("energy", _energy(journey)),
                ("consumption",
                 _with(style.consumption(journey.consumption), style.consumption_unit)),
                ("in motion", duration(journey.moving_time)),
                ("speed", _speeds(journey, style)),
                ("height", _heights(journey, style)),
                ("battery", _degrees(journey.temperature_battery, style)),
                ("cabin", _degrees(journey.temperature_cabin, style)),
            ]  # fmt: skip
        case Charge():
            return [
                ("energy", _with(rounded(journey.energy, 2), "kWh into the battery")),
                ("grid", _with(rounded(journey.grid_energy, 2), "kWh")),
                ("efficiency", _with(rounded(journey.efficiency), "%")),
                ("power", _with(rounded(mean_power(journey)), "kW") +
                 _with(rounded(journey.power_max), "kW at most", ", ")),
                ("plug", " ".join(filter(None, (journey.plug, journey.mode)))),
                ("ended", "" if journey.is_open else journey.ending.value),
                ("capacity", _with(rounded(journey.capacity), "kWh")),
                ("battery", _degrees(journey.temperature_battery, style)),
            ]  # fmt: skip
        case Parked():
            return [
                ("lost", _with(rounded(journey.soc_lost), "%")),
                ("a day", _with(rounded(journey.soc_lost_a_day), "%") +
                 _with(style.distance(journey.range_lost_a_day), length, ", ")),
                ("12 V", _with(_volts_lost(style, journey), "V lost a day")),
                ("preheated", duration(journey.preheat_time) if journey.preheat_time else ""),
                ("for", _with(rounded(journey.preheat_soc), "%")),
            ]  # fmt: skip
    return []


def _with(text: str, unit: str, before: str = "") -> str:
    return f"{before}{text} {unit}" if text else ""


def _end(style: TableStyle, end: JourneyEnd, place: int | None) -> str:
    where = style.place(place)
    if not where and end.position is not None:
        where = f"{end.position.latitude:.5f} {end.position.longitude:.5f}"
    return style.time(end.time) + (f", {where}" if where else "")


def _degrees(celsius: float | None, style: TableStyle) -> str:
    return _with(style.temperature(celsius), style.units.temperature_unit)


def _energy(trip: Trip) -> str:
    if trip.energy is None:
        return ""
    text = f"{trip.energy:.2f} kWh"
    if trip.energy_recovered:
        text += f" ({rounded(trip.energy_used, 2)} used, {trip.energy_recovered:.2f} recovered)"
    return text


def _speeds(trip: Trip, style: TableStyle) -> str:
    unit = style.speed_unit
    return ", ".join(filter(None, (
        _with(_mean_speed(style, trip), f"{unit} in motion"),
        _with(style.distance(trip.speed_max, 0), f"{unit} at most"),
    )))  # fmt: skip


def _heights(trip: Trip, style: TableStyle) -> str:
    if trip.altitude_min is None or trip.altitude_max is None:
        return ""
    text = f"{style.units.height(trip.altitude_min)} to {style.units.height(trip.altitude_max)}"
    if trip.ascent is not None and trip.descent is not None:
        text += f", {style.units.height(trip.ascent)} up, {style.units.height(trip.descent)} down"
    return text
