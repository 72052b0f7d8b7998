"""``/api/status``, ``charge``, ``lock``, ``location`` and the like: what a vehicle has said."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ovms.server.http.answers import json_answer
from ovms.server.http.field import records
from ovms.server.http.field.latest import view_of
from ovms.server.http.field.records import Facts, Latest
from ovms.server.http.routing import owner_call

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from ovms.server.http.callers import HttpCaller
    from ovms.server.http.context import HttpContext
    from ovms.server.http.routing import Handler

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

    async def handle(context: HttpContext, caller: HttpCaller, request: Request) -> Response:
        vehicle_id = caller.check_vehicle(request.path_params["vehicle_id"])
        view = await view_of(context, vehicle_id)
        return json_answer(answer(view.latest.by_code, context.clock.time()))

    return handle
