"""Date-times as they are on the wire: ``YYYY-MM-DD hh:mm:ss``, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

NEVER = "0000-00-00 00:00:00"
"""How databases of the field write the time of a change that never happened; 0 here."""

_WIRE = re.compile(r"(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})", re.ASCII)


def wire_time(time: float) -> str:
    """Return the date-time of Unix seconds, without their fraction.

    Raises ``ValueError`` or ``OverflowError`` for a time outside the years 1 to 9999.
    """
    return _wire_second(int(time))


@lru_cache(maxsize=1024)
def _wire_second(second: int) -> str:
    text = datetime.fromtimestamp(second, UTC).isoformat(" ")  # strftime takes ten times as long
    return text[:19]


def wire_change(time: float) -> str:
    """Return the date-time of a record's change; 0 Unix seconds and less are :data:`NEVER`."""
    return wire_time(time) if time >= 1 else NEVER


def parse_wire_time(text: str) -> int | None:
    """Return a date-time in Unix seconds; 0 for never, ``None`` for other text."""
    if text == NEVER:
        return 0
    if not _WIRE.fullmatch(text):
        return None
    try:
        return max(0, int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()))
    except ValueError:
        return None
