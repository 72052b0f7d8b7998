from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.accounts.tickets import TICKET_LIFE
from tests.server.http.v1.site import SESSION

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def test_a_ticket_of_a_session(v1: ApiSite) -> None:
    """It logs its owner's app in once, with the session's own login, and is kept by no cache."""
    answer = await v1.call("POST /session/ticket", permit=SESSION)
    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert (body["owner"], body["expires"]) == ("Bob", "2023-11-14T22:14:20.000Z")
    assert TICKET_LIFE == 60
    accounts = v1.context.callers.accounts
    login = await accounts.log_in("Bob", body["ticket"], "v2", "192.0.2.7")
    assert login.vehicles == ("CAR1", "CAR2")
    (session,) = await v1.context.callers.web.list_of(login.owner_id)
    assert login.credential.session_id == session.id


async def test_a_ticket_ends_with_the_log_out(v1: ApiSite) -> None:
    """After the log-out no ticket of the session is left."""
    await v1.call("POST /session/ticket", permit=SESSION)
    assert len(v1.context.callers.accounts.tickets) == 1
    assert (await v1.call("DELETE /session", permit=SESSION)).status_code == 204
    assert len(v1.context.callers.accounts.tickets) == 0


async def test_who_gets_no_ticket(v1: ApiSite) -> None:
    """A token has none, nor has a page of another site, nor nobody."""
    by_token = await v1.call("POST /session/ticket")
    assert (by_token.status_code, by_token.json()["error"]["code"]) == (403, "session_needed")
    cookie = {"cookie": f"ovms_session={await v1.session()}"}
    for more in ({}, {"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        answer = await v1.call("POST /session/ticket", None, headers=cookie | more)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "cross_site")
    assert (await v1.call("POST /session/ticket", None)).status_code == 401
    assert len(v1.context.callers.accounts.tickets) == 0
