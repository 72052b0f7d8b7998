"""The text of alerts: titles and bodies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ovms.protocol.records.record import legible

BODY_LIMIT: Final = 2000
"""Characters of a body; more than three screens of a phone."""

_CUT: Final = "…"


def title(vehicle_name: str) -> str:
    """Return the title of an alert, with the vehicle's id as its reader spells it."""
    return f"Open Vehicles {vehicle_name}".rstrip()


def body(texts: Iterable[str]) -> str:
    """Return the alerts of one event as one text, each once, in the order in which they came."""
    lines = dict.fromkeys(filter(None, map(readable, texts)))
    return shortened("\n".join(lines), BODY_LIMIT)


def readable(text: str) -> str:
    """Return an alert's text as people read it.

    Modules write CR for a line end, and some write Latin-1, which the protocol keeps as surrogates.
    Other control characters are removed.
    """
    if text.isprintable():
        return text.strip()
    lines = legible(text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    cleaned = ("".join(c for c in line if c.isprintable()).strip() for line in lines)
    return "\n".join(cleaned).strip("\n")


def shortened(text: str, limit: int) -> str:
    """Return at most ``limit`` characters of a text; a shortened one ends in an ellipsis."""
    return text if len(text) <= limit else text[: limit - len(_CUT)].rstrip() + _CUT
