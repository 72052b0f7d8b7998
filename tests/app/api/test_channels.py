from __future__ import annotations

from typing import TYPE_CHECKING

from tests.app.api.clients import client_of
from tests.server.http.v1.calls_push import VAPID, switch_on
from tests.server.notify.devices import Browser

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


async def test_push(v1: ApiSite) -> None:
    """A browser is pushed to, tried, and pushed to no more."""
    client = client_of(v1)
    switch_on(v1)
    browser = Browser("https://push.example.org/x")
    made = await client.put_push_device(browser.endpoint, **browser.subscription["keys"], name="PC")
    push = await client.push()
    assert (push.key, push.devices) == (VAPID.public, [made])
    await client.remove_push_device(made.id)
    assert (await client.push()).devices == []
