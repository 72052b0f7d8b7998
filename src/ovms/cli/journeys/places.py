"""``ovms journeys places``: the places of an owner, and what charging costs there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import typer

from ovms.cli.common import (
    JsonOption,
    YesOption,
    confirm_or_leave,
    iso_time,
    print_json,
    print_table,
    refuse,
)
from ovms.cli.database import ConfigOption, DatabaseOption, DataOption, open_database
from ovms.protocol.wording import did_you_mean
from ovms.server.journeys.places import RADIUS
from ovms.server.journeys.reading import read_samples
from ovms.server.journeys.samples import JourneyRecord
from ovms.server.journeys.tariffs import Tariff, TariffError, parse_tariff, tariff_as_json
from ovms.server.journeys.values import Position
from ovms.server.storage import places, queries
from ovms.server.storage.audit import note_operator
from ovms.server.storage.errors import InvalidValue, NotFound
from ovms.server.storage.owners import list_owners
from ovms.server.storage.place_suggestions import suggest_places
from ovms.server.storage.stale_journeys import refresh_all_now

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.storage.database import Database
    from ovms.server.storage.place_suggestions import SuggestedPlace
    from ovms.server.storage.places import PlaceDetails
    from ovms.server.values import Owner

app = typer.Typer(
    help="Places of an owner: where journeys begin and end, and what charging costs there.",
    no_args_is_help=True,
)

OwnerOption = Annotated[
    str | None,
    typer.Option(
        "--owner", metavar="NAME", show_default="the only one", help="Whose places these are."
    ),
]
PlaceArgument = Annotated[
    str, typer.Argument(metavar="PLACE", help="Its name in any case, or its id.")
]
AtOption = Annotated[
    str | None,
    typer.Option("--at", metavar="LAT,LON", help="Where it is, in degrees: 52.5163,13.3777"),
]
RadiusOption = Annotated[float | None, typer.Option(metavar="M", help="Its radius, 10 to 50000 m.")]
ZoneOption = Annotated[
    str | None,
    typer.Option(metavar="ZONE", help="Time zone of its tariffs (Europe/Berlin); '' the owner's."),
]
CurrencyOption = Annotated[
    str | None, typer.Option(metavar="CODE", help="Currency of its tariffs; '' the owner's.")
]

FROM_EVER: Final = "ever"


@dataclass(frozen=True, slots=True)
class PlaceOwner:
    """An owner whose places are read or changed."""

    database: Database
    owner: Owner

    def find(self, connection: Connection, name: str) -> PlaceDetails:
        """Return a place by its name or id. Raises :class:`NotFound`."""
        return find_place(connection, self.owner, name)

    def note(self, connection: Connection, action: str, detail: str) -> None:
        """Keep in the audit trail what was done."""
        note_operator(connection, time.time(), action, owner_id=self.owner.id, detail=detail)


def find_place(connection: Connection, owner: Owner, name: str) -> PlaceDetails:
    """Return an owner's place by its name or id. Raises :class:`NotFound`."""
    known = places.list_places(connection, owner.id)
    for each in known:
        if each.place.name.casefold() == name.strip().casefold():
            return each
    for each in known:
        if name.strip() == str(each.place.id):
            return each
    names = [each.place.name for each in known]
    raise NotFound(f"{owner.name} has no place {name!r}{did_you_mean(name, names)}")


