"""``ovms journeys sums``: distance, energy and costs by day, week, month, year or place."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from ovms.cli.common import print_table
from ovms.cli.database import ConfigOption, DatabaseOption, DataOption
from ovms.cli.journeys.charts import can_draw, print_bars
from ovms.cli.journeys.places import find_place
from ovms.cli.journeys.reader import UnitsOption, UntilOption, VehicleArgument, open_reader
from ovms.cli.journeys.tables import TableStyle, duration, is_wide, money, rounded
from ovms.cli.listing import make_listing
from ovms.server.storage import queries
from ovms.server.storage.journey_sums import SumBy, SumRow, sums
from ovms.server.storage.places import list_places

if TYPE_CHECKING:
    from ovms.server.storage.journey_sums import ChargeSum, NumberSum

ELSEWHERE: Final = "elsewhere"
"""What is told of journeys at no place."""

SINCE_HELP: Final = "Journeys of this day and later ones: 2026-01-01, today, 30d"

TableFormat = Annotated[
    Literal["table", "csv", "json"] | None,
    typer.Option("--format", show_default="table", help="table, csv or json (km, kWh)."),
]


def sums_command(
    vehicle: VehicleArgument,
    by: Annotated[
        Literal["day", "week", "month", "year", "place", "all"],
        typer.Option(help="What makes a row; a place has the trips that ended there."),
    ] = "month",
    since: Annotated[str | None, typer.Option(metavar="DAY", help=SINCE_HELP)] = None,
    until: UntilOption = None,
    place: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only trips that ended and charges that were there."),
    ] = None,
    format: TableFormat = None,  # noqa: A002 -- the option's name
    units: UnitsOption = "car",
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show sums of a vehicle's journeys: distance, energy, consumption, time, charges, costs.

    A journey counts on the day on which it began, in the owner's time zone.
    """
    with open_reader(vehicle, data, database, config) as reader:
        begin, end = reader.span(since, until)
        days = [
            None if each is None else datetime.fromtimestamp(each, reader.zone).date()
            for each in (begin, end)
        ]
        with reader.database.reading() as connection:
            owner = queries.get_owner(connection, reader.vehicle.owner)
            at = None if place is None else find_place(connection, owner, place).place.id
            rows = sums(connection, [reader.vehicle.id], SumBy(by), *days, place=at)
            names = {
                str(each.place.id): each.place.name for each in list_places(connection, owner.id)
            }
        style = TableStyle(reader.zone, reader.units(units), {}, is_wide())
        if format in ("csv", "json"):
            _print_rows(format, by, rows, names)
        elif rows:
            _print_table(by, rows, names, style)
        else:
            print("nothing")
        reader.tell_why_none(is_empty=not rows)


def _print_table(by: str, rows: list[SumRow], names: dict[str, str], style: TableStyle) -> None:
    length, wide = style.length, style.is_wide
    columns = [by, "trips", length, "kWh", style.consumption_unit, "hours"]
    columns += [f"business {length}", f"private {length}"] if wide else []
    columns += ["charges", "kWh charged"]
    columns += ["at home", "away", "elsewhere", "from grid"] if wide else []
    columns.append("cost")
    cells = []
    for row in rows:
        charges = row.charges
        line = [_key(by, row.key, names), str(row.trips), _distance(row.distance, style),
                _sum(row.energy), style.consumption(row.consumption),
                duration(int(row.moving_time.value or 0))]  # fmt: skip
        line += [_distance(row.business, style), _distance(row.private, style)] if wide else []
        line += [str(charges.count), _sum(charges.energy)]
        if wide:
            parts = (row.charges_home, row.charges_away, row.charges_nowhere)
            line += [*(_sum(each.energy) for each in parts), _sum(charges.grid_energy)]
        cells.append([*line, _costs(charges)])
    print_table(columns, cells)
    if any("+" in cell for line in cells for cell in line[1:]) and can_draw():
        print("+ some journeys lack it")
    if can_draw() and by != "all":
        keys = [(_key(by, row.key, names), row) for row in rows]
        print_bars(length, [
            (key, row.distance.value, style.distance(row.distance.value, 0)) for key, row in keys
        ])  # fmt: skip
        print_bars(style.consumption_unit, [
            (key, _bar(row, style), style.consumption(row.consumption)) for key, row in keys
        ])  # fmt: skip


def _bar(row: SumRow, style: TableStyle) -> float | None:
    """Return how long the bar of a consumption is, in the unit that is shown."""
    text = style.consumption(row.consumption)
    return float(text.replace(",", "")) if text else None


def _key(by: str, key: str, names: dict[str, str]) -> str:
    return names.get(key, key) or ELSEWHERE if by == "place" else key or "all"


def _distance(of: NumberSum, style: TableStyle) -> str:
    return style.distance(of.value) + _mark(of) if of.value or of.lacking else ""


def _sum(of: NumberSum) -> str:
    return rounded(of.value) + _mark(of) if of.value or of.lacking else ""


def _mark(of: NumberSum) -> str:
    return "+" if of.known and of.lacking else ""


def _costs(charges: ChargeSum) -> str:
    mark = "+" if charges.costs and charges.cost_lacking else ""
    return ", ".join(money(cost, name) for name, cost in sorted(charges.costs.items())) + mark


def _print_rows(
    chosen: Literal["csv", "json"], by: str, rows: list[SumRow], names: dict[str, str]
) -> None:
    listing = make_listing(chosen, [*_described(by, SumRow(""), names)])
    for row in rows:
        described = _described(by, row, names)
        if chosen == "csv":
            costs = described["costs"].items()
            described["costs"] = " ".join(f"{cost} {name}" for name, cost in costs)
        listing.print(described)
    listing.end()


def _described(by: str, row: SumRow, names: dict[str, str]) -> dict[str, Any]:
    charges = row.charges
    costs = {name: f"{cost:.3f}" for name, cost in sorted(charges.costs.items())}
    return {
        by: _key(by, row.key, names),
        "trips": row.trips,
        "distance": _short(row.distance),
        "energy": _short(row.energy),
        "consumption": None if row.consumption is None else round(row.consumption, 3),
        "moving_time": row.moving_time.value,
        "business_distance": _short(row.business),
        "private_distance": _short(row.private),
        "charges": charges.count,
        "charged_energy": _short(charges.energy),
        "charged_at_home": _short(row.charges_home.energy),
        "charged_away": _short(row.charges_away.energy),
        "charged_elsewhere": _short(row.charges_nowhere.energy),
        "grid_energy": _short(charges.grid_energy),
        "costs": costs,
    }


def _short(of: NumberSum) -> float | None:
    return None if of.value is None else round(of.value, 3)
