"""``ovms history``: what the server keeps of what a vehicle sent.

A large result is read page by page, each page a short read of its own, and printed as it comes: the
server beside it is not held up, and nothing here grows with the result.
"""

from __future__ import annotations

import csv as csv_format
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Annotated, Final

import msgspec
import typer

from ovms.cli.common import JsonOption, iso_time, print_json, print_table
from ovms.cli.database import ConfigOption, DatabaseOption, DataOption, open_database
from ovms.cli.text import printable
from ovms.server.storage import queries
from ovms.server.storage.database import Database
from ovms.server.values import HistoryEntry, TypeSummary

PAGE: Final = 1000
"""Records that are read at once: some milliseconds, some 100 KiB."""

SUMMARY: Final = ("type", "distinct", "total", "size", "oldest", "newest")
RECORD: Final = ("type", "time", "number", "value")
"""Columns and names, the same as those of ``ovms app history``."""


def history(
    vehicle: Annotated[str, typer.Argument(metavar="VEHICLE", help="The vehicle id, in any case.")],
    type: Annotated[  # noqa: A002 -- the option's name
        str | None,
        typer.Option("--type", metavar="T", help="Records of this type; without, a summary."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Made later than 'YYYY-MM-DD[ hh:mm:ss]', UTC."),
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show what the server keeps of what a vehicle sent: telemetry and historical records."""
    if csv and json:
        raise typer.BadParameter("choose one of --csv and --json")
    after = None if since is None else _time(since)
    with open_database(data, database, config, must_exist=True) as db:
        with db.reading() as connection:
            known = queries.get_vehicle(connection, vehicle)
            summary = queries.history_summary(connection, known.id, after) if type is None else []
        if type is None:
            _print_summary(summary, csv, json)
        else:
            records = _records(db, known.id, type, after)
            _print_records(type, records, csv, json)


def _time(text: str) -> int:
    """Read a time as Unix seconds."""
    for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S"):
        try:
            return int(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp())
        except ValueError:
            continue
    raise typer.BadParameter(f"{text!r} is not YYYY-MM-DD[ hh:mm:ss]", param_hint="--since")


def _records(
    db: Database, vehicle_id: str, record_type: str, since: int | None
) -> Iterator[HistoryEntry]:
    """Yield a type's records, oldest first; those that come while we read are left out."""
    with db.reading() as connection:
        _, last_id = queries.history_count(connection, vehicle_id, record_type, since)
    after = None
    while True:
        with db.reading() as connection:
            page = queries.history_page(
                connection, vehicle_id, record_type, since, after, last_id, PAGE
            )
        yield from page
        if not page:
            return
        after = page[-1].key


def _print_summary(types: Sequence[TypeSummary], csv: bool, json: bool) -> None:
    rows = [
        (
            each.type,
            each.distinct,
            each.total,
            each.bytes,
            iso_time(each.first),
            iso_time(each.last),
        )
        for each in types
    ]
    if json:
        print_json([dict(zip(SUMMARY, row, strict=True)) for row in rows])
    elif csv:
        _write_csv(SUMMARY, rows)
    elif rows:
        print_table(SUMMARY, [[printable(str(value)) for value in row] for row in rows])
    else:
        print("nothing")


def _print_records(
    record_type: str, entries: Iterator[HistoryEntry], csv: bool, json: bool
) -> None:
    rows = ((record_type, iso_time(each.time), each.number, _text(each.data)) for each in entries)
    if json:
        _print_array(dict(zip(RECORD, row, strict=True)) for row in rows)
    elif csv:
        _write_csv(RECORD, rows)
    else:
        _print_plain(rows)


def _print_plain(rows: Iterator[Sequence[object]]) -> None:
    """Print a line a row with tabs between, header first."""
    first = next(rows, None)
    if first is None:
        print("nothing")
        return
    for row in chain((RECORD, first), rows):
        print("\t".join(printable(str(value)) for value in row))


def _print_array(values: Iterator[object]) -> None:
    """Print a JSON array, a value a line, as the values come."""
    lead = "["
    for value in values:
        print(lead, msgspec.json.encode(value).decode(), sep="\n" if lead == "[" else "", end="")
        lead = ",\n"
    print("[]" if lead == "[" else "\n]")


def _write_csv(names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    writer = csv_format.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)


def _text(data: bytes) -> str:
    """Return bytes as text; what is not UTF-8 is read as Latin-1."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
