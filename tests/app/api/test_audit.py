from __future__ import annotations

from typing import TYPE_CHECKING

from tests.app.api.clients import client_of

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def test_what_was_done(v1: ApiSite) -> None:
    """Each sees what was done to theirs; an administrator sees all, or what they ask for."""
    client, root = client_of(v1), client_of(v1, "root")
    await client.change_vehicle("CAR1", name="Red")
    await client_of(v1, "alice").change_vehicle("CAR3", name="Blue")
    assert {each.vehicle_id async for each in client.audit(action="vehicle")} == {"CAR1"}
    [entry] = [each async for each in client.vehicle_audit("CAR1")]
    assert (entry.actor, entry.address) == ("Bob", "192.0.2.7")
    assert len([each async for each in root.server_audit(action="vehicle")]) == 2
