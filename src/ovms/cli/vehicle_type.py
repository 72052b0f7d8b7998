"""``ovms vehicle-type``: the kinds of cars that are known, and a look at those that are data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ovms.car.vehicles import VEHICLE_TYPES, folder_of
from ovms.car.vehicles.data import VehicleType, VehicleTypeError, read_folder
from ovms.car.vehicles.data.fields import FIELDS
from ovms.car.vehicles.interface import VehicleOptions
from ovms.cli.common import JsonOption, fail, print_json, print_table
from ovms.cli.simulate import simulate

app = typer.Typer(help="Vehicle types: what is known, and checking one.", no_args_is_help=True)


@app.callback()
def _vehicle_type() -> None:
    """Vehicle types: what is known, and checking one."""


@app.command()
def check(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="With vehicle.toml and a DBC file of its name.")
    ],
    json: JsonOption = False,
) -> None:
    """Look for mistakes in a vehicle type's folder.

    Each is told as FILE:LINE: and what it is, and the exit code is 1. See docs/vehicles.md.
    """
    try:
        found, problems = read_folder(folder), []
    except VehicleTypeError as error:
        found, problems = None, error.problems
    if json:
        print_json([problem._asdict() for problem in problems])
    else:
        print("\n".join(map(str, problems)) if found is None else _summary(found))
    if problems:
        count = len(problems)
        fail(f"{folder}: {count} problem{'s' if count > 1 else ''}")


def _summary(kind: VehicleType) -> str:
    return (
        f"{kind.name}: {kind.description} ({kind.car_type}); {kind.readings} readings, "
        f"{len(kind.questions)} questions, {len(kind.orders)} commands"
    )


@app.command("list")
def list_types(json: JsonOption = False) -> None:
    """List the vehicle types that come with ovms."""
    rows = [_row(name) for name in sorted(VEHICLE_TYPES)]
    if json:
        print_json(rows)
        return
    columns = list(rows[0])
    print_table(columns, [[str(row[column]) for column in columns] for row in rows])


@app.command()
def fields(json: JsonOption = False) -> None:
    """List what the signals of a vehicle type can fill: the names of fields, and their units."""
    rows = [
        {"field": field.name, "holds": field.holds.value, "unit": field.unit}
        for field in FIELDS.values()
    ]
    if json:
        print_json(rows)
        return
    print_table(list(rows[0]), [list(row.values()) for row in rows])


app.command()(simulate)


def _row(name: str) -> dict[str, object]:
    """Describe a type: one that is data by its folder, another by a car of it."""
    folder = folder_of(name)
    if folder is None:
        car = VEHICLE_TYPES[name](VehicleOptions())
        car_type, text, commands = car.identity.car_type, "simulated car", car.identity.commands
    else:
        kind = read_folder(folder)
        car_type, text, commands = kind.car_type, kind.description, kind.commands
    return {"name": name, "car_type": car_type, "commands": len(commands), "description": text}
