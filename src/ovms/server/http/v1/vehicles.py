"""``/vehicles``: which vehicles the caller may see, and what they may do with each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ovms.server.http.v1.callers import ApiCaller, Caller, Context, ViewCall
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import ApiAnswer, Time, time_of
from ovms.server.http.v1.routing import make_router
from ovms.server.rights import right_words
from ovms.server.storage import queries

if TYPE_CHECKING:
    from ovms.server.values import Vehicle

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
    created: Time


@router.get("/vehicles")
async def list_vehicles(caller: Caller, context: Context) -> list[VehicleAnswer]:
    """Return the vehicles that the caller may see, their own and shared ones, by id."""
    found = [await context.store.load_vehicle(each) for each in caller.vehicles]
    return [_answer(context, caller, each[0]) for each in found if each is not None]


@router.get("/vehicles/{vehicle_id}")
async def get_vehicle(call: ViewCall, context: Context) -> VehicleAnswer:
    """Return one vehicle."""
    find = partial(queries.find_vehicle, vehicle_id=call.id)
    vehicle = await context.store.database.read(find)
    if vehicle is None:
        raise ApiError(404, "There is no such vehicle", "no_vehicle")
    return _answer(context, call.caller, vehicle)


def _answer(context: Context, caller: ApiCaller, vehicle: Vehicle) -> VehicleAnswer:
    room = context.hub.rooms.get(vehicle.id)
    return VehicleAnswer(
        id=vehicle.id,
        name=vehicle.name,
        owner=vehicle.owner,
        is_own=caller.is_own(vehicle.id),
        rights=right_words(caller.rights_on(vehicle.id)),
        is_online=room is not None and room.car is not None,
        is_paranoid=bool(vehicle.paranoid_token),
        tls_only=vehicle.tls_only,
        created=time_of(vehicle.created),
    )
