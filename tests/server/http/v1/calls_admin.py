from __future__ import annotations

from tests.server.http.v1.cases import Case, Need

BOB = {"name": "bob"}

CALLS = {
    "GET /admin/owners": Case(Need.ADMIN),
    "POST /admin/owners": Case(Need.ADMIN, request={"json": {"name": "eve"}}),
    "GET /admin/owners/{name}": Case(Need.ADMIN, BOB),
    "PATCH /admin/owners/{name}": Case(Need.ADMIN, BOB, request={"json": {"vehicle_limit": 3}}),
    "POST /admin/owners/{name}/reset": Case(Need.ADMIN, BOB),
    "DELETE /admin/owners/{name}": Case(
        Need.ADMIN, BOB, request={"params": {"with_vehicles": "true"}}
    ),
    "GET /admin/vehicles": Case(Need.ADMIN),
    "POST /admin/vehicles/{vehicle_id}/transfer": Case(
        Need.ADMIN, request={"json": {"owner": "alice"}}
    ),
    "DELETE /admin/vehicles/{vehicle_id}": Case(Need.ADMIN),
    "DELETE /admin/vehicles/{vehicle_id}/data": Case(Need.ADMIN),
    "GET /admin/server": Case(Need.ADMIN),
    "GET /admin/connections": Case(Need.ADMIN),
    "DELETE /admin/connections/{connection_id}": Case(Need.ADMIN, {"connection_id": "1"}),
}
"""What each call of administrators needs of whoever makes it."""
