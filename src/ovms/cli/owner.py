"""``ovms owner``: who has vehicles."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
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
    resolve_secret,
)
from ovms.cli.database import (
    ConfigOption,
    DatabaseOption,
    DataOption,
    find_settings,
    open_database,
)
from ovms.cli.erasing import finish_erasing
from ovms.cli.exporting import write_export
from ovms.server.accounts.passwords import PasswordError, hash_password
from ovms.server.storage import names, queries
from ovms.server.storage.administration import OwnerDetails, find_owner_details
from ovms.server.storage.audit import note_operator
from ovms.server.storage.exporting import ExportScope, export_steps
from ovms.server.storage.owner_locale import owner_locale, set_owner_locale
from ovms.server.storage.quotas import NEAR
from ovms.server.storage.stale_journeys import refresh_all_now
from ovms.server.storage.totp import clear_totp

DEFAULT: Final = "default"
"""Says that what the server's settings say is to count."""

app = typer.Typer(help="Owners: who has vehicles and may log in.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The owner's name.")]
PasswordOption = Annotated[
    str | None,
    typer.Option(
        "--password",
        metavar="PW",
        help="The password. Safer: --password-file, OVMS_PASSWORD, or wait to be asked.",
    ),
]
PasswordFileOption = Annotated[
    str | None,
    typer.Option(
        "--password-file", metavar="FILE", help="File that holds the password; - is standard input."
    ),
]


