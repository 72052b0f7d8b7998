"""``ovms app history`` and ``utilisation``: what the server keeps of a vehicle, row by row."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Protocol

import typer

from ovms.app.client import App
from ovms.app.listings import HistoryRow
from ovms.cli.common import refuse
from ovms.cli.listing import (
    CsvOption,
    Format,
    FormatOption,
    JsonOption,
    choose_format,
    make_listing,
)
from ovms.cli.record_listing import (
    FieldsOption,
    HistoryQuery,
    KeptLine,
    RecordListing,
    UnitsOption,
    make_query,
)
from ovms.cli.target import MakeTarget, Target, run, takes_plain_target
from ovms.cli.times import TIME_HELP


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
        str | None,
        typer.Argument(
            metavar="TYPE",
            help="Whose records: S, D, L, trips, charges; without it, the types.",
            show_default=False,
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help=f"Made after this: {TIME_HELP}")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Made until then, in the same spelling.")
    ] = None,
    fields: FieldsOption = None,
    format: FormatOption = None,  # noqa: A002 (the name of the option)
    units: UnitsOption = None,
    as_csv: CsvOption = False,
    json: JsonOption = False,
) -> None:
    """List the types of records that the server keeps, or the records of one type. Times are UTC.

    CSV and JSON have a column for each field, with its name and its unit. What is unknown is
    empty, null in JSON. Without records a table is one line, 'nothing', and the exit code is 0.
    """
    if type is not None and (not type or "," in type):
        refuse(f"{type!r} is no type of record")
    query = make_query(type, since, until, fields, units, choose_format(format, as_csv, json))
    if query.type is None and query.until is not None:
        refuse("--until is for the records of a type: name one")
    called = target()
    after = None if query.since is None else datetime.fromtimestamp(query.since, UTC)
    if query.type is None:
        run(_list(called, lambda app: app.history_summary(after), SUMMARY, query.format))
    else:
        run(_list_records(called, query.type, after, query))


@takes_plain_target
def utilisation(
    target: MakeTarget,
    format: Annotated[  # noqa: A002 (the name of the option)
        Format | None,
        typer.Option("--format", show_default="table", help="table, csv or json."),
    ] = None,
    as_csv: CsvOption = False,
    json: JsonOption = False,
) -> None:
    """List the traffic of car and apps by day, newest first, in bytes. Days are UTC."""
    chosen = choose_format(format, as_csv, json)
    if chosen == "gpx":
        refuse("traffic has no positions for gpx")
    run(_list(target(), lambda app: app.utilisation(), UTILISATION, chosen))


SUMMARY = ("type", "distinct", "total", "size", "oldest", "newest")
UTILISATION = ("date", "car_received", "car_sent", "apps_received", "apps_sent")


async def _list(target: Target, open_rows: Open, columns: tuple[str, ...], chosen: Format) -> None:
    """Print rows as they come, however many."""
    listing = make_listing(chosen, columns)
    async with await target.open() as app:
        async for row in open_rows(app):
            listing.print(row.as_json())
    listing.end()


async def _list_records(
    target: Target, record_type: str, after: datetime | None, query: HistoryQuery
) -> None:
    """Print the records of a type as they come. Their distances are in the car's unit of now."""
    async with await target.open() as app:
        snapshot = app.snapshot
        units = snapshot.status.distance_unit
        listing = RecordListing(snapshot.vehicle_id, query, units, snapshot.module)
        async for row in app.history(record_type, after):
            line = _line(row)
            if query.until is None or line.at is None or line.at <= query.until:
                listing.print(line, units)
    listing.end()


def _line(row: HistoryRow) -> KeptLine:
    data = row.value.encode("utf-8", "surrogateescape")
    at = None if row.time is None else row.time.timestamp()
    return KeptLine(row.type, row.as_json()["time"], at, row.number, data)
