"""``/groups``: the groups that the caller's vehicles show their positions to, and who is in them.

A client of a vehicle sees all cars of a group that it names. Here a group is seen by who may see
the location of a vehicle that is in it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ovms.protocol.records import Freshness, GroupPosition, legible
from ovms.protocol.records.status import KM_PER_MILE
from ovms.server.http.v1.callers import Caller, Context
from ovms.server.http.v1.decoded import distance_unit
from ovms.server.http.v1.models import ApiAnswer
from ovms.server.http.v1.routing import make_router
from ovms.server.rights import VehicleRight

if TYPE_CHECKING:
    from ovms.server.http.context import HttpContext
    from ovms.server.http.v1.callers import ApiCaller

POSITIONS_LIMIT: Final = 2000
"""Positions of one answer: two full groups. Further groups are left out."""

KEPT_POSITIONS: Final = 5000
"""Positions that are remembered as they were read, some 500 bytes each."""

_KM: Final = {"km": 1.0, "mi": KM_PER_MILE}

router = make_router("state")


class GroupMember(ApiAnswer):
    """A car of a group, and where it said it was."""

    vehicle_id: str
    is_mine: bool
    """The caller may see it anyway."""
    soc: float | None
    """State of charge, percent."""
    latitude: float | None
    """Degrees, north positive."""
    longitude: float | None
    """Degrees, east positive."""
    altitude: float | None
    """Metres."""
    direction: float | None
    """Degrees: 0 is north, 90 east."""
    speed: float | None
    """Speed, km/h."""
    has_fix: bool | None
    """Its receiver has a position."""
    is_stale: bool
    """Its module marks the position as read some time ago."""


class GroupOfCars(ApiAnswer):
    """A group of cars that show each other where they are."""

    name: str
    """Its name, in upper case: groups have no case."""
    members: list[GroupMember]
    """The cars in it that are connected, by id."""


@router.get("/groups")
async def list_groups(caller: Caller, context: Context) -> list[GroupOfCars]:
    """Return the groups that the caller's cars are in now, with all cars in them, by name.

    Needs the right `location` on a car that is in the group. An answer has 2000 cars at most; then
    groups are left out.
    """
    groups = context.hub.groups
    seen = [each for each in caller.vehicles if _shows(caller, each)]
    names = sorted({name for vehicle_id in seen for name in groups.names_of(vehicle_id)})
    answer: list[GroupOfCars] = []
    left = POSITIONS_LIMIT
    for name in names:
        positions = groups.positions_in(name)
        left -= len(positions)
        if left < 0:
            break
        members = [
            _member(context, caller, vehicle_id, positions[vehicle_id])
            for vehicle_id in sorted(positions)
        ]
        text = legible(name.decode("utf-8", "surrogateescape"))
        answer.append(GroupOfCars(name=text, members=members))
    return answer


def _shows(caller: ApiCaller, vehicle_id: str) -> bool:
    """Return whether the caller may see where a vehicle is by this call."""
    is_open = caller.is_secure or vehicle_id not in caller.login.tls_only
    return is_open and VehicleRight.LOCATION in caller.rights_on(vehicle_id)


def _member(context: HttpContext, caller: ApiCaller, vehicle_id: str, data: bytes) -> GroupMember:
    place, is_stale = _read(data)
    km = _km(context, vehicle_id)
    return GroupMember(
        vehicle_id=vehicle_id,
        is_mine=bool(caller.rights_on(vehicle_id)),
        soc=place.soc,
        latitude=place.latitude,
        longitude=place.longitude,
        altitude=place.altitude,
        direction=place.direction,
        speed=None if place.speed is None or km is None else round(place.speed * km, 3),
        has_fix=place.gps_lock,
        is_stale=is_stale,
    )


@lru_cache(maxsize=KEPT_POSITIONS)
def _read(data: bytes) -> tuple[GroupPosition, bool]:
    """Return a position, and whether its module marks it as old."""
    place = GroupPosition.parse(data)
    return place.known(), place.freshness("latitude") is Freshness.OLD


def _km(context: HttpContext, vehicle_id: str) -> float | None:
    """Return the kilometres in one of a car's distances, which its ``S`` tells."""
    room = context.hub.rooms.get(vehicle_id)
    status = room.latest.by_code.get("S") if room is not None else None
    if status is None or status.token:
        return None
    return _KM.get(distance_unit(status.data) or "")
