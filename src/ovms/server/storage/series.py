"""Series for charts out of the telemetry log: fields of one message code, thinned by buckets.

Records are read by windows of time, and the columns of a window are kept in memory. A window that
is asked for again costs a walk over the index, which tells that its records are still the same
whoever adds and deletes, other processes, too.

What was measured, in ms of a core for 100,000 records: SQLite takes 9 to walk the index and 42 to
look up the records. To hand them over row by row takes 102, but the driver gives up the interpreter
lock for each and must get it back, beside a busy event loop. All records of a window in one row
take 90 without the lock, and 25 more to take them apart. ``GROUP BY`` a bucket sorts first, taking
the value out in SQL costs more than it saves, and two threads were no faster than one.
"""

from __future__ import annotations

import dataclasses
import math
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from sqlalchemy import LargeBinary, Text, bindparam, case, cast, func, literal, select

from ovms.protocol.records.record import StaleRule
from ovms.server.storage.names import vehicle_key
from ovms.server.storage.schema import history, history_purges
from ovms.server.storage.series_cache import SeriesCache, SeriesKey, SeriesPart, SeriesStamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from ovms.protocol.records import Field

WINDOW: Final = 32_768
"""Seconds of a window, a power of two: parts of it begin and end at whole seconds."""

SPANS: Final = 8
"""Parts in which a span is read: between them others have their turns."""

WINDOW_ROWS: Final = 4000
"""Records of a window that are read at once; one with more is read in parts."""

RECORD_LIMIT: Final = 4096
"""Bytes of a record beyond which it is none of telemetry: real ones have up to 600."""

_ANY_NUMBER: Final = 10**9
_TIMES: Final = msgspec.json.Decoder(list[int])  # a third of what int() takes

h = history.c


@dataclass(slots=True)
class SeriesBucket:
    """The values of a field in one part of the span."""

    low: float
    high: float
    total: float
    count: int
    last: float

    def add(self, other: SeriesBucket) -> None:
        """Add what came later."""
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        self.total += other.total
        self.count += other.count
        self.last = other.last


class SeriesGrid(NamedTuple):
    """Buckets of ``width`` seconds, of which the first is behind ``begin``."""

    begin: int
    width: int


@dataclass(slots=True)
class SeriesColumn:
    """A field of a record as its values are read; ``factor`` is what a value is multiplied by."""

    field: Field
    at: int
    """Its place in the record."""
    stale_at: int | None
    """The place of its stale indicator."""
    factor: float
    buckets: dict[int, SeriesBucket] = dataclasses.field(default_factory=dict)

    def take(self, part: SeriesPart, since: int, until: int, grid: SeriesGrid) -> None:
        """Take the values of a span, which come behind those taken before."""
        times, by = part.times, self.factor
        at, end = bisect_right(times, since), bisect_right(times, until)
        while at < end:
            bucket = (times[at] - grid.begin - 1) // grid.width
            behind = bisect_right(times, grid.begin + (bucket + 1) * grid.width, at, end)
            values = part.values[at:behind]
            found = SeriesBucket(
                min(values) * by, max(values) * by, sum(values) * by, len(values), values[-1] * by
            )
            if bucket in self.buckets:
                self.buckets[bucket].add(found)
            else:
                self.buckets[bucket] = found
            at = behind

    def part(self, stamp: SeriesStamp, times: array[int], records: Sequence[bytes]) -> SeriesPart:
        """Return the values that are known, of records in their order."""
        values = self._values(records)
        known = [value for value in values if value is not None]
        if len(known) < len(values):
            of_known = (
                time for time, value in zip(times, values, strict=True) if value is not None
            )
            times = array("q", of_known)
        return SeriesPart(stamp, times, array("d", known))

    def _values(self, records: Sequence[bytes]) -> Sequence[float | None]:
        """Return the value of each record; ``None`` where it is not known."""
        texts = _column(records, self.at)
        if self.stale_at is not None:
            texts = self._fresh(texts, _column(records, self.stale_at))
        values: Sequence[float | None]
        try:
            values = numbers = [*map(float, texts)]
            is_clean = math.isfinite(sum(numbers))
        except ValueError:
            is_clean = False
        if not is_clean:
            parse, scale = self.field.kind.parse, self._scale
            parsed = (parse(each.decode("latin-1")) for each in texts)
            values = [None if each is None else each * scale for each in parsed]
        unknown = self.field.unknown
        if unknown is not None and unknown * self._scale in values:
            values = [None if each == unknown * self._scale else each for each in values]
        return values

    @property
    def _scale(self) -> int:
        return getattr(self.field.kind, "scale", 1)

    def _fresh(self, texts: list[bytes], stales: list[bytes]) -> list[bytes]:
        """Return the texts, empty where their stale indicators make them unknown."""
        is_any = self.field.stale_rule is StaleRule.ANY
        return [
            b"" if stale.startswith(b"-") and (is_any or not text.strip(b"+-0.eE")) else text
            for text, stale in zip(texts, stales, strict=True)
        ]


