from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import TypeAdapter, ValidationError

from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import time_of
from ovms.server.http.v1.spans import (
    DAY,
    EARLIEST,
    LATEST,
    SpanTime,
    last_day,
    read_place,
    seconds,
    write_place,
)

SPAN_TIME = TypeAdapter(SpanTime)


def test_places() -> None:
    """A place that was written is read again."""
    assert read_place(write_place((-5, 7, 10**12))) == (-5, 7, 10**12)
    assert read_place(None) is None


@pytest.mark.parametrize("text", ["", "!", "MSwy", "eCwxLDE", "MSwxLC0x"])
def test_no_places(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(ApiError):
        read_place(text)


@pytest.mark.parametrize(
    ("text", "unix"),
    [
        ("2023-11-14T22:13:20Z", 1_700_000_000),
        ("2023-11-14t22:13:20.900z", 1_700_000_000),
        ("2023-11-15T00:13:20+02:00", 1_700_000_000),
        ("2023-11-14T22:13:20", 1_700_000_000),
        ("2023-11-14 22:13", 1_699_999_980),
        ("2023-11-14", 1_699_920_000),
        ("1700000000", 1_700_000_000),
        ("1700000000.9", 1_700_000_000),
        ("1.7e9", 1_700_000_000),
        ("2023", 2023),
        ("-0", 0),
        ("-1", -1),
        (str(EARLIEST), EARLIEST),
        (str(LATEST), LATEST),
    ],
)
def test_times(text: str, unix: int) -> None:
    """Each spelling that the description has is the whole second it is in, UTC without a zone."""
    assert seconds(SPAN_TIME.validate_python(text)) == unix


@pytest.mark.parametrize(
    "text",
    ["", "soon", "nan", "1e999", "1_0", " 5", "1700000000000", "2023-02-29", "2023-11-14T22",
     "2023-13-01T00:00Z", "2023-11-14T22:13:20+0200", str(EARLIEST - 1), str(LATEST + 1)],
)  # fmt: skip
def test_no_times(text: str) -> None:
    """No other is one: milliseconds are no seconds."""
    with pytest.raises(ValidationError):
        SPAN_TIME.validate_python(text)


@pytest.mark.parametrize("hours", [-14, 0, 14])
def test_ends_of_time(hours: int) -> None:
    """The ends of the calendar, in any zone, and a day before them are times that can be told."""
    zone = timezone(timedelta(hours=hours))
    first, last = datetime.min.replace(tzinfo=zone), datetime.max.replace(tzinfo=zone)
    assert [time_of(each) for each in last_day(None, first, 0.0)]
    assert [time_of(each) for each in last_day(first, last, 0.0)]


def test_last_day() -> None:
    """A span is the last day, or the day before its end."""
    assert last_day(None, None, 1e6) == (10**6 - DAY, 10**6)
    assert last_day(None, datetime.fromtimestamp(1e9, UTC), 1e6) == (10**9 - DAY, 10**9)
    with pytest.raises(ApiError):
        last_day(datetime.fromtimestamp(1e6, UTC), None, 1e6)
