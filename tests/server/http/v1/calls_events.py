from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ovms.server.http.live import EndReason
from tests.server.http.v1.cases import Case, Need

if TYPE_CHECKING:
    from ovms.server.http.live import EventStream
    from tests.server.http.v1.site import ApiSite


def end_streams(site: ApiSite) -> dict[str, str]:
    """Have each stream end with its first events: the caller here reads to the end."""
    opened = site.context.live.open

    def open_briefly(*arguments: Any, **more: Any) -> EventStream:
        stream = opened(*arguments, **more)
        stream.end(EndReason.LIFE)
        return stream

    site.context.live.open = open_briefly  # type: ignore[method-assign]
    return {}


CALLS = {
    "GET /vehicles/{vehicle_id}/events": Case(Need.VIEW, prepare=end_streams),
    "GET /events": Case(Need.LOGIN, prepare=end_streams),
}
