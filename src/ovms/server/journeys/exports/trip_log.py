"""The trip log: what stands in it, in which words, and its sums. :mod:`.paper` lays it out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import fsum
from typing import TYPE_CHECKING, Final, Literal

from ovms.server.journeys.values import Purpose, Trip

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

    from ovms.server.journeys.exports.rows import ExportRow

Language = Literal["en", "de"]

TRIPS_LIMIT: Final = 20_000
"""Trips of a log: ten years of a car that is driven much; ten seconds of a processor."""

GAP: Final = 0.5
"""km between two odometers that may differ: they are rounded, some to a mile or a kilometre."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogHead:
    """What a log says of itself."""

    vehicle_id: str
    vehicle_name: str = ""
    owner: str
    since: int | None = None
    """Unix seconds, as the next; ``None`` is from the first trip, or to the last."""
    until: int | None = None
    zone: ZoneInfo
    made: int
    has_places: bool = True
    """Whether its reader may see where the vehicle was."""
    language: Language = "en"
    is_part: bool = False
    """Whether trips of the span are left out, such as those of another purpose: then nothing is
    said of kilometres that are in no trip."""


@dataclass(frozen=True, slots=True)
class LogSum:
    """How many trips there were for a purpose in a year, and how far."""

    year: int
    purpose: Purpose | None
    trips: int
    distance: float
    unknown: int
    """Trips of which the distance is not known: it is not in the sum."""


class TooManyTrips(Exception):
    """A log of more trips than one may have."""


def trips_of(rows: Iterable[ExportRow]) -> list[ExportRow]:
    """Return the rows that are trips which are over, by time. Raises :class:`TooManyTrips`."""
    found = []
    for row in rows:
        if isinstance(row.journey, Trip) and not row.journey.is_open:
            found.append(row)
        if len(found) > TRIPS_LIMIT:
            raise TooManyTrips(f"a trip log has at most {TRIPS_LIMIT} trips: take a shorter span")
    return sorted(found, key=lambda row: (row.journey.start.time, row.id))


def distance_of(row: ExportRow) -> float | None:
    """Return how far a trip was."""
    return row.journey.distance if isinstance(row.journey, Trip) else None


def sums_of(rows: Sequence[ExportRow], zone: ZoneInfo) -> list[LogSum]:
    """Return the sums by year and purpose, and none of what does not occur."""
    groups: dict[tuple[int, Purpose | None], list[float | None]] = {}
    for row in rows:
        year = datetime.fromtimestamp(row.journey.start.time, zone).year
        groups.setdefault((year, row.purpose), []).append(distance_of(row))
    order = [Purpose.BUSINESS, Purpose.PRIVATE, None]
    return [
        LogSum(year, purpose, len(found), fsum(each or 0.0 for each in found), found.count(None))
        for (year, purpose), found in sorted(
            groups.items(), key=lambda each: (each[0][0], order.index(each[0][1]))
        )
    ]


def driven_between(rows: Sequence[ExportRow]) -> dict[int, float]:
    """Return what the odometer says was driven before a trip that no trip has: km by its id."""
    ends = [(row.id, row.journey.start.odometer, row.journey.end.odometer) for row in rows]
    return {
        id_: start - end
        for (_, _, end), (id_, start, _) in pairwise(ends)
        if start is not None and end is not None and start - end > GAP
    }


def odometers_of(rows: Sequence[ExportRow]) -> tuple[float, float] | None:
    """Return the odometer before the first trip and after the last, if both are known."""
    if not rows:
        return None
    first, last = rows[0].journey.start.odometer, rows[-1].journey.end.odometer
    return None if first is None or last is None else (first, last)


WORDS: Final[dict[Language, dict[str, str]]] = {
    "en": {
        "date_format": "%Y-%m-%d",
        "point": ".",
        "title": "Trip log",
        "vehicle": "Vehicle",
        "owner": "Owner",
        "span": "Span",
        "zone": "Times",
        "made": "Made",
        "page": "Page",
        "of": "of",
        "date": "Date",
        "time": "Time",
        "start": "From",
        "end": "To",
        "odometer_start": "Odometer start",
        "odometer_end": "Odometer end",
        "distance": "km",
        "purpose": "Purpose",
        "note": "Note",
        "business": "business",
        "private": "private",
        "none": "not said",
        "sums": "Sums",
        "year": "Year",
        "trips": "Trips",
        "total": "All",
        "share": "Share",
        "unknown": "without a known distance, not in the sum",
        "between": "{} km before this trip are in no trip",
        "odometers": "Odometer {} to {}: {} km",
        "part": "A selection of the trips of this span.",
        "edited": "* merged, split or corrected by hand",
        "estimated": "~ estimated",
        "no_places": "Without places: the reader may not see positions.",
        "no_glyph": "\N{REPLACEMENT CHARACTER} stands for a character that this font does not have;"
        " the CSV has it.",
        "no_trips": "No trips.",
    },
    "de": {
        "date_format": "%d.%m.%Y",
        "point": ",",
        "title": "Fahrtenbuch",
        "vehicle": "Fahrzeug",
        "owner": "Halter",
        "span": "Zeitraum",
        "zone": "Zeiten",
        "made": "Erstellt",
        "page": "Seite",
        "of": "von",
        "date": "Datum",
        "time": "Uhrzeit",
        "start": "Start",
        "end": "Ziel",
        "odometer_start": "km-Stand Beginn",
        "odometer_end": "km-Stand Ende",
        "distance": "km",
        "purpose": "Zweck",
        "note": "Bemerkung",
        "business": "dienstlich",
        "private": "privat",
        "none": "ohne Angabe",
        "sums": "Summen",
        "year": "Jahr",
        "trips": "Fahrten",
        "total": "Gesamt",
        "share": "Anteil",
        "unknown": "ohne bekannte Strecke, nicht in der Summe",
        "between": "{} km vor dieser Fahrt sind in keiner Fahrt enthalten",
        "odometers": "km-Stand {} bis {}: {} km",
        "part": "Eine Auswahl der Fahrten dieses Zeitraums.",
        "edited": "* zusammengefasst, geteilt oder von Hand berichtigt",
        "estimated": "~ geschätzt",
        "no_places": "Ohne Orte: der Empfänger darf keine Positionen sehen.",
        "no_glyph": "\N{REPLACEMENT CHARACTER} steht für ein Zeichen, das diese Schrift nicht hat;"
        " in der CSV-Datei steht es.",
        "no_trips": "Keine Fahrten.",
    },
}
