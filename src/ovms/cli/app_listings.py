"""``ovms app history`` and ``utilisation``: what the server keeps of a vehicle, row by row."""

from __future__ import annotations

import csv
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Protocol

import msgspec
import typer

from ovms.app.client import App
from ovms.cli.common import JsonOption, print_table, refuse
from ovms.cli.target import MakeTarget, Target, run, takes_plain_target
from ovms.cli.text import printable

CsvOption = Annotated[bool, typer.Option("--csv", help="Print CSV.")]


class ListingRow(Protocol):
    """A row of any of the three listings."""

    def as_json(self) -> dict[str, Any]:
        """Return the fields by name."""
        ...


Open = Callable[[App], AsyncIterator[ListingRow]]


@takes_plain_target
def history(
    target: MakeTarget,
    type: Annotated[  # noqa: A002 (the name of the argument)
        str | None, typer.Argument(metavar="TYPE", help="Whose records; without it, the types.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Only what is newer: 2025-06-01, '2025-06-01 18:00:00'."),
    ] = None,
    as_csv: CsvOption = False,
    json: JsonOption = False,
) -> None:
    """List the types of records that the server keeps, or the records of one type. Times are UTC.

    Without records there is one line, 'nothing', and the exit code is 0.
    """
    after = None if since is None else find_time(since)
    if type is not None and (not type or "," in type):
        refuse(f"{type!r} is no type of record")
    _check(as_csv, json)
    called = target()
    if type is None:
        run(_list(called, lambda app: app.history_summary(after), SUMMARY, as_csv, json))
    else:
        wanted = type
        run(_list(called, lambda app: app.history(wanted, after), RECORDS, as_csv, json))


@takes_plain_target
def utilisation(
    target: MakeTarget,
    as_csv: CsvOption = False,
    json: JsonOption = False,
) -> None:
    """List the traffic of car and apps by day, newest first, in bytes. Days are UTC."""
    _check(as_csv, json)
    called = target()
    run(_list(called, lambda app: app.utilisation(), UTILISATION, as_csv, json))


def find_time(text: str) -> datetime:
    """Return a date, or a date and time, in UTC unless it names a zone. Else it is wrong usage."""
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        refuse(f"{text!r} is no time; write 2025-06-01 or '2025-06-01 18:00:00'")


def _check(as_csv: bool, json: bool) -> None:
    if as_csv and json:
        refuse("--csv or --json, not both")


SUMMARY = ("type", "distinct", "total", "size", "oldest", "newest")
RECORDS = ("type", "time", "number", "value")
UTILISATION = ("date", "car_received", "car_sent", "apps_received", "apps_sent")


async def _list(
    target: Target, open_rows: Open, columns: Sequence[str], as_csv: bool, json: bool
) -> None:
    """Print rows as they come, however many."""
    printer = _Json() if json else _Csv(columns) if as_csv else _Plain(columns)
    async with await target.open() as app:
        async for row in open_rows(app):
            printer.print(row.as_json())
    printer.end()


class _Json:
    """One JSON array, with a line for each row."""

    def __init__(self) -> None:
        self._before = "["

    def print(self, row: dict[str, Any]) -> None:
        """Print a row."""
        print(self._before, msgspec.json.encode(row).decode(), sep="\n", end="")
        self._before = ","

    def end(self) -> None:
        """Close the array."""
        print("[]" if self._before == "[" else "\n]")


class _Csv:
    """CSV with a header line. A terminal gets no control characters."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._clean = printable if sys.stdout.isatty() else str
        self._writer = csv.writer(sys.stdout, lineterminator="\n")
        self._writer.writerow(columns)

    def print(self, row: dict[str, Any]) -> None:
        """Print a row."""
        self._writer.writerow([self._clean(str(value)) for value in row.values()])

    def end(self) -> None:
        """Do nothing: all rows are printed."""


class _Plain:
    """A line for each row with tabs, header first; short tables are drawn on a terminal."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._is_long = columns is RECORDS
        self._rows: list[list[str]] = []
        self._has_rows = False

    def print(self, row: dict[str, Any]) -> None:
        """Print a row of a long table, or keep a row of a short one."""
        cells = [printable(str(value)) for value in row.values()]
        if not self._is_long:
            self._rows.append(cells)
        else:
            lines = [] if self._has_rows else [self._columns]
            for line in [*lines, cells]:
                print("\t".join(line))
        self._has_rows = True

    def end(self) -> None:
        """Print a short table, or that there was nothing."""
        if not self._has_rows:
            print("nothing")
        elif not self._is_long:
            print_table(self._columns, self._rows)
