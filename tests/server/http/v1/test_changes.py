from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ovms.server.http.v1.changes import apply_changes
from ovms.server.storage import queries

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def test_applied(v1: ApiSite) -> None:
    """A vehicle that was removed has no connection left, and no login has it."""
    _, line = await v1.http.report("S50,K")
    now = v1.clock.time()
    remove = partial(queries.remove_vehicle, vehicle_id="CAR1", now=now)
    await v1.database.write(remove)
    assert not line.is_closed
    await apply_changes(v1.context, now)
    assert line.is_closed
    assert (await v1.call("GET /vehicles/CAR1")).status_code == 404
