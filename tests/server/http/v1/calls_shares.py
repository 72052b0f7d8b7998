from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.storage import queries
from tests.server.http.v1.cases import Case, Need

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


def _with_eve(v1: ApiSite) -> dict[str, str]:
    with v1.database.writing() as connection:
        if queries.find_owner(connection, "eve") is None:
            queries.add_owner(connection, "eve", 1.0)
    v1.share("view", owner="eve")
    return {"owner": "eve"}


CALLS = {
    "GET /vehicles/{vehicle_id}/shares": Case(Need.OWNER),
    "PUT /vehicles/{vehicle_id}/shares/{owner}": Case(
        Need.OWNER, prepare=_with_eve, request={"json": {"rights": ["view"], "expires": None}}
    ),
    "DELETE /vehicles/{vehicle_id}/shares/{owner}": Case(Need.OWNER, prepare=_with_eve),
    "GET /shares": Case(Need.ACCOUNT),
    "DELETE /shares/{vehicle_id}": Case(Need.ACCOUNT, {"vehicle_id": "none"}),
}
"""What each call of ``/api/v1`` needs of whoever makes it."""
