"""Charts of text: bars beside names. A pipe gets none: numbers are for programs."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from typing import Final, TypeVar

T = TypeVar("T")

BLOCKS: Final = " ▏▎▍▌▋▊▉█"
"""An eighth more each."""

LEAST_WIDTH: Final = 10
"""Characters of the longest bar; with less room there is no chart."""

ROWS: Final = 24
"""Bars of a curve: what a screen shows at once."""

Bar = tuple[str, float | None, str]
"""What stands before it, how long it is, and what stands behind it."""


def can_draw() -> bool:
    """Return whether somebody looks at it who sees the characters of bars."""
    encoding = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "")
    return sys.stdout.isatty() and encoding == "utf8"


def print_bars(title: str, bars: Sequence[Bar], width: int | None = None) -> None:
    """Print a bar each under a title, the longest as wide as there is room."""
    known = [value for _, value, _ in bars if value is not None and value > 0]
    if not known:
        return
    columns = shutil.get_terminal_size().columns if width is None else width
    before = max(len(name) for name, _, _ in bars)
    behind = max(len(text) for _, _, text in bars)
    room = columns - before - behind - 3
    if room < LEAST_WIDTH:
        return
    print(f"\n{title}")
    for name, value, text in bars:
        line = bar(max(0.0, value or 0.0) / max(known), room)
        print(f"{name:<{before}} {line} {text}".rstrip())


def bar(share: float, width: int) -> str:
    """Return a bar of a share of a width, to an eighth of a character."""
    eighths = round(min(1.0, share) * width * 8)
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (BLOCKS[rest] if rest else "")


def thinned(rows: Sequence[T], count: int = ROWS) -> list[T]:
    """Return so many of the rows at most, evenly, the first and the last among them."""
    if len(rows) <= count:
        return [*rows]
    return [rows[round(place * (len(rows) - 1) / (count - 1))] for place in range(count)]
