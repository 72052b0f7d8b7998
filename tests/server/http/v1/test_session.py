from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ovms.server.accounts.errors import Busy
from ovms.server.accounts.throttle import BURST
from ovms.server.accounts.web_sessions import PROOF_LIFE
from ovms.server.storage import queries
from ovms.server.storage.web_sessions import IDLE_LIFE
from tests.server.http.api import PASSWORD
from tests.server.http.v1.site import SESSION

if TYPE_CHECKING:
    import httpx

    from tests.server.http.v1.site import ApiSite

HERE = {"sec-fetch-site": "same-origin"}


async def log_in(v1: ApiSite, name: str = "bob", password: str = PASSWORD, **more: Any) -> Any:
    """Log in; return the answer. The client keeps the cookie."""
    headers = more.pop("headers", HERE)
    body = {"name": name, "password": password} | more
    return await v1.call("POST /session", None, json=body, headers=headers)


def said(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of an error."""
    return answer.status_code, answer.json()["error"]["code"]


async def test_log_in_and_out(v1: ApiSite) -> None:
    """The answer to a log-in sets a cookie, which calls until the log-out."""
    answer = await log_in(v1, headers=HERE | {"user-agent": "Firefox"})
    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert (body["owner"], body["is_admin"], body["means"]) == ("Bob", False, "password")
    assert body["rights"] == ["*"]
    assert body["session"] | {"id": ""} == {
        "id": "", "is_current": True, "means": "password", "address": "192.0.2.7",
        "agent": "Firefox", "created": "2023-11-14T22:13:20.000Z",
        "used": "2023-11-14T22:13:20.000Z", "expires": "2023-11-28T22:13:20.000Z",
        "proof_expires": "2023-11-14T22:23:20.000Z",
    }  # fmt: skip
    key = v1.http.client.cookies["ovms_session"]
    assert key not in answer.text
    who = await v1.call("GET /session", None)
    assert who.json() == body
    assert (await v1.call("GET /vehicles", None)).status_code == 200
    out = await v1.call("DELETE /session", None, headers=HERE)
    assert (out.status_code, out.content) == (204, b"")
    assert "ovms_session" not in v1.http.client.cookies
    dead = await v1.call("GET /session", None, headers={"cookie": f"ovms_session={key}"})
    assert said(dead) == (401, "not_authenticated")


async def test_rotation(v1: ApiSite) -> None:
    """Each log-in has a new cookie, and the one that came along is worth nothing then."""
    await log_in(v1)
    old = v1.http.client.cookies["ovms_session"]
    await log_in(v1, "alice")
    assert v1.http.client.cookies["ovms_session"] != old
    assert (await v1.call("GET /session", None)).json()["owner"] == "Alice"
    v1.http.client.cookies.clear()
    dead = await v1.call("GET /session", None, headers={"cookie": f"ovms_session={old}"})
    assert dead.status_code == 401
    chosen = {"cookie": "ovms_session=" + "A" * 43}
    await log_in(v1, headers=HERE | chosen)
    assert v1.http.client.cookies["ovms_session"] != "A" * 43


@pytest.mark.parametrize(
    ("name", "password"),
    [("bob", "wrong"), ("nobody", "right"), ("", ""), ("bob", ""), ("bob", "a" * 1024),
     ("bo\0b", "right"), ("bob", "ri\0ght")],
)  # fmt: skip
async def test_wrong(v1: ApiSite, name: str, password: str) -> None:
    """No answer says whether name or password is wrong."""
    body = f'{{"name": {_json(name)}, "password": {_json(password)}}}'
    headers = HERE | {"content-type": "application/json"}
    answer = await v1.call("POST /session", None, content=body.encode(), headers=headers)
    assert said(answer) == (401, "wrong_login")
    assert "set-cookie" not in answer.headers


def _json(text: str) -> str:
    return '"' + "".join(f"\\u{ord(letter):04x}" for letter in text) + '"'


@pytest.mark.parametrize(
    "body",
    [{}, {"name": "bob"}, {"name": "bob", "password": 1}, {"name": "a" * 201, "password": "x"},
     {"name": "bob", "password": "a" * 1025}, {"name": "bob", "password": "\ud800aaaa"},
     {"name": "bob", "password": "right", "more": 1}],
)  # fmt: skip
async def test_no_log_in(v1: ApiSite, body: dict[str, object]) -> None:
    """A body of another form is told, without what it holds."""
    headers = HERE | {"content-type": "application/json"}
    answer = await v1.call("POST /session", None, content=json.dumps(body), headers=headers)
    assert said(answer) == (422, "invalid")
    assert "aaaa" not in answer.text


async def test_a_token_is_no_password(v1: ApiSite) -> None:
    """An API token begins no session."""
    assert said(await log_in(v1, password=v1.token())) == (401, "wrong_login")


async def test_throttled(v1: ApiSite) -> None:
    """Tries run out, right ones too; a passing flood is told to come again."""
    for _ in range(BURST + 5):
        assert (await log_in(v1, password="wrong")).status_code == 401
    answer = await log_in(v1)
    assert said(answer) == (429, "too_many")
    assert int(answer.headers["retry-after"]) >= 1


async def test_busy(v1: ApiSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many at once are told to come again."""

    async def busy(*_: object) -> None:
        raise Busy

    monkeypatch.setattr(v1.http.accounts, "_verify", busy)
    answer = await log_in(v1)
    assert said(answer) == (503, "unavailable")
    assert "retry-after" in answer.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 200), (HERE, 200), ({"origin": "http://server"}, 200), ({"origin": "null"}, 403),
     ({"origin": "https://else.example"}, 403), ({"sec-fetch-site": "cross-site"}, 403),
     ({"sec-fetch-site": "same-site"}, 403)],
)  # fmt: skip
async def test_login_from_elsewhere(v1: ApiSite, headers: dict[str, str], status: int) -> None:
    """No page of another site logs a browser in; a program that says nothing may log in."""
    answer = await log_in(v1, headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert said(answer) == (403, "cross_site")
        assert "set-cookie" not in answer.headers


async def test_by_form(v1: ApiSite) -> None:
    """Nor does a form of another site: its body is none."""
    kinds = ("text/plain", "application/x-www-form-urlencoded")
    for kind in kinds:
        answer = await v1.call(
            "POST /session", None, content=b'{"name": "bob", "password": "right"}',
            headers={"content-type": kind},
        )  # fmt: skip
        assert answer.status_code == 422


async def test_tls(v1: ApiSite) -> None:
    """Over TLS the cookie goes nowhere else, and a plain one counts for nothing."""
    body = {"name": "bob", "password": PASSWORD}
    url = "https://server/api/v1/session"
    answer = await v1.http.client.post(url, json=body, headers=HERE)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-ovms_session=")
    assert "Secure" in cookie
    assert (await v1.http.client.get(url)).status_code == 200
    key = v1.http.client.cookies["__Host-ovms_session"]
    v1.http.client.cookies.clear()
    plain = await v1.http.client.get(url, headers={"cookie": f"ovms_session={key}"})
    assert plain.status_code == 401


async def test_token(v1: ApiSite) -> None:
    """A token is told what it may be used for, and cannot log out."""
    body = (await v1.call("GET /session", "bob", "view,command")).json()
    assert body == {
        "owner": "Bob", "is_admin": False, "means": "token", "rights": ["view", "command"],
        "session": None,
    }  # fmt: skip
    assert said(await v1.call("DELETE /session")) == (403, "session_needed")


async def test_idle(v1: ApiSite) -> None:
    """A session ends when no call comes for long."""
    await log_in(v1)
    v1.clock.advance(IDLE_LIFE - 1)
    assert (await v1.call("GET /session", None)).status_code == 200
    v1.clock.advance(IDLE_LIFE)
    assert said(await v1.call("GET /session", None)) == (401, "not_authenticated")


async def test_rights_change(v1: ApiSite) -> None:
    """An owner who becomes an administrator, or is removed, is so in each session."""
    await log_in(v1)
    v1.http.change(lambda c, now: queries.set_owner(c, "bob", now, admin=True))
    await v1.http.accounts.check_logins()
    assert (await v1.call("GET /session", None)).json()["is_admin"] is True
    v1.http.change(lambda c, now: queries.remove_owner(c, "bob", now, with_vehicles=True))
    await v1.http.accounts.check_logins()
    assert said(await v1.call("GET /session", None)) == (401, "not_authenticated")


async def test_proof(v1: ApiSite) -> None:
    """Who calls is proved again by the password, and not by a wrong one."""
    begin = "POST /account/totp"
    await v1.session()
    v1.clock.advance(PROOF_LIFE)
    assert said(await v1.call(begin, permit=SESSION)) == (403, "proof_needed")
    for body, expected in (
        ({"password": "wrong"}, (403, "wrong_proof")),
        ({"one_time_code": "123456"}, (403, "wrong_proof")),
        ({"password": v1.token()}, (403, "wrong_proof")),
        ({}, (422, "invalid")),
        ({"password": PASSWORD, "one_time_code": "1"}, (422, "invalid")),
    ):
        assert said(await v1.call("POST /session/proof", permit=SESSION, json=body)) == expected
    right = {"password": PASSWORD}
    answer = await v1.call("POST /session/proof", permit=SESSION, json=right)
    assert answer.json()["session"]["proof_expires"] == "2023-11-14T22:33:20.000Z"
    assert (await v1.call(begin, permit=SESSION)).status_code == 200


async def test_proof_is_throttled(v1: ApiSite) -> None:
    """Nobody guesses the password at a browser left open."""
    await v1.session()
    proof, wrong = "POST /session/proof", {"password": "wrong"}
    answers = [await v1.call(proof, permit=SESSION, json=wrong) for _ in range(16)]
    assert said(answers[-1]) == (429, "too_many")
