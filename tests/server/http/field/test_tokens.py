from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

import pytest

from ovms.protocol.times import wire_time
from ovms.server.http.errors import CallFailed
from ovms.server.storage import queries
from ovms.server.storage import tokens as token_queries
from tests.server.http.api import BOB, PASSWORD, HttpSite, add_token
from tests.server.hub.fakes import START

if TYPE_CHECKING:
    from sqlalchemy import Connection

SAID = {"application": "evcc", "purpose": "wall box", "permit": "auth,session"}


@pytest.mark.parametrize(
    "request_",
    [
        {"params": BOB | SAID},
        {"params": BOB, "data": SAID},
        {"data": BOB | SAID},
        {"params": BOB, "json": SAID},
        {"params": BOB, "files": {name: (None, value) for name, value in SAID.items()}},
        {"params": BOB, "files": {name: (f"{name}.txt", value) for name, value in SAID.items()}},
        {"params": BOB, "files": {name: (name, f"{value}\r\n") for name, value in SAID.items()}},
        {"files": {name: (name, value) for name, value in (BOB | SAID).items()}},
        {"params": BOB | {"purpose": "other", "permit": "auth,session"},
         "data": {"application": "evcc", "purpose": "wall box"}},
    ],
)  # fmt: skip
async def test_make(api: HttpSite, request_: dict[str, Any]) -> None:
    """What a token is for is said by query, form, JSON or parts with or without file names."""
    answer = await api.client.post("/api/token", **request_)
    assert answer.status_code == 201
    token = answer.json()["token"]
    assert re.fullmatch("[0-9a-f]{64}", token)
    assert answer.content == (
        b'{"application":"evcc","owner":"Bob","permit":"auth,session","purpose":"wall box",'
        b'"token":"%s"}\n' % token.encode()
    )
    assert (await api.get("/api/cookie", username="bob", password=token)).status_code == 200


@pytest.mark.parametrize("path", ["/api/token?", "/api/token?application=&purpose=&permit="])
async def test_defaults(api: HttpSite, path: str) -> None:
    """What is not said is the field's default."""
    answer = await api.client.post(path, params=BOB if path.endswith("?") else None, data=BOB)
    assert answer.status_code == 201
    found = answer.json()
    assert (found["application"], found["purpose"], found["permit"]) == (
        "notspecified",
        "notspecified",
        "auth",
    )


async def test_unknown_rights(api: HttpSite) -> None:
    """A right that we do not know is kept, as in the field, and allows nothing."""
    answer = await api.client.post("/api/token", params=BOB, data={"permit": "v4, v4,auth"})
    assert (answer.status_code, answer.json()["permit"]) == (201, "v4,auth")
    token = answer.json()["token"]
    assert (await api.get("/api/vehicles", username="bob", password=token)).status_code == 200
    assert (await api.get("/api/token", username="bob", password=token)).status_code == 403


@pytest.mark.parametrize("name", ["application", "purpose", "permit"])
async def test_wrong_words(api: HttpSite, name: str) -> None:
    """What cannot be stored is refused, saying why."""
    answer = await api.client.post("/api/token", params=BOB, data={name: "x" * 256})
    assert (answer.status_code, answer.text.count("\n")) == (422, 1)
    assert "255" in answer.text


async def test_a_wrong_body(api: HttpSite) -> None:
    """A body that is not what it says is refused."""
    kind = {"content-type": "application/json"}
    answer = await api.client.post("/api/token", params=BOB, content=b"{", headers=kind)
    assert answer.status_code == 422