def series_spans(since: int, until: int) -> list[tuple[int, int]]:
    """Return the parts in which a span is read: short reads, that share no window."""
    step = WINDOW * max(1, -(-(until - since) // (SPANS * WINDOW)))
    ends = [*range(since - since % WINDOW + step, until, step), until]
    return [*zip([since, *ends], ends, strict=False)]


def read_series(
    connection: Connection,
    vehicle_id: str,
    code: str,
    columns: Sequence[SeriesColumn],
    span: tuple[int, int],
    grid: SeriesGrid,
    cache: SeriesCache,
) -> None:
    """Read the records of a code in a span into the columns' buckets."""
    reader = _SeriesReader(connection, vehicle_key(vehicle_id), code, columns, cache)
    for parts in reader.read(*span):
        for column, part in zip(columns, parts, strict=True):
            column.take(part, *span, grid)


class _SeriesReader:
    """Reads columns by windows, out of the cache where they are the same still."""

    def __init__(
        self,
        connection: Connection,
        vehicle_id: str,
        code: str,
        columns: Sequence[SeriesColumn],
        cache: SeriesCache,
    ) -> None:
        purge = select(history_purges.c.last_id).where(history_purges.c.vehicle_id == vehicle_id)
        self._connection = connection
        self._vehicle_id = vehicle_id
        self._code = code
        self._columns = columns
        self._cache = cache
        self._purged = connection.scalar(purge) or 0

    def read(self, since: int, until: int) -> Iterator[list[SeriesPart]]:
        """Yield each column's part of each window that has records in a span."""
        while since < until:
            begin = since - since % WINDOW
            is_empty = True
            for parts in self._window(begin, WINDOW):
                is_empty = is_empty and not parts[0].stamp.records
                yield parts
            since = begin + WINDOW
            if is_empty and since < until:
                first = self._connection.scalar(_FIRST, self._span(since, until - since))
                since = until if first is None else first - 1

    def _window(self, begin: int, width: int) -> Iterator[list[SeriesPart]]:
        """Yield the parts of a window, more than once if it has many records."""
        whole = self._key(begin, width, "")
        many = self._cache.get(whole)
        if many is None:
            parts = self._known(begin, width) or self._fetch(begin, width)
            if parts is not None:
                yield parts
                return
            many = SeriesPart(self._stamp(begin, width), array("q"), array("d"))
            self._cache.put(whole, many)
        shares = -(-many.stamp.records // WINDOW_ROWS)
        step = max(1, width >> (shares - 1).bit_length())
        for at in range(begin, begin + width, step):
            yield from self._window(at, step)

    def _known(self, begin: int, width: int) -> list[SeriesPart] | None:
        """Return what the cache has of a window, if that is all and still holds."""
        found: list[SeriesPart] = []
        for each in self._columns:
            part = self._cache.get(self._key(begin, width, each.field.name))
            if part is None:
                return None
            found.append(part)
        stamp = self._stamp(begin, width)
        return found if all(part.stamp == stamp for part in found) else None

    def _fetch(self, begin: int, width: int) -> list[SeriesPart] | None:
        """Return a window as it is read; ``None`` if it has too many records for that."""
        span = self._span(begin, width)
        most = WINDOW_ROWS if width > 1 else _ANY_NUMBER
        row = self._connection.execute(_RECORDS, span | {"rows": most + 1}).one()
        count, last_id, joined, texts = row
        if count > most:
            return None
        stamp = SeriesStamp(count, last_id)
        times = array("q", _TIMES.decode(f"[{texts}]")) if count else array("q")
        records = joined.split(b"\n") if count else []
        if len(records) != count:  # one has a line end in it
            records = [*self._connection.scalars(_ROWS, span)]
        parts = [each.part(stamp, times, records) for each in self._columns]
        for each, part in zip(self._columns, parts, strict=True):
            if count:
                self._cache.put(self._key(begin, width, each.field.name), part)
        return parts

    def _stamp(self, begin: int, width: int) -> SeriesStamp:
        return SeriesStamp(*self._connection.execute(_STAMP, self._span(begin, width)).one())

    def _key(self, begin: int, width: int, field: str) -> SeriesKey:
        return SeriesKey(self._vehicle_id, self._code, begin, width, field)

    def _span(self, begin: int, width: int) -> dict[str, str | int]:
        return {
            "vehicle_id": self._vehicle_id, "code": self._code, "purged": self._purged,
            "since": begin, "until": begin + width,
        }  # fmt: skip


def _column(records: Sequence[bytes], at: int) -> list[bytes]:
    # Each column splits for itself: lists that live on would have Python look for garbage.
    commas = records[0].count(b",") if records else 0
    behind = commas - at + 1
    if 0 < behind <= at and {data.count(b",") for data in records} == {commas}:
        return [data.rsplit(b",", behind)[-behind] for data in records]  # from its nearer end
    depth = at + 1
    try:
        return [data.split(b",", depth)[at] for data in records]
    except IndexError:  # older firmware has fewer fields
        return [(data.split(b",", depth) + [b""] * depth)[at] for data in records]


_WHERE: Final = (
    h.vehicle_id == bindparam("vehicle_id"),
    h.type == bindparam("code"),
    h.time > bindparam("since"),
    h.time <= bindparam("until"),
    h.id > bindparam("purged"),
)
_ORDER: Final = (h.time, h.number, h.id)
_SHORT: Final = case((func.length(h.data) <= RECORD_LIMIT, h.data), else_=literal(b"")).label(
    "data"
)
_FIRST: Final = select(h.time).where(*_WHERE).order_by(*_ORDER).limit(1)
_STAMP: Final = select(func.count(), func.max(h.id)).where(*_WHERE)
_ROWS: Final = select(_SHORT).where(*_WHERE).order_by(*_ORDER)


def _records() -> Any:
    rows = select(h.id, h.time, _SHORT).where(*_WHERE).order_by(*_ORDER)
    c = rows.limit(bindparam("rows")).subquery().c
    return select(
        func.count(),
        func.max(c.id),
        cast(func.aggregate_strings(c.data, "\n"), LargeBinary),
        func.aggregate_strings(cast(c.time, Text), ","),
    )


_RECORDS: Final = _records()
