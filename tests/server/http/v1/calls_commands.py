from __future__ import annotations

from tests.server.http.v1.cases import Case, Need

ONE = {"command_id": "none"}

CALLS = {
    "GET /commands": Case(Need.LOGIN),
    "POST /vehicles/{vehicle_id}/commands": Case(
        Need.COMMAND, request={"json": {"name": "charge-start"}}
    ),
    "GET /vehicles/{vehicle_id}/commands": Case(Need.COMMAND),
    "GET /vehicles/{vehicle_id}/commands/{command_id}": Case(Need.COMMAND, ONE),
    "GET /vehicles/{vehicle_id}/commands/{command_id}/events": Case(Need.COMMAND, ONE),
    "DELETE /vehicles/{vehicle_id}/commands/{command_id}": Case(Need.COMMAND, ONE),
}
