"""Series for charts out of the telemetry log: fields of one message code, thinned by buckets.

Only the columns that are asked for are taken out of a record, as bytes, and a bucket's values are
converted at once. 100,000 records take some 120 ms of a quiet core, most of it to fetch their rows.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from ovms.protocol.records.record import StaleRule
from ovms.server.storage.history import records_of
from ovms.server.storage.names import vehicle_key
from ovms.server.storage.schema import history

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from ovms.protocol.records import Field

h = history.c

_BUCKET: Final = itemgetter(0)


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

    def take(self, bucket: int, records: Sequence[bytes]) -> None:
        """Take the values of records that are one behind the other in a bucket."""
        values = self._values(records)
        if not values:
            return
        by = self.factor
        found = SeriesBucket(
            min(values) * by, max(values) * by, sum(values) * by, len(values), values[-1] * by
        )
        if bucket in self.buckets:
            self.buckets[bucket].add(found)
        else:
            self.buckets[bucket] = found

    def _values(self, records: Sequence[bytes]) -> list[float]:
        texts = _column(records, self.at)
        if self.stale_at is not None:
            texts = self._fresh(texts, _column(records, self.stale_at))
        try:
            values = [*map(float, filter(None, texts))]
            is_clean = math.isfinite(sum(values))
        except ValueError:
            is_clean = False
        if not is_clean:
            parsed = (self.field.kind.parse(each.decode("latin-1")) for each in texts)
            values = [each * self._scale for each in parsed if each is not None]
        unknown = self.field.unknown
        if unknown is not None and unknown * self._scale in values:
            values = [each for each in values if each != unknown * self._scale]
        return values

    @property
    def _scale(self) -> int:
        return getattr(self.field.kind, "scale", 1)

    def _fresh(self, texts: list[bytes], stales: list[bytes]) -> list[bytes]:
        """Return the texts that their stale indicators do not make unknown."""
        is_any = self.field.stale_rule is StaleRule.ANY
        return [
            text
            for text, stale in zip(texts, stales, strict=True)
            if not stale.startswith(b"-") or not (is_any or not text.strip(b"+-0.eE"))
        ]


def read_series(
    connection: Connection,
    vehicle_id: str,
    code: str,
    columns: Iterable[SeriesColumn],
    since: int,
    until: int,
    begin: int,
    width: int,
) -> int:
    """Read the records of a code in a span into the columns' buckets; return how many there were.

    Buckets are ``width`` seconds long, the first is behind ``begin``.
    """
    columns = [*columns]
    where = records_of(connection, vehicle_key(vehicle_id), code, since, until)
    bucket = (h.time - (begin + 1)) // width
    query = select(bucket, h.data).where(*where).order_by(h.time, h.number, h.id)
    count = 0
    with connection.execute(query) as result:
        found: Any = result.cursor  # its rows are tuples: SQLAlchemy's take as long as all the rest
        for at, group in groupby(found, _BUCKET):
            records = [data for _, data in group]
            count += len(records)
            for each in columns:
                each.take(at, records)
    return count


def _column(records: Sequence[bytes], at: int) -> list[bytes]:
    # Each column splits for itself: lists that live on would have Python look for garbage.
    depth = at + 1
    try:
        return [data.split(b",", depth)[at] for data in records]
    except IndexError:  # older firmware has fewer fields
        return [(data.split(b",", depth) + [b""] * depth)[at] for data in records]
