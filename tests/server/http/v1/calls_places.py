from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.journeys.tariffs import parse_tariff
from ovms.server.storage import queries
from ovms.server.storage.places import list_places, make_place, set_tariff
from tests.server.http.v1.cases import Case, Need
from tests.server.journeys.made import HOME

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


def have_place(site: ApiSite) -> dict[str, str]:
    """Make a place of Bob's with a tariff unless it is there."""
    with site.database.writing() as connection:
        bob = queries.get_owner(connection, "bob").id
        found = [each.place.id for each in list_places(connection, bob)]
        if not found:
            found = [make_place(connection, bob, "Home", HOME, 1.0, is_home=True).id]
            set_tariff(connection, bob, found[0], None, parse_tariff({"free": True}), 1.0)
    return {"place_id": str(found[0]), "valid_from": "always"}


PLACE = "/places/{place_id}"
TARIFF = f"{PLACE}/tariffs/{{valid_from}}"
NEW = {"name": "Work", "latitude": 52.1, "longitude": 13.1}

CALLS = {
    "GET /places": Case(Need.PLACES, prepare=have_place),
    "POST /places": Case(Need.PLACES, request={"json": NEW}),
    "GET /places/suggestions": Case(Need.PLACES),
    f"GET {PLACE}": Case(Need.PLACES, prepare=have_place),
    f"PATCH {PLACE}": Case(Need.PLACES, prepare=have_place, request={"json": {"radius": 50}}),
    f"DELETE {PLACE}": Case(Need.PLACES, prepare=have_place),
    f"PUT {TARIFF}": Case(
        Need.PLACES, prepare=have_place, request={"json": {"energy_price": "0.30"}}
    ),
    f"DELETE {TARIFF}": Case(Need.PLACES, prepare=have_place),
}
"""What each call of this module needs of whoever makes it."""
