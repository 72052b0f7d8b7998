"""The text of a vehicle's files, whatever encoding they are in.

DBC files come from tools of thirty years: in UTF-8 or UTF-16, with and without a byte order mark,
in the code page of a Windows in Europe or China. All that matters in them is ASCII, except units.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from ovms.car.vehicles.data.problems import Problem, VehicleTypeError

LONGEST_FILE = 1 << 23
"""Bytes of a file. The largest DBC files of makers have a few millions."""

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_HIGH = re.compile(rb"[\x80-\xff]+")


def marked_encoding(data: bytes) -> str | None:
    """Return the Unicode encoding that the first bytes of a text show; ``None`` for none."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    if len(data) >= 2 and not data[1] and data[0]:
        return "utf-16-le"
    if len(data) >= 2 and not data[0] and data[1]:
        return "utf-16-be"
    return None


def decode_text(data: bytes) -> str:
    """Return a text of any encoding. What cannot be decoded becomes other characters."""
    marked = marked_encoding(data)
    if marked is not None:
        return data.decode(marked, "replace")
    for encoding in ("utf-8", *(("gb18030",) if _is_in_pairs(data) else ()), "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def _is_in_pairs(data: bytes) -> bool:
    """Return whether most bytes beyond ASCII come in pairs, as those of Chinese characters do.

    In European texts they are single letters.
    """
    runs = [len(run) for run in _HIGH.findall(data)]
    return sum(size for size in runs if size > 1) > sum(size for size in runs if size == 1)


def read_file(path: Path, longest: int = LONGEST_FILE) -> bytes:
    """Return a file of at most ``longest`` bytes. Raise :class:`VehicleTypeError`."""
    try:
        with path.open("rb") as file:
            data = file.read(longest + 1)
    except OSError as error:
        raise VehicleTypeError([Problem(str(path), 1, error.strerror or str(error))]) from None
    if len(data) > longest:
        raise VehicleTypeError([Problem(str(path), 1, f"longer than {longest} bytes")])
    return data