@app.command()
def add(
    name: NameArgument,
    password: PasswordOption = None,
    password_file: PasswordFileOption = None,
    email: Annotated[str, typer.Option(metavar="E", help="The owner's e-mail address.")] = "",
    admin: Annotated[bool, typer.Option("--admin", help="May manage the server.")] = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Make an owner. Without a password nobody can log in by password."""
    with open_database(data, database, config) as db:
        names.owner_name(name)  # before anybody is asked for a password
        hashed = _hashed(_ask(password, password_file, "Password (empty for none)", optional=True))
        with db.writing() as connection:
            owner = queries.add_owner(
                connection, name, time.time(), password_hash=hashed, email=email, admin=admin
            )
            note_operator(connection, time.time(), "owner.add", owner_id=owner.id)
    print(f"owner {owner.name} added")


@app.command("list")
def list_(
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show all owners."""
    with open_database(data, database, config, must_exist=True) as db, db.reading() as connection:
        owners = queries.list_owners(connection)
    shown = [
        {
            "name": owner.name,
            "email": owner.email,
            "admin": owner.admin,
            "password": owner.password_hash is not None,
            "vehicles": vehicles,
            "created": iso_time(owner.created),
        }
        for owner, vehicles in owners
    ]
    if json:
        print_json(shown)
        return
    columns = ["name", "email", "admin", "password", "vehicles", "created"]
    print_table(columns, [[*map(cell, row.values())] for row in shown])


@app.command()
def show(
    name: NameArgument,
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show an owner: what they log in by, have, and may have."""
    quotas = find_settings(data, database, config).owner_quotas()
    with open_database(data, database, config, must_exist=True) as db, db.reading() as connection:
        found = find_owner_details(connection, queries.get_owner(connection, name).name)
        locale = owner_locale(connection, None if found is None else found.id)
    if found is None:  # removed at this moment
        fail(f"there is no owner {name}")
    limits = found.vehicle_limit, found.byte_limit
    vehicle_limit = quotas.vehicles if limits[0] is None else limits[0]
    byte_limit = quotas.bytes if limits[1] is None else limits[1]
    shown = {
        "name": found.name,
        "email": found.email,
        "email_confirmed": iso_time(found.email_confirmed),
        "admin": found.admin,
        "password": found.has_password,
        "totp": found.has_totp,
        "created": iso_time(found.created),
        "vehicles": found.vehicles,
        "vehicle_limit": vehicle_limit or None,
        "bytes": found.bytes,
        "byte_limit": byte_limit or None,
        "history": _history(found, byte_limit),
        "zone": locale.zone,
        "currency": locale.currency,
    }
    if json:
        print_json(shown)
        return
    for label, value in shown.items():
        print(f"{label + ':':17}{cell(value)}")


def _history(owner: OwnerDetails, byte_limit: int) -> str:
    """Return whether an owner's history is kept, in a word."""
    if 0 < byte_limit <= owner.bytes:
        return "full"
    is_near = byte_limit > 0 and owner.bytes * 100 >= byte_limit * NEAR
    return "nearly full" if is_near else "kept"


@app.command("set")
def set_(
    name: NameArgument,
    email: Annotated[
        str | None,
        typer.Option(metavar="E", help="The e-mail address; '' takes it away.", show_default=False),
    ] = None,
    admin: Annotated[
        bool | None,
        typer.Option("--admin/--no-admin", help="May manage the server.", show_default=False),
    ] = None,
    no_totp: Annotated[
        bool,
        typer.Option("--no-totp", help="Switch one-time codes off, for who lost the phone."),
    ] = False,
    vehicle_limit: Annotated[
        str | None,
        typer.Option(
            metavar="N",
            help="Vehicles that the owner may make by HTTP; 0 is no limit, default the server's.",
            show_default=False,
        ),
    ] = None,
    byte_limit: Annotated[
        str | None,
        typer.Option(
            metavar="N",
            help="Bytes of history that all their vehicles may have; 0 and default as above.",
            show_default=False,
        ),
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option(
            metavar="Z",
            help="Time zone of the days of journeys: Europe/Berlin; default is the server's.",
            show_default=False,
        ),
    ] = None,
    currency: Annotated[
        str | None,
        typer.Option(
            metavar="C",
            help="Currency of the costs of charges: EUR; default as above.",
            show_default=False,
        ),
    ] = None,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Change an owner's e-mail address, what it may do or have, or by what it logs in."""
    given = {"vehicle_limit": vehicle_limit, "byte_limit": byte_limit}
    limits = {each: _limit(text, each) for each, text in given.items() if text is not None}
    locale = {
        name: None if text == DEFAULT else text
        for name, text in (("zone", zone), ("currency", currency))
        if text is not None
    }
    if email is None and admin is None and not no_totp and not limits and not locale:
        raise typer.BadParameter("say what is to change", param_hint="--email, --admin, --no-totp")
    with open_database(data, database, config) as db:
        with db.writing() as connection:
            owner = queries.set_owner(connection, name, time.time(), email=email, admin=admin)
            queries.set_limits(connection, owner.id, limits, time.time())
            if locale:
                set_owner_locale(connection, owner.id, locale, time.time())
            if email is not None or admin is not None or limits or locale:
                note_operator(connection, time.time(), "owner.change", owner_id=owner.id)
            if no_totp:
                clear_totp(connection, owner.id, time.time())
                note_operator(connection, time.time(), "totp.off", owner_id=owner.id)
        if locale:
            refresh_all_now(db, owner.id)
    print(f"owner {owner.name} changed")


@app.command()
def passwd(
    name: NameArgument,
    password: PasswordOption = None,
    password_file: PasswordFileOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Change an owner's password."""
    with open_database(data, database, config) as db:
        with db.reading() as connection:
            owner = queries.get_owner(connection, name)
        hashed = _hashed(_ask(password, password_file, f"New password of {owner.name}"))
        if hashed is None:
            fail("no password given: use --password-file, OVMS_PASSWORD or a terminal")
        with db.writing() as connection:
            queries.set_password(connection, name, hashed, time.time())
            note_operator(connection, time.time(), "password.change", owner_id=owner.id)
    print(f"password of owner {owner.name} changed")


@app.command()
def remove(
    name: NameArgument,
    with_vehicles: Annotated[
        bool, typer.Option("--with-vehicles", help="Remove the owner's vehicles too.")
    ] = False,
    yes: YesOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Remove an owner; one who still has vehicles only --with-vehicles.

    All that is theirs is erased for good: tokens, sessions, shares, places, and with the vehicles
    all that these have sent. Backups and logs keep what they have.
    """
    with open_database(data, database, config) as db:
        confirm_or_leave(f"Remove owner {name}?", yes)
        with db.writing() as connection:
            owner = queries.remove_owner(connection, name, time.time(), with_vehicles=with_vehicles)
            detail = f"account {owner.id}"
            note_operator(connection, time.time(), "owner.remove", owner_id=owner.id, detail=detail)
        finish_erasing(db)
    print(f"owner {owner.name} removed")


@app.command()
def export(
    name: NameArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The ZIP to write; a new file.")],
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Write all of an owner's data into a ZIP of JSON, CSV and GPX.

    Secrets, passwords and the digits of tokens are not in it.
    """
    with open_database(data, database, config, must_exist=True) as db:
        now = time.time()
        with db.reading() as connection:
            owner = queries.get_owner(connection, name)
            ids = [each.vehicle.id for each in queries.list_vehicles(connection, now, owner)]
        scope = ExportScope(owner.name, now, names_fields=True)
        write_export(db, file, ids, partial(export_steps, scope))
        with db.writing() as connection:
            note_operator(connection, now, "account.export", owner_id=owner.id)
    print(f"data of owner {owner.name} written to {file}")


def _limit(text: str, name: str) -> int | None:
    if text == DEFAULT:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        hint = f"--{name.replace('_', '-')}"
        raise typer.BadParameter("is neither a number nor default", param_hint=hint)
    return int(text)


def _ask(value: str | None, file: str | None, prompt: str, optional: bool = False) -> str | None:
    return resolve_secret(value, file, "OVMS_PASSWORD", prompt, confirm=True, optional=optional)


def _hashed(password: str | None) -> str | None:
    try:
        return None if password is None else hash_password(password)
    except PasswordError as error:
        fail(str(error))
