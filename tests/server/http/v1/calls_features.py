from __future__ import annotations

from tests.server.http.v1.cases import Case, Need

ONE = {"number": "5"}

CALLS = {
    "GET /vehicles/{vehicle_id}/features": Case(Need.COMMAND),
    "GET /vehicles/{vehicle_id}/features/{number}": Case(Need.COMMAND, ONE),
    "PUT /vehicles/{vehicle_id}/features/{number}": Case(
        Need.SETTING, ONE, request={"json": {"value": 1}}
    ),
    "GET /vehicles/{vehicle_id}/parameters": Case(Need.OWNER_SETTING),
    "GET /vehicles/{vehicle_id}/parameters/{number}": Case(Need.OWNER_SETTING, ONE),
    "PUT /vehicles/{vehicle_id}/parameters/{number}": Case(
        Need.OWNER_SETTING, ONE, request={"json": {"value": "x"}}
    ),
}
