from __future__ import annotations

from tests.server.http.v1.cases import Case, Need

CALLS = {
    "GET /vehicles/{vehicle_id}/history": Case(Need.VIEW),
    "GET /vehicles/{vehicle_id}/history/records": Case(
        Need.VIEW, request={"params": {"type": "S"}}
    ),
    "DELETE /vehicles/{vehicle_id}/history/records": Case(
        Need.MANAGE, request={"params": {"type": "S"}}
    ),
    "GET /vehicles/{vehicle_id}/alerts": Case(Need.VIEW),
    "GET /alerts": Case(Need.LOGIN),
}
"""What each call of these modules needs of whoever makes it."""
