"""``/vehicles/{vehicle_id}/battery``: what charges and trips show of the battery over the years."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from fastapi import Response

from ovms.server.http.v1.callers import Context, ViewCall
from ovms.server.http.v1.journeys import JourneyListing, Since, Until, journey_pages
from ovms.server.http.v1.models import ApiAnswer
from ovms.server.http.v1.routing import make_router
from ovms.server.http.v1.spans import check_span, seconds
from ovms.server.journeys.battery import BUCKET, battery_history
from ovms.server.journeys.values import Charge, JourneyKind, Trip
from ovms.server.storage.journey_context import journey_context

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

    from ovms.server.http.context import HttpContext
    from ovms.server.journeys.battery import BatteryHistory

router = make_router("journeys")


class BatteryMonthAnswer(ApiAnswer):
    """The battery in one month; what nothing shows is null."""

    month: str
    """`2026-11`, by the owner's time zone."""
    capacity: float | None
    """kWh, as charges show it."""
    capacity_charges: int
    """How many charges do."""
    car_capacity: float | None
    """kWh, as the car says it."""
    cac: float | None
    """Ah, as the car says it."""
    soh: float | None
    """Percent, as the car says it."""
    full_range: float | None
    """km, the ideal range of the full battery."""
    temperature: float | None
    """°C, mean of the battery while it was charged."""
    charges: int
    energy: float
    """kWh into the battery."""
    grid_energy: float
    """kWh from the grid."""
    efficiency: float | None
    """Percent of the energy from the grid that is in the battery."""
    cycles: float
    """What was charged, in full batteries."""
    distance: float
    """km."""


class BatteryTemperatureAnswer(ApiAnswer):
    """The battery in a range of temperatures."""

    temperature: int
    """°C, the least of five: of the battery for `capacity`, outside for the others."""
    capacity: float | None
    """kWh, as charges show it."""
    full_range: float | None
    """km, the ideal range of the full battery."""
    consumption: float | None
    """kWh for 100 km."""
    distance: float
    """km."""


class BatteryAnswer(ApiAnswer):
    """What is known of a battery."""

    capacity: float | None
    """kWh now, as charges show it."""
    degradation: float | None
    """Percent of it that were lost since the first month; null with fewer than six months."""
    car_degradation: float | None
    """The same in percent by what the car says."""
    cac: float | None
    """Ah, as the car said it last."""
    soh: float | None
    """Percent, as the car said it last."""
    full_range: float | None
    """km, the ideal range of the full battery, in the last month that shows it."""
    cycles: float
    """What was charged in all, in full batteries."""
    efficiency: float | None
    """Percent of the energy from the grid that is in the battery."""
    months: list[BatteryMonthAnswer]
    """Those with a charge or a trip, the oldest first."""
    temperatures: list[BatteryTemperatureAnswer]
    """Those of which something is known, the coldest first."""


assert BUCKET == 5, "the description of temperatures says so"


@router.get("/vehicles/{vehicle_id}/battery", responses={200: {"model": BatteryAnswer}})
async def get_battery(
    call: ViewCall, context: Context, since: Since = None, until: Until = None
) -> Response:
    """Return what a vehicle's charges and trips show of its battery, in all or of a span."""
    begin, end = seconds(since), seconds(until)
    check_span(begin, end)
    listing = JourneyListing(
        kinds=[JourneyKind.CHARGE, JourneyKind.TRIP], since=begin, until=end, limit=1
    )
    charges: list[Charge] = []
    trips: list[Trip] = []
    async for rows in journey_pages(context, call.id, listing):
        charges += (each.journey for each in rows if isinstance(each.journey, Charge))
        trips += (each.journey for each in rows if isinstance(each.journey, Trip))
    zone = await zone_of(context, call.id)

    def write() -> str:
        return _answer(battery_history(charges, trips, zone=zone)).model_dump_json()

    return Response(await asyncio.to_thread(write), media_type="application/json")


async def zone_of(context: HttpContext, vehicle_id: str) -> ZoneInfo:
    """Return the time zone of a vehicle's days."""
    return await context.store.database.read(partial(_zone, vehicle_id=vehicle_id))


def _zone(connection: Connection, vehicle_id: str) -> ZoneInfo:
    return journey_context(connection, vehicle_id).zone


def _answer(found: BatteryHistory) -> BatteryAnswer:
    return BatteryAnswer.model_validate(found, from_attributes=True)
