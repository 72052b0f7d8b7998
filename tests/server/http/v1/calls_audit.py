from __future__ import annotations

from tests.server.http.v1.cases import Case, Need

CALLS = {
    "GET /account/audit": Case(Need.ACCOUNT),
    "GET /vehicles/{vehicle_id}/audit": Case(Need.OWNER),
    "GET /admin/audit": Case(Need.ADMIN),
}
