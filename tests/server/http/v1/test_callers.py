from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from fastapi import APIRouter

from ovms.server.accounts.web_sessions import PROOF_LIFE
from ovms.server.http.v1 import app
from ovms.server.http.v1.callers import FreshCall
from ovms.server.storage import queries
from tests.server.http.v1.site import SESSION

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


FRESH = APIRouter()


@FRESH.post("/api/v1/fresh")
async def _fresh(call: FreshCall) -> str:
    """Return who calls; stands for calls that change the means of logging in."""
    return call.login.owner


async def test_session(v1: ApiSite) -> None:
    """The cookie of a session calls as its owner, with all rights."""
    assert (await v1.call("GET /vehicles", permit=SESSION)).status_code == 200
    wrong = await v1.call("GET /vehicles", None, headers={"cookie": "ovms_session=" + "A" * 43})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "not_authenticated")


async def test_token_and_cookie(v1: ApiSite) -> None:
    """A token counts before a cookie, also if it is wrong; another Authorization does not."""
    cookie = {"cookie": f"ovms_session={await v1.session('alice')}"}
    both = await v1.call("GET /vehicles", "bob", headers=cookie)
    assert [each["id"] for each in both.json()] == ["CAR1", "CAR2"]
    wrong = {"authorization": "Bearer x"}
    assert (await v1.call("GET /vehicles", None, headers=cookie | wrong)).status_code == 401
    proxy = {"authorization": "Basic eDp5"}
    answer = await v1.call("GET /vehicles", None, headers=cookie | proxy)
    assert [each["id"] for each in answer.json()] == ["CAR3"]


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the application of the test's site have the call, too."""
    module = ModuleType("fresh")
    module.router = FRESH  # type: ignore[attr-defined]
    monkeypatch.setattr(app, "MODULES", (*app.MODULES, module))


async def test_cross_site(v1: ApiSite, fresh: None) -> None:
    """A call by cookie that changes something says where it comes from; one by token need not."""
    cookie = {"cookie": f"ovms_session={await v1.session()}"}
    for said, status in (
        ({}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"origin": "http://server"}, 200),
        ({"origin": "http://server:81"}, 403),
        ({"origin": "null"}, 403),
    ):
        answer = await v1.call("POST /fresh", None, headers=cookie | said)
        assert answer.status_code == status, said
        if status == 403:
            assert answer.json()["error"]["code"] == "cross_site"
    elsewhere = {"origin": "https://else.example"}
    safe = await v1.call("GET /vehicles", None, headers=cookie | elsewhere)
    assert safe.status_code == 200
    token = await v1.call("POST /fresh", headers=elsewhere)
    assert token.json()["error"]["code"] == "session_needed"


async def test_fresh(v1: ApiSite, fresh: None) -> None:
    """What needs a fresh proof is refused to tokens, and to sessions after ten minutes."""
    assert (await v1.call("POST /fresh")).json()["error"]["code"] == "session_needed"
    assert (await v1.call("POST /fresh", permit=SESSION)).json() == "Bob"
    v1.clock.advance(PROOF_LIFE)
    answer = await v1.call("POST /fresh", permit=SESSION)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "proof_needed")