@app.command("list")
def list_(
    owner: OwnerOption = None,
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show an owner's places and what charging costs there now."""
    with _open(owner, data, database, config) as of:
        with of.database.reading() as connection:
            found = places.list_places(connection, of.owner.id)
        if json:
            print_json([_described(each) for each in found])
            return
        columns = ["id", "name", "position", "radius", "home", "tariff"]
        print_table(columns, [_row(each) for each in found])


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called: Home.")],
    at: AtOption = None,
    vehicle: Annotated[
        str | None, typer.Option(metavar="ID", help="It is where this vehicle is now.")
    ] = None,
    radius: RadiusOption = None,
    home: Annotated[bool, typer.Option("--home", help="Charges here are those at home.")] = False,
    zone: ZoneOption = None,
    currency: CurrencyOption = None,
    owner: OwnerOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Make a place. Journeys there take its name, those of the past too."""
    if (at is None) == (vehicle is None):
        refuse("say where it is: --at LAT,LON or --vehicle ID")
    point = None if at is None else _position(at)
    with _open(owner, data, database, config, vehicle) as of:
        with of.database.writing() as connection:
            if point is None:
                point = _position_of(connection, vehicle or "", of.owner)
            made = places.make_place(
                connection, of.owner.id, name, point, time.time(),
                radius=RADIUS if radius is None else radius, is_home=home,
                zone=zone or None, currency=currency or None,
            )  # fmt: skip
            of.note(connection, "place.add", str(made.id))
        _refresh(of)
    print(f"place {made.id} {made.name} of {of.owner.name} made")


@app.command("set")
def set_(
    place: PlaceArgument,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Another name.")] = None,
    at: AtOption = None,
    radius: RadiusOption = None,
    home: Annotated[
        bool | None, typer.Option("--home/--no-home", help="Charges here are those at home.")
    ] = None,
    zone: ZoneOption = None,
    currency: CurrencyOption = None,
    owner: OwnerOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Change a place. Journeys follow, those of the past too, and what they cost."""
    changes: dict[str, Any] = {"name": name, "radius": radius, "is_home": home}
    changes["position"] = None if at is None else _position(at)
    changes = {key: value for key, value in changes.items() if value is not None}
    for key, text in (("zone", zone), ("currency", currency)):
        if text is not None:
            changes[key] = text or None
    if not changes:
        refuse("say what to change, such as --radius 200")
    with _open(owner, data, database, config) as of:
        with of.database.writing() as connection:
            found = of.find(connection, place).place
            made = places.change_place(connection, of.owner.id, found.id, changes, time.time())
            of.note(connection, "place.change", str(found.id))
        _refresh(of)
    print(f"place {made.id} {made.name} changed")


@app.command()
def remove(
    place: PlaceArgument,
    drop_costs: Annotated[
        bool, typer.Option("--drop-costs", help="Charges there no longer cost what they did.")
    ] = False,
    yes: YesOption = False,
    owner: OwnerOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Remove a place: journeys are at no place then; charges keep what they cost."""
    with _open(owner, data, database, config) as of:
        with of.database.reading() as connection:
            found = of.find(connection, place).place
        confirm_or_leave(f"Remove the place {found.name} of {of.owner.name}?", yes)
        with of.database.writing() as connection:
            places.remove_place(
                connection, of.owner.id, found.id, time.time(), keeps_costs=not drop_costs
            )
            of.note(connection, "place.remove", str(found.id))
        _refresh(of)
    print(f"place {found.id} {found.name} removed")


@app.command()
def tariff(
    place: PlaceArgument,
    price: Annotated[str | None, typer.Option(metavar="PRICE", help="Of a kWh: 0.34")] = None,
    session: Annotated[
        str | None, typer.Option(metavar="PRICE", help="Of each charge, beside the energy.")
    ] = None,
    free: Annotated[bool, typer.Option("--free", help="It costs nothing.")] = False,
    tariff_json: Annotated[
        str | None,
        typer.Option("--tariff", metavar="JSON", help="A whole one, as docs/journeys.md has it."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="DATE", show_default="ever", help="From this day on."),
    ] = None,
    remove_it: Annotated[
        bool, typer.Option("--remove", help="Take back the one that counts from that day on.")
    ] = False,
    owner: OwnerOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show the tariffs of a place, or set one from a day on: costs follow, the past ones too.

    Without options it shows them.
    """
    wanted = _tariff(price, session, tariff_json, free=free)
    if wanted is not None and remove_it:
        refuse("a tariff is set or removed, not both")
    day = _day(since)
    with _open(owner, data, database, config) as of:
        with of.database.writing() as connection:
            found = of.find(connection, place)
            if remove_it:
                places.remove_tariff(connection, of.owner.id, found.place.id, day, time.time())
            elif wanted is not None:
                places.set_tariff(connection, of.owner.id, found.place.id, day, wanted, time.time())
            if remove_it or wanted is not None:
                of.note(connection, "place.tariff", str(found.place.id))
                found = places.get_place(connection, of.owner.id, found.place.id)
        _refresh(of)
    rows = [[str(begin or FROM_EVER), _written(each)] for begin, each in found.tariffs]
    print_table(["from", f"tariff of {found.place.name}"], rows)


@app.command()
def suggest(
    owner: OwnerOption = None,
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show where an owner's vehicles often parked that is no place yet."""
    with _open(owner, data, database, config) as of, of.database.reading() as connection:
        found = suggest_places(connection, of.owner.id, time.time())
    if json:
        print_json([_suggested(each) for each in found])
        return
    rows = [
        [
            f"{each.position.latitude:.5f},{each.position.longitude:.5f}", f"{each.radius:g}",
            str(each.visits), str(round(each.seconds / 3600)), str(iso_time(each.last)),
            " ".join(each.vehicle_ids),
        ]
        for each in found
    ]  # fmt: skip
    print_table(["at", "radius", "visits", "hours", "last", "vehicles"], rows)


@contextmanager
def _open(
    owner: str | None,
    data: Path | None,
    database: str | None,
    config: Path | None,
    vehicle: str | None = None,
) -> Iterator[PlaceOwner]:
    with open_database(data, database, config, must_exist=True) as db:
        with db.reading() as connection:
            found = find_owner(connection, owner, vehicle)
        try:
            yield PlaceOwner(db, found)
        except TariffError as error:
            raise InvalidValue(str(error)) from None


def find_owner(connection: Connection, name: str | None, vehicle: str | None = None) -> Owner:
    """Return the owner that is named, or that of a vehicle, or else the only one there is."""
    if name is not None:
        return queries.get_owner(connection, name)
    if vehicle is not None:
        return queries.get_owner(connection, queries.get_vehicle(connection, vehicle).owner)
    owners = list_owners(connection)
    if not owners:
        raise NotFound("there is no owner yet: make one with ovms owner add NAME")
    if len(owners) > 1:
        refuse("there are several owners: say whose places with --owner NAME")
    return owners[0][0]


def _refresh(of: PlaceOwner) -> None:
    """Make what a change touches anew, in short transactions."""
    refresh_all_now(of.database, of.owner.id)


def _position(text: str) -> Position:
    """Read degrees; what are none is wrong usage."""
    try:
        latitude, longitude = (float(part) for part in text.replace(";", ",").split(","))
    except ValueError:
        refuse(f"--at: {text!r} is no position; write it as 52.5163,13.3777")
    return Position(latitude=latitude, longitude=longitude)


def _position_of(connection: Connection, vehicle: str, owner: Owner) -> Position:
    """Return where a vehicle last was."""
    known = queries.get_vehicle(connection, vehicle)
    if known.owner_id != owner.id:
        raise NotFound(f"{owner.name} has no vehicle {known.id}")
    loaded = queries.load_vehicle(connection, known.id)
    latest = [] if loaded is None else loaded[1]
    for each in latest:
        if each.code == "L" and not each.token:
            record = JourneyRecord(int(each.time), "L", 0, each.data)
            for sample in read_samples([record], is_pic=False):
                if sample.position is not None:
                    return sample.position
    raise NotFound(f"nobody knows where {known.id} is")


def _tariff(
    price: str | None, session: str | None, tariff_json: str | None, *, free: bool
) -> Tariff | None:
    """Return the tariff that options describe, ``None`` for no option; wrong ones end it."""
    prices = {"energy_price": price, "session_price": session}
    given: object = {name: text for name, text in prices.items() if text is not None}
    if sum((bool(given), free, tariff_json is not None)) > 1:
        refuse("a tariff is --price and --session, or --free, or --tariff")
    if tariff_json is not None:
        try:
            given = msgspec.json.decode(tariff_json)
        except msgspec.DecodeError as error:
            refuse(f"--tariff is no JSON: {error}")
    elif free:
        given = {"free": True}
    elif not given:
        return None
    try:
        return parse_tariff(given)
    except TariffError as error:
        refuse(f"the tariff cannot be: {error}")


def _day(text: str | None) -> date | None:
    if text is None or text.strip().lower() == FROM_EVER:
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        refuse(f"--from: {text!r} is no day; write it as 2026-01-31")


def _written(of: Tariff) -> str:
    """Write a tariff in one line; one that has more than an energy price as JSON."""
    found = tariff_as_json(of)
    if found == {"free": True}:
        return "free"
    if found.keys() == {"energy_price"}:
        return f"{found['energy_price']} a kWh"
    return msgspec.json.encode(found).decode()


def _row(details: PlaceDetails) -> list[str]:
    place, today = details.place, datetime.now(UTC).date().isoformat()
    current = [each for begin, each in details.tariffs if str(begin or "") <= today]
    position = f"{place.position.latitude:.5f} {place.position.longitude:.5f}"
    home = "home" if place.is_home else ""
    tariff_text = _written(current[-1]) if current else ""
    return [str(place.id), place.name, position, f"{place.radius:g} m", home, tariff_text]


def _described(details: PlaceDetails) -> dict[str, Any]:
    place = details.place
    return {
        "id": place.id,
        "name": place.name,
        "latitude": place.position.latitude,
        "longitude": place.position.longitude,
        "radius": place.radius,
        "is_home": place.is_home,
        "zone": place.zone,
        "currency": place.currency,
        "tariffs": [
            {"valid_from": begin and begin.isoformat(), "tariff": tariff_as_json(each)}
            for begin, each in details.tariffs
        ],
    }


def _suggested(spot: SuggestedPlace) -> dict[str, Any]:
    return {
        "latitude": spot.position.latitude,
        "longitude": spot.position.longitude,
        "radius": spot.radius,
        "visits": spot.visits,
        "seconds": spot.seconds,
        "first": iso_time(spot.first),
        "last": iso_time(spot.last),
        "vehicles": spot.vehicle_ids,
    }
