"""Spans of time, and places in lists, as calls of ``/api/v1`` name them."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import Query
from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from ovms.server.http.v1.errors import ApiError

DAY: Final = 86400

EARLIEST: Final = -62_135_596_800 + DAY
LATEST: Final = 253_402_300_799
"""The ends of what can be answered as a time: a day after the year 1 begins, for the day before the
end of a span, and the last second of the year 9999."""

_UNIX: Final = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_ISO: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:\d{2})?)?", re.ASCII
)


def _read_time(value: object) -> object:
    """Return a time as the URL of a call has it, with its zone."""
    text = str(value)
    if _UNIX.fullmatch(text):
        if not EARLIEST <= (unix := float(text)) <= LATEST:
            raise ValueError(f"Unix seconds are from {EARLIEST} to {LATEST}")
        return datetime.fromtimestamp(unix, UTC)
    if not _ISO.fullmatch(text):
        raise ValueError("write a time as 2026-11-27T02:30:00Z, 2026-11-27 or Unix seconds")
    return text


def _in_utc(time: datetime) -> datetime:
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


SpanTime = Annotated[
    datetime,
    BeforeValidator(_read_time),
    AfterValidator(_in_utc),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "format": "date-time"},
                {"type": "string", "format": "date"},
                {"type": "number", "minimum": EARLIEST, "maximum": LATEST},
            ]
        }
    ),
]
"""An end of a span of time in the URL of a call."""

Since = Annotated[
    SpanTime | None,
    Query(description="After this time, ISO 8601 or Unix seconds; without a zone it is UTC."),
]
Until = Annotated[SpanTime | None, Query(description="Until then, in the same spelling.")]

After = Annotated[
    str | None,
    Query(max_length=100, description="Where to go on: `next` of the answer before."),
]

_PLACE: Final = re.compile(r"(-?\d{1,18}),(-?\d{1,18}),(\d{1,18})", re.ASCII)


def seconds(time: datetime | None) -> int | None:
    """Return the whole second that a time is in; ``None`` for none.

    Zones reach beyond the years 1 to 9999 of UTC: what is there counts as their end.
    """
    if time is None:
        return None
    return min(max(int(time.timestamp() // 1), EARLIEST), LATEST)


def check_span(since: int | None, until: int | None) -> None:
    """Raise :class:`ApiError` (422) for a span that ends before it begins."""
    if since is not None and until is not None and until <= since:
        raise ApiError(422, "until must be later than since", "bad_span")


def last_day(since: datetime | None, until: datetime | None, now: float) -> tuple[int, int]:
    """Return a span in Unix seconds: until now and of a day where nothing else is said.

    Raises :class:`ApiError` (422).
    """
    end = seconds(until)
    end = int(now) if end is None else end
    begin = seconds(since)
    begin = end - DAY if begin is None else begin
    check_span(begin, end)
    return begin, end


def write_place(key: tuple[int, int, int]) -> str:
    """Return a place in a list as callers get it."""
    return urlsafe_b64encode(",".join(map(str, key)).encode()).decode().rstrip("=")


def read_place(text: str | None) -> tuple[int, int, int] | None:
    """Return the place that a caller names. Raises :class:`ApiError` (422)."""
    if text is None:
        return None
    try:
        found = _PLACE.fullmatch(urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii"))
    except ValueError:
        found = None
    if found is None:
        raise ApiError(422, "after is not the next of an answer before", "bad_after")
    time, number, id_ = map(int, found.groups())
    return time, number, id_
