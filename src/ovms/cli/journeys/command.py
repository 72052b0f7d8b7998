"""``ovms journeys``: trips, charges and parked time in tables, as JSON and as files.

What is no table is what calls of ``/api/v1`` give, whatever ``--units`` says.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from ovms.cli.common import print_json, refuse
from ovms.cli.database import ConfigOption, DatabaseOption, DataOption
from ovms.cli.journeys import alerts, battery, edits, places, rebuild, sums
from ovms.cli.journeys.charts import can_draw, print_bars, thinned
from ovms.cli.journeys.exports import write_csv, write_gpx, write_pdf
from ovms.cli.journeys.reader import (
    JourneyFormatOption,
    JourneyReader,
    SinceOption,
    TripFormat,
    TripFormatOption,
    UnitsOption,
    UntilOption,
    VehicleArgument,
    open_reader,
)
from ovms.cli.journeys.tables import TableStyle, describe, is_wide, print_journeys
from ovms.server.journeys.exports.trip_log import Language
from ovms.server.journeys.values import Charge, JourneyKind
from ovms.server.rights import ALL_RIGHTS
from ovms.server.storage.journey_view import place_names
from ovms.server.storage.journeys import get_journey, journey_points

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ovms.server.http.v1.journey_models import JourneyView
    from ovms.server.journeys.values import CurvePoint
    from ovms.server.storage.journeys import JourneyRow

app = typer.Typer(
    help="What a vehicle did: trips, charges, parked time; places, costs, sums.",
    no_args_is_help=True,
)

NEWEST: Final = 25
"""Journeys of a table that no option bounds: what a screen shows at once."""

CHUNK: Final = 500
"""Journeys whose places are looked up at once."""

LimitOption = Annotated[
    int | None,
    typer.Option(
        "--limit", metavar="N", min=1, max=1_000_000, show_default="25, or all with --since",
        help="Only the newest N.",
    ),
]  # fmt: skip


@app.command()
def trips(
    vehicle: VehicleArgument,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = None,
    format: TripFormatOption = None,  # noqa: A002 -- the option's name
    language: Annotated[Language, typer.Option(help="Of the words of a pdf.")] = "en",
    units: UnitsOption = "car",
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show a vehicle's trips, the newest at the end."""
    with open_reader(vehicle, data, database, config) as reader:
        _print(reader, JourneyKind.TRIP, since, until, limit, format, units, language)


@app.command()
def charges(
    vehicle: VehicleArgument,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = None,
    format: JourneyFormatOption = None,  # noqa: A002 -- the option's name
    units: UnitsOption = "car",
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show a vehicle's charges and what they cost, the newest at the end."""
    with open_reader(vehicle, data, database, config) as reader:
        _print(reader, JourneyKind.CHARGE, since, until, limit, format, units)


@app.command()
def parked(
    vehicle: VehicleArgument,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = None,
    format: JourneyFormatOption = None,  # noqa: A002 -- the option's name
    units: UnitsOption = "car",
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show when a vehicle was parked and what it lost meanwhile, the newest at the end.

    Charges in that time are journeys of their own.
    """
    with open_reader(vehicle, data, database, config) as reader:
        _print(reader, JourneyKind.PARKED, since, until, limit, format, units)


@app.command()
def show(
    vehicle: VehicleArgument,
    journey: Annotated[int, typer.Argument(metavar="ID", min=1, help="As the tables have it.")],
    format: JourneyFormatOption = None,  # noqa: A002 -- the option's name
    units: UnitsOption = "car",
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show all that is known of one journey; of a charge its power, too."""
    with open_reader(vehicle, data, database, config) as reader:
        with reader.database.reading() as connection:
            row = get_journey(connection, reader.vehicle.id, journey)
            whole = journey_points(connection, row)
            names = place_names(connection, [row])
        if format == "csv":
            refuse("one journey is shown as a table or as json")
        if format == "json":
            view = _view(reader, names)
            print_json(view.whole(row, whole).model_dump(mode="json"))
            return
        style = TableStyle(reader.zone, reader.units(units), names, is_wide=True)
    print(f"{row.kind.value} {row.id} of {row.vehicle_id}")
    lines = describe(row, style)
    width = max(len(name) for name, _ in lines)
    for name, text in lines:
        print(f"{name:<{width}}  {text}")
    if isinstance(whole, Charge) and can_draw():
        _draw_curve(whole.curve, style)


def _draw_curve(curve: tuple[CurvePoint, ...], style: TableStyle) -> None:
    points = [each for each in curve if each.power is not None]
    bars = [
        (style.time(each.time)[-5:] + _soc(each), each.power, f"{each.power:.1f}")
        for each in thinned(points)
    ]
    print_bars("power, kW", bars)


def _soc(point: CurvePoint) -> str:
    return "" if point.soc is None else f"  {point.soc:3.0f} %"


def _print(
    reader: JourneyReader,
    kind: JourneyKind,
    since: str | None,
    until: str | None,
    limit: int | None,
    chosen: TripFormat | None,
    units: str,
    language: Language = "en",
) -> None:
    begin, end = reader.span(since, until)
    is_table = chosen in (None, "table")
    if limit is None and begin is None and is_table:
        limit = NEWEST
    style = TableStyle(reader.zone, reader.units(units), {}, is_wide())
    rows = reader.rows(kind, begin, end, limit=limit)
    if is_table:
        found = [*rows]
        with reader.database.reading() as connection:
            names = place_names(connection, found)
        style = TableStyle(reader.zone, style.units, names, style.is_wide)
        print_journeys(kind, found, style)
        if not found:
            print("nothing")
        reader.tell_why_none(is_empty=not found)
        return
    match chosen:
        case "csv":
            write_csv(reader, kind, rows)
        case "gpx":
            write_gpx(reader, rows)
        case "pdf":
            write_pdf(reader, rows, begin, end, language)
        case _:
            _print_json(reader, rows)


def _print_json(reader: JourneyReader, rows: Iterator[JourneyRow]) -> None:
    before = "["
    while chunk := [*islice(rows, CHUNK)]:
        with reader.database.reading() as connection:
            view = _view(reader, place_names(connection, chunk))
        for row in chunk:
            line = msgspec.json.encode(view.answer(row).model_dump(mode="json")).decode()
            print(before, line, sep="\n", end="")
            before = ","
    print("[]" if before == "[" else "\n]")
    reader.tell_why_none(is_empty=before == "[")


def _view(reader: JourneyReader, names: dict[int, str]) -> JourneyView:
    from ovms.server.http.v1.journey_models import JourneyView  # only here: tables start faster

    return JourneyView(reader.vehicle.id, ALL_RIGHTS, names)


app.command("sums")(sums.sums_command)
app.command()(battery.battery)
app.command("rebuild")(rebuild.rebuild_command)
app.add_typer(places.app, name="places")
for each in (edits.edit, edits.merge, edits.split, edits.undo, edits.edits, alerts.alerts):
    app.command()(each)
