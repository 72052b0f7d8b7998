from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from ovms.server.http.sessions import SESSION_LIFE
from tests.server.http.api import BOB, PASSWORD, HttpSite, add_token, session_of

if TYPE_CHECKING:
    from sqlalchemy import Connection


def _set_permit(connection: Connection, now: float, permit: str) -> None:
    connection.exec_driver_sql("UPDATE tokens SET permit = ?", (permit,))
    connection.exec_driver_sql("UPDATE owners SET changed = ?", (now,))


async def test_log_in(api: HttpSite) -> None:
    """The answer sets a cookie without attributes, whose value is a uuid."""
    answer = await api.get("/api/cookie")
    assert (answer.status_code, answer.content) == (200, b"Login ok\n")
    assert answer.headers["content-type"].startswith("text/plain")
    uuid = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    assert re.fullmatch(f"ovmsapisession={uuid}", answer.headers["set-cookie"])


@pytest.mark.parametrize("said", [{"data": BOB}, {"params": BOB}, {"json": BOB}])
async def test_log_in_by_post(api: HttpSite, said: dict[str, Any]) -> None:
    """Name and password may be in a form, so that no log on the way has them."""
    answer = await api.client.post("/api/cookie", **said)
    assert (answer.status_code, answer.text) == (200, "Login ok\n")


@pytest.mark.parametrize(("permit", "status"), [("session", 200), ("*", 200), ("auth,v2", 403)])
async def test_the_right(api: HttpSite, permit: str, status: int) -> None:
    """A token needs the right for a session, and the session has the token's rights."""
    token = await add_token(api, permit)
    answer = await api.get("/api/cookie", username="bob", password=token)
    assert answer.status_code == status
    if status == 200:
        cookie = {"cookie": answer.headers["set-cookie"]}
        tokens = await api.client.get("/api/token", headers=cookie)
        assert tokens.status_code == (200 if permit == "*" else 403)
    else:
        assert "set-cookie" not in answer.headers


async def test_a_token_that_loses_the_right(api: HttpSite) -> None:
    """A session ends when its token has no more the right for one, and not before."""
    token = await add_token(api, "session")
    answer = await api.get("/api/cookie", username="bob", password=token)
    cookie = {"cookie": answer.headers["set-cookie"]}
    for permit, status in (("session,v2", 200), ("auth", 404)):
        api.change(partial(_set_permit, permit=permit))
        await api.accounts.check_logins()
        assert (await api.client.get("/api/vehicles", headers=cookie)).status_code == status


@pytest.mark.parametrize("parameters", [{}, {"username": "bob", "password": "wrong"}])
async def test_log_in_wrongly(api: HttpSite, parameters: dict[str, str]) -> None:
    """Wrong or no credentials get no cookie."""
    answer = await api.client.get("/api/cookie", params=parameters)
    assert (answer.status_code, answer.text) == (401, "Authentication failed\n")
    assert "set-cookie" not in answer.headers


async def test_log_out(api: HttpSite) -> None:
    """The session is over, and who wants to know is told."""
    ended: list[str] = []
    api.context.callers.sessions.on_end(ended.append)
    cookie = {"cookie": await session_of(api)}
    answer = await api.client.delete("/api/cookie", headers=cookie)
    assert (answer.status_code, answer.content) == (200, b"Logout ok\n")
    assert [f"ovmsapisession={session}" for session in ended] == [cookie["cookie"]]
    for method in ("GET", "DELETE"):
        answer = await api.client.request(method, "/api/cookie", headers=cookie)
        assert answer.status_code == 404
    answer = await api.client.delete("/api/cookie", params=BOB)
    assert answer.status_code == 200  # nothing to end


async def test_logging_in_again(api: HttpSite) -> None:
    """A client that logs in anew may have calls on their way with its old cookie: both work."""
    old = await session_of(api)
    new = await session_of(api, {"cookie": old})
    assert old != new
    for cookie in old, new:
        answer = await api.client.get("/api/vehicles", headers={"cookie": cookie})
        assert answer.status_code == 200


async def test_another_owners_session(api: HttpSite) -> None:
    """Whoever logs in beside another owner's cookie ends nothing of that owner's."""
    old = await session_of(api)
    alice = {"username": "alice", "password": PASSWORD}
    for method in ("GET", "DELETE"):
        await api.client.request(method, "/api/cookie", params=alice, headers={"cookie": old})
    assert (await api.client.get("/api/vehicles", headers={"cookie": old})).status_code == 200


async def test_life(api: HttpSite) -> None:
    """A session lives three minutes after its last call."""
    cookie = {"cookie": await session_of(api)}
    for seconds, status in ((SESSION_LIFE - 1, 200), (SESSION_LIFE - 1, 200), (SESSION_LIFE, 404)):
        api.clock.advance(seconds)
        assert (await api.client.get("/api/vehicles", headers=cookie)).status_code == status
