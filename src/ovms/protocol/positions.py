"""Which records of the history may say where a car was.

What nobody knows counts as a position: cars and their owners name types as they like.
"""

from __future__ import annotations

import re
from typing import Final

from ovms.protocol.codes import CODES
from ovms.protocol.records.history import ALERT_TYPE, CONNECTION_TYPE

HARMLESS: Final = frozenset(
    {ALERT_TYPE, CONNECTION_TYPE, "*-OVM-Utilisation", "*-OVM-DebugCrash", "*-OVM-DebugTasks"}
)
"""Types without a position. An alert may say one in its text: see :func:`says_position`."""

_PLACE: Final = re.compile(
    r"\d\.\d{3}.*\d\.\d{3}|\d[.,]\d{4}|\d\.\d+\s*[,;/\s]\s*-?\d{1,3}\.\d|[°′]|\w:/|///\w|\bgeo:"
    r"|\d\s?[NS]\b.{1,12}?\d\s?[EW]\b|\b[NS]\s?\d{1,2}\b.{1,16}?\b[EW]\s?\d"
    r"|\b[2-9CFGHJMPQRVWX]{4,8}\+[2-9CFGHJMPQRVWX]{2}"
    r"|\b(?:lat|lon|lng|latitude|longitude|position|location|gps|geofence|place|address|maps?"
    r"|near|at home|at work|(?:has|have) left|arriv\w*|depart\w*|enter\w*)\b",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
"""Coordinates, a link, a code (Open Location Code, what3words) or words for a place."""


def holds_position(record_type: str) -> bool:
    """Return whether records of a type may hold positions: `L`, trips, charges, unknown types."""
    row = CODES[record_type]
    return not (record_type in HARMLESS or (row.is_telemetry and not row.is_position))


def says_position(text: str) -> bool:
    """Return whether an alert's text seems to say where the car is or was."""
    return _PLACE.search(text) is not None
