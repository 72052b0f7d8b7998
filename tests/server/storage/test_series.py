from __future__ import annotations

import pytest

from ovms.protocol.records import Location, Status
from ovms.server.storage.series import SeriesBucket, SeriesColumn


def _column(record: type[Status | Location], name: str, stale: str = "") -> SeriesColumn:
    places = {each.name: at for at, each in enumerate(record.TABLE)}
    at = places[name]
    return SeriesColumn(record.TABLE[at], at, places[stale] if stale else None, 0.5)


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
    column = _column(Status, "soc")
    column.take(7, [each.encode() for each in rows])
    assert column.buckets.get(7) == found


def test_two_parts() -> None:
    """A bucket that is read in two parts is as one that is read at once."""
    apart, whole = _column(Status, "soc"), _column(Status, "soc")
    apart.take(0, [b"5", b"1"])
    apart.take(0, [b"9", b"2"])
    whole.take(0, [b"5", b"1", b"9", b"2"])
    assert apart.buckets == whole.buckets


def test_unknown() -> None:
    """A number that stands for unknown is no value, nor is one that was never read."""
    column = _column(Status, "minutes_to_full")
    column.take(0, [b"," * 19 + b"-1", b"," * 19 + b"30"])
    assert column.buckets[0].low == 15
    column = _column(Location, "direction", "gps_stale")
    column.take(0, [b"0,0,0,0,0,-1"])
    assert column.buckets == {}
    column.take(0, [b"0,0,90,0,0,-1", b"0"])
    assert column.buckets[0].last == 45
