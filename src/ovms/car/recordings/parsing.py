"""The words of a line: times, ids and data. What they raise is :class:`ValueError`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from ovms.car.frames import Frame

MOST_STANDARD, MOST_EXTENDED = 0x7FF, 0x1FFFFFFF

MOST_DATA, MOST_FD_DATA = 8, 64

LATEST = 1e11
"""Seconds. No clock says more, and calculations with it stay exact to a millisecond."""

_HEX = re.compile(r"[0-9A-Fa-f]{1,8}", re.ASCII)
_BYTES = re.compile(r"(?:[0-9A-Fa-f]{2})*", re.ASCII)

STEPS_SAMPLE = 200
"""Times that are looked at to tell times from steps."""


def parse_seconds(text: str) -> float:
    """Return a time in seconds. Its decimals may begin with a comma."""
    try:
        value = float(text.replace(",", ".", 1)) if "_" not in text else math.nan
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and 0 <= value <= LATEST):
        raise ValueError(f"{text[:20]!r} is no time in seconds")
    return value


def parse_hex(text: str, most: int) -> int:
    """Return a hexadecimal number."""
    if not _HEX.fullmatch(text) or (value := int(text, 16)) > most:
        raise ValueError(f"{text[:20]!r} is no hexadecimal number up to {most:X}")
    return value


def parse_id(text: str, is_extended: bool) -> int:
    """Return the id of a frame."""
    return parse_hex(text, MOST_EXTENDED if is_extended else MOST_STANDARD)


def parse_run(text: str, most: int = MOST_DATA) -> bytes:
    """Return data whose digits stand together."""
    if not _BYTES.fullmatch(text):
        odd = len(text) % 2 and _HEX.fullmatch(text[-1])
        raise ValueError(f"{text[-20:]!r} {'ends in half a byte' if odd else 'is no data'}")
    if len(text) > 2 * most:
        raise ValueError(f"a frame has at most {most} data bytes, not {len(text) // 2}")
    return bytes.fromhex(text)


def parse_bytes(words: Sequence[str], *, is_cut: bool = False, most: int = MOST_DATA) -> bytes:
    """Return data whose bytes are words of one or two digits.

    A byte of one digit is half a byte where others have a leading zero. In a line that ``is_cut``
    the last one may have lost a digit. It counts as whole only if the other bytes are written with
    as few digits as possible, too.
    """
    if len(words) > most:
        raise ValueError(f"a frame has at most {most} data bytes, not {len(words)}")
    data = bytes(parse_hex(word, 0xFF) for word in words)
    if is_cut and words and len(words[-1]) == 1 and not any(len(word) == 1 for word in words[:-1]):
        raise ValueError("the line ends in half a byte")
    if any(len(word) == 2 and word[0] == "0" for word in words):
        refuse_halves(words)
    return data


def refuse_halves(words: Iterable[str]) -> None:
    """Raise :class:`ValueError` for a word that is no byte of two digits."""
    for word in words:
        if len(word) != 2:
            raise ValueError(f"{word[:20]!r} is no byte of two digits")


def take_bytes(
    words: Sequence[str], count: int, *, is_cut: bool = False, are_padded: bool = False
) -> bytes:
    """Return the first ``count`` bytes of a line's rest. ``are_padded``: all have two digits."""
    if count > MOST_FD_DATA:
        raise ValueError(f"a frame has at most {MOST_FD_DATA} data bytes, not {count}")
    if len(words) < count:
        raise ValueError(f"{count} data bytes are announced, {len(words)} are there")
    data = parse_bytes(words[:count], is_cut=is_cut and len(words) == count, most=MOST_FD_DATA)
    if are_padded:
        refuse_halves(words[:count])
    return data


def are_steps(times: Sequence[float]) -> bool:
    """Return whether numbers are the times since the frame before, not since a start.

    Such numbers go down as often as up, or stay the same. Times go down only where frames were
    mixed up.
    """
    sample = [time for time in times[:STEPS_SAMPLE] if time]
    pairs = list(pairwise(sample))
    down = sum(after < before for before, after in pairs)
    return len(pairs) > 1 and (4 * down >= len(pairs) or len(set(sample)) == 1)


def make_frame(
    time: float, frame_id: int, data: bytes, is_extended: bool, bus: str
) -> Frame | None:
    """Return a frame; ``None`` for one without data, of which nothing can be read."""
    return Frame(time, frame_id, data, is_extended, bus) if data else None
