from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.storage import position_links, queries
from tests.server.http.v1.calls_events import end_streams
from tests.server.http.v1.cases import Case, Need

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

SECRET = "s" * 32
EXPIRES = "2023-11-15T00:00:00Z"


def make_link(site: ApiSite, vehicle_id: str = "CAR1", owner: str = "bob") -> dict[str, str]:
    """Put a link into the database; return its id, and its secret."""
    with site.database.writing() as connection:
        whose, now = queries.get_owner(connection, owner), site.clock.time()
        link = position_links.add_link(
            connection, vehicle_id, whose.id, SECRET, now, now + 3600, "for a friend"
        )
    return {"link_id": str(link.id), "secret": SECRET}


def have_link(site: ApiSite) -> dict[str, str]:
    """Make the link unless it is there: the same site may be asked by several callers."""
    with site.database.writing() as connection:
        found = position_links.list_links(connection, "CAR1", site.clock.time())
    if found:
        return {"link_id": str(found[0].id), "secret": SECRET}
    return make_link(site)


def have_link_to_follow(site: ApiSite) -> dict[str, str]:
    """Do so; streams end with their first events."""
    return end_streams(site) | have_link(site)


LINKS = "/vehicles/{vehicle_id}/links"

CALLS = {
    f"GET {LINKS}": Case(Need.LINK),
    f"POST {LINKS}": Case(Need.LINK, request={"json": {"expires": EXPIRES}}),
    f"DELETE {LINKS}/{{link_id}}": Case(Need.LINK, prepare=have_link),
    "GET /links/{secret}": Case(Need.NOTHING, prepare=have_link),
    "GET /links/{secret}/events": Case(Need.NOTHING, prepare=have_link_to_follow),
}
