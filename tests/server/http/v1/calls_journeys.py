from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.storage import journey_edits
from ovms.server.storage.journey_edits import JourneyChange
from tests.server.http.v1.cases import Case, Need
from tests.server.http.v1.driven import journeys_of, put_day

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

JOURNEYS = "/vehicles/{vehicle_id}/journeys"


def have_trip(site: ApiSite) -> dict[str, str]:
    """Put a day into the database unless it is there; return the trip's id."""
    if not journeys_of(site):
        put_day(site)
    return {"journey_id": str(journeys_of(site)["trip"])}


def have_edit(site: ApiSite) -> dict[str, str]:
    """Correct the trip; return the correction's id."""
    trip_id = int(have_trip(site)["journey_id"])
    with site.database.writing() as connection:
        what = JourneyChange(note="Holiday", energy=2.5)
        journey_edits.change(connection, "CAR1", trip_id, what, 1.0)
        [made] = journey_edits.list_edits(connection, "CAR1")
    return {"edit_id": str(made.edit.id)}


EDITS = "/vehicles/{vehicle_id}/journey-edits"

CALLS = {
    f"GET {JOURNEYS}": Case(Need.VIEW, prepare=have_trip),
    f"GET {JOURNEYS}/{{journey_id}}": Case(Need.VIEW, prepare=have_trip),
    f"PATCH {JOURNEYS}/{{journey_id}}": Case(
        Need.MANAGE, prepare=have_trip, request={"json": {"purpose": "business"}}
    ),
    f"POST {JOURNEYS}/merge": Case(Need.MANAGE, request={"json": {"ids": [1, 2]}}),
    f"POST {JOURNEYS}/{{journey_id}}/split": Case(
        Need.MANAGE, prepare=have_trip, request={"json": {"at": "2025-06-15T15:16:40Z"}}
    ),
    f"GET {JOURNEYS}.csv": Case(Need.VIEW, prepare=have_trip),
    f"GET {JOURNEYS}/{{journey_id}}/track.gpx": Case(Need.LOCATION, prepare=have_trip),
    "GET /vehicles/{vehicle_id}/trip-log.pdf": Case(Need.VIEW, prepare=have_trip),
    "GET /vehicles/{vehicle_id}/battery": Case(Need.VIEW, prepare=have_trip),
    f"GET {EDITS}": Case(Need.VIEW, prepare=have_edit),
    f"DELETE {EDITS}/{{edit_id}}": Case(Need.MANAGE, prepare=have_edit),
}
"""What each call of these modules needs of whoever makes it."""