async def test_too_many(api: HttpSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """An account has so many tokens, and no more."""
    monkeypatch.setattr(token_queries, "TOKEN_LIMIT", 2)
    made = [await api.client.post("/api/token", params=BOB) for _ in range(3)]
    assert [answer.status_code for answer in made] == [201, 201, 422]


async def test_list(api: HttpSite) -> None:
    """All tokens of the account are listed, the oldest first, and no other account's."""
    first = await add_token(api, "*", "ab" * 32)
    await add_token(api, "auth", "cd" * 32, owner="alice")
    api.clock.advance(90)
    await api.client.post("/api/token", params={"username": "bob", "password": first} | SAID)
    await api.accounts._afterwards.idle()
    answer = await api.get("/api/token")
    assert answer.status_code == 200
    second = answer.json()[1]["token"]
    then, later = wire_time(START), wire_time(START + 90)
    assert answer.text == (
        f'[{{"application":"app","created":"{then}","lastused":"{later}","owner":"Bob",'
        f'"permit":"*","purpose":"tests","refreshed":"{then}","token":"{first}"}},'
        f'{{"application":"evcc","created":"{later}","lastused":null,"owner":"Bob",'
        f'"permit":"auth,session","purpose":"wall box","refreshed":"{later}",'
        f'"token":"{second}"}}]\n'
    )


async def test_none(api: HttpSite) -> None:
    """An account without tokens has an empty list."""
    assert (await api.get("/api/token")).content == b"[]\n"


@pytest.mark.parametrize("permit", ["token.admin", "admin", "*", "auth,session", "v2,v3"])
async def test_the_right(api: HttpSite, permit: str) -> None:
    """Each of these calls needs the right for tokens, under either name."""
    token = await add_token(api, permit)
    caller = {"username": "bob", "password": token}
    is_allowed = permit in ("token.admin", "admin", "*")
    for method, path, status in (
        ("GET", "/api/token", 200),
        ("POST", "/api/token", 201),
        ("DELETE", "/api/token", 404),
        ("DELETE", f"/api/token/{'0' * 64}", 404),
    ):
        answer = await api.client.request(method, path, params=caller)
        assert answer.status_code == (status if is_allowed else 403)
        assert (await api.client.request(method, path)).status_code == 401


async def test_remove(api: HttpSite) -> None:
    """A removed token is told with its owner, and logs nobody in any more."""
    token = await add_token(api, "auth")
    caller = {"username": "bob", "password": token}
    assert (await api.get("/api/vehicles", **caller)).status_code == 200
    answer = await api.client.delete(f"/api/token/{token.upper()}", params=BOB)
    assert (answer.status_code, answer.content) == (
        200,
        f'{{"owner":"Bob","token":"{token}"}}\n'.encode(),
    )
    await api.accounts.check_logins()
    assert (await api.get("/api/vehicles", **caller)).status_code == 401
    assert (await api.client.delete(f"/api/token/{token}", params=BOB)).status_code == 404


@pytest.mark.parametrize("which", ["ab" * 32, "ab" * 31, "ab" * 4, "x", "%FF", "0" * 5000])
async def test_remove_what_is_not_there(api: HttpSite, which: str) -> None:
    """Another owner's token, part of one, and what is none are not found; nothing is removed."""
    await add_token(api, "auth", "ab" * 32, owner="alice")
    await add_token(api, "auth", "ab" * 31 + "cc")
    answer = await api.client.delete(f"/api/token/{which}", params=BOB)
    assert (answer.status_code, answer.text) == (404, "No such token\n")
    alice = {"username": "alice", "password": PASSWORD}
    assert len((await api.get("/api/token")).json()) == 1
    assert len((await api.get("/api/token", **alice)).json()) == 1


async def test_no_token_in_a_log(api: HttpSite, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing of a token in a path, nor of credentials, is logged."""
    caplog.set_level(logging.INFO)
    token = await add_token(api, "*")
    caller = {"username": "bob", "password": token}
    for path in (f"/api/token/{token[:-1]}0", f"/api/token/{token}/x", f"/api/token/{token}"):
        await api.client.delete(path, params=caller)
    shown = [each for each in caplog.records if not each.name.startswith("httpx")]
    assert not [each for each in shown if token[:8] in each.getMessage()]
    assert token[:8] not in str(CallFailed(404, "No such token"))


async def test_tokens_that_end(api: HttpSite) -> None:
    """One that a token with an end makes ends with it; what has ended is not listed."""
    token = await add_token(api, "*")
    end = START + 60.0

    def limit(connection: Connection, now: float) -> None:
        found = queries.get_token(connection, token)
        queries.change_token(connection, found, now, {"expires": end})

    api.change(limit)
    caller = {"username": "bob", "password": token}
    made = await api.client.post("/api/token", params=caller, data={"permit": "auth"})
    with api.database.reading() as connection:
        assert queries.get_token(connection, made.json()["token"]).expires == end
    assert len((await api.get("/api/token")).json()) == 2
    api.clock.advance(60)
    await api.accounts.check_logins()
    assert (await api.get("/api/token")).json() == []
    assert (await api.client.get("/api/vehicles", params=caller)).status_code == 401
