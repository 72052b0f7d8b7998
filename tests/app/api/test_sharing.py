from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from ovms.app.api.errors import ApiNotFound
from tests.app.api.clients import client_of, scripted

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def test_sharing(v1: ApiSite) -> None:
    """A vehicle is shared with another owner, who sees that, until it is not."""
    client, other = client_of(v1), client_of(v1, "alice")
    made = await client.share("CAR1", "Alice", ["view"])
    assert made.rights == ["view"]
    assert await client.shares("CAR1") == [made]
    assert [each.vehicle_id for each in await other.received_shares()] == ["CAR1"]
    await client.end_share("CAR1", "Alice")
    assert await client.shares("CAR1") == []


async def test_giving_back(v1: ApiSite) -> None:
    """Whoever a vehicle is shared with gives it back."""
    v1.share("view")
    await client_of(v1, "alice").leave_share("CAR1")
    assert await client_of(v1).shares("CAR1") == []


async def test_links(v1: ApiSite) -> None:
    """A link shows the position to nobody in particular, until it is removed."""
    await v1.http.report("L51.5,-0.12,90,100,1,1,30")
    client, nobody = client_of(v1), client_of(v1, None)
    ends = datetime.fromtimestamp(v1.clock.time(), UTC) + timedelta(hours=1)
    made = await client.add_link("CAR1", ends, label="Friend")
    assert [each.label for each in await client.links("CAR1")] == ["Friend"]
    seen = await nobody.position(made.secret)
    assert (seen.latitude, seen.longitude, seen.expires) == (51.5, -0.12, ends)
    await client.remove_link("CAR1", made.id)
    with pytest.raises(ApiNotFound):
        await nobody.position(made.secret)


async def test_following_a_link() -> None:
    """Positions come across lost connections; the end of the link ends them."""
    place = 'event: position\ndata: {"latitude": 51.5, "new": 1}\n\nevent: end\ndata: {}\n\n'
    answers = [httpx.Response(200, text=place), httpx.Response(404, json={})]
    waits: list[float] = []
    client = scripted(lambda _: answers.pop(0), waits)
    async with aclosing(client.follow_position("secret")) as places:
        assert (await anext(places)).latitude == 51.5
        with pytest.raises(ApiNotFound):
            await anext(places)
    assert len(waits) == 1
