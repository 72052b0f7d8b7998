from __future__ import annotations

from tests.server.http.v1.cases import Case, Need

CALLS = {
    "GET /vehicles": Case(Need.LOGIN),
    "POST /vehicles": Case(Need.ACCOUNT, request={"json": {"id": "NEW1"}}),
    "GET /vehicles/{vehicle_id}": Case(Need.VIEW),
    "PATCH /vehicles/{vehicle_id}": Case(Need.MANAGE, request={"json": {"name": "Red"}}),
    "DELETE /vehicles/{vehicle_id}": Case(Need.OWNER),
    "POST /vehicles/{vehicle_id}/secret": Case(Need.OWNER),
}
