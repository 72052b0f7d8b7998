from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from ovms.server.accounts.passwords import hash_password
from ovms.server.accounts.throttle import BURST, FRESH_BURST
from ovms.server.http.callers import HttpCaller
from ovms.server.http.errors import CallFailed
from ovms.server.http.limits import CallLimits, CallRate
from ovms.server.storage import queries
from tests.server.http.api import BOB, PASSWORD, HttpSite, add_token, session_of

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

WRONG = {"username": "bob", "password": "wrong"}
STALE = {"cookie": "ovmsapisession=9ed66d0e-5768-414e-b06d-476f13be40ff"}
ALICE = {"username": "alice", "password": PASSWORD}

Change = Callable[["Connection", float], object]


def _basic(user: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


async def _status(
    api: HttpSite, parameters: dict[str, str] | None = None, headers: dict[str, str] | None = None
) -> int:
    answer = await api.client.get("/api/vehicles", params=parameters or {}, headers=headers or {})
    return answer.status_code


@pytest.mark.parametrize("parameters", [{}, {"username": "bob"}, {"password": PASSWORD}, WRONG])
async def test_nobody(api: HttpSite, parameters: dict[str, str]) -> None:
    """A call without right credentials is answered with 401, in plain text."""
    answer = await api.client.get("/api/vehicles", params=parameters)
    assert (answer.status_code, answer.text) == (401, "Authentication failed\n")
    assert answer.headers["www-authenticate"].startswith("Basic ")


async def test_by_token(api: HttpSite) -> None:
    """A token of whatever rights stands for the password in calls for data."""
    token = await add_token(api, "auth")
    assert await _status(api, {"username": "bob", "password": token}) == 200
    assert await _status(api, {"username": "alice", "password": token}) == 401


async def test_by_cookie(api: HttpSite) -> None:
    """A cookie stands for name and password, also one that is a whole Set-Cookie value."""
    session = await session_of(api)
    for cookie in (session, f"{session}; Path=/api; HttpOnly", f"a=1; {session}", f"{session},b=2"):
        assert await _status(api, headers={"cookie": cookie}) == 200
    both = f"{STALE['cookie']}; {session}"
    assert await _status(api, headers={"cookie": both}) == 200


async def test_by_basic(api: HttpSite) -> None:
    """Name and password may come as other HTTP servers have them."""
    assert await _status(api, headers=_basic("bob", PASSWORD)) == 200
    assert await _status(api, headers=_basic("bob", "wrong")) == 401


async def test_by_form(api: HttpSite) -> None:
    """Name and password may be among the fields of a form."""
    answer = await api.client.post("/api/token", data=BOB)
    assert answer.status_code == 201
    assert (await api.client.post("/api/token", data=WRONG)).status_code == 401
    broken = {"content-type": "multipart/form-data"}
    assert (await api.client.post("/api/token", headers=broken)).status_code == 401


async def test_a_stale_cookie(api: HttpSite) -> None:
    """It is answered with 404, from which clients recover; right credentials make the call work."""
    answer = await api.client.get("/api/vehicles", headers=STALE)
    assert (answer.status_code, answer.text) == (404, "No such session\n")
    assert await _status(api, BOB, STALE) == 200
    assert await _status(api, None, STALE | _basic("bob", PASSWORD)) == 200
    assert await _status(api, WRONG, STALE) == 401
    assert await _status(api, None, STALE | _basic("bob", "wrong")) == 401


async def test_which_counts(api: HttpSite) -> None:
    """The URL counts first, then a live session, then Basic; one half of the URL's is nothing."""
    session = {"cookie": await session_of(api)}
    answer = await api.client.get("/api/vehicles", params=ALICE, headers=session)
    assert [each["id"] for each in answer.json()] == ["CAR3"]
    assert await _status(api, WRONG, session) == 401
    assert await _status(api, {"username": "alice", "password": ""}, session) == 200
    answer = await api.client.get("/api/vehicles", headers=session | _basic("alice", "wrong"))
    assert [each["id"] for each in answer.json()] == ["CAR1", "CAR2"]


async def test_a_session_goes_on_with_credentials(api: HttpSite) -> None:
    """A call with cookie and right credentials counts as the session's, if they are its owner's."""
    session = {"cookie": await session_of(api)}
    for parameters, is_live in ((BOB, True), (ALICE, False)):
        api.clock.advance(100)
        assert await _status(api, parameters, session) == 200
        api.clock.advance(100)
        assert (await _status(api, None, session) == 200) == is_live


async def test_too_many_tries(api: HttpSite) -> None:
    """Whoever guesses is told when the next try is allowed; a session is left in peace."""
    session = {"cookie": await session_of(api)}
    for n in range(BURST + FRESH_BURST):
        assert await _status(api, {"username": "alice", "password": f"wrong{n}"}) == 401
    answer = await api.get("/api/vehicles", username="alice", password="x")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
    assert await _status(api, None, session) == 200


async def test_too_many_calls(api: HttpSite) -> None:
    """One call too many is told when to come again; calls that are refused use up none."""
    session = {"cookie": await session_of(api)}
    api.context.callers._limits = CallLimits(api.clock, CallRate(a_second=0.5, burst=3))
    for _ in range(10):
        assert await _status(api) == 401
        assert await _status(api, None, STALE) == 404
        assert await _status(api, {"username": "bob", "password": "f" * 64}) in (401, 429)
    assert [await _status(api, None, session) for _ in range(3)] == [200] * 3
    answer = await api.client.get("/api/vehicles", headers=session)
    assert (answer.status_code, answer.text) == (429, "Too many calls\n")
    assert answer.headers["retry-after"] == "2"
    assert await _status(api, ALICE) == 200
    api.clock.advance(2)
    assert await _status(api, None, session) == 200


CHANGES = [
    pytest.param(lambda c, t: queries.set_password(c, "bob", hash_password("x"), t), 404, 401, 200,
                 id="password"),
    pytest.param(lambda c, t: queries.remove_token(c, "ab" * 32, t), 200, 200, 401, id="token"),
    pytest.param(lambda c, t: queries.remove_owner(c, "bob", t, with_vehicles=True), 404, 401, 401,
                 id="owner"),
]  # fmt: skip
"""A change, and how calls by session, by password and by token are answered then."""


@pytest.mark.parametrize(("change", "by_session", "by_password", "by_token"), CHANGES)
async def test_revoked(
    api: HttpSite, change: Change, by_session: int, by_password: int, by_token: int
) -> None:
    """What a login came by ends it at the next look, in sessions and in what is remembered."""
    await add_token(api, "*", "ab" * 32)
    session = {"cookie": await session_of(api)}
    token = {"username": "bob", "password": "ab" * 32}
    for credentials in ((None, session), (BOB, None), (token, None)):
        assert await _status(api, *credentials) == 200
    api.change(change)
    await api.accounts.check_logins()
    assert await _status(api, None, session) == by_session
    assert await _status(api, BOB) == by_password
    assert await _status(api, token) == by_token


def _more(connection: Connection, now: float) -> None:
    bob = queries.get_owner(connection, "bob")
    queries.add_vehicle(connection, "CAR9", bob, "secret", now)


def _moved(connection: Connection, now: float) -> None:
    alice = queries.get_owner(connection, "alice")
    queries.transfer_vehicle(connection, "CAR2", alice, now)


@pytest.mark.parametrize(
    ("change", "vehicles"),
    [
        (_more, ["CAR1", "CAR2", "CAR9"]),
        (_moved, ["CAR1"]),
        (lambda c, t: queries.remove_vehicle(c, "CAR1", t), ["CAR2"]),
    ],
)
async def test_vehicles_change(api: HttpSite, change: Change, vehicles: list[str]) -> None:
    """Sessions and what is remembered go on, with the vehicles of now."""
    session = {"cookie": await session_of(api)}
    await api.get("/api/vehicles")
    api.change(change)
    await api.accounts.check_logins()
    for parameters, headers in ((BOB, {}), ({}, session)):
        answer = await api.client.get("/api/vehicles", params=parameters, headers=headers)
        assert [each["id"] for each in answer.json()] == vehicles


async def test_the_database_is_away(api: HttpSite) -> None:
    """Who cannot be logged in now is told to come again; a session goes on."""
    session = {"cookie": await session_of(api)}
    api.change(lambda c, t: c.exec_driver_sql("ALTER TABLE owners RENAME TO away"))
    answer = await api.get("/api/vehicles", **ALICE)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert await _status(api, None, session) == 200
    api.change(lambda c, t: c.exec_driver_sql("ALTER TABLE away RENAME TO owners"))


async def test_whose_vehicle(api: HttpSite) -> None:
    """A vehicle is named in any case; another owner's is refused."""
    login = await api.accounts.log_in("bob", PASSWORD, "", "home")
    caller = HttpCaller(login, "home")
    assert caller.check_vehicle("car1") == "CAR1"
    with pytest.raises(CallFailed) as failed:
        caller.check_vehicle("CAR3")
    assert failed.value.status == 403


@pytest.mark.parametrize(
    "path", ["status", "charge", "location", "tpms", "protocol", "historical", "vehicle", "lock"]
)
async def test_tls_only(api: HttpSite, path: str) -> None:
    """A vehicle that takes TLS only is told nobody without, also in a session that is open."""
    in_session: dict[str, Any] = {"headers": {"cookie": await session_of(api)}}
    in_url: dict[str, Any] = {"params": BOB}
    api.change(lambda connection, now: queries.set_tls_only(connection, "CAR1", True, now))
    await api.accounts.check_logins()
    for who in (in_session, in_url):
        plain = await api.client.get(f"/api/{path}/car1", **who)
        assert (plain.status_code, plain.text) == (403, "The vehicle takes calls over TLS only\n")
        safe = await api.client.get(f"https://server/api/{path}/CAR1", **who)
        assert safe.status_code == 200
        assert (await api.client.get(f"/api/{path}/CAR2", **who)).status_code == 200


@pytest.mark.parametrize("host", ["[", "a/b", "https://server", ""])
async def test_any_host(api: HttpSite, host: str) -> None:
    """Whatever host a call says that it wants, it is answered, and no TLS is made of it."""
    api.change(lambda connection, now: queries.set_tls_only(connection, "CAR1", True, now))
    for vehicle, status in (("CAR1", 403), ("CAR2", 200)):
        path = f"/api/status/{vehicle}"
        answer = await api.client.get(path, params=BOB, headers={"host": host})
        assert answer.status_code == status


async def test_no_command_without_tls(api: HttpSite) -> None:
    """Nor is it commanded."""
    _, line = await api.report("S80,K")
    api.change(lambda connection, now: queries.set_tls_only(connection, "CAR1", True, now))
    line.take()
    assert (await api.call("PUT charge")).status_code == 403
    assert line.take() == []


async def test_no_secret_is_shown(api: HttpSite, tmp_path: Path) -> None:
    """What is known of a caller shows neither the session's id nor a fingerprint."""
    login = await api.accounts.log_in("bob", PASSWORD, "", "home")
    shown = repr(HttpCaller(login, "home", "a-session"))
    assert "a-session" not in shown
    assert repr(login.credential.fingerprint) not in shown
