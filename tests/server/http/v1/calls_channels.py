from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.storage import queries
from ovms.server.storage.limits import SubscriptionLimits
from ovms.server.storage.subscriptions import put_subscription
from tests.server.http.v1.cases import Case, Need

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

PHONE = {"channel_id": "phone"}


def _add(v1: ApiSite) -> dict[str, str]:
    """Subscribe somebody to CAR1."""
    with v1.database.writing() as connection:
        car = queries.get_vehicle(connection, "CAR1")
        values = ("phone", "mail", "", "bob@example.org", "CAR1", 1.0, frozenset[str]())
        put_subscription(connection, car, *values, SubscriptionLimits())
    return PHONE


CALLS = {
    "GET /channels": Case(Need.LOGIN),
    "GET /vehicles/{vehicle_id}/channels": Case(Need.MANAGE),
    "GET /vehicles/{vehicle_id}/channels/{channel_id}": Case(Need.MANAGE, prepare=_add),
    "PUT /vehicles/{vehicle_id}/channels/{channel_id}": Case(
        Need.OWNER, PHONE, request={"json": {"type": "mail", "key": "bob@example.org"}}
    ),
    "DELETE /vehicles/{vehicle_id}/channels/{channel_id}": Case(Need.MANAGE, prepare=_add),
    "POST /vehicles/{vehicle_id}/channels/{channel_id}/test": Case(Need.MANAGE, prepare=_add),
}
