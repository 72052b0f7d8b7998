"""``/vehicles/…/provision``: what a new module is told that asks by its car's VIN.

The record is sealed with the SIM card's number, and only sealed it is kept: what is in it can be
replaced and not be read again. A vehicle has one. VINs are for the whole server, so whoever makes
many records could find which cars others have: that is bounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Literal, cast

from fastapi import Depends, Request
from pydantic import Field
from starlette.responses import Response

from ovms.base.buckets import Buckets
from ovms.net.address import PLAIN_PORT, parse_address
from ovms.protocol.settings_names import HIDDEN_VALUE, PARAMETER_NAMES, PASSWORDS
from ovms.server.http.v1.audit import audit
from ovms.server.http.v1.callers import Context, OwnCall
from ovms.server.http.v1.changes import apply_those
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import ApiAnswer, CallBody, Time, time_of
from ovms.server.http.v1.module_calls import find_module_host
from ovms.server.http.v1.routing import make_router
from ovms.server.storage import queries
from ovms.server.storage.errors import InvalidValue
from ovms.server.storage.names import MAX_PROVISION_KEY, MAX_SECRET
from ovms.server.storage.new_secret import make_secret
from ovms.server.storage.sealing import seal_parameters

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.http.context import HttpContext
    from ovms.server.values import Provision, Vehicle

TRIES: Final = 20
"""Records that an owner may make at once: who makes one hears whether somebody has the VIN."""

REFILL: Final = 300.0
"""Seconds until there is one more."""

TRIES_LIMIT: Final = 10_000
"""Owners whose tries are counted."""

NOT_SET: Final = "-"
"""A parameter that the module is to have empty: a record can hold no empty word."""

router = make_router("set-up")

Word = Annotated[str, Field(min_length=1, max_length=MAX_SECRET, pattern=r"^\S+$")]


class ProvisionAnswer(ApiAnswer):
    """The record of a vehicle. What it tells the module is not kept but sealed."""

    vin: str
    """What the module asks by."""
    created: Time
    changed: Time
    """When it was last replaced."""
    last_used: Time | None
    """When a module, or whoever knows the VIN, last asked for it, to the minute; null for never."""


class VehicleProvision(ApiAnswer):
    """What the module of a vehicle is told when it asks."""

    record: ProvisionAnswer | None
    """Null without one."""


class ProvisionParameter(ApiAnswer):
    """A parameter that the module gets."""

    number: int
    name: str | None
    """What it is called; null for one without a name."""
    value: str
    """`*` stands for a password; empty is not set."""


class MadeProvision(ProvisionAnswer):
    """A record that was made."""

    parameters: list[ProvisionParameter]
    """What the module gets, in order."""
    secret: str | None
    """The vehicle's new secret, told this once; null if it has kept the one it had."""


class ProvisionBody(CallBody):
    """What a new module is to be told. Words hold no blanks, and null leaves a parameter empty."""

    vin: Annotated[str, Field(min_length=1, max_length=MAX_PROVISION_KEY, pattern=r"^\S+$")]
    """What the module asks by: the VIN of its car, in any case."""
    iccid: Word
    """The number of the SIM card in the module, which seals the record. It is not kept."""
    new_secret: bool = False
    """Give the vehicle a new secret, which the module gets. Who came by the old one is closed."""
    server: Word | None = None
    """The server to call, HOST or HOST:PORT; null is this one, as `GET /module-server` names it."""
    phone: Word | None = None
    """The telephone number that the module obeys."""
    phone_password: Word | None = None
    """The password that text messages to the module begin with."""
    units: Literal["K", "M"] | None = None
    """Kilometres or miles."""
    notifications: Word | None = None
    """How the module notifies, as `SMSIP`."""
    apn: Word | None = None
    """The access point of the SIM card."""
    apn_user: Word | None = None
    apn_password: Word | None = None
    paranoid_password: Word | None = None
    """What the module is to seal its messages with; the server forgets it."""


@dataclass(frozen=True, slots=True)
class _Made:
    """What a transaction has made."""

    record: Provision
    vehicle: Vehicle
    words: list[str]


def make_tries() -> Buckets[int]:
    """Return what counts the records that are made, by the owner who makes them."""
    return Buckets(TRIES, REFILL, TRIES_LIMIT)


async def _tries(request: Request) -> Buckets[int]:
    return cast("Buckets[int]", request.app.state.provision_tries)


Tries = Annotated[Buckets[int], Depends(_tries)]


@router.get("/vehicles/{vehicle_id}/provision")
async def get_provision(call: OwnCall, context: Context) -> VehicleProvision:
    """Return the record by which a new module becomes this vehicle. Only its owner may ask."""

    def find(connection: Connection) -> Provision | None:
        return queries.find_vehicle_provision(connection, call.id)

    found = await context.store.database.read(find)
    return VehicleProvision(record=None if found is None else _answer(found))


