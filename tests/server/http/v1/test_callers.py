from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.storage import queries

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def test_a_removed_token(v1: ApiSite) -> None:
    """It logs in no more when the server has looked for changes."""
    assert (await v1.call("GET /vehicles")).status_code == 200
    with v1.database.writing() as connection:
        queries.remove_token(connection, v1.token(), v1.clock.time())
    await v1.http.accounts.check_logins()
    assert (await v1.call("GET /vehicles")).status_code == 401


async def test_a_share_that_ends(v1: ApiSite) -> None:
    """Its vehicle is gone for the other owner when the server has looked for changes."""
    v1.share("view", expires=v1.clock.time() + 60)
    assert (await v1.call("GET /vehicles/CAR1", "alice")).status_code == 200
    v1.clock.advance(61)
    await v1.http.accounts.check_logins()
    assert (await v1.call("GET /vehicles/CAR1", "alice")).status_code == 404


async def test_tls_only(v1: ApiSite) -> None:
    """A vehicle that takes TLS only cannot be seen by a plain call, but is listed."""
    with v1.database.writing() as connection:
        queries.set_tls_only(connection, "CAR1", True, v1.clock.time())
    answer = await v1.call("GET /vehicles/CAR1")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "tls_only")
    assert "CAR1" in (await v1.call("GET /vehicles")).text
