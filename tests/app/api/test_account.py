from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ovms.app.api.errors import ApiRefused
from tests.app.api.clients import client_of

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def test_tokens(v1: ApiSite) -> None:
    """A token is made, told once, listed and removed."""
    client = client_of(v1)
    made = await client.add_token(["view"], purpose="test")
    assert len(made.token) == 64
    [listed] = [each for each in await client.tokens() if each.id == made.id]
    assert (listed.purpose, listed.rights) == ("test", ["view"])
    await client.remove_token(listed)
    assert made.id not in {each.id for each in await client.tokens()}


async def test_changing_a_token(v1: ApiSite) -> None:
    """What is given changes, and the rest stays; ``None`` takes the end away."""
    client = client_of(v1)
    ends = datetime(2030, 1, 1, tzinfo=UTC)
    made = await client.add_token(["view"], purpose="test", expires=ends)
    changed = await client.change_token(made, rights=["view", "command"])
    assert (changed.rights, changed.purpose) == (["view", "command"], "test")
    assert changed.expires == ends
    assert (await client.change_token(made, expires=None)).expires is None
    assert (await client.token(made.id)).purpose == "test"


async def test_the_account(v1: ApiSite) -> None:
    """What the account has; all of it as a ZIP, in parts."""
    client = client_of(v1)
    account = await client.account()
    assert (account.name, account.vehicles, account.is_admin) == ("Bob", 3, False)
    data = b"".join([part async for part in client.export()])
    assert "account.json" in zipfile.ZipFile(io.BytesIO(data)).namelist()
    with pytest.raises(ApiRefused, match="Log in for this"):
        await client.erase_account()


async def test_without_a_log_in(v1: ApiSite) -> None:
    """Who is not logged in learns what they can do, and is refused the rest."""
    client = client_of(v1, None)
    assert not (await client.setup()).is_open
    with pytest.raises(ApiRefused):
        await client.set_up("token", "eve", "a-long-password")
    with pytest.raises(ApiRefused):
        await client.confirm_reset("code", "a-long-password")
