from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.storage import queries
from tests.server.http.api import BOB, PASSWORD, PASSWORD_HASH
from tests.server.http.v1.site import SESSION
from tests.server.http.v1.test_session import said

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def others(v1: ApiSite, owner: str = "bob", count: int = 2) -> list[str]:
    """Return cookies of further sessions of an owner."""
    with v1.database.reading() as connection:
        owner_id = queries.get_owner(connection, owner).id
    return [(await v1.context.callers.web.open(owner_id))[0] for _ in range(count)]


async def lives(v1: ApiSite, key: str) -> bool:
    """Return whether a session's cookie is worth something."""
    answer = await v1.call("GET /session", None, headers={"cookie": f"ovms_session={key}"})
    return answer.status_code == 200


async def test_sessions(v1: ApiSite) -> None:
    """An owner sees all of their sessions, and only theirs, and which one calls."""
    await others(v1, "alice")
    one, two = await others(v1)
    await v1.session()
    v1.clock.advance(5)
    found = (await v1.call("GET /account/sessions", permit=SESSION)).json()["items"]
    assert [each["is_current"] for each in found] == [True, False, False]
    assert found[0]["used"] > found[1]["used"]
    by_token = (await v1.call("GET /account/sessions", permit="account")).json()["items"]
    assert not any(each["is_current"] for each in by_token)
    text = str(found)
    assert one not in text
    assert two not in text


async def test_end_one(v1: ApiSite) -> None:
    """One session is ended by its id; nobody ends somebody else's."""
    (alice,) = await others(v1, "alice", 1)
    (other,) = await others(v1, count=1)
    await v1.session()
    found = (await v1.call("GET /account/sessions", permit=SESSION)).json()["items"]
    ids = {each["is_current"]: each["id"] for each in found}
    for session_id in ("1", "999", "9" * 18):
        answer = await v1.call(f"DELETE /account/sessions/{session_id}", permit=SESSION)
        assert said(answer) == (404, "no_session")
    for session_id in ("x", "-1", "9" * 19):
        answer = await v1.call(f"DELETE /account/sessions/{session_id}", permit=SESSION)
        assert answer.status_code == 422
    assert await lives(v1, alice)
    answer = await v1.call(f"DELETE /account/sessions/{ids[False]}", permit=SESSION)
    assert answer.status_code == 204
    assert "set-cookie" not in answer.headers
    assert not await lives(v1, other)
    own = await v1.call(f"DELETE /account/sessions/{ids[True]}", permit=SESSION)
    assert "Max-Age=0" in own.headers["set-cookie"]
    assert said(await v1.call("GET /session", permit=SESSION)) == (401, "not_authenticated")


async def test_end_others(v1: ApiSite) -> None:
    """All others end at once; a token ends all."""
    keys = await others(v1)
    current = await v1.session()
    assert (await v1.call("DELETE /account/sessions", permit=SESSION)).status_code == 204
    assert [await lives(v1, key) for key in (*keys, current)] == [False, False, True]
    assert (await v1.call("DELETE /account/sessions", permit="account")).status_code == 204
    assert not await lives(v1, current)


async def test_password(v1: ApiSite) -> None:
    """A new password ends whatever the old one began; the caller goes on with a new cookie."""
    keys = await others(v1)
    old = await v1.session()
    assert (await v1.http.get("/api/vehicles", **BOB)).status_code == 200
    answer = await v1.call(
        "POST /account/password", permit=SESSION,
        json={"old_password": PASSWORD, "new_password": "another"},
    )  # fmt: skip
    assert answer.status_code == 200
    key = v1.http.client.cookies["ovms_session"]
    v1.http.client.cookies.clear()
    assert [await lives(v1, each) for each in (*keys, old, key)] == [False, False, False, True]
    await v1.http.accounts.check_logins()
    assert (await v1.http.get("/api/vehicles", **BOB)).status_code == 401
    body = {"name": "bob", "password": "another"}
    assert (await v1.call("POST /session", None, json=body)).status_code == 200


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("wrong", "another", (403, "wrong_password")),
        (None, "another", (403, "wrong_password")),
        (PASSWORD, "", (422, "bad_password")),
        (PASSWORD, "with blank", (422, "bad_password")),
        (PASSWORD, "a" * 513, (422, "bad_password")),
        (PASSWORD, "a" * 1025, (422, "invalid")),
    ],
)
async def test_wrong_passwords(
    v1: ApiSite, old: str | None, new: str, expected: tuple[int, str]
) -> None:
    """The old password must be right, and the new one such that apps can send it."""
    key = await v1.session()
    body = {"old_password": old, "new_password": new}
    answer = await v1.call("POST /account/password", permit=SESSION, json=body)
    assert said(answer) == expected
    assert await lives(v1, key)


async def test_first_password(v1: ApiSite) -> None:
    """An owner without a password, who logged in by a passkey, sets one by a fresh proof."""
    v1.http.change(lambda c, now: queries.set_password(c, "bob", None, now))
    with v1.database.writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO passkeys (id, owner_id, credential, public_key, sign_count, name, created)"
            " SELECT 7, id, x'01', x'02', 0, 'phone', 1 FROM owners WHERE name_key = 'bob'"
        )
        bob = queries.get_owner(connection, "bob").id
    key, _ = await v1.context.callers.web.open(bob, passkey_id=7)
    headers = {"cookie": f"ovms_session={key}", "sec-fetch-site": "same-origin"}
    body = {"new_password": "another"}
    v1.clock.advance(600)
    answer = await v1.call("POST /account/password", None, json=body, headers=headers)
    assert said(answer) == (403, "proof_needed")
    fresh, _ = await v1.context.callers.web.open(bob, passkey_id=7)
    headers = {"cookie": f"ovms_session={fresh}", "sec-fetch-site": "same-origin"}
    answer = await v1.call("POST /account/password", None, json=body, headers=headers)
    assert answer.status_code == 200


async def test_changed_meanwhile(v1: ApiSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two changes at one moment the second is refused."""
    await v1.session()
    check = v1.http.accounts.check_password

    async def slowly(user: str, password: str, address: str) -> object:
        found = await check(user, password, address)
        v1.http.change(lambda c, now: queries.set_password(c, "bob", PASSWORD_HASH + "x", now))
        return found

    monkeypatch.setattr(v1.http.accounts, "check_password", slowly)
    body = {"old_password": PASSWORD, "new_password": "another"}
    answer = await v1.call("POST /account/password", permit=SESSION, json=body)
    assert said(answer) == (409, "password_changed")
