from __future__ import annotations

from typing import TYPE_CHECKING

from tests.app.api.clients import client_of

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def test_channels(v1: ApiSite) -> None:
    """Somebody is told of alerts, tries it, and is told no more."""
    client = client_of(v1)
    assert "mail" in {each.type for each in await client.channel_kinds()}
    made = await client.put_channel("CAR1", "home", "mail", "bob@example.org")
    assert await client.channel("CAR1", "home") == made
    assert made in await client.channels("CAR1")
    assert (await client.test_channel("CAR1", "home")).is_delivered
    await client.remove_channel("CAR1", "home")
    assert "home" not in {each.id for each in await client.channels("CAR1")}
