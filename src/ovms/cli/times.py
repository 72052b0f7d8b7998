"""Times as people write them in options: one spelling for all commands.

What is printed is ISO 8601 in UTC, to the second (:func:`ovms.base.clock.iso_time`), and is read
again by the same parser.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from ovms.cli.common import refuse

TIME_FORMS: Final = (
    "2025-06-01, 2025-06-01T18:00:00Z, '2025-06-01 18:00', today, yesterday, or an age: 3d, 12h, "
    "90min."
)
TIME_HELP: Final = f"{TIME_FORMS} UTC unless it names a zone."
"""What options for times say of themselves."""

END_HELP: Final = (
    "2027-06-01, 2027-06-01T18:00:00Z, '2027-06-01 18:00', or a span from now on: 3d, 12h, 90min. "
    "UTC unless it names a zone."
)
"""What options for times to come say of themselves."""

_AGE = re.compile(r"(\d{1,6})\s*(s|min|m|h|d|w)", re.ASCII)
_SECONDS: Final = {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


def parse_time(text: str, now: float, zone: tzinfo = UTC) -> float | None:
    """Read a time as Unix seconds, ``now`` in the same; ``None`` for what is no time.

    An age counts back from now, a day is its midnight, and a time without a zone is in ``zone``.
    """
    word = text.strip().lower()
    today = datetime.fromtimestamp(now, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    days = {"now": now, "today": today.timestamp(),
            "yesterday": (today - timedelta(days=1)).timestamp()}  # fmt: skip
    if word in days:
        return days[word]
    if age := _AGE.fullmatch(word):
        return now - int(age[1]) * _SECONDS[age[2]]
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        return None


def find_time(text: str | None, option: str) -> float | None:
    """Return the time that an option names, in Unix seconds; what is none is wrong usage."""
    if text is None:
        return None
    found = parse_time(text, time.time())
    if found is None:
        refuse(f"{option}: {text!r} is no time; write {TIME_HELP}")
    return found


def find_end(text: str | None, option: str, now: float) -> float | None:
    """Return the time to come that an option names; what is none is wrong usage.

    A span, such as 3d, counts from now on.
    """
    if text is None:
        return None
    span = _AGE.fullmatch(text.strip().lower())
    found = now + int(span[1]) * _SECONDS[span[2]] if span else parse_time(text, now)
    if found is None:
        refuse(f"{option}: {text!r} is no time; write {END_HELP}")
    if found <= now:
        refuse(f"{option}: {text} is over")
    return found


def check_span(since: float | None, until: float | None) -> None:
    """Refuse a span that ends before it begins: wrong usage."""
    if since is not None and until is not None and until < since:
        refuse("--until is before --since")
