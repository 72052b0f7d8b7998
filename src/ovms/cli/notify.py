"""``ovms notify``: who gets a vehicle's alerts, and how."""

from __future__ import annotations

import asyncio
import secrets
import time
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from ovms.base.settings import SettingsError
from ovms.cli.common import (
    JsonOption,
    YesOption,
    confirm_or_leave,
    fail,
    iso_time,
    print_json,
    print_table,
    refuse,
    resolve_secret,
)
from ovms.cli.database import ConfigOption, DatabaseOption, DataOption, open_database
from ovms.server.notify.keys import app_id_problem, key_problem
from ovms.server.notify.push import set_push_key
from ovms.server.notify.registry import (
    ChannelTypes,
    find_types,
    missing,
    open_channels,
    package_of,
    renewed_types,
)
from ovms.server.notify.trial import try_out
from ovms.server.settings import ServerSettings, load_settings
from ovms.server.storage import names, owner_mail, queries, subscriptions
from ovms.server.storage.audit import note_operator
from ovms.server.storage.database import Database
from ovms.server.storage.limits import SubscriptionLimits
from ovms.server.storage.push_devices import WEBPUSH
from ovms.server.storage.push_key import find_push_key
from ovms.server.values import Subscription

app = typer.Typer(help="Alerts: who gets them, and how.", no_args_is_help=True)

TEST_ALERT = "This is a test of the alerts."

VehicleArgument = Annotated[str, typer.Argument(metavar="VEHICLE", help="The vehicle id.")]
AppOption = Annotated[
    str | None,
    typer.Option("--app", metavar="APP", help="Only this subscription, as list shows it."),
]


@app.command("list")
def list_(
    vehicle_id: Annotated[
        str | None, typer.Argument(metavar="[VEHICLE]", help="Only this vehicle's.")
    ] = None,
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show who gets alerts. Tokens and passwords are masked.

    Where mail is set up, the owner gets those that nobody else gets: that is the app "owner".
    """
    settings = _settings(data, database, config)
    types, waiting = _channels(settings)
    with open_database(data, database, config, must_exist=True) as db:
        found = _find(db, settings, vehicle_id, None)
    if json:
        print_json([_described(each, types, waiting) for each in found])
        return
    columns = ["vehicle", "app", "type", "key", "state", "failing since", "renewed"]
    described = (_described(each, types, waiting).values() for each in found)
    print_table(columns, [[str(value or "") for value in each] for each in described])


@app.command()
def channels(
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show the channels, the package that each is from, and what it lacks to send."""
    types, waiting = _channels(_settings(data, database, config))
    found = [
        {"type": name, "package": package_of(types[name]), "state": waiting.get(name, "active")}
        for name in sorted(types)
    ]
    if json:
        print_json(found)
        return
    print_table(["type", "package", "state"], [[*each.values()] for each in found])


@app.command()
def add(
    vehicle_id: VehicleArgument,
    type: Annotated[  # noqa: A002 -- the option's name
        str, typer.Option(metavar="TYPE", help="The channel, as ovms notify channels shows it.")
    ],
    key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            help="A mail address, a device's token, or a URL of Apprise such as ntfy://host/topic."
            " Safer: --key-file or OVMS_NOTIFY_KEY.",
        ),
    ] = None,
    key_file: Annotated[
        str | None,
        typer.Option(
            "--key-file", metavar="FILE", help="File that holds the key; - is standard input."
        ),
    ] = None,
    app_id: Annotated[
        str | None,
        typer.Option(
            "--app",
            metavar="APP",
            help="The subscription's name; made, or that of the same key, if left out.",
        ),
    ] = None,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Send a vehicle's alerts to somebody; a subscription of that name is replaced."""
    given = resolve_secret(key, key_file, "OVMS_NOTIFY_KEY", "Key")
    if given is None:
        raise typer.BadParameter("give a key", param_hint="--key")
    given = given.strip()  # a pasted key may have blanks around it
    settings = _settings(data, database, config)
    types, waiting = _channels(settings)
    problem = _problem(types, type, given) or (app_id is not None and app_id_problem(app_id))
    if problem:
        refuse(problem)
    with open_database(data, database, config) as db, db.writing() as connection:
        vehicle = queries.get_vehicle(connection, vehicle_id)
        named = _made_name(connection, vehicle_id, type, given) if app_id is None else app_id
        values = (vehicle, named, type, "", given, vehicle_id, time.time())
        limits = SubscriptionLimits(settings.limit_subscriptions, mails=None)
        subscriptions.put_subscription(connection, *values, renewed_types(types), limits)
        note_operator(connection, time.time(), "channel.put", vehicle_id=vehicle.id, detail=type)
    print(f"vehicle {vehicle.id} sends its alerts to {named} by {type}")
    if type in waiting:
        print(f"nothing is sent yet: {waiting[type]}")


