"""``/admin/vehicles``: all vehicles, for administrators, without state, position and secret."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import Path, Query
from pydantic import Field

from ovms.server.http.v1.audit import audit
from ovms.server.http.v1.callers import AdminCall, Context
from ovms.server.http.v1.changes import apply_changes
from ovms.server.http.v1.erase import erase_vehicle
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import ApiAnswer, CallBody, Time, time_of
from ovms.server.http.v1.routing import make_router
from ovms.server.storage import administration, queries
from ovms.server.storage.database import Lane
from ovms.server.storage.new_secret import make_secret

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.http.context import HttpContext
    from ovms.server.storage.administration import VehicleDetails
    from ovms.server.values import Vehicle

router = make_router("administration")

VehiclePath = Annotated[str, Path(description="The vehicle's id, in any case.", max_length=100)]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many at most.")]
After = Annotated[str, Query(max_length=100, description="`next` of the page before.")]
Search = Annotated[str, Query(max_length=100, description="Only those in whose id or name it is.")]
OfOwner = Annotated[str, Query(max_length=256, description="Only those of this owner.")]


class AdminVehicleAnswer(ApiAnswer):
    """A vehicle, or another server that calls as one."""

    id: str
    name: str
    """What its owner calls it; empty if nothing."""
    owner: str
    type: Literal["car", "server"]
    is_online: bool
    """It is connected to this server."""
    last_heard: Time | None
    """When it last said something; null if never."""
    tls_only: bool
    """It takes log-ins and calls over TLS only."""
    server: str
    """The server that serves it; `*` is any."""
    created: Time
    records: int
    """In its history."""
    bytes: int
    """Of its history."""
    positions: int
    """Records of its history that may say where it was."""
    messages: int
    """The latest of each code that are kept."""
    journeys: int
    """Trips, charges and parked times."""


class AdminVehiclesPage(ApiAnswer):
    """Vehicles, by id."""

    items: list[AdminVehicleAnswer]
    next: str | None
    """Ask for the next page with this as `after`; null on the last."""


class TransferBody(CallBody):
    """Who gets a vehicle."""

    owner: Annotated[str, Field(min_length=1, max_length=256)]
    secret: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    """The new secret; one is made without it."""
    keep_secret: bool = False
    """Leave the one that the former owner knows."""


class TransferAnswer(ApiAnswer):
    """A vehicle and its new owner."""

    id: str
    owner: str
    secret: str | None
    """The secret that was made, told now and never again: set it in the car. Null if none was."""


@router.get("/admin/vehicles")
async def list_all_vehicles(
    _: AdminCall,
    context: Context,
    limit: Limit = 100,
    after: After = "",
    search: Search = "",
    owner: OfOwner = "",
) -> AdminVehiclesPage:
    """Return all vehicles, those of an owner, or those in whose id or name a text stands."""

    def look(connection: Connection) -> list[VehicleDetails]:
        whose = queries.find_owner(connection, owner) if owner else None
        if owner and whose is None:
            return []
        return administration.list_vehicle_details(connection, limit + 1, after, search, whose)

    found = await context.store.database.read(look, Lane.HISTORY)
    shown = found[:limit]
    return AdminVehiclesPage(
        items=[_answer(context, each) for each in shown],
        next=shown[-1].id if len(found) > limit else None,
    )


@router.post("/admin/vehicles/{vehicle_id}/transfer")
async def transfer_vehicle(
    vehicle_id: VehiclePath, body: TransferBody, caller: AdminCall, context: Context
) -> TransferAnswer:
    """Transfer a vehicle to another owner, with its history and another secret.

    All connections to it end. Its subscriptions, and what it is shared with, end too.
    """
    if body.keep_secret and body.secret is not None:
        raise ApiError(422, "Give a secret or keep the old one", "invalid")
    is_made = body.secret is None and not body.keep_secret
    secret = make_secret() if is_made else body.secret

    def transfer(connection: Connection) -> tuple[Vehicle, Vehicle]:
        before = queries.get_any_vehicle(connection, vehicle_id)
        owner = queries.get_owner(connection, body.owner)
        now = context.clock.time()
        return before, queries.transfer_vehicle(connection, vehicle_id, owner, now, secret)

    since = context.clock.time()
    before, after = await context.store.database.write(transfer)
    await apply_changes(context, since)
    for owner_id in {before.owner_id, after.owner_id}:
        detail = f"from {before.owner} to {after.owner}"
        audit(context, caller, "vehicle.transfer", vehicle_id=after.id, detail=detail,
              owner_id=owner_id)  # fmt: skip
    return TransferAnswer(id=after.id, owner=after.owner, secret=secret if is_made else None)


@router.delete("/admin/vehicles/{vehicle_id}", status_code=204)
async def remove_any_vehicle(vehicle_id: VehiclePath, caller: AdminCall, context: Context) -> None:
    """Remove a vehicle with its messages and its history."""
    now = context.clock.time()
    remove = partial(queries.remove_vehicle, vehicle_id=vehicle_id, now=now)
    vehicle = await context.store.database.write(remove)
    await apply_changes(context, now)
    audit(context, caller, "vehicle.remove", vehicle_id=vehicle.id, owner_id=vehicle.owner_id)
    await context.store.forget_deleted()


@router.delete("/admin/vehicles/{vehicle_id}/data", status_code=204)
async def erase_any_data(vehicle_id: VehiclePath, caller: AdminCall, context: Context) -> None:
    """Erase what a vehicle has sent, on request of those who drive it; the vehicle stays."""
    find = partial(queries.get_any_vehicle, vehicle_id=vehicle_id)
    vehicle = await context.store.database.read(find)
    audit(context, caller, "vehicle.erase", vehicle_id=vehicle.id, owner_id=vehicle.owner_id)
    await erase_vehicle(context, vehicle.id)


def _answer(context: HttpContext, vehicle: VehicleDetails) -> AdminVehicleAnswer:
    room = context.hub.rooms.get(vehicle.id)
    return AdminVehicleAnswer(
        id=vehicle.id,
        name=vehicle.name,
        owner=vehicle.owner,
        type="server" if vehicle.type == "server" else "car",
        is_online=room is not None and room.car is not None,
        last_heard=None if vehicle.heard is None else time_of(vehicle.heard),
        tls_only=vehicle.tls_only,
        server=vehicle.server,
        created=time_of(vehicle.created),
        records=vehicle.size.records,
        bytes=vehicle.size.bytes,
        positions=vehicle.size.positions,
        messages=vehicle.size.messages,
        journeys=vehicle.size.journeys,
    )
