"""``/vehicles/{vehicle_id}/data-use``: how many bytes a vehicle and its apps cost each day."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query

from ovms.server.http.v1.callers import Context, ViewCall
from ovms.server.http.v1.models import ApiAnswer
from ovms.server.http.v1.routing import make_router
from ovms.server.storage.expiry import TRAFFIC_DAYS

router = make_router("state")


class DayUse(ApiAnswer):
    """The bytes of a vehicle's messages on one day, without what TCP and TLS add."""

    day: date
    """The day, in UTC."""
    car_received: int
    """Bytes that the car received."""
    car_sent: int
    """Bytes that the car sent."""
    apps_received: int
    """Bytes that its apps received, all together."""
    apps_sent: int
    """Bytes that its apps sent."""


@router.get("/vehicles/{vehicle_id}/data-use")
async def list_data_use(
    call: ViewCall,
    context: Context,
    days: Annotated[
        int, Query(ge=1, le=TRAFFIC_DAYS, description="How many days that had any, at most.")
    ] = TRAFFIC_DAYS,
) -> list[DayUse]:
    """Return how many bytes a vehicle and its apps took on each day that had any, newest first.

    It is kept for 90 days. Calls by HTTP are not counted: they cost the vehicle nothing.
    """
    room = context.hub.rooms.get(call.id)
    if room is not None:
        room.count_traffic()
    found = await context.store.utilisation(call.id, days)
    return [
        DayUse(
            day=date.fromisoformat(each.day),
            car_received=each.car_received,
            car_sent=each.car_sent,
            apps_received=each.apps_received,
            apps_sent=each.apps_sent,
        )
        for each in found
    ]
