"""``ovms vehicle-type``: list the known vehicle types, and check folders of data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ovms.car.vehicles import RegisteredType, vehicle_types
from ovms.car.vehicles.data.fields import FIELDS
from ovms.car.vehicles.data.folder import VehicleType, read_folder
from ovms.car.vehicles.data.problems import VehicleTypeError
from ovms.car.vehicles.interface import MAPPING, VehicleOptions
from ovms.cli.common import JsonOption, fail, print_json, print_table, refuse
from ovms.cli.decode import decode
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

    Each is told as FILE:LINE: and what it is, and the exit code is 1. What keeps nobody from using
    the folder is told as a warning. See docs/vehicles.md.
    """
    found: VehicleType | None = None
    try:
        found = read_folder(folder)
        told, count = list(found.warnings), 0
    except VehicleTypeError as error:
        told, count = sorted([*error.problems, *error.warnings]), len(error.problems)
    if json:
        print_json([problem._asdict() for problem in told])
    else:
        print("\n".join([*map(str, told), *([_summary(found)] if found else [])]))
    if count:
        fail(f"{folder}: {count} problem{'s' if count > 1 else ''}")


def _summary(kind: VehicleType) -> str:
    return (
        f"{kind.name}: {kind.description} ({kind.car_type}); {kind.readings} readings, "
        f"{len(kind.questions)} questions, {len(kind.orders)} commands"
        + (f", {count} warning{'s' if count > 1 else ''}" if (count := len(kind.warnings)) else "")
    )


@app.command()
def new(
    name: Annotated[
        Path, typer.Argument(metavar="NAME", help="The folder to make; it must not be there yet.")
    ],
    dbc: Annotated[
        Path, typer.Option(metavar="FILE", help="The DBC file that says what is on the bus.")
    ],
) -> None:
    """Make a vehicle type's folder from a DBC file.

    Its vehicle.toml has guesses which signal fills which field, all of them still switched off.
    """
    from ovms.car.vehicles.data.starter import is_type_name, make_folder

    if not is_type_name(name.name):
        refuse(f"{name.name!r} is no name: letters, digits, - and _, at most 40")
    if name.exists() or name.is_symlink():
        fail(f"{name} is there already")
    try:
        guesses = make_folder(name, dbc)
    except VehicleTypeError as error:
        fail(str(error.problems[0]))
    except OSError as error:
        fail(f"{name}: {error.strerror or error}")
    print(
        f"made {name}: {guesses} guesses in {name / MAPPING}\n"
        f"next: choose among them, then  ovms vehicle-type check {name}"
    )


@app.command("list")
def list_types(json: JsonOption = False) -> None:
    """List the vehicle types: those that come with ovms, and those of other packages.

    Other packages are not loaded for it, so their car types and commands are left out.
    """
    rows = [_row(each) for each in sorted(vehicle_types(), key=lambda each: each.name)]
    if json:
        print_json(rows)
        return
    columns = list(rows[0])
    print_table(columns, [[_cell(row[column]) for column in columns] for row in rows])


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


app.command()(decode)
app.command()(simulate)


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def _row(known: RegisteredType) -> dict[str, object]:
    """Return a row for a type: of another package by its metadata, of ours by folder or car."""
    car_type, commands, text = "", None, ""
    if known.plugin is not None:
        text = known.plugin.summary
    elif known.folder is not None:
        kind = read_folder(known.folder)
        car_type, text, commands = kind.car_type, kind.description, len(kind.commands)
    else:
        identity = known.make(VehicleOptions()).identity
        car_type, text, commands = identity.car_type, "simulated car", len(identity.commands)
    return {
        "name": known.name, "car_type": car_type, "commands": commands, "package": known.package,
        "description": text,
    }  # fmt: skip
