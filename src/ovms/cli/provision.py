"""``ovms provision``: what new cars are told that know only their VIN and their SIM card."""

from __future__ import annotations

import time
from typing import Annotated, Final

import typer

from ovms.cli.common import (
    JsonOption,
    YesOption,
    cell,
    confirm_or_leave,
    fail,
    iso_time,
    print_json,
    print_table,
    read_small,
    refuse,
    resolve_secret,
)
from ovms.cli.database import ConfigOption, DatabaseOption, DataOption, open_database
from ovms.server.storage import queries
from ovms.server.storage.audit import note_operator
from ovms.server.storage.sealing import seal_parameters
from ovms.server.values import Provision

app = typer.Typer(
    help="Auto-provisioning: what new cars are told that ask by their VIN.", no_args_is_help=True
)

MAX_FILE: Final = 4096
"""Bytes of a file of parameters; a record holds less than 800."""

VinOption = Annotated[
    str, typer.Option("--vin", metavar="VIN", help="What the car asks by, in any case.")
]


@app.command()
def add(
    vin: VinOption,
    parameters: Annotated[
        list[str] | None,
        typer.Argument(metavar="PARAM…", help="The module's parameters from 0 on, in order."),
    ] = None,
    iccid: Annotated[
        str | None,
        typer.Option(
            metavar="ICCID",
            help="The number of the SIM card, which seals the record."
            " Or --iccid-file, or OVMS_ICCID.",
        ),
    ] = None,
    iccid_file: Annotated[
        str | None,
        typer.Option(
            "--iccid-file", metavar="FILE", help="File that holds it; - is standard input."
        ),
    ] = None,
    params_file: Annotated[
        str | None,
        typer.Option(
            "--params-file",
            metavar="FILE",
            help="File of parameters, one a line or blanks between; - is standard input."
            " Safer than arguments: some are passwords.",
        ),
    ] = None,
    owner: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whom it is for; only shown.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the record that is there.")
    ] = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Make the record for a car. Only the sealed form of it is kept."""
    if params_file == iccid_file == "-":
        refuse("standard input cannot be both the ICCID and the parameters")
    words = _parameters(parameters, params_file)
    secret = resolve_secret(iccid, iccid_file, "OVMS_ICCID", "ICCID of the SIM card")
    if secret is None:
        refuse("give the ICCID: --iccid, --iccid-file or OVMS_ICCID")
    with open_database(data, database, config) as db:
        record = seal_parameters(secret, words)
        with db.writing() as connection:
            whose = queries.get_owner(connection, owner) if owner is not None else None
            now = time.time()
            made = queries.add_provision(connection, vin, record, now, whose, replace=replace)
            owner_id = None if whose is None else whose.id
            note_operator(connection, now, "provision.put", owner_id=owner_id)  # the VIN is secret
    print(f"provisioning record for {made.key} added, {len(words)} parameters")


@app.command("list")
def list_(
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show for which cars there are records, and when each was last asked for."""
    with open_database(data, database, config, must_exist=True) as db, db.reading() as connection:
        found = [_described(record) for record in queries.list_provisions(connection)]
    if json:
        print_json(found)
        return
    columns = ["vin", "owner", "vehicle", "created", "changed", "last used"]
    rows = [{**row, "last_used": row["last_used"] or "never"} for row in found]
    print_table(columns, [[*map(cell, row.values())] for row in rows])


@app.command()
def remove(
    vin: VinOption,
    yes: YesOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Remove the record for a car."""
    with open_database(data, database, config) as db:
        confirm_or_leave(f"Remove the provisioning record for {vin.upper()}?", yes)
        with db.writing() as connection:
            removed = queries.remove_provision(connection, vin)
            whose = queries.find_owner(connection, removed.owner) if removed.owner else None
            owner_id = None if whose is None else whose.id
            note_operator(connection, time.time(), "provision.remove", owner_id=owner_id,
                          vehicle_id=removed.vehicle_id)  # fmt: skip
    print(f"provisioning record for {removed.key} removed")


def _parameters(words: list[str] | None, file: str | None) -> list[str]:
    """Find the parameters. Wrong usage without any, or with both."""
    if bool(words) == (file is not None):
        refuse("give the parameters once, as arguments or with --params-file")
    found = words or []
    if file is not None:
        found = read_small(file, MAX_FILE, "parameters").removeprefix("\ufeff").split()
    if not found:
        fail(f"{file} holds no parameters")
    return found


def _described(record: Provision) -> dict[str, str | None]:
    return {
        "vin": record.key,
        "owner": record.owner,
        "vehicle": record.vehicle_id,
        "created": iso_time(record.created),
        "changed": iso_time(record.changed),
        "last_used": iso_time(record.last_used),
    }
