"""``/vehicles/{vehicle_id}/series``: fields of the telemetry log, thinned for charts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from fastapi import Query, Response

from ovms.protocol.codes import CODES
from ovms.protocol.columns import METRIC, POSITION, UNIX_TIME
from ovms.protocol.modules import ModuleKind
from ovms.protocol.records import Field, Record
from ovms.protocol.records.field_types import NumberField
from ovms.protocol.records.status import KM_PER_MILE
from ovms.server.http.v1.callers import Context, VehicleCall, ViewCall
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.history import iso_millis, module_of
from ovms.server.http.v1.models import ApiAnswer, Time
from ovms.server.http.v1.routing import make_router
from ovms.server.http.v1.spans import Since, Until, last_day
from ovms.server.rights import VehicleRight
from ovms.server.storage import queries
from ovms.server.storage.series import SeriesColumn, SeriesGrid

if TYPE_CHECKING:
    from ovms.server.http.context import HttpContext
    from ovms.server.storage.series import SeriesBucket

FIELDS_LIMIT: Final = 10
"""Fields of a call: a chart has a handful of lines."""

POINTS_LIMIT: Final = 2000
"""Buckets of a series: a wide screen has 4000 pixels, and each bucket has two ends."""

CODE_ORDER: Final = "SDLWX"
"""Where two records have a field of one name, that of the first has it without its code."""

PLACES: Final = 6
"""Digits behind the point: means would have sixteen."""

router = make_router("history")


@dataclass(frozen=True, slots=True)
class SeriesField:
    """A field that there are series of."""

    name: str
    code: str
    field: Field
    at: int
    stale_at: int | None

    @property
    def is_distance(self) -> bool:
        """Whether the car reports it in its own unit of distances."""
        return self.field.unit in METRIC.values()

    @property
    def unit(self) -> str:
        """The unit of the values; empty for none."""
        return {"distance": "km", "distance/h": "km/h"}.get(self.field.unit, self.field.unit)

    @property
    def is_position(self) -> bool:
        """Whether it says where the car was."""
        return CODES[self.code].is_position and self.field.name in POSITION

    def column(self, module: ModuleKind, unit: str | None) -> SeriesColumn:
        """Return what reads its values, of a car that reports distances in a unit, K or M."""
        kind = self.field.kind
        assert isinstance(kind, NumberField)
        factor = (self.field.pic_factor if module is ModuleKind.PIC else 1.0) / kind.scale
        if self.is_distance and unit == "M":
            factor *= KM_PER_MILE
        return SeriesColumn(self.field, self.at, self.stale_at, factor)


def _fields() -> dict[str, SeriesField]:
    found: dict[str, SeriesField] = {}
    for code in CODE_ORDER:
        record = CODES[code].record
        assert record is not None
        assert issubclass(record, Record)
        places = {each.name: at for at, each in enumerate(record.TABLE)}
        marks = {each.stale for each in record.TABLE}
        for name, at in places.items():
            row = record.TABLE[at]
            if not isinstance(row.kind, NumberField) or name in marks or row.unit == UNIX_TIME:
                continue
            stale_at = places[row.stale] if row.stale else None
            shown = name if name not in found else f"{code}.{name}"
            found[shown] = SeriesField(shown, code, row, at, stale_at)
    return found


FIELDS: Final = _fields()


class SeriesFieldAnswer(ApiAnswer):
    """A field that there are series of."""

    name: str
    unit: str | None
    """Null if it has none."""
    meaning: str
    code: str
    """The message that the car tells it with."""
    needs_location: bool
    """It says where the car was: it needs the right `location`."""


class SeriesValues(ApiAnswer):
    """The values of a field, one of each list a bucket. A bucket in which none came has null."""

    unit: str | None
    """Of all its numbers; null if it has none."""
    min: list[float | None]
    """The lowest values, in `unit`."""
    max: list[float | None]
    """The highest values, in `unit`."""
    mean: list[float | None]
    """In `unit`, of the values as they came: one that stays the same is not logged again."""
    last: list[float | None]
    """The last values, in `unit`."""


class SeriesAnswer(ApiAnswer):
    """Fields over time."""

    since: Time
    until: Time
    width: int
    """Seconds of a bucket."""
    times: list[Time]
    """When each bucket begins."""
    fields: dict[str, SeriesValues]


@router.get("/vehicles/{vehicle_id}/series/fields")
async def list_series_fields(call: ViewCall) -> list[SeriesFieldAnswer]:
    """Return the fields that there are series of, with their units."""
    return [
        SeriesFieldAnswer(
            name=each.name,
            unit=each.unit or None,
            meaning=each.field.meaning,
            code=each.code,
            needs_location=each.is_position,
        )
        for each in FIELDS.values()
    ]


@router.get(
    "/vehicles/{vehicle_id}/series",
    responses={200: {"model": SeriesAnswer}},
)
async def get_series(
    call: ViewCall,
    context: Context,
    fields: Annotated[
        str,
        Query(
            max_length=400,
            description="Names of up to 10 fields, with commas between: `soc,speed`.",
        ),
    ],
    since: Since = None,
    until: Until = None,
    points: Annotated[int, Query(ge=1, le=POINTS_LIMIT, description="Buckets, at most.")] = 500,
) -> Response:
    """Return fields of the telemetry log over time, in buckets of equal length.

    Without a span it is the last day.
    """
    chosen = _choose(call, fields)
    begin, end = last_day(since, until, context.clock.time())
    width = -(-(end - begin) // points)
    reading = SeriesReading(context, call.id, begin, end, width)
    values = await reading.read(chosen)
    count = -(-(end - begin) // width)
    answer = {
        "since": iso_millis(begin),
        "until": iso_millis(end),
        "width": width,
        "times": [iso_millis(begin + at * width) for at in range(count)],
        "fields": {each.name: _values(each, values[each.name], count) for each in chosen},
    }
    return Response(msgspec.json.encode(answer), media_type="application/json")


def _choose(call: VehicleCall, names: str) -> list[SeriesField]:
    """Return the fields of these names. Raises :class:`ApiError`."""
    words = list(dict.fromkeys(word.strip() for word in names.split(",")))
    unknown = [word for word in words if word not in FIELDS]
    if unknown:
        raise ApiError(422, f"There is no field {unknown[0]!r}: see series/fields", "no_field")
    if len(words) > FIELDS_LIMIT:
        raise ApiError(422, f"Ask for {FIELDS_LIMIT} fields at most", "too_many_fields")
    chosen = [FIELDS[word] for word in words]
    if any(each.is_position for each in chosen) and VehicleRight.LOCATION not in call.rights:
        raise ApiError(403, "Where the car was needs the right location", "no_right")
    return chosen


@dataclass(frozen=True, slots=True)
class SeriesReading:
    """Reads fields of a vehicle's log in a span."""

    context: HttpContext
    vehicle_id: str
    since: int
    until: int
    width: int

    async def read(self, fields: list[SeriesField]) -> dict[str, dict[int, SeriesBucket]]:
        """Return the buckets of each field by its name."""
        module = await module_of(self.context, self.vehicle_id)
        units: list[tuple[int, str | None]] = [(self.since, None)]
        if any(each.is_distance for each in fields):
            query = partial(
                queries.distance_units,
                vehicle_id=self.vehicle_id,
                since=self.since,
                until=self.until,
            )
            units = await self.context.store.read_history(self.vehicle_id, query)
        found: dict[str, dict[int, SeriesBucket]] = {each.name: {} for each in fields}
        ends = [*(time - 1 for time, _ in units[1:]), self.until]
        for (begin, unit), end in zip(units, ends, strict=True):
            for code in dict.fromkeys(each.code for each in fields):
                columns = {
                    each.name: each.column(module, unit)
                    for each in fields
                    if each.code == code and (unit is not None or not each.is_distance)
                }
                for name, each in columns.items():
                    each.buckets = found[name]
                if columns:
                    first = begin if begin == self.since else begin - 1
                    await self._read(code, [*columns.values()], first, end)
        return found

    async def _read(self, code: str, columns: list[SeriesColumn], begin: int, end: int) -> None:
        """Read the fields of one code in turns."""
        store = self.context.store
        for span in queries.series_spans(begin, end):
            query = partial(
                queries.read_series,
                vehicle_id=self.vehicle_id,
                code=code,
                columns=columns,
                span=span,
                grid=SeriesGrid(self.since, self.width),
                cache=store.series_cache,
            )
            await store.read_history(self.vehicle_id, query)


def _values(each: SeriesField, buckets: dict[int, SeriesBucket], count: int) -> dict[str, object]:
    found = [buckets.get(at) for at in range(count)]
    return {
        "unit": each.unit or None,
        "min": [None if bucket is None else _short(bucket.low) for bucket in found],
        "max": [None if bucket is None else _short(bucket.high) for bucket in found],
        "mean": [
            None if bucket is None else _short(bucket.total / bucket.count) for bucket in found
        ],
        "last": [None if bucket is None else _short(bucket.last) for bucket in found],
    }


def _short(value: float) -> float:
    return round(value, PLACES)
