"""Messages as lines of text, for the terminal and for pipes."""

from __future__ import annotations

from typing import Any

from ovms.app.snapshot import Seen
from ovms.base.clock import iso_time
from ovms.protocol.records import legible


def duration(seconds: float) -> str:
    """Return how long in the largest fitting unit."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"


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
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def printable(text: str) -> str:
    """Return the text with its control characters escaped, so that it cannot steer the terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
