from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import time_of
from ovms.server.http.v1.spans import DAY, last_day, read_place, seconds, write_place


def test_places() -> None:
    """A place that was written is read again."""
    assert read_place(write_place((-5, 7, 10**12))) == (-5, 7, 10**12)
    assert read_place(None) is None


@pytest.mark.parametrize("text", ["", "!", "MSwy", "eCwxLDE", "MSwxLC0x"])
def test_no_places(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(ApiError):
        read_place(text)


def test_seconds() -> None:
    """A time without a zone is UTC, and a record's second is the whole one it is in."""
    assert seconds(datetime(2023, 11, 14, 22, 13, 20, 900_000)) == 1_700_000_000  # noqa: DTZ001


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
