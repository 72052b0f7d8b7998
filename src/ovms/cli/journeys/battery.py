"""``ovms journeys battery``: what charges and trips show of a battery over the years."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ovms.cli.common import print_json, print_table
from ovms.cli.database import ConfigOption, DatabaseOption, DataOption
from ovms.cli.journeys.charts import can_draw, print_bars
from ovms.cli.journeys.reader import (
    SinceOption,
    UnitsOption,
    UntilOption,
    VehicleArgument,
    open_reader,
)
from ovms.cli.journeys.sums import TableFormat
from ovms.cli.journeys.tables import TableStyle, is_wide, rounded
from ovms.cli.listing import make_listing
from ovms.server.journeys.battery import BatteryMonth, battery_history
from ovms.server.journeys.values import Charge, JourneyKind, Trip

if TYPE_CHECKING:
    from ovms.server.journeys.battery import BatteryHistory


def battery(
    vehicle: VehicleArgument,
    since: SinceOption = None,
    until: UntilOption = None,
    format: TableFormat = None,  # noqa: A002 -- the option's name
    units: UnitsOption = "car",
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show what a vehicle's battery holds, by month, and how that changed.

    The capacity is that which charges show: the energy for the SOC that it made.
    """
    with open_reader(vehicle, data, database, config) as reader:
        span = reader.span(since, until)
        charges = (row.journey for row in reader.rows(JourneyKind.CHARGE, *span))
        trips = (row.journey for row in reader.rows(JourneyKind.TRIP, *span))
        history = battery_history(
            (each for each in charges if isinstance(each, Charge)),
            (each for each in trips if isinstance(each, Trip)),
            zone=reader.zone,
        )
        style = TableStyle(reader.zone, reader.units(units), {}, is_wide())
        if format == "json":
            print_json(msgspec.to_builtins(history))
        elif format == "csv":
            listing = make_listing("csv", [*msgspec.to_builtins(BatteryMonth(month=""))])
            for month in history.months:
                listing.print(msgspec.to_builtins(month))
            listing.end()
        elif history.months:
            _print_battery(history, style)
        else:
            print("nothing")
        reader.tell_why_none(is_empty=not history.months)


def _print_battery(history: BatteryHistory, style: TableStyle) -> None:
    length = style.length
    wide = ["as car says", "CAh", "SOH %", "efficiency %"] if style.is_wide else []
    columns = ["month", "capacity kWh", *wide, f"full {length}", style.units.temperature_unit]
    columns += ["charges", "kWh", "cycles", length]
    cells = []
    for each in history.months:
        more = [each.car_capacity, each.cac, each.soh, each.efficiency] if style.is_wide else []
        cells.append([
            each.month, rounded(each.capacity), *map(rounded, more),
            style.distance(each.full_range, 0), style.temperature(each.temperature),
            str(each.charges), rounded(each.energy), rounded(each.cycles),
            style.distance(each.distance, 0),
        ])  # fmt: skip
    print_table(columns, cells)
    print(_summary(history, style))
    if can_draw():
        months = [(each.month, each.capacity, rounded(each.capacity)) for each in history.months]
        print_bars("capacity, kWh", months)


def _summary(history: BatteryHistory, style: TableStyle) -> str:
    """Return what is known of a battery in one line."""
    parts = [f"{history.cycles:.1f} cycles"]
    if history.capacity is not None:
        parts.append(f"{history.capacity:.1f} kWh today")
    if history.degradation is not None:
        parts.append(f"{history.degradation:.1f} % lost")
    if history.car_degradation is not None:
        parts.append(f"{history.car_degradation:.1f} % lost as the car says")
    if history.full_range is not None:
        parts.append(f"full range {style.distance(history.full_range, 0)} {style.length}")
    if history.efficiency is not None:
        parts.append(f"{history.efficiency:.0f} % of the grid's energy got into it")
    return ", ".join(parts)
