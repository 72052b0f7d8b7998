from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from pyotp import TOTP

from ovms.server.accounts.one_time_codes import CODE_BURST, PENDING_LIFE
from ovms.server.accounts.web_sessions import PROOF_LIFE
from tests.server.http.api import BOB, PASSWORD, add_token
from tests.server.http.v1.site import SESSION
from tests.server.http.v1.test_session import log_in, said

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


def code_of(v1: ApiSite, key: str) -> str:
    """Return what an app shows now."""
    return TOTP(key).at(int(v1.clock.time()))


async def call(v1: ApiSite, name: str, **body: Any) -> Any:
    """Make a call in Bob's session."""
    return await v1.call(name, permit=SESSION, **body)


async def switch_on(v1: ApiSite) -> tuple[str, list[str]]:
    """Switch Bob's one-time codes on; return the key and the recovery codes."""
    key = (await call(v1, "POST /account/totp")).json()["secret"]
    code = {"code": code_of(v1, key)}
    answer = await call(v1, "POST /account/totp/confirm", json=code)
    assert answer.headers["cache-control"] == "no-store"
    v1.clock.advance(30)
    return key, answer.json()["recovery_codes"]


async def test_set_up(v1: ApiSite) -> None:
    """The key is told, and counts once a code confirms it; recovery codes are told then."""
    answer = await call(v1, "POST /account/totp")
    key, uri = answer.json()["secret"], urlsplit(answer.json()["uri"])
    assert answer.headers["cache-control"] == "no-store"
    assert parse_qs(uri.query) == {"secret": [key], "issuer": ["OVMS server"]}
    off = {"is_on": False, "recovery_codes_left": None}
    assert (await call(v1, "GET /account/totp")).json() == off
    assert (await log_in(v1)).status_code == 200
    v1.http.client.cookies.clear()
    wrong = await call(v1, "POST /account/totp/confirm", json={"code": "12345"})
    assert said(wrong) == (403, "wrong_code")
    right = await call(v1, "POST /account/totp/confirm", json={"code": code_of(v1, key)})
    assert len(right.json()["recovery_codes"]) == 10
    on = {"is_on": True, "recovery_codes_left": 10}
    assert (await call(v1, "GET /account/totp")).json() == on
    assert said(await call(v1, "POST /account/totp")) == (409, "already_on")
    again = await call(v1, "POST /account/totp/confirm", json={"code": code_of(v1, key)})
    assert said(again) == (409, "not_begun")


async def test_two_set_ups(v1: ApiSite) -> None:
    """What one session has switched on no other replaces by the key that it was told before."""
    await log_in(v1)
    other = v1.http.client.cookies["ovms_session"]
    v1.http.client.cookies.clear()
    headers = {"cookie": f"ovms_session={other}", "sec-fetch-site": "same-origin"}
    begun = await v1.call("POST /account/totp", None, headers=headers)
    key, _ = await switch_on(v1)
    code = {"code": code_of(v1, begun.json()["secret"])}
    answer = await v1.call("POST /account/totp/confirm", None, json=code, headers=headers)
    assert said(answer) == (409, "already_on")
    assert (await log_in(v1, one_time_code=code_of(v1, key))).status_code == 200


async def test_wrong_codes_are_noted(v1: ApiSite) -> None:
    """The owner reads of wrong codes, and of the password where nobody can say one."""
    await switch_on(v1)
    await call(v1, "POST /session/proof", json={"one_time_code": "1"})
    await log_in(v1, one_time_code="1")
    await v1.http.get("/api/vehicles", **BOB)
    page = await call(v1, "GET /account/audit", params={"action": "login.failed"})
    assert [each["detail"] for each in page.json()["items"]] == [
        "by HTTP, by the password alone",
        "in a browser, wrong one-time code",
        "a proof, wrong one-time code",
    ]


async def test_too_late(v1: ApiSite) -> None:
    """A key that is not confirmed for ten minutes is worth nothing."""
    key = (await call(v1, "POST /account/totp")).json()["secret"]
    v1.clock.advance(PENDING_LIFE)
    answer = await call(v1, "POST /account/totp/confirm", json={"code": code_of(v1, key)})
    assert said(answer) == (409, "not_begun")


async def test_log_in(v1: ApiSite) -> None:
    """A log-in needs a code, each of which is right once; who has no password is not told so."""
    key, recovery = await switch_on(v1)
    assert said(await log_in(v1)) == (401, "one_time_code_needed")
    assert said(await log_in(v1, password="wrong")) == (401, "wrong_login")
    code = code_of(v1, key)
    wrong = await log_in(v1, password="wrong", one_time_code=code)
    assert said(wrong) == (401, "wrong_login")
    assert said(await log_in(v1, one_time_code="1")) == (401, "wrong_one_time_code")
    assert (await log_in(v1, one_time_code=code)).status_code == 200
    assert said(await log_in(v1, one_time_code=code)) == (401, "wrong_one_time_code")
    assert (await log_in(v1, one_time_code=recovery[0])).status_code == 200
    assert said(await log_in(v1, one_time_code=recovery[0])) == (401, "wrong_one_time_code")
    assert (await log_in(v1, "alice", one_time_code="1")).status_code == 200  # hers are off


async def test_guessing(v1: ApiSite) -> None:
    """Codes run out before one is guessed."""
    await switch_on(v1)
    tried = [said(await log_in(v1, one_time_code="1")) for _ in range(CODE_BURST + 1)]
    assert tried[-2:] == [(401, "wrong_one_time_code"), (429, "too_many")]


async def test_other_entrances(v1: ApiSite) -> None:
    """Where no code can be said the password alone is refused, and a token is not."""
    token = await add_token(v1.http, "*")
    assert (await v1.http.get("/api/vehicles", **BOB)).status_code == 200
    await switch_on(v1)
    await v1.http.accounts.check_logins()
    assert (await v1.http.get("/api/vehicles", **BOB)).status_code == 401
    by_token = {"username": "bob", "password": token}
    assert (await v1.http.get("/api/vehicles", **by_token)).status_code == 200
    assert (await call(v1, "GET /session")).status_code == 200


async def test_off(v1: ApiSite) -> None:
    """They are switched off by a fresh proof; doing so twice does nothing."""
    _, recovery = await switch_on(v1)
    v1.clock.advance(PROOF_LIFE)
    assert said(await call(v1, "DELETE /account/totp")) == (403, "proof_needed")
    code = {"one_time_code": recovery[0]}
    assert (await call(v1, "POST /session/proof", json=code)).status_code == 200
    for _ in range(2):
        assert (await call(v1, "DELETE /account/totp")).status_code == 204
    assert (await log_in(v1)).status_code == 200


async def test_recovery_codes(v1: ApiSite) -> None:
    """New ones replace all; without one-time codes there are none."""
    renew = "POST /account/totp/recovery_codes"
    assert said(await call(v1, renew)) == (409, "not_on")
    _, old = await switch_on(v1)
    new = (await call(v1, renew)).json()["recovery_codes"]
    assert not {*new} & {*old}
    assert said(await log_in(v1, one_time_code=old[0])) == (401, "wrong_one_time_code")
    assert (await log_in(v1, one_time_code=new[0])).status_code == 200


async def test_password_with_codes_on(v1: ApiSite) -> None:
    """The password is changed as before, and the codes stay on."""
    await switch_on(v1)
    body = {"old_password": PASSWORD, "new_password": "another"}
    assert (await call(v1, "POST /account/password", json=body)).status_code == 200
    v1.http.client.cookies.clear()
    assert said(await log_in(v1, password="another")) == (401, "one_time_code_needed")
