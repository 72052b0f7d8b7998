"""``ovms share``: vehicles that their owners share with others."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from ovms.cli.common import (
    JsonOption,
    YesOption,
    cell,
    confirm_or_leave,
    iso_time,
    print_json,
    print_table,
    refuse,
)
from ovms.cli.database import ConfigOption, DatabaseOption, DataOption, open_database
from ovms.cli.times import END_HELP, find_end
from ovms.server.rights import RIGHT_WORDS, format_rights, parse_rights, right_words
from ovms.server.storage import queries
from ovms.server.storage.audit import note_operator
from ovms.server.storage.errors import NotFound
from ovms.server.values import Share

app = typer.Typer(help="Vehicles that owners share with others.", no_args_is_help=True)

VehicleArgument = Annotated[str, typer.Argument(metavar="ID", help="The vehicle id, in any case.")]
OwnerArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="The owner with whom it is shared.")
]


@app.command()
def add(
    vehicle: VehicleArgument,
    owner: OwnerArgument,
    rights: Annotated[
        str,
        typer.Option(
            metavar="RIGHTS", help=f"What they may do, commas between: {' '.join(RIGHT_WORDS)}"
        ),
    ] = "view",
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help=f"When it ends by itself: {END_HELP}")
    ] = None,
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Share a vehicle with another owner, or change how it is shared."""
    try:
        wanted = parse_rights(rights)
    except ValueError as error:
        refuse(f"--rights: {error}")
    now = time.time()
    expires = find_end(until, "--until", now)
    with open_database(data, database, config) as db, db.writing() as connection:
        found = queries.get_vehicle(connection, vehicle)
        whom = queries.get_owner(connection, owner)
        share = queries.put_share(connection, found, whom, wanted, now, expires)
        detail = f"with {share.owner}: {_words(share)}"
        note_operator(connection, now, "share.put", vehicle_id=found.id, detail=detail)
    if json:
        print_json(_described(share))
        return
    end = f" until {iso_time(share.expires)}" if share.expires is not None else ""
    print(f"vehicle {share.vehicle_id} shared with {share.owner}{end}: {_words(share)}")


@app.command("list")
def list_(
    vehicle: Annotated[
        str | None, typer.Option(metavar="ID", help="Only shares of this vehicle.")
    ] = None,
    owner: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only what is shared with this owner.")
    ] = None,
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show which vehicles are shared with whom."""
    with open_database(data, database, config, must_exist=True) as db, db.reading() as connection:
        found = queries.get_vehicle(connection, vehicle) if vehicle is not None else None
        whom = queries.get_owner(connection, owner) if owner is not None else None
        shares = queries.list_shares(connection, time.time(), found, whom)
    if json:
        print_json([_described(share) for share in shares])
        return
    columns = ["vehicle", "owner", "rights", "until", "created"]
    print_table(columns, [[*map(cell, _row(share))] for share in shares])


@app.command()
def remove(
    vehicle: VehicleArgument,
    owner: OwnerArgument,
    yes: YesOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """End a share: the other owner's apps and calls have the vehicle no longer."""
    with open_database(data, database, config) as db:
        with db.reading() as connection:
            found = queries.get_vehicle(connection, vehicle)
            whom = queries.get_owner(connection, owner)
            if not queries.list_shares(connection, time.time(), found, whom):
                raise NotFound(f"vehicle {found.id} is not shared with {whom.name}")
        confirm_or_leave(f"End the share of vehicle {found.id} with {whom.name}?", yes)
        with db.writing() as connection:
            queries.end_share(connection, found.id, whom, time.time())
            note_operator(
                connection, time.time(), "share.remove", vehicle_id=found.id,
                detail=f"with {whom.name}",
            )  # fmt: skip
    print(f"vehicle {found.id} no longer shared with {whom.name}")


def _words(share: Share) -> str:
    return format_rights(share.rights)


def _described(share: Share) -> dict[str, object]:
    return {
        "vehicle": share.vehicle_id,
        "owner": share.owner,
        "rights": right_words(share.rights),
        "until": iso_time(share.expires),
        "created": iso_time(share.created),
    }


def _row(share: Share) -> list[object]:
    ends = iso_time(share.expires) or "never"
    return [*(_described(share) | {"rights": _words(share), "until": ends}).values()]
