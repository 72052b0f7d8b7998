"""``ovms journeys merge|split|edit|undo|edits``: what an owner corrects, kept through a rebuild."""

from __future__ import annotations

import time
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from ovms.cli.common import print_table, refuse
from ovms.cli.database import ConfigOption, DatabaseOption, DataOption
from ovms.cli.journeys.reader import TIME_HELP, VehicleArgument, open_reader
from ovms.cli.times import parse_time
from ovms.server.journeys.edits import EditKind
from ovms.server.journeys.values import Purpose
from ovms.server.storage import journey_edits
from ovms.server.storage.audit import note_operator
from ovms.server.storage.journey_edits import JourneyChange

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

    from ovms.cli.journeys.reader import JourneyReader
    from ovms.server.storage.journey_edits import MadeEdit
    from ovms.server.storage.journeys import JourneyRow

AS_REPORTED: Final = "-"
"""What an option is to say so that a figure is as reported again."""

IdArgument = Annotated[
    int, typer.Argument(metavar="ID", min=1, help="The journey, as the tables have it.")
]
FigureOption = Annotated[
    str | None,
    typer.Option(metavar="KWH", help="Into the battery, or what the trip took; - as reported."),
]


def merge(
    vehicle: VehicleArgument,
    journeys: Annotated[
        list[int],
        typer.Argument(metavar="ID ID...", min=1, help="The journeys, as the tables have them."),
    ],
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Make one journey of trips, or of charges, that follow each other."""
    with (
        open_reader(vehicle, data, database, config) as reader,
        reader.database.writing() as connection,
    ):
        made = journey_edits.merge(connection, reader.vehicle.id, journeys, time.time())
        _note(connection, reader, "journey.merge", ", ".join(map(str, journeys)))
    print(f"merged: {_named(made, reader.zone)}")


def split(
    vehicle: VehicleArgument,
    journey: IdArgument,
    at: Annotated[str, typer.Option(metavar="TIME", help=f"Where it is cut: {TIME_HELP}")],
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Cut a trip or a charge in two at a time within it."""
    with open_reader(vehicle, data, database, config) as reader:
        found = parse_time(at, time.time(), reader.zone)
        if found is None:
            refuse(f"--at: {at!r} is no time; write {TIME_HELP}")
        with reader.database.writing() as connection:
            made = journey_edits.split(
                connection, reader.vehicle.id, journey, int(found), time.time()
            )
            _note(connection, reader, "journey.split", str(journey))
    print(f"split: {_named(made[0], reader.zone)}; {_named(made[1], reader.zone)}")


def edit(
    vehicle: VehicleArgument,
    journey: IdArgument,
    energy: FigureOption = None,
    grid_energy: Annotated[
        str | None, typer.Option(metavar="KWH", help="From the grid; - as reported.")
    ] = None,
    cost: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="What the charge cost; - by the tariff.")
    ] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="A note; - for none.")] = None,
    purpose: Annotated[
        Literal["business", "private", "-"] | None,
        typer.Option(help="What the trip was for; - for not said."),
    ] = None,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Change what is said of a journey. It stays so through a rebuild."""
    given = {"energy": energy, "grid_energy": grid_energy, "cost": cost, "note": note,
             "purpose": purpose}  # fmt: skip
    said = {name: text for name, text in given.items() if text is not None}
    if not said:
        refuse("say what to change, such as --note TEXT")
    change = JourneyChange(
        energy=_float(said, "energy"),
        grid_energy=_float(said, "grid_energy"),
        cost=_decimal(said, "cost"),
        note=_text(said, "note"),
        purpose=None if _text(said, "purpose") is None else Purpose(said["purpose"]),
        clears=[name for name, text in said.items() if text == AS_REPORTED],
    )
    with (
        open_reader(vehicle, data, database, config) as reader,
        reader.database.writing() as connection,
    ):
        made = journey_edits.change(connection, reader.vehicle.id, journey, change, time.time())
        _note(connection, reader, "journey.change", f"{journey}: {', '.join(sorted(said))}")
    print(f"changed: {_named(made, reader.zone)}")


def edits(
    vehicle: VehicleArgument,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show the corrections of a vehicle's journeys, by the numbers that undo takes."""
    with (
        open_reader(vehicle, data, database, config) as reader,
        reader.database.reading() as connection,
    ):
        made = journey_edits.list_edits(connection, reader.vehicle.id)
    rows = [_row(each, reader.zone) for each in made]
    print_table(["number", "made", "what", "of", "start", "end", "to"], rows)


def undo(
    vehicle: VehicleArgument,
    number: Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="As edits shows it.")],
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Take a correction back."""
    with (
        open_reader(vehicle, data, database, config) as reader,
        reader.database.writing() as connection,
    ):
        gone = journey_edits.undo(connection, reader.vehicle.id, number)
        _note(connection, reader, "journey.undo", str(number))
    print(f"undone: {gone.kind.value} of a {gone.journey_kind.value}")


def _note(connection: Connection, reader: JourneyReader, action: str, detail: str) -> None:
    note_operator(connection, time.time(), action, vehicle_id=reader.vehicle.id, detail=detail)


def _named(row: JourneyRow, zone: ZoneInfo) -> str:
    start, end = _span(row.journey.start.time, row.journey.end.time, zone)
    return f"{row.kind.value} {row.id}, {start} to {end}"


def _span(begin: int, end: int, zone: ZoneInfo) -> tuple[str, str]:
    """Write two times, the second without its day if that is the same."""
    first, last = _time(begin, zone), _time(end, zone)
    return first, last[-5:] if last[:10] == first[:10] else last


def _time(seconds: float, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(seconds, zone):%Y-%m-%d %H:%M}"


def _row(made: MadeEdit, zone: ZoneInfo) -> list[str]:
    what = made.edit
    if what.kind is EditKind.SPLIT and what.at is not None:
        to = f"at {datetime.fromtimestamp(what.at, zone):%H:%M:%S}"
    else:
        named = {"energy": what.energy, "grid energy": what.grid_energy, "cost": what.cost,
                 "purpose": what.purpose and what.purpose.value, "note": what.note}  # fmt: skip
        parts = [f"{name} {value}" for name, value in named.items() if value is not None]
        to = ", ".join(parts + [f"{name} as reported" for name in what.clears])
    return [
        str(what.id), _time(made.created, zone), what.kind.value, what.journey_kind.value,
        *_span(what.start, what.end, zone), to,
    ]  # fmt: skip


def _text(said: dict[str, str], name: str) -> str | None:
    text = said.get(name)
    return None if text == AS_REPORTED else text


def _float(said: dict[str, str], name: str) -> float | None:
    text = _text(said, name)
    try:
        return None if text is None else float(text)
    except ValueError:
        refuse(f"--{name.replace('_', '-')}: {text!r} is no number")


def _decimal(said: dict[str, str], name: str) -> Decimal | None:
    text = _text(said, name)
    try:
        return None if text is None else Decimal(text)
    except InvalidOperation:
        refuse(f"--{name}: {text!r} is no amount")
