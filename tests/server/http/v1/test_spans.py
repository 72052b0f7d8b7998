from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ovms.server.http.v1.errors import ApiError
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
    early = datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))
    assert seconds(early) == -62_135_596_800 - 14 * 3600


def test_last_day() -> None:
    """A span is the last day, or the day before its end."""
    assert last_day(None, None, 1e6) == (10**6 - DAY, 10**6)
    assert last_day(None, datetime.fromtimestamp(1e9, UTC), 1e6) == (10**9 - DAY, 10**9)
    with pytest.raises(ApiError):
        last_day(datetime.fromtimestamp(1e6, UTC), None, 1e6)
