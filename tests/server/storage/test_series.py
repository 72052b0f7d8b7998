from __future__ import annotations

from array import array
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from ovms.protocol.records import Location, Status
from ovms.protocol.records.history import KeptRecord
from ovms.server.storage import queries, series
from ovms.server.storage.batch import Batch
from ovms.server.storage.series import SeriesBucket, SeriesColumn, SeriesGrid
from ovms.server.storage.series_cache import SeriesCache, SeriesStamp
from tests.server.storage.databases import apply, worded

if TYPE_CHECKING:
    from ovms.server.storage.database import Database

ONE = SeriesGrid(-1, 10**9)


def _column(record: type[Status | Location], name: str, stale: str = "") -> SeriesColumn:
    places = {each.name: at for at, each in enumerate(record.TABLE)}
    at = places[name]
    return SeriesColumn(record.TABLE[at], at, places[stale] if stale else None, 0.5)


def _take(column: SeriesColumn, records: list[bytes]) -> SeriesBucket | None:
    """Return the bucket of records of one second after the other."""
    stamp = SeriesStamp(len(records), 1)
    part = column.part(stamp, array("q", range(len(records))), records)
    column.take(part, -1, len(records), ONE)
    return column.buckets.get(0)


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (["1", "3", "2"], SeriesBucket(0.5, 1.5, 3.0, 3, 1.0)),
        (["", "x"], None),
        (["4", "x", "1e999", "nan"], SeriesBucket(2.0, 2.0, 2.0, 1, 2.0)),
    ],
)
def test_values(rows: list[str], found: SeriesBucket | None) -> None:
    """Values are multiplied, and what is none is left out."""
    assert _take(_column(Status, "soc"), [each.encode() for each in rows]) == found


def test_two_parts() -> None:
    """A bucket that is read in two parts is as one that is read at once."""
    apart, whole = _column(Status, "soc"), _column(Status, "soc")
    _take(apart, [b"5", b"1"])
    _take(apart, [b"9", b"2"])
    _take(whole, [b"5", b"1", b"9", b"2"])
    assert apart.buckets == whole.buckets


def test_unknown() -> None:
    """A number that stands for unknown is no value, nor is one that was never read."""
    found = _take(_column(Status, "minutes_to_full"), [b"," * 19 + b"-1", b"," * 19 + b"30"])
    assert found is not None
    assert found.low == 15
    column = _column(Location, "direction", "gps_stale")
    assert _take(column, [b"0,0,0,0,0,-1"]) is None
    found = _take(column, [b"0,0,90,0,0,-1", b"0"])
    assert found is not None
    assert found.last == 45


@pytest.mark.parametrize("name", ["soc", "ideal_range", "cac", "battery_voltage"])
def test_places(name: str) -> None:
    """A field is found from either end, and in records of unequal length."""
    fields = [str(at).encode() for at in range(len(Status.TABLE))]
    at = [each.name for each in Status.TABLE].index(name)
    longer = [*fields, b"x"]
    for rows in ([fields], [longer, longer], [fields, longer], [fields, fields[:at]]):
        found = _take(_column(Status, name), [b",".join(row) for row in rows])
        assert found is not None
        assert (found.low, found.high) == (at / 2, at / 2)


# -- Windows and the cache ---------------------------------------------------------------------


def _put(database: Database, *rows: tuple[int, bytes]) -> None:
    batch = Batch()
    for time, data in rows:
        record = KeptRecord("S", 0, time, 10**10, data, None, float(time))
        batch.history.put("CAR1", record, None)
    assert apply(database, batch) == 0


def _read(database: Database, cache: SeriesCache, since: int, until: int) -> Any:
    """Return the buckets of two fields in a span."""
    columns = [_column(Status, "soc"), _column(Status, "ideal_range")]
    grid = SeriesGrid(since, max(1, (until - since) // 7))
    with database.reading() as connection:
        for span in queries.series_spans(since, until):
            queries.read_series(connection, "car1", "S", columns, span, grid, cache)
    return [each.buckets for each in columns]


@pytest.mark.parametrize("limit", [10**6, 3000])
def test_cache(database: Database, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    """Whatever came and went between two calls, the answer is as one that is read anew."""
    monkeypatch.setattr(series, "WINDOW", 64)
    monkeypatch.setattr(series, "WINDOW_ROWS", 5)
    random = Random(7)  # noqa: S311 (no secret)
    cache = SeriesCache(limit)
    data = [b"50", b"7,K", b"", b"x", b"8\n9,K", b"1" * 5000, *(b"%d" % at for at in range(40))]
    for turn in range(60):
        rows = ((random.randrange(900), random.choice(data)) for _ in range(random.randrange(9)))
        _put(database, *rows)
        if turn % 4 == 3:
            since = random.randrange(900)
            with database.writing() as connection:
                queries.delete_records(
                    connection, "CAR1", "S", since, since + random.randrange(90), 20
                )
        if turn == 40:
            with database.writing() as connection:
                queries.erase_data(connection, "CAR1")
        since = random.randrange(-50, 900)
        until = since + random.randrange(1, 950)
        assert _read(database, cache, since, until) == _read(database, SeriesCache(), since, until)
        assert cache.size <= limit


def test_values_of_records(database: Database) -> None:
    """A record with a line end is one record, one that is too long has no values."""
    _put(database, (1, b"5"), (2, b"6,\n"), (2, b"7" * 5000), (40_000, b"8"), (10**9, b"9"))
    for cache in (SeriesCache(), SeriesCache()):
        soc, _ = _read(database, cache, 0, 10**9)
        assert list(soc.values()) == [
            SeriesBucket(2.5, 4, 9.5, 3, 4), SeriesBucket(4.5, 4.5, 4.5, 1, 4.5)
        ]  # fmt: skip


def test_out_of_the_cache(database: Database) -> None:
    """A window whose records are the same is not read again."""
    _put(database, (1, b"5"), (2, b"6"))
    cache = SeriesCache()
    before = _read(database, cache, 0, 10)
    with database.writing() as connection:  # which never happens
        connection.exec_driver_sql(worded(connection, "UPDATE history SET data = x'37'"))
    assert _read(database, cache, 0, 10) == before
    assert _read(database, SeriesCache(), 0, 10) != before


def test_marked_for_deletion(database: Database) -> None:
    """What is marked as erased is not seen, though the cache has it."""
    _put(database, (1, b"5"))
    cache = SeriesCache()
    read = partial(_read, database, cache, 0, 10)
    assert read()[0]
    with database.writing() as connection:
        connection.execute(text("INSERT INTO history_purges VALUES ('CAR1', 1)"))
    assert read() == [{}, {}]
