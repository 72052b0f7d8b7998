"""The file of vehicles, for ``ovms vehicle import`` and ``ovms car --fleet``: the same columns.

Comma-separated values; semicolons and tabs do as well, as some spreadsheets write them. The first
line names the columns, in any order and case. Empty lines are passed over.
"""

from __future__ import annotations

import csv
import io
from typing import Final

COLUMNS: Final = (
    "owner", "id", "secret", "name", "email", "password", "password_hash", "type", "server",
    "tls_only", "log_days", "position_days", "journeys", "seed", "scenario", "phase", "units",
)  # fmt: skip
"""All that a file may name. Each reader takes what it knows, and passes over the rest."""

ALIASES: Final = {"vehicle": "id", "mail": "email", "e-mail": "email"}
"""Other names of columns."""

KEEPS_BLANKS: Final = ("secret", "password")
"""Columns whose blanks are their own."""

SEPARATORS: Final = ",;\t"

Line = tuple[int, dict[str, str]]
"""The number of a line in its file, from 1, and its values by column; a missing one is empty."""


class VehicleFileError(Exception):
    """A wrong line of a file. The text says which line, and why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line


def read_lines(data: bytes) -> tuple[list[str], list[Line]]:
    """Read a file; return the columns that it names, and its lines.

    Raises :class:`VehicleFileError` for the first line that is wrong.
    """
    text = _decode(data)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    try:
        header = _columns(next(reader, []))
        cells = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise VehicleFileError(reader.line_num, str(error)) from error
    return header, [(line, _values(line, header, row)) for line, row in cells]


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")  # spreadsheets put a mark in front
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise VehicleFileError(line, "not UTF-8 text") from error


def _separator(text: str) -> str:
    """Return what stands between the names of the columns."""
    first = text.partition("\n")[0]
    return max(SEPARATORS, key=first.count)


def _columns(cells: list[str]) -> list[str]:
    words = [cell.strip().lower() for cell in cells]
    header = [ALIASES.get(word, word) for word in words]
    unknown = [name for name in header if name not in COLUMNS]
    double = [name for name in header if header.count(name) > 1]
    known = f"the columns are {', '.join(COLUMNS)}"
    if "id" not in header:
        raise VehicleFileError(1, f"the columns must be named, id among them; {known}")
    if unknown:
        raise VehicleFileError(1, f"there is no column {unknown[0]!r}; {known}")
    if double:
        raise VehicleFileError(1, f"the columns name {double[0]} twice")
    return header


def _values(line: int, header: list[str], cells: list[str]) -> dict[str, str]:
    if len(cells) != len(header):
        raise VehicleFileError(line, f"{len(cells)} columns instead of {len(header)}")
    named = dict(zip(header, cells, strict=True))
    return {
        name: cell if name in KEEPS_BLANKS else cell.strip()
        for name, cell in (dict.fromkeys(COLUMNS, "") | named).items()
    }
