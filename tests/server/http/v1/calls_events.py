from __future__ import annotations

from typing import TYPE_CHECKING

from tests.server.http.v1.cases import Case, Need

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


def stop(site: ApiSite) -> dict[str, str]:
    """Have streams end at once: the caller here reads to the end."""
    site.context.live.close()
    return {}


CALLS = {
    "GET /vehicles/{vehicle_id}/events": Case(Need.VIEW, prepare=stop),
    "GET /events": Case(Need.LOGIN, prepare=stop),
}
