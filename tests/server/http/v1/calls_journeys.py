from __future__ import annotations

from typing import TYPE_CHECKING

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


CALLS = {
    f"GET {JOURNEYS}": Case(Need.VIEW, prepare=have_trip),
    f"GET {JOURNEYS}/{{journey_id}}": Case(Need.VIEW, prepare=have_trip),
}
"""What each call of this module needs of whoever makes it."""
