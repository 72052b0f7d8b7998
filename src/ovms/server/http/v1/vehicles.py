"""``/vehicles``: which vehicles the caller may see, what they may do with each, and changing them.

What is changed holds at once: who is connected to a vehicle with another secret is closed, as
after the commands of the terminal.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field
from starlette.responses import Response

from ovms.server.accounts.tokens import vehicle_rights
from ovms.server.http.v1.audit import audit
from ovms.server.http.v1.callers import (
    AccountCall,
    ApiCaller,
    Caller,
    Context,
    ManageCall,
    OwnCall,
    ViewCall,
)
from ovms.server.http.v1.changes import apply_those
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import ApiAnswer, CallBody, Time, time_of
from ovms.server.http.v1.routing import make_router
from ovms.server.rights import right_words
from ovms.server.storage import queries
from ovms.server.storage.names import (
    MAX_LOG_DAYS,
    MAX_SECRET,
    MAX_VEHICLE_ID,
    MAX_VEHICLE_NAME,
)
from ovms.server.storage.new_secret import make_secret
from ovms.server.storage.quotas import check_vehicle_quota
from ovms.server.values import VehicleChange

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.storage.limits import OwnerQuotas
    from ovms.server.values import Vehicle

DAYS: Final = ("log_days", "log_position_days")
"""Changes of how long something is kept."""

router = make_router("vehicles")


class VehicleAnswer(ApiAnswer):
    """A vehicle."""

    id: str
    name: str
    """What its owner calls it; empty if nothing."""
    owner: str
    """The name of its owner."""
    is_own: bool
    """It is the caller's, not shared with them."""
    rights: list[str]
    """What the caller may do with it: `view`, `location`, `command`, `pin`, `manage`."""
    is_online: bool
    """Its car is connected to this server, or to one that tells this one."""
    is_paranoid: bool
    """Its messages are sealed: the server cannot read them, nor send commands."""
    tls_only: bool
    """It takes log-ins and calls over TLS only."""
    log_days: int | None
    """Days that its telemetry is kept; 0 is not at all, null as the server's settings say."""
    log_position_days: int | None
    """The same of its positions."""
    makes_journeys: bool
    """Journeys are made of its telemetry."""
    created: Time


class MadeVehicle(VehicleAnswer):
    """A vehicle that was made."""

    secret: str | None
    """The secret that was made for its module, told this once; null if the call had one."""


class SecretAnswer(ApiAnswer):
    """A vehicle's new secret."""

    secret: str | None
    """The secret that was made for its module, told this once; null if the call had one."""


Secret = Annotated[str, Field(min_length=1, max_length=MAX_SECRET)]
LogDays = Annotated[int, Field(ge=0, le=MAX_LOG_DAYS)]


class NewVehicle(CallBody):
    """A vehicle to make."""

    id: Annotated[str, Field(min_length=1, max_length=MAX_VEHICLE_ID)]
    """What its module logs in as: without blanks, commas, slashes or asterisks."""
    name: Annotated[str, Field(max_length=MAX_VEHICLE_NAME)] = ""
    """What its owner calls it."""
    secret: Secret | None = None
    """What its module logs in by; null has a strong one made. Modules take 32 characters."""


class VehicleChanges(CallBody):
    """What to change of a vehicle; what is not there stays."""

    name: Annotated[str, Field(max_length=MAX_VEHICLE_NAME)] = ""
    """What its owner calls it; empty for nothing."""
    log_days: LogDays | None = None
    """Days that its telemetry is kept; 0 is not at all, null as the server's settings say."""
    log_position_days: LogDays | None = None
    """The same of its positions."""
    tls_only: bool = False
    """Whether it takes log-ins and calls over TLS only."""
    makes_journeys: bool = True
    """Whether journeys are made of its telemetry; those that were made stay."""


class NewSecret(CallBody):
    """A new secret of a vehicle."""

    secret: Secret | None = None
    """What its module is to log in by; null has a strong one made."""


@router.get("/vehicles")
async def list_vehicles(caller: Caller, context: Context) -> list[VehicleAnswer]:
    """Return the vehicles that the caller may see, their own and shared ones, by id."""
    find = partial(queries.find_any_vehicles, vehicle_ids=caller.vehicles)
    return [_answer(context, caller, each) for each in await context.store.database.read(find)]


@router.get("/vehicles/{vehicle_id}")
async def get_vehicle(call: ViewCall, context: Context) -> VehicleAnswer:
    """Return one vehicle."""
    find = partial(queries.find_vehicle, vehicle_id=call.id)
    vehicle = await context.store.database.read(find)
    if vehicle is None:
        raise ApiError(404, "There is no such vehicle", "no_vehicle")
    return _answer(context, call.caller, vehicle)


