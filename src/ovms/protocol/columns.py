"""Records of the history as columns: each has a name, a type and a unit.

Names, types and units are those of the records' field tables, so they are the same as in
``ovms app status --json``. Distances are in one unit in all rows, whichever the car reported in at
the time. Times are ISO 8601, UTC. What is unknown is ``None``.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ovms.base.clock import iso_time
from ovms.protocol.codes import CODES
from ovms.protocol.modules import ModuleKind
from ovms.protocol.records import Content, Field, JsonValue, Record
from ovms.protocol.records.history import ALERT_TYPE
from ovms.protocol.records.logs import GRID_TYPE, LOG_RECORDS, TRIP_TYPE
from ovms.protocol.records.status import KM_PER_MILE

if TYPE_CHECKING:
    from collections.abc import Sequence

TYPE_NAMES: Final = {"trips": TRIP_TYPE, "log.trip": TRIP_TYPE, "charges": GRID_TYPE,
                     "log.grid": GRID_TYPE, "positions": "L", "alerts": ALERT_TYPE}  # fmt: skip
"""Names that people may write for types of records, also of one: ``trip``."""

PLACES: Final = 3
"""Digits behind the point of a distance that was converted: metres."""

UNITS: Final = {"K": {"distance": "km", "distance/h": "km/h"},
                "M": {"distance": "mi", "distance/h": "mph"}}  # fmt: skip
METRIC: Final = {"km": "distance", "km/h": "distance/h"}
UNIX_TIME: Final = "Unix s"
LAST_TIME: Final = 253402300799
"""The last second of the year 9999."""
TAKEN: Final = {"type": "export_type", "time": "export_time"}
"""Columns of a record's own that would have the name of one that every record has, such as when it
was made: how they are called instead. They are those of ``X``."""
POSITION: Final = ("latitude", "longitude", "altitude", "direction")


def type_of(text: str) -> str:
    """Return the type of records that people mean: by name, and in any case where it is ours."""
    word = text.lower()
    names = TYPE_NAMES | {name.removesuffix("s"): kind for name, kind in TYPE_NAMES.items()}
    own = {kind.lower(): kind for kind in (*LOG_RECORDS, ALERT_TYPE)}
    own |= {code.lower(): code for code, row in CODES.items() if row.is_telemetry}
    return names.get(word) or own.get(word, text)


class ColumnReader:
    """Reads the records of one type. ``units`` is what distances are returned in, M or K."""

    def __init__(
        self, record_type: str, units: str = "K", module: ModuleKind = ModuleKind.ESP32
    ) -> None:
        row = CODES[record_type]
        self._content: type[Content] | None = (
            row.record if row.is_telemetry else LOG_RECORDS.get(record_type)
        )
        is_table = self._content is not None and issubclass(self._content, Record)
        self._table: tuple[Field, ...] = self._content.TABLE if is_table else ()  # type: ignore[union-attr]
        self._units = units
        self._module = module
        self.names: tuple[str, ...] = tuple(self.read(b"", None)) if self._table else ()
        """The names of the columns; none for a type without a field table."""
        self.units = {
            TAKEN.get(field.name, field.name): UNITS[units].get(
                METRIC.get(field.unit, field.unit), field.unit
            )
            for field in self._table
            if field.unit and field.unit != UNIX_TIME
        }
        """The unit of each column that has one."""

    @property
    def needs_unit(self) -> bool:
        """Whether it takes more than a record itself to know in which unit its distances are."""
        is_open = any(field.unit in METRIC.values() for field in self._table)
        return is_open and "units" not in self.names

    def read(self, data: bytes, sent_in: str | None) -> dict[str, JsonValue]:
        """Return a record's fields by name; nothing for what is none.

        ``sent_in`` is the unit, M or K, in which the car reported distances at the time. A status
        says it itself.
        """
        content = None if self._content is None else self._content.parse(data)
        if content is None:
            return {}
        if self._module is ModuleKind.PIC and isinstance(content, Record):
            content = content.from_pic()
        values = content.as_json()
        if "units" in values:
            said = values["units"]
            sent_in = said if isinstance(said, str) and said in UNITS else sent_in
            values["units"] = None if sent_in is None else self._units
        for field in self._table:
            if field.unit == UNIX_TIME:
                values[field.name] = _time(values[field.name])
            elif field.unit in METRIC:
                values[field.name] = self._convert(values[field.name], "K")
            elif field.unit in METRIC.values():
                values[field.name] = self._convert(values[field.name], sent_in)
        named = {TAKEN.get(name, name): value for name, value in values.items()}
        return _without_no_position(named)

    def _convert(self, value: JsonValue, sent_in: str | None) -> JsonValue:
        """Return a distance in our unit; ``None`` when nobody knows in which it was sent."""
        if not isinstance(value, int | float) or sent_in is None:
            return None
        if sent_in == self._units:
            return value
        return round(value * KM_PER_MILE if sent_in == "M" else value / KM_PER_MILE, PLACES)


@dataclass(frozen=True, slots=True)
class TimedColumns:
    """Reads the records of one type, of a car that may have changed its unit of distances.

    ``units`` are M or K, ``None`` for unknown, each with the time from when on it reported in it;
    the first counts before, too.
    """

    reader: ColumnReader
    units: Sequence[tuple[int, str | None]] = ()

    def read(self, data: bytes, time: int) -> dict[str, JsonValue]:
        """Return the fields of a record that was made at a time, by name."""
        at = bisect_right(self.units, time, key=lambda each: each[0]) - 1
        return self.reader.read(data, self.units[max(0, at)][1] if self.units else None)


def _time(value: JsonValue) -> str | None:
    """Return Unix seconds in ISO 8601; ``None`` for no time, and for one that no calendar has."""
    is_time = isinstance(value, int | float) and 0 < value <= LAST_TIME
    return iso_time(value) if is_time else None  # type: ignore[arg-type]


def _without_no_position(values: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return fields in which a position that the car does not know is ``None``: 0, 0 or stale -1.

    A number is never empty on the wire, so a module writes these in its place.
    """
    is_zero = not values.get("latitude") and not values.get("longitude")
    if values.get("gps_stale") == -1 or is_zero:
        return {name: None if name in POSITION else value for name, value in values.items()}
    return values
