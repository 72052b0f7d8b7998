from __future__ import annotations

from tests.server.http.v1.cases import Case, Need

ALERTS = "/vehicles/{vehicle_id}/journey-alerts"

CALLS = {
    f"GET {ALERTS}": Case(Need.MANAGE),
    f"PATCH {ALERTS}": Case(
        Need.MANAGE, request={"json": {"arrival_soc": {"is_on": True, "below": 15}}}
    ),
}
"""What each call of this module needs of whoever makes it."""
