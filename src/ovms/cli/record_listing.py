"""The records of one type, as ``ovms history`` and ``ovms app history`` print them."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Annotated, Final

import typer

from ovms.base.clock import iso_time
from ovms.cli.common import refuse
from ovms.cli.listing import Format, Row, make_listing
from ovms.cli.times import check_span, find_time
from ovms.protocol.columns import ColumnReader, type_of
from ovms.protocol.gpx import GpxWriter
from ovms.protocol.modules import ModuleKind
from ovms.protocol.records import legible
from ovms.protocol.wording import did_you_mean

RECORD: Final = ("type", "time", "number", "value")
"""What every record has, whatever its type."""

POSITIONS: Final = "L"

UNIT_WORDS: Final = {"km": "K", "k": "K", "metric": "K", "mi": "M", "m": "M", "imperial": "M",
                     "car": None}  # fmt: skip
"""What names a unit of distances, in any case; the letters are how cars name them."""

FieldsOption = Annotated[
    str | None,
    typer.Option(
        "--fields", metavar="A,B", help="Only these columns, such as soc,odometer; also of a table."
    ),
]
UnitsOption = Annotated[
    str | None,
    typer.Option(
        "--units",
        metavar="km|mi|car",
        show_default="car",
        help="Distances in kilometres, in miles, or as the car reports.",
    ),
]


@dataclass(frozen=True, slots=True)
class KeptLine:
    """A record; ``at`` is when it was made, Unix seconds, ``None`` if ``time`` is no time."""

    type: str
    time: str
    at: float | None
    number: int
    data: bytes = field(repr=False)

    @classmethod
    def of(cls, record_type: str, at: int, number: int, data: bytes) -> KeptLine:
        """Return the line of a record that was made at ``at``."""
        return cls(record_type, iso_time(at), at, number, data)


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """What is to be listed, and how. Times in Unix seconds: after ``since``, until ``until``.

    ``units`` is M or K, ``None`` for those of the car.
    """

    type: str | None
    since: float | None
    until: float | None
    format: Format
    fields: tuple[str, ...] | None
    units: str | None


def make_query(
    record_type: str | None,
    since: str | None,
    until: str | None,
    fields: str | None,
    units: str | None,
    chosen: Format,
) -> HistoryQuery:
    """Return what the options ask for; what cannot be is wrong usage."""
    begin, end = find_time(since, "--since"), find_time(until, "--until")
    check_span(begin, end)
    if units is not None and units.lower() not in UNIT_WORDS:
        refuse(f"--units: {units!r} is none of km, mi and car")
    if record_type is not None:
        record_type = type_of(record_type)
    if chosen == "gpx":
        record_type = POSITIONS if record_type is None else record_type
        if record_type != POSITIONS or fields is not None:
            refuse("gpx is a track of the positions: type L, and all of it")
    if fields is not None and record_type is None:
        refuse("--fields are those of a type: name one")
    wanted = None if fields is None else _split(fields)
    query = HistoryQuery(
        record_type, begin, end, chosen, wanted, UNIT_WORDS[(units or "car").lower()]
    )
    if wanted is not None:
        _find_names(wanted, ColumnReader(query.type or "").names)
    return query


class RecordListing:
    """Prints records of a type as a query says. ``units`` and ``module`` are the car's now."""

    def __init__(
        self, vehicle_id: str, query: HistoryQuery, units: str | None, module: ModuleKind
    ) -> None:
        self._query = query
        self._reader = ColumnReader(query.type or "", query.units or units or "K", module)
        self._names = self._find_columns()
        self._gpx = GpxWriter(vehicle_id, sys.stdout) if query.format == "gpx" else None
        if self._gpx is None:
            self._listing = make_listing(query.format, self._header())

    @property
    def needs_unit(self) -> bool:
        """Whether :meth:`print` has to be told the unit of distances."""
        return self._reader.needs_unit

    def print(self, line: KeptLine, sent_in: str | None) -> None:
        """Print a record. ``sent_in`` is the unit, M or K, in which the car reported then."""
        values = self._reader.read(line.data, sent_in)
        if self._gpx is not None:
            if line.at is not None:
                self._gpx.add(line.at, values)
            return
        known: dict[str, object] = {
            "type": line.type, "time": line.time, "number": line.number,
            "value": legible(line.data.decode("utf-8", "surrogateescape")),
        }  # fmt: skip
        if self._query.format == "json":
            self._listing.print(self._as_json(known, values))
        else:
            self._listing.print({name: {**values, **known}[name] for name in self._names})

    def end(self) -> None:
        """Print what is left."""
        (self._gpx or self._listing).end()

    def _find_columns(self) -> tuple[str, ...]:
        names, wanted = self._reader.names, self._query.fields
        if wanted is not None:
            found = _find_names(wanted, names)
            return found if "time" in found else ("time", *found)
        has_columns = names and self._query.format != "table"
        return ("time", *names) if has_columns else RECORD

    def _header(self) -> list[str]:
        units = self._reader.units
        return [f"{name} [{units[name]}]" if name in units else name for name in self._names]

    def _as_json(self, known: Row, values: Row) -> Row:
        """Return a record as JSON has it. With chosen fields it has those, and not all of them."""
        units = self._reader.units
        if self._query.fields is None:
            return {**known, "fields": values, "units": units} if values else known
        named = {name: values.get(name) for name in self._names if name not in RECORD}
        chosen = {name: each for name, each in known.items() if name in self._names}
        return {
            "type": known["type"],
            **chosen,
            "fields": named,
            "units": {name: units[name] for name in named if name in units},
        }


def _split(fields: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in fields.split(",")))


def _find_names(wanted: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns that are meant, with underscores or without, in any case."""
    known = {_plain(name): name for name in (*RECORD, *names)}
    found = []
    for name in wanted:
        if _plain(name) not in known:
            names_known = ", ".join(known.values())
            end = did_you_mean(name, known.values()) or "."
            refuse(f"--fields: there is no {name!r}{end} There are {names_known}")
        found.append(known[_plain(name)])
    return tuple(dict.fromkeys(found))


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
