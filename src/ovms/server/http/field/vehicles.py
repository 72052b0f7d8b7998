"""``/api/vehicles`` and ``/api/vehicle``: the caller's vehicles and who is connected to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.http.answers import json_answer, text_answer
from ovms.server.http.field.latest import view_of
from ovms.server.http.field.records import dates
from ovms.server.http.routing import owner_call

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from ovms.server.http.callers import HttpCaller
    from ovms.server.http.context import HttpContext
    from ovms.server.hub.hub import Hub


def routes(context: HttpContext) -> list[Route]:
    """Return the routes of these calls."""
    return [
        owner_call(context, "/api/vehicles", list_vehicles),
        owner_call(context, "/api/vehicle/{vehicle_id}", watch_vehicle),
        owner_call(context, "/api/vehicle/{vehicle_id}", end_watch, ("DELETE",)),
    ]


async def list_vehicles(context: HttpContext, caller: HttpCaller, request: Request) -> Response:
    """Answer with the caller's vehicles."""
    return json_answer([{"id": each, **counts(context.hub, each)} for each in caller.vehicles])


async def watch_vehicle(context: HttpContext, caller: HttpCaller, request: Request) -> Response:
    """Have the caller watch a vehicle; answer with who is connected to it, the caller too.

    A look by ``HEAD`` at whether the call works watches nothing: monitors repeat it for ever.
    """
    vehicle_id = caller.check_vehicle(request.path_params["vehicle_id"])
    is_first = False
    if request.method == "GET":
        is_first = (await context.watches.renew(caller, vehicle_id)).is_first
    status = (await view_of(context, vehicle_id)).latest.by_code.get("S")
    return json_answer(
        counts(context.hub, vehicle_id)
        | {"v_first_peer": int(is_first)}
        | (dates(status, context.clock.time()) if status is not None else {})
    )


async def end_watch(context: HttpContext, caller: HttpCaller, request: Request) -> Response:
    """End the caller's watch of a vehicle."""
    context.watches.end(caller, caller.check_vehicle(request.path_params["vehicle_id"]))
    return text_answer("Disconnected")


def counts(hub: Hub, vehicle_id: str) -> dict[str, int]:
    """Return whether a vehicle's car is connected, and how many apps and batch clients are."""
    room = hub.rooms.get(vehicle_id)
    apps = room.apps if room is not None else 0
    return {
        "v_net_connected": int(room is not None and room.car is not None),
        "v_apps_connected": apps,
        "v_btcs_connected": len(room.clients) - apps if room is not None else 0,
    }
