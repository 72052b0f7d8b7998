"""``/api/status``, ``charge``, ``lock``, ``location`` and the like: what a vehicle has said."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ovms.server.http.answers import json_answer
from ovms.server.http.field import records
from ovms.server.http.field.latest import view_of
from ovms.server.http.field.records import Facts, Latest
from ovms.server.http.routing import owner_call
from ovms.server.hub.permissions import may_hear
from ovms.server.rights import VehicleRight

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from ovms.server.http.callers import HttpCaller
    from ovms.server.http.context import HttpContext
    from ovms.server.http.routing import Handler
    from ovms.server.hub.latest import LatestMessages

Answer = Callable[[Latest, float], Facts | list[Facts]]
"""What a call makes of a vehicle's latest messages at a time (Unix seconds)."""


def routes(context: HttpContext) -> list[Route]:
    """Return the routes of these calls."""
    answers: dict[str, Answer] = {
        "status": records.read_status,
        "charge": records.read_charge,
        "lock": records.read_lock,
        "locks": records.read_lock,
        "valet": records.read_valet,
        "valets": records.read_valet,
        "location": records.read_location,
        "tpms": records.read_tpms,
        "protocol": records.read_protocol,
    }
    return [
        owner_call(context, f"/api/{name}/{{vehicle_id}}", _handler(answer))
        for name, answer in answers.items()
    ]


def _handler(answer: Answer) -> Handler:
    """Return what answers a call from the latest messages of the vehicle that it names."""
    right = VehicleRight.LOCATION if answer is records.read_location else VehicleRight.VIEW

    async def handle(context: HttpContext, caller: HttpCaller, request: Request) -> Response:
        vehicle_id = caller.check_vehicle(request.path_params["vehicle_id"], right)
        view = await view_of(context, vehicle_id)
        latest = _heard(view.latest, caller.rights_on(vehicle_id))
        return json_answer(answer(latest, context.clock.time()))

    return handle


def _heard(latest: LatestMessages, rights: VehicleRight | None) -> Latest:
    """Return those of the messages that somebody with rights may see."""
    if rights is None:
        return latest.by_code
    return {code: each for code, each in latest.by_code.items() if may_hear(rights, each.message)}
