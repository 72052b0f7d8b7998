"""Rows as they come, however many: a table, CSV or JSON. What commands of the history share."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Protocol

import msgspec
import typer

from ovms.cli.common import TablePrinter, printable, refuse

Format = Literal["table", "csv", "json", "gpx"]

FormatOption = Annotated[
    Format | None,
    typer.Option(
        "--format",
        show_default="table",
        help="table, csv or json; gpx is a track of the positions (type L).",
    ),
]
CsvOption = Annotated[bool, typer.Option("--csv", help="The same as --format csv.")]
JsonOption = Annotated[bool, typer.Option("--json", help="The same as --format json.")]

Row = Mapping[str, object]


class RowPrinter(Protocol):
    """Prints rows of one shape."""

    def print(self, row: Row) -> None:
        """Print a row, or keep it until the end."""
        ...

    def end(self) -> None:
        """Print what is left."""
        ...


def choose_format(chosen: Format | None, as_csv: bool, as_json: bool) -> Format:
    """Return the one format that options name, a table without any; two are wrong usage."""
    named: list[Format] = [] if chosen is None else [chosen]
    named += ["csv"] if as_csv else []
    named += ["json"] if as_json else []
    if len(set(named)) > 1:
        refuse(f"one format, not both {named[0]} and {named[1]}")
    return named[0] if named else "table"


def make_listing(chosen: Format, columns: Sequence[str]) -> RowPrinter:
    """Return what prints rows of these columns."""
    if chosen == "json":
        return JsonListing()
    return CsvListing(columns) if chosen == "csv" else TableListing(columns)


class JsonListing:
    """One JSON array, with a line for each row."""

    def __init__(self) -> None:
        self._before = "["

    def print(self, row: Row) -> None:
        """Print a row."""
        print(self._before, msgspec.json.encode(row).decode(), sep="\n", end="")
        self._before = ","

    def end(self) -> None:
        """Close the array."""
        print("[]" if self._before == "[" else "\n]")


class CsvListing:
    """CSV with a header line. A terminal gets no control characters."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._clean = printable if sys.stdout.isatty() else str
        self._writer = csv.writer(sys.stdout, lineterminator="\n")
        self._writer.writerow(columns)

    def print(self, row: Row) -> None:
        """Print a row."""
        self._writer.writerow([self._clean(_cell(value)) for value in row.values()])

    def end(self) -> None:
        """Do nothing: all rows are printed."""


class TableListing:
    """A table; one line where there is nothing."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._table = TablePrinter(columns)
        self._has_rows = False

    def print(self, row: Row) -> None:
        """Print a row."""
        self._has_rows = True
        self._table.print([_cell(value) for value in row.values()])

    def end(self) -> None:
        """Print what is left of the table, or that there was nothing."""
        if self._has_rows:
            self._table.end()
        else:
            print("nothing")


def _cell(value: object) -> str:
    """Return a value as a cell: an unknown one is empty."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