@router.post("/vehicles", status_code=201)
async def add_vehicle(body: NewVehicle, caller: AccountCall, context: Context) -> MadeVehicle:
    """Make a vehicle of the caller's own, within their quota.

    409 with the code `taken` says that there is one of this id, anybody's.
    """
    made = None if body.secret is not None else make_secret()
    add = partial(_add, name=caller.login.owner, body=body, secret=body.secret or made or "",
                  quotas=context.quotas, now=context.clock.time())  # fmt: skip
    vehicle = await context.store.database.write(add)
    audit(context, caller, "vehicle.add", vehicle_id=vehicle.id, owner_id=caller.login.owner_id)
    await apply_those(context, [vehicle.change])
    facts = _facts(context, vehicle)
    rights = right_words(vehicle_rights(caller.login.permit))
    return MadeVehicle(**facts, is_own=True, rights=rights, secret=made)


@router.patch("/vehicles/{vehicle_id}")
async def change_vehicle(body: VehicleChanges, call: ManageCall, context: Context) -> VehicleAnswer:
    """Change how a vehicle is called, how long its data is kept, or what is made of it.

    Whether it needs TLS is for its owner alone: a module without TLS would be shut out.
    """
    changes = body.model_dump(include=body.model_fields_set)
    if "tls_only" in changes and not call.caller.is_own(call.id):
        raise ApiError(403, "Only the vehicle's owner may change tls_only", "not_owner")
    change = partial(_change, vehicle_id=call.id, changes=changes, now=context.clock.time())
    vehicle = await context.store.database.write(change)
    if changes:
        names = ",".join(sorted(changes))
        audit(context, call.caller, "vehicle.change", vehicle_id=call.id, detail=names,
              owner_id=vehicle.owner_id)  # fmt: skip
        await apply_those(context, [vehicle.change])
    return _answer(context, call.caller, vehicle)


@router.post("/vehicles/{vehicle_id}/secret")
async def change_secret(
    call: OwnCall, context: Context, body: NewSecret | None = None
) -> SecretAnswer:
    """Change the secret of a vehicle. Who is connected to it is closed, and needs the new one."""
    given = body.secret if body is not None else None
    made = None if given is not None else make_secret()
    change = partial(queries.set_secret, vehicle_id=call.id, secret=given or made or "",
                     now=context.clock.time())  # fmt: skip
    vehicle = await context.store.database.write(change)
    audit(context, call.caller, "vehicle.secret", vehicle_id=call.id)
    await apply_those(context, [vehicle.change])
    return SecretAnswer(secret=made)


@router.delete("/vehicles/{vehicle_id}", status_code=204)
async def remove_vehicle(call: OwnCall, context: Context) -> Response:
    """Remove a vehicle with its messages and its history. Nothing brings them back."""
    remove = partial(queries.remove_vehicle, vehicle_id=call.id, now=context.clock.time())
    await context.store.database.write(remove)
    audit(context, call.caller, "vehicle.remove", vehicle_id=call.id)
    await apply_those(context, [VehicleChange(call.id, None, "", deleted=True)])
    return Response(status_code=204)


def _add(
    connection: Connection,
    name: str,
    body: NewVehicle,
    secret: str,
    quotas: OwnerQuotas,
    now: float,
) -> Vehicle:
    owner = queries.get_owner(connection, name)
    check_vehicle_quota(connection, owner, quotas)
    return queries.add_vehicle(connection, body.id, owner, secret, now, name=body.name)


def _change(
    connection: Connection, vehicle_id: str, changes: dict[str, Any], now: float
) -> Vehicle:
    days: Any = {key: value for key, value in changes.items() if key in DAYS}
    if "name" in changes:
        queries.rename_vehicle(connection, vehicle_id, changes["name"], now)
    if days:
        queries.set_log_days(connection, vehicle_id, days, now)
    if "makes_journeys" in changes:
        queries.set_journeys(connection, vehicle_id, changes["makes_journeys"], now)
    if "tls_only" in changes:
        queries.set_tls_only(connection, vehicle_id, changes["tls_only"], now)
    return queries.get_vehicle(connection, vehicle_id)


def _answer(context: Context, caller: ApiCaller, vehicle: Vehicle) -> VehicleAnswer:
    facts = _facts(context, vehicle)
    rights = right_words(caller.rights_on(vehicle.id))
    return VehicleAnswer(**facts, is_own=caller.is_own(vehicle.id), rights=rights)


def _facts(context: Context, vehicle: Vehicle) -> dict[str, Any]:
    room = context.hub.rooms.get(vehicle.id)
    return {
        "id": vehicle.id,
        "name": vehicle.name,
        "owner": vehicle.owner,
        "is_online": room is not None and room.car is not None,
        "is_paranoid": bool(vehicle.paranoid_token),
        "tls_only": vehicle.tls_only,
        "log_days": vehicle.log_days,
        "log_position_days": vehicle.log_position_days,
        "makes_journeys": vehicle.makes_journeys,
        "created": time_of(vehicle.created),
    }
