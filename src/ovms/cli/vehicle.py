"""``ovms vehicle``: the vehicles that may call, and who is online."""

from __future__ import annotations

import sys
import time
from typing import Annotated, Final

import typer
from sqlalchemy import Connection

from ovms.cli.common import (
    JsonOption,
    YesOption,
    ask_or_leave,
    cell,
    confirm_or_leave,
    either,
    iso_time,
    print_json,
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
from ovms.cli.module_link import HostOption, ModuleTlsOption, UnitsOption, find_link
from ovms.cli.module_setup import (
    id_warnings,
    secret_warnings,
)
from ovms.cli.vehicle_csv import (
    OwnerWords,
    export_vehicles,
    import_vehicles,
    parse_days,
    read_vehicles,
)
from ovms.cli.vehicle_data import erase, export_data
from ovms.cli.vehicle_listing import kept_days, list_, print_setup, show
from ovms.server.storage import names, queries
from ovms.server.storage.audit import note_operator
from ovms.server.storage.errors import InvalidValue
from ovms.server.storage.new_secret import make_secret
from ovms.server.values import ImportRow, LogDays, Vehicle

app = typer.Typer(help="Vehicles: what may call, and who is online.", no_args_is_help=True)


GIVES_UP: Final = (
    "the module of {id} gives up for good when it is refused with its old secret: set the new one"
    " in it before it calls next"
)

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The vehicle id, in any case.")]
SecretOption = Annotated[
    str | None,
    typer.Option(
        "--secret",
        metavar="S",
        help="What car and server share. Safer: --secret-file or OVMS_SECRET.",
    ),
]
SecretFileOption = Annotated[
    str | None,
    typer.Option(
        "--secret-file", metavar="FILE", help="File that holds the secret; - is standard input."
    ),
]


@app.command()
def add(
    vehicle_id: IdArgument,
    owner: Annotated[str, typer.Option(metavar="NAME", help="Whose it is.")],
    secret: SecretOption = None,
    secret_file: SecretFileOption = None,
    name: Annotated[str, typer.Option(metavar="N", help="What it is called.")] = "",
    type: Annotated[  # noqa: A002 -- the option's name
        str,
        typer.Option(
            metavar="car|server", help="A car, or another server, which calls as a vehicle."
        ),
    ] = "car",
    server: Annotated[
        str, typer.Option(metavar="NAME", help="The server that serves it; * is any.")
    ] = "*",
    host: HostOption = None,
    tls: ModuleTlsOption = None,
    units: UnitsOption = "K",
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Make a vehicle, and print what to set in its module. Without a secret one is made."""
    if type not in ("car", "server"):
        raise typer.BadParameter(f"{type!r} is neither car nor server", param_hint="--type")
    settings = find_settings(data, database, config)
    given = resolve_secret(secret, secret_file, "OVMS_SECRET", None)
    used = make_secret() if given is None else given
    with open_database(data, database, config) as db, db.writing() as connection:
        whose = queries.get_owner(connection, owner)
        vehicle = queries.add_vehicle(
            connection, vehicle_id, whose, used, time.time(), name=name, type=type, server=server
        )
        _note(connection, "vehicle.add", vehicle)
        link = find_link(settings, vehicle, host, tls, units)
    _tell(vehicle, "added", used if given is None else None, json)
    if not json and vehicle.type == "car":
        print_setup(*link)
    _warn_of_comma([used])
    if vehicle.type == "car":
        _warn([*id_warnings(vehicle.id), *secret_warnings(used, vehicle.id)])


app.command()(show)
app.command("list")(list_)


@app.command()
def rename(
    vehicle_id: IdArgument,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="The new name.")] = None,
    name_option: Annotated[
        str | None, typer.Option("--name", metavar="N", help="The same, as an option.")
    ] = None,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Change what a vehicle is called; its id stays."""
    new = either(name, name_option, "the new name")
    with open_database(data, database, config) as db, db.writing() as connection:
        vehicle = queries.rename_vehicle(connection, vehicle_id, new, time.time())
        _note(connection, "vehicle.change", vehicle, "name")
    print(f"vehicle {vehicle.id} is called {vehicle.name}")


@app.command("set")
def set_(
    vehicle_id: IdArgument,
    tls_only: Annotated[
        bool | None,
        typer.Option(
            "--tls-only/--no-tls-only",
            help="Refuse logins over connections without TLS, or take them again.",
            show_default=False,
        ),
    ] = None,
    new_secret: Annotated[
        bool, typer.Option("--new-secret", help="Make a new secret, and print it this once.")
    ] = False,
    secret: Annotated[
        str | None,
        typer.Option("--secret", metavar="S", help="A new secret. Safer: --secret-file."),
    ] = None,
    secret_file: SecretFileOption = None,
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Change how a vehicle may be called: over TLS only, or over any connection.

    Who is connected to it is closed and may come again. A secret that was used without TLS may have
    been overheard: give the vehicle a new one in the same command.
    """
    if tls_only is None:
        raise typer.BadParameter("say what is to change", param_hint="--tls-only/--no-tls-only")
    is_given = secret is not None or secret_file is not None
    if new_secret and is_given:
        raise typer.BadParameter("make a secret or give one", param_hint="--new-secret")
    used = resolve_secret(secret, secret_file, "OVMS_SECRET", None) if is_given else None
    if new_secret:
        used = make_secret()
    with open_database(data, database, config) as db, db.writing() as connection:
        vehicle = queries.set_tls_only(connection, vehicle_id, tls_only, time.time(), used)
        said = f"tls_only {cell(tls_only)}" + (", a new secret" if used else "")
        _note(connection, "vehicle.change", vehicle, said)
        plain = queries.plain_uses(connection)(vehicle.secret)
    what = "takes logins over TLS only" if tls_only else "takes logins with and without TLS"
    _tell(vehicle, what, used if new_secret else None, json, tls_only=tls_only)
    _warn_of_comma([used or ""])
    if vehicle.type == "car" and used is not None:
        _warn_of_new_secret(vehicle, used)
    elif vehicle.type == "car" and tls_only:
        _warn([f"a module that calls without TLS is refused now, and gives up for good: set"
               f" {vehicle.id} to TLS before it calls next"])  # fmt: skip
    if tls_only and plain is not None:
        print(f"ovms: its secret was used without TLS, last on {iso_time(plain)}: somebody may "
              "know it; --new-secret makes another", file=sys.stderr)  # fmt: skip


@app.command()
def transfer(
    vehicle_id: IdArgument,
    owner: Annotated[str | None, typer.Argument(metavar="OWNER", help="The new owner.")] = None,
    owner_option: Annotated[
        str | None, typer.Option("--owner", metavar="NAME", help="The same, as an option.")
    ] = None,
    secret: SecretOption = None,
    secret_file: SecretFileOption = None,
    keep_secret: Annotated[
        bool,
        typer.Option("--keep-secret", help="Keep the secret, although the former owner knows it."),
    ] = False,
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Transfer a vehicle to another owner, with its data.

    It gets a new secret, because the former owner knows the old one. Without --secret one is made,
    and printed this once; set it in the car. Connections and subscriptions of the former owner end.
    """
    new = either(owner, owner_option, "the new owner")
    if keep_secret and (secret is not None or secret_file is not None):
        raise typer.BadParameter(
            "give a new secret or keep the old one", param_hint="--keep-secret"
        )
    given = None if keep_secret else resolve_secret(secret, secret_file, "OVMS_SECRET", None)
    with open_database(data, database, config) as db, db.writing() as connection:
        whose = queries.get_owner(connection, new)
        old = queries.get_any_vehicle(connection, vehicle_id)
        is_made = given is None and not keep_secret and old.owner_id != whose.id
        used = make_secret() if is_made else given
        vehicle = queries.transfer_vehicle(connection, vehicle_id, whose, time.time(), used)
        for each in (old, vehicle):  # both owners
            _note(connection, "vehicle.transfer", each, f"from {old.owner} to {vehicle.owner}")
    _tell(vehicle, f"belongs to {vehicle.owner}", used if is_made else None, json)
    if vehicle.type == "car" and used is not None:
        _warn_of_new_secret(vehicle, used)


@app.command("server")
def server_(
    vehicle_id: IdArgument,
    server: Annotated[
        str | None, typer.Argument(metavar="NAME", help="The server's vehicle id; * is any.")
    ] = None,
    server_option: Annotated[
        str | None, typer.Option("--server", metavar="NAME", help="The same, as an option.")
    ] = None,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Change which server serves a vehicle; others are not told of it."""
    new = either(server, server_option, "the server")
    with open_database(data, database, config) as db, db.writing() as connection:
        vehicle = queries.set_server(connection, vehicle_id, new, time.time())
        _note(connection, "vehicle.change", vehicle, f"server {vehicle.server}")
    name = "any server" if vehicle.server == "*" else f"server {vehicle.server}"
    print(f"vehicle {vehicle.id} is served by {name}")


@app.command("secret")
def secret_(
    vehicle_id: IdArgument,
    new: Annotated[
        bool, typer.Option("--new", help="Change it, to the one that is given or a made one.")
    ] = False,
    secret: SecretOption = None,
    secret_file: SecretFileOption = None,
    yes: YesOption = False,
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show a vehicle's secret. Only with --new it is changed.

    The module must be told the new one: after one refused login it calls no more until somebody
    sets the right secret in it.
    """
    if not new and (secret is not None or secret_file is not None):
        raise typer.BadParameter("a secret is changed by --new", param_hint="--new")
    with open_database(data, database, config, must_exist=not new) as db:
        with db.reading() as connection:
            old = queries.get_vehicle(connection, vehicle_id)
        if not new:
            _show_secret(old, json)
            return
        given = resolve_secret(secret, secret_file, "OVMS_SECRET", None)
        if given is not None:
            names.secret(given)
        if old.type == "car":
            _warn([GIVES_UP.format(id=old.id)])
        ask_or_leave(f"Change the secret of {old.id}?", yes)
        used = make_secret() if given is None else given
        with db.writing() as connection:
            vehicle = queries.set_secret(connection, vehicle_id, used, time.time())
            _note(connection, "vehicle.secret", vehicle)
    _tell(vehicle, "has a new secret", used if given is None else None, json)
    _warn_of_comma([used])
    if vehicle.type == "car":
        _warn([f"what to set in the module: ovms vehicle show {vehicle.id}"])
        _warn([*secret_warnings(used, vehicle.id)])


def _show_secret(vehicle: Vehicle, json: bool) -> None:
    if json:
        print_json({"id": vehicle.id, "secret": vehicle.secret})
    else:
        print(vehicle.secret)


@app.command()
def remove(
    vehicle_id: IdArgument,
    yes: YesOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Remove a vehicle and its data; its id can be added again."""
    with open_database(data, database, config) as db:
        with db.reading() as connection:
            found = queries.get_any_vehicle(connection, vehicle_id)
        confirm_or_leave(f"Remove vehicle {found.id} and its data?", yes)
        with db.writing() as connection:
            vehicle = queries.remove_vehicle(connection, vehicle_id, time.time())
            _note(connection, "vehicle.remove", vehicle)
        finish_erasing(db)
    print(f"vehicle {vehicle.id} removed")


app.command("erase")(erase)
app.command("export-data")(export_data)


@app.command("log")
def log_(
    vehicle_id: IdArgument,
    days: Annotated[
        str | None,
        typer.Option("--days", metavar="N|off|default", help="How long telemetry is kept."),
    ] = None,
    positions: Annotated[
        str | None,
        typer.Option("--positions", metavar="N|off|default", help="How long positions are kept."),
    ] = None,
    journeys: Annotated[
        bool | None,
        typer.Option("--journeys/--no-journeys", help="Make journeys of it, or none from now on."),
    ] = None,
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show or change for how many days what a vehicle reports is kept, and what is made of it."""
    changes = LogDays()
    if days is not None:
        changes["log_days"] = _days(days, "--days")
    if positions is not None:
        changes["log_position_days"] = _days(positions, "--positions")
    with open_database(data, database, config) as db:
        if changes:
            with db.writing() as connection:
                changed = queries.set_log_days(connection, vehicle_id, changes, time.time())
                _note(connection, "vehicle.change", changed, "days that it is logged")
        if journeys is not None:
            with db.writing() as connection:
                changed = queries.set_journeys(connection, vehicle_id, journeys, time.time())
                _note(connection, "vehicle.change", changed, f"journeys {cell(journeys)}")
        with db.reading() as connection:
            vehicle = queries.get_vehicle(connection, vehicle_id)
    if json:
        kept = {"days": vehicle.log_days, "positions": vehicle.log_position_days}
        print_json({"id": vehicle.id, **kept, "journeys": vehicle.makes_journeys})
        return
    print(f"vehicle {vehicle.id}: telemetry {kept_days(vehicle.log_days)}, ", end="")
    print(f"positions {kept_days(vehicle.log_position_days)}", end="")
    print("" if vehicle.makes_journeys else ", no journeys")


@app.command("import")
def import_(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="CSV with columns owner,id,secret or more, see the docs; - is standard input.",
        ),
    ],
    owner: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose the vehicles are that name nobody.")
    ] = None,
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Make many vehicles from a CSV file, all or none; owners that are missing are made.

    An empty secret is made. Columns: owner, id, secret, name, email, password and those that
    export writes.
    """
    read = read_vehicles(file, owner, make_secret)
    with open_database(data, database, config) as db:
        made = import_vehicles(db, read, file)
    _warn_of_comma([row.secret for row in read.rows])
    _warn_of_unfit(read.rows)
    _warn_of_known([read.owners[names.owner_key(name)] for name in made.known])
    if json:
        counts = {"vehicles": made.vehicles, "owners": made.owners}
        print_json({**counts, "secrets_made": read.made})
        return
    print(f"{made.vehicles} vehicles added, {made.owners} owners made")
    if read.made:
        print(f"{len(read.made)} secrets made: ovms vehicle secret {read.made[0]} shows one, "
              "ovms vehicle export --with-secrets FILE writes all")  # fmt: skip


@app.command("export")
def export(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Written whole, for its owner only; - is output.")
    ] = "-",
    owner: Annotated[str | None, typer.Option(metavar="NAME", help="Only this owner's.")] = None,
    with_secrets: Annotated[
        bool,
        typer.Option("--with-secrets", help="Also secrets, and the hashes of owners' passwords."),
    ] = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Write the vehicles as CSV that import reads: an import of it makes the same vehicles.

    Without --with-secrets an import makes new secrets, and owners without a password.
    """
    with open_database(data, database, config, must_exist=True) as db, db.reading() as connection:
        whose = queries.get_owner(connection, owner) if owner is not None else None
        owners = {each.id: each for each, _ in queries.list_owners(connection)}
        vehicles = queries.list_vehicles(connection, time.time(), whose)
    found = [(each.vehicle, owners[each.vehicle.owner_id]) for each in vehicles]
    count = export_vehicles(found, file, with_secrets)
    if file != "-":
        print(f"{count} vehicles written to {file}")


def _days(text: str, option: str) -> int | None:
    """Return how many days something is kept; what is none is wrong usage of the option."""
    try:
        return parse_days(text)
    except InvalidValue as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


def _note(connection: Connection, action: str, vehicle: Vehicle, detail: str = "") -> None:
    """Have the audit trail say what was done to a vehicle."""
    note_operator(
        connection, time.time(), action, owner_id=vehicle.owner_id, vehicle_id=vehicle.id,
        detail=detail,
    )  # fmt: skip


def _tell(vehicle: Vehicle, what: str, made: str | None, json: bool, **more: object) -> None:
    """Answer a command that may have made a secret: it is shown now or never."""
    if json:
        known = {"id": vehicle.id, "owner": vehicle.owner, "name": vehicle.name}
        print_json({**known, "type": vehicle.type, **more, "secret": made})
        return
    print(f"vehicle {vehicle.id} {what}")
    if made is not None:
        print(f"secret: {made}")


def _warn(warnings: list[str]) -> None:
    for warning in warnings:
        print(f"ovms: {warning}", file=sys.stderr)


def _warn_of_new_secret(vehicle: Vehicle, used: str) -> None:
    """Say what a changed secret means to the module, and what is wrong with it."""
    told = f"{GIVES_UP.format(id=vehicle.id)}; see ovms vehicle show {vehicle.id}"
    _warn([told, *secret_warnings(used, vehicle.id)])


def _warn_of_comma(secrets_: list[str]) -> None:
    """Say that other servers are not told of vehicles whose secret has a comma."""
    count = sum("," in secret for secret in secrets_)
    if count:
        which = "this vehicle" if len(secrets_) == 1 else f"{count} of these vehicles"
        print(
            f"ovms: other servers are not told of {which}: a secret with a comma cannot be sent",
            file=sys.stderr,
        )


def _warn_of_unfit(rows: list[ImportRow]) -> None:
    """Say how many cars have an id or a secret that a module does not take, or a weak secret."""
    unfit = [
        row.id
        for row in rows
        if row.type == "car" and any((*id_warnings(row.id), *secret_warnings(row.secret, row.id)))
    ]
    if unfit:
        named = ", ".join(unfit[:3]) + (" and others" if len(unfit) > 3 else "")
        print(
            f"ovms: {len(unfit)} of these vehicles have an id or a secret that some modules do not"
            f" take, or a weak secret: {named}",
            file=sys.stderr,
        )


def _warn_of_known(owners: list[OwnerWords]) -> None:
    """Say that owners who were there keep their e-mail address and password."""
    told = [each.name for each in owners if each.email or each.password or each.password_hash]
    if told:
        names_ = ", ".join(told[:3]) + (" and others" if len(told) > 3 else "")
        print(f"ovms: {names_} existed already: e-mail address and password stay as they were",
              file=sys.stderr)  # fmt: skip
