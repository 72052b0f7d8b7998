from __future__ import annotations

from tests.server.http.v1.cases import Case, Need

CALLS = {
    "DELETE /vehicles/{vehicle_id}/data": Case(Need.OWNER),
    "GET /account/export": Case(Need.ACCOUNT),
    "DELETE /account": Case(Need.SESSION),
}
"""What each call of these modules needs of whoever makes it."""
