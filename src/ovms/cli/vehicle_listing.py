"""``ovms vehicle list`` and ``show``: who is online, and how much there is of each."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from typing import Annotated

import typer

from ovms.cli.common import (
    JsonOption,
    cell,
    iso_time,
    print_json,
    print_table,
)
from ovms.cli.database import (
    ConfigOption,
    DatabaseOption,
    DataOption,
    find_settings,
    open_database,
)
from ovms.cli.module_link import HostOption, ModuleTlsOption, UnitsOption, find_link
from ovms.cli.module_setup import (
    ModuleLink,
    esp32_lines,
    pic_lines,
    setup_text,
)
from ovms.cli.text import duration
from ovms.server.failed_calls import FailureReason
from ovms.server.storage import queries
from ovms.server.storage.failed_calls import find_failed_call
from ovms.server.storage.sizes import history_sizes, journey_bytes, vehicle_sizes
from ovms.server.values import FailedCall, VehicleStatus

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The vehicle id, in any case.")]


def show(
    vehicle_id: IdArgument,
    module: Annotated[
        bool,
        typer.Option(
            "--module/--no-module", help="Show what to set in its module, the secret included."
        ),
    ] = True,
    host: HostOption = None,
    tls: ModuleTlsOption = None,
    units: UnitsOption = "K",
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show a vehicle, and what to set in its module so that it calls this server."""
    settings = find_settings(data, database, config)
    with open_database(data, database, config, must_exist=True) as db, db.reading() as connection:
        vehicle = queries.get_vehicle(connection, vehicle_id)
        (status,) = (
            each
            for each in queries.list_vehicles(connection, time.time())
            if each.vehicle.id == vehicle.id
        )
        failure = find_failed_call(connection, vehicle.id)
        size = asdict(vehicle_sizes(connection, [vehicle.id])[vehicle.id])
        size["journey_bytes"] = journey_bytes(connection, vehicle.id)
    link, advice = find_link(settings, vehicle, host, tls, units)
    shows_module = module and vehicle.type == "car"
    if json:
        setup = {"esp32": esp32_lines(link), "pic": pic_lines(link)} if shows_module else None
        secret = vehicle.secret if module else None
        failed = None if failure is None else _failure(failure)
        shown = {**_status(status), **size, "last_failure": failed}
        shown |= {"secret": secret, "module": setup}
        print_json(shown)
        return
    for name, value in (*_facts(status), *_size_facts(size)):
        print(f"{name:<11} {value}")
    if failure is not None:
        said = _failure(failure)
        print(f"last failed {said['time']} from {said['address']}: {said['message']}")
    if shows_module:
        print_setup(link, advice)


def list_(
    owner: Annotated[str | None, typer.Option(metavar="NAME", help="Only this owner's.")] = None,
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show all vehicles, who is online, and when each was last heard.

    "last plain" is when somebody last logged in by the vehicle's secret without TLS. A terminal is
    told how long ago that was.
    """
    now = time.time()
    with open_database(data, database, config, must_exist=True) as db, db.reading() as connection:
        whose = queries.get_owner(connection, owner) if owner is not None else None
        vehicles = queries.list_vehicles(connection, now, whose)
        sizes = history_sizes(connection)
    if json:
        print_json([{**_status(each), **_kept_of(each, sizes)} for each in vehicles])
        return
    columns = [
        "id",
        "name",
        "owner",
        "type",
        "online",
        "apps",
        "last heard",
        "tls only",
        "last plain",
        "records",
        "bytes",
    ]
    write_time = partial(_age, now=now) if _is_read_by_people() else iso_time
    rows = [
        [*_row(each, write_time), *map(cell, _kept_of(each, sizes).values())] for each in vehicles
    ]
    print_table(columns, rows)


def kept_days(days: int | None) -> str:
    """Return for how long something is kept, in words."""
    if days is None:
        return "as the server's settings say"
    if days == 0:
        return "off"
    return "1 day" if days == 1 else f"{days} days"


def print_setup(link: ModuleLink, advice: str) -> None:
    """Print what to set in a module."""
    print()
    for line in setup_text(link, advice):
        print(line)


def _status(status: VehicleStatus) -> dict[str, object]:
    vehicle = status.vehicle
    return {
        "id": vehicle.id,
        "name": vehicle.name,
        "owner": vehicle.owner,
        "type": vehicle.type,
        "online": status.online,
        "apps": status.apps,
        "batch": status.batch,
        "heard": iso_time(status.heard),
        "server": vehicle.server,
        "tls_only": vehicle.tls_only,
        "plain": iso_time(status.plain),
    }


def _facts(status: VehicleStatus) -> Iterator[tuple[str, str]]:
    """Yield what is known of a vehicle, named."""
    vehicle = status.vehicle
    yield "vehicle", vehicle.id
    if vehicle.name:
        yield "name", vehicle.name
    yield "owner", vehicle.owner
    yield "type", vehicle.type
    yield "online", cell(status.online) + (f", {status.apps} apps" if status.apps else "")
    yield "last heard", iso_time(status.heard) or "never"
    yield "served by", "any server" if vehicle.server == "*" else vehicle.server
    yield "tls only", cell(vehicle.tls_only)
    yield "last plain", iso_time(status.plain) or "never"
    yield "telemetry", f"kept {kept_days(vehicle.log_days)}"
    yield "positions", f"kept {kept_days(vehicle.log_position_days)}"
    yield "journeys", "made" if vehicle.makes_journeys else "off"


def _size_facts(size: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Yield how much there is of a vehicle, named."""
    told = "{records} in {bytes} bytes, {positions} that hold positions"
    yield "records", told.format_map(size)
    yield "messages", str(size["messages"])
    yield "trips &c", "{journeys} in {journey_bytes} bytes".format_map(size)


def _kept_of(status: VehicleStatus, sizes: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    """Return how large a vehicle's history is."""
    records, size = sizes.get(status.vehicle.id, (0, 0))
    return {"records": records, "bytes": size}


def _failure(failure: FailedCall) -> dict[str, object]:
    """Return why a vehicle's car last failed to connect."""
    return {
        "time": iso_time(failure.time),
        "address": failure.address,
        "reason": failure.reason,
        "message": FailureReason(failure.reason).sentence,
        "count": failure.count,
    }


def _is_read_by_people() -> bool:
    return sys.stdout.isatty()


def _age(at: float | None, *, now: float) -> str | None:
    return None if at is None else duration(now - at)


def _row(status: VehicleStatus, write_time: Callable[[float | None], str | None]) -> list[str]:
    vehicle = status.vehicle
    online = "yes" if status.online else "no"
    heard = write_time(status.heard) or "never"
    known = [vehicle.id, vehicle.name, vehicle.owner, vehicle.type]
    plain = write_time(status.plain) or "never"
    return [*known, online, str(status.apps), heard, cell(vehicle.tls_only), plain]
