from __future__ import annotations

from typing import TYPE_CHECKING

import pyotp
import pytest

from ovms.app.api.errors import NotAuthenticated
from tests.app.api.clients import client_of
from tests.server.http.api import PASSWORD

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def test_a_session(v1: ApiSite) -> None:
    """Who logs in calls by the cookie, changes included, until the session ends."""
    client, other = client_of(v1, None), client_of(v1, None)
    with pytest.raises(NotAuthenticated) as refused:
        await client.log_in("bob", "wrong")
    assert refused.value.code == "wrong_login"
    assert (await client.log_in("bob", PASSWORD)).means == "password"
    await other.log_in("bob", PASSWORD)
    assert (await client.who()).owner == "Bob"
    assert (await client.change_vehicle("CAR1", name="Red")).name == "Red"
    assert len(await client.sessions()) == 2
    await client.end_other_sessions()
    with pytest.raises(NotAuthenticated):
        await other.who()
    await client.change_password("another-long-password", PASSWORD)
    await client.prove(password="another-long-password")
    await client.log_out()
    with pytest.raises(NotAuthenticated):
        await client.who()


async def test_one_time_codes(v1: ApiSite) -> None:
    """One-time codes are set up with the key that is told, and switched off."""
    client = client_of(v1, None)
    await client.log_in("bob", PASSWORD)
    key = await client.begin_totp()
    codes = await client.confirm_totp(pyotp.TOTP(key.secret).at(int(v1.clock.time())))
    assert (await client.totp()).recovery_codes_left == len(codes) > 0
    with pytest.raises(NotAuthenticated) as refused:
        await client_of(v1, None).log_in("bob", PASSWORD)
    assert refused.value.code == "one_time_code_needed"
    await client_of(v1, None).log_in("bob", PASSWORD, one_time_code=codes[0])
    assert len(await client.renew_recovery_codes()) == len(codes)
    await client.end_totp()
    assert not (await client.totp()).is_on
