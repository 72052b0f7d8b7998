"""Which records of the history may say where a car was.

What nobody knows counts as a position: cars and their owners name types as they like.
"""

from __future__ import annotations

import re
from typing import Final

from ovms.protocol.codes import CODES
from ovms.protocol.records.history import ALERT_TYPE

HARMLESS: Final = frozenset(
    {ALERT_TYPE, "*-OVM-Utilisation", "*-OVM-DebugCrash", "*-OVM-DebugTasks"}
)
"""Types without a position. An alert may say one in its text: see :func:`says_position`."""

_COORDINATES: Final = re.compile(r"[0-9]\.[0-9]{3}.*[0-9]\.[0-9]{3}", re.DOTALL)


def holds_position(record_type: str) -> bool:
    """Return whether records of a type may hold positions: `L`, trips, charges, unknown types."""
    row = CODES[record_type]
    return not (record_type in HARMLESS or (row.is_telemetry and not row.is_position))


def says_position(text: str) -> bool:
    """Return whether an alert's text may hold coordinates: two numbers with three places."""
    return _COORDINATES.search(text) is not None
