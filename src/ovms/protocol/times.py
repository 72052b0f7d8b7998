"""Date-times as they stand on the wire: ``YYYY-MM-DD hh:mm:ss``, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime

NEVER = "0000-00-00 00:00:00"
"""What databases of the field hold for a change that never was; 0 in Unix seconds here."""

_WIRE = re.compile(r"(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})", re.ASCII)


def wire_time(time: float) -> str:
    """Write Unix seconds, whole ones.

    Raises ``ValueError`` or ``OverflowError`` for a time outside of the years 1 to 9999.
    """
    return datetime.fromtimestamp(int(time), UTC).strftime("%Y-%m-%d %H:%M:%S")


def wire_change(time: float) -> str:
    """Write when a record was changed, Unix seconds; 0 and less are :data:`NEVER`."""
    return wire_time(time) if time >= 1 else NEVER


def parse_wire_time(text: str) -> int | None:
    """Read a date-time as Unix seconds; 0 for never, ``None`` for what is none."""
    if text == NEVER:
        return 0
    if not _WIRE.fullmatch(text):
        return None
    try:
        return max(0, int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()))
    except ValueError:
        return None