@app.command()
def remove(
    vehicle_id: VehicleArgument,
    app_id: Annotated[
        str, typer.Argument(metavar="APP", help="The subscription, as list shows it.")
    ],
    yes: YesOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """End a subscription; alerts that wait for it are dropped."""
    if app_id == owner_mail.OWNER:
        refuse("the owner gets what nobody else gets: add somebody else, take the address away "
               "(ovms owner set), or set mail_owners = false")  # fmt: skip
    with open_database(data, database, config) as db:
        confirm_or_leave(f"End the subscription {app_id}?", yes)
        with db.writing() as connection:
            vehicle = queries.get_vehicle(connection, vehicle_id)
            subscriptions.remove_subscription(connection, vehicle.id, app_id)
            note_operator(connection, time.time(), "channel.remove", vehicle_id=vehicle.id)
    print(f"vehicle {vehicle.id} sends no more alerts to {app_id}")


@app.command("test")
def try_(
    vehicle_id: Annotated[
        str | None, typer.Argument(metavar="[VEHICLE]", help="The vehicle id.")
    ] = None,
    app_id: AppOption = None,
    operator: Annotated[
        bool, typer.Option("--operator", help="To operator_mail instead of a vehicle's.")
    ] = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Send a test alert now, and show the outcome. Exit code 1 if anybody was not reached."""
    settings = _settings(data, database, config)
    if operator:
        if vehicle_id is not None or app_id is not None:
            refuse("a vehicle's alerts, or --operator")
        found = [_of_operator(settings)]
    else:
        found = _chosen(settings, vehicle_id, app_id, data, database, config)
    push_key = None
    if any(each.push_type == WEBPUSH for each in found):
        with open_database(data, database, config) as db, db.reading() as connection:
            push_key = find_push_key(connection)
    problems = asyncio.run(_try_all(settings, found, push_key))
    outcomes = zip(found, problems, strict=True)
    print_table(
        ("app", "type", "outcome"),
        [(each.app_id, each.push_type, problem or "delivered") for each, problem in outcomes],
    )
    if failed := sum(1 for problem in problems if problem):
        fail(f"{failed} of {len(found)} not reached")


def _of_operator(settings: ServerSettings) -> Subscription:
    """Return the operator's address as if it were subscribed."""
    if settings.operator_mail is None:
        fail("the settings name no operator_mail")
    now = time.time()
    place = "the server"
    values = (place, "operator", "mail", "", settings.operator_mail, place)
    return Subscription(*values, now, now, None, 0)


def _chosen(
    settings: ServerSettings,
    vehicle_id: str | None,
    app_id: str | None,
    data: Path | None,
    database: str | None,
    config: Path | None,
) -> list[Subscription]:
    """Return the subscriptions of a vehicle, or its one of an app."""
    if vehicle_id is None:
        refuse("name a vehicle, or --operator")
    with open_database(data, database, config) as db:
        found = _find(db, settings, vehicle_id, app_id)
    if not found and app_id is None:
        fail(f"nobody gets the alerts of vehicle {names.vehicle_key(vehicle_id)}: it has no"
             " subscription, and its owner is not mailed")  # fmt: skip
    if not found:
        fail(f"vehicle {names.vehicle_key(vehicle_id)} has no such subscription")
    return found


async def _try_all(
    settings: ServerSettings, found: list[Subscription], push_key: str | None
) -> list[str | None]:
    """Send a test alert to each; return what went wrong, in their order."""
    types, waiting = _channels(settings)
    opened = open_channels(types, settings)
    if push_key is not None:
        set_push_key(opened, push_key, settings.operator_mail)
    problems: list[str | None] = []
    for each in found:
        if (channel := opened.get(each.push_type)) is None:
            reason = waiting.get(each.push_type, "it is not installed")
            problems.append(f"waiting for a channel: {reason}")
        else:
            problems.append(await try_out(channel, each, TEST_ALERT, time.time()))
    for channel in opened.values():
        await channel.close()
    return problems


def _find(
    db: Database, settings: ServerSettings, vehicle_id: str | None, app_id: str | None
) -> list[Subscription]:
    """Return subscriptions by vehicle and app, those of owners as they hold now."""
    types, waiting = _channels(settings)
    active = tuple(types.keys() - waiting.keys())
    with db.reading() as connection:
        if vehicle_id is not None:
            queries.get_vehicle(connection, vehicle_id)
        found = subscriptions.list_subscriptions(connection, vehicle_id)
        found = [each for each in found if each.app_id != owner_mail.OWNER]
        if settings.mail_owners and owner_mail.MAIL in active:
            found += owner_mail.list_defaults(connection, active, vehicle_id)
    found.sort(key=lambda each: (each.vehicle_id, each.app_id))
    return [each for each in found if app_id in (None, each.app_id)]


def _settings(data: Path | None, database: str | None, config: Path | None) -> ServerSettings:
    try:
        return load_settings(config, {"data": data, "database": database})
    except SettingsError as error:
        fail(str(error))


def _channels(settings: ServerSettings) -> tuple[ChannelTypes, dict[str, str]]:
    """Return all channels by type, and what is missing of those that cannot send."""
    types = find_types()
    try:
        return types, missing(types, settings)
    except SettingsError as error:
        fail(str(error))


def _problem(types: ChannelTypes, push_type: str, key: str) -> str | None:
    """Return what is wrong with a type or a key, without repeating the key."""
    channel = types.get(push_type)
    if channel is None:
        return f"{push_type!r} is none of {', '.join(sorted(types))}"
    return key_problem(channel, key)


def _made_name(connection: Connection, vehicle_id: str, push_type: str, key: str) -> str:
    """Return the name of the subscription that has the key, or else a new one.

    It is random: a hash of the key would let a thief of the database guess passwords in it.
    """
    for each in subscriptions.list_subscriptions(connection, vehicle_id):
        if (each.push_type, each.key) == (push_type, key):
            return each.app_id
    return f"{push_type}-{secrets.token_hex(4)}"


def _described(
    each: Subscription, types: ChannelTypes, waiting: dict[str, str]
) -> dict[str, str | None]:
    channel = types.get(each.push_type)
    is_active = channel is not None and each.push_type not in waiting
    state = "active" if each.failing is None else "failing"
    return {
        "vehicle": each.vehicle_id,
        "app": each.app_id,
        "type": each.push_type,
        "key": "***" if channel is None else channel.mask(each.key),
        "state": state if is_active else "waiting for a channel",
        "failing_since": iso_time(each.failing),
        "renewed": iso_time(each.changed),
    }
