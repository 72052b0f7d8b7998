"""A vehicle's latest messages, whether or not anybody is connected to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ovms.server.http.errors import CallFailed
from ovms.server.hub.latest import LatestMessages

if TYPE_CHECKING:
    from ovms.server.http.context import HttpContext
    from ovms.server.hub.room import Room


@dataclass(frozen=True, slots=True)
class VehicleView:
    """A vehicle as it was when somebody asked."""

    id: str
    latest: LatestMessages
    room: Room | None
    """``None`` while nobody is connected to it."""


async def view_of(context: HttpContext, vehicle_id: str) -> VehicleView:
    """Return a vehicle, its id as stored. Raises :class:`CallFailed` (404) if it is gone."""
    room = context.hub.rooms.get(vehicle_id)
    if room is not None:
        return VehicleView(vehicle_id, room.latest, room)
    found = await context.store.load_vehicle(vehicle_id)
    if found is None:
        raise CallFailed(404, "Not found")
    vehicle, stored = found
    latest = LatestMessages(vehicle.paranoid_token)
    latest.restore(stored)
    return VehicleView(vehicle_id, latest, context.hub.rooms.get(vehicle_id))