@router.put("/vehicles/{vehicle_id}/provision")
async def put_provision(
    body: ProvisionBody, request: Request, call: OwnCall, context: Context, tries: Tries
) -> MadeProvision:
    """Make the record by which a new module becomes this vehicle, or replace it.

    A module that asks by the VIN gets it with its next call, and opens it if it has the SIM card.
    409 with the code `taken` says that the VIN has a record already, which is not this vehicle's.
    Whoever makes many has to wait (429). Another secret of the vehicle removes the record.
    """
    server = await _server_of(body, request, context)
    if wait := tries.take(call.caller.login.owner_id, context.clock.monotonic()):
        raise ApiError(429, "Too many records", wait=wait)
    secret = make_secret() if body.new_secret else None
    name, now = call.caller.login.owner, context.clock.time()

    def make(connection: Connection) -> _Made:
        return _make(connection, call.id, name, body, server, secret, now)

    made = await context.store.database.write(make)
    audit(context, call.caller, "provision.put", vehicle_id=call.id)  # the VIN is secret
    if secret is not None:
        audit(context, call.caller, "vehicle.secret", vehicle_id=call.id)
        await apply_those(context, [made.vehicle.change])
    parameters = [_parameter(number, word) for number, word in enumerate(made.words)]
    facts = _answer(made.record).model_dump()
    return MadeProvision(**facts, parameters=parameters, secret=secret)


@router.delete("/vehicles/{vehicle_id}/provision", status_code=204)
async def remove_provision(call: OwnCall, context: Context) -> Response:
    """Remove the record: a module that asks by the VIN gets nothing more."""

    def remove(connection: Connection) -> None:
        found = queries.find_vehicle_provision(connection, call.id)
        if found is None:
            raise ApiError(404, "The vehicle has no record", "no_provision")
        queries.remove_provision(connection, found.key)

    await context.store.database.write(remove)
    audit(context, call.caller, "provision.remove", vehicle_id=call.id)
    return Response(status_code=204)


async def _server_of(body: ProvisionBody, request: Request, context: HttpContext) -> str:
    """Return what the module is to call. Raises :class:`ApiError`."""
    if body.server is not None:
        if parse_address(body.server, PLAIN_PORT) is None:
            raise ApiError(422, "The server is not HOST or HOST:PORT")
        return body.server
    place = context.module_server
    host = await find_module_host(request, place)
    if host is None:
        raise ApiError(422, "Nobody knows how modules reach this server: name it", "no_host")
    host = f"[{host}]" if ":" in host else host
    is_usual = place.port is None or place.port == PLAIN_PORT
    return host if is_usual else f"{host}:{place.port}"


def _make(
    connection: Connection,
    vehicle_id: str,
    owner: str,
    body: ProvisionBody,
    server: str,
    secret: str | None,
    now: float,
) -> _Made:
    known = queries.find_provision(connection, body.vin)
    if known is not None and not _may_replace(known, vehicle_id, owner):
        raise _taken(known, owner)
    if secret is not None:
        queries.set_secret(connection, vehicle_id, secret, now)
    vehicle = queries.get_vehicle(connection, vehicle_id)
    if vehicle.secret.split() != [vehicle.secret]:
        raise InvalidValue("no module can be told the vehicle's secret: it holds a blank")
    words = _words(body, server, vehicle)
    record = seal_parameters(body.iccid, words)
    whose = queries.get_owner(connection, owner)
    made = queries.add_provision(
        connection, body.vin, record, now, whose, vehicle_id=vehicle_id, replace=True
    )
    return _Made(made, vehicle, words)


def _may_replace(known: Provision, vehicle_id: str, owner: str) -> bool:
    """Return whether a record is the vehicle's, or was made for its owner by the operator."""
    if known.vehicle_id is None:
        return known.owner == owner
    return known.vehicle_id == vehicle_id


def _taken(known: Provision, owner: str) -> ApiError:
    if known.owner == owner:
        text = f"Vehicle {known.vehicle_id} has a record of this VIN: remove that first"
    else:
        text = "There is a record of this VIN already; whoever runs the server can remove it"
    return ApiError(409, text, "taken")


def _words(body: ProvisionBody, server: str, vehicle: Vehicle) -> list[str]:
    """Return the module's parameters from 0 on, in the order of their numbers."""
    values = (body.phone, body.phone_password, body.units, body.notifications, server, body.apn,
              body.apn_user, body.apn_password, vehicle.id, vehicle.secret,
              body.paranoid_password)  # fmt: skip
    return [NOT_SET if value is None else value for value in values]


def _parameter(number: int, word: str) -> ProvisionParameter:
    value = "" if word == NOT_SET else word
    shown = HIDDEN_VALUE if value and number in PASSWORDS else value
    return ProvisionParameter(number=number, name=PARAMETER_NAMES.get(number), value=shown)


def _answer(record: Provision) -> ProvisionAnswer:
    return ProvisionAnswer(
        vin=record.key,
        created=time_of(record.created),
        changed=time_of(record.changed),
        last_used=None if record.last_used is None else time_of(record.last_used),
    )
