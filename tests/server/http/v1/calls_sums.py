from __future__ import annotations

from tests.server.http.v1.cases import Case, Need

CALLS = {
    "GET /vehicles/{vehicle_id}/sums": Case(Need.VIEW),
    "GET /sums": Case(Need.LOGIN),
}
"""What each call of this module needs of whoever makes it."""
