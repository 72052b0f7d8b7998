"""Rows as CSV that a spreadsheet may open."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

CSV_TYPE: Final = "text/csv"

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What text begins with that a spreadsheet may take for a formula."""


def csv_lines(rows: Iterable[Iterable[object]]) -> bytes:
    """Return rows as lines of CSV (RFC 4180, UTF-8)."""
    out = StringIO()
    csv.writer(out).writerows(map(cell, row) for row in rows)
    return out.getvalue().encode("utf-8", "replace")


def cell(value: object) -> object:
    """Return what stands in a cell: unknown is empty, and text begins no formula.

    A single quote goes before text that would. Numbers stay numbers.
    """
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list():
            return ";".join(str(cell(each)) for each in value)
        case str() if value.startswith(FORMULA) and not _is_number(value):
            return f"'{value}"
        case str():
            return value.replace("\0", "")
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
