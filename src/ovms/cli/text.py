"""Messages as lines of text, for the terminal and for pipes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ovms.app.snapshot import Seen
from ovms.base.clock import iso_time
from ovms.cli.common import printable
from ovms.cli.measures import number
from ovms.protocol.records import legible

DAYS_BY_NAME = 7
"""Within so many days the name of a day says which one it is."""


def duration(seconds: float) -> str:
    """Return how long in the largest fitting unit."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"


def clock_time(time: float, now: float) -> str:
    """Return a time of this machine's clock: the hour today, else with the day."""
    local, today = (datetime.fromtimestamp(each, UTC).astimezone() for each in (time, now))
    if local.date() == today.date():
        return f"{local:%H:%M}"
    near = abs((local.date() - today.date()).days) < DAYS_BY_NAME
    return f"{local:%a %H:%M}" if near else f"{local:%Y-%m-%d %H:%M}"


def span(minutes: float) -> str:
    """Return minutes as hours and minutes."""
    hours, rest = divmod(round(minutes), 60)
    return f"{hours} h {rest:02d} min" if hours else f"{rest} min"


def message_line(seen: Seen) -> str:
    """Return a message as one line: time, code, and its fields that are known, by name."""
    return printable(f"{iso_time(seen.time)} {seen.message.code} {fields_of(seen)}".rstrip())


def fields_of(seen: Seen) -> str:
    """Return the fields of a message that are known, by name; without a name, as they came."""
    if seen.is_sealed:
        return "sealed"
    if seen.content is None:
        return seen.message.data.decode("latin-1")
    fields = seen.content.as_json()
    words = [f"{name}={_word(value)}" for name, value in fields.items() if value is not None]
    if seen.content.extra:
        words.append("extra=" + ",".join(map(legible, seen.content.extra)))
    return " ".join(words)


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value, places=10).replace(",", "") if isinstance(value, float) else str(value)
