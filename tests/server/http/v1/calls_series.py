from __future__ import annotations

from tests.server.http.v1.cases import Case, Need

CALLS = {
    "GET /vehicles/{vehicle_id}/series/fields": Case(Need.VIEW),
    "GET /vehicles/{vehicle_id}/series": Case(Need.VIEW, request={"params": {"fields": "soc"}}),
    "GET /vehicles/{vehicle_id}/track": Case(Need.LOCATION),
    "GET /vehicles/{vehicle_id}/track.gpx": Case(Need.LOCATION),
}
"""What each call of these modules needs of whoever makes it."""
