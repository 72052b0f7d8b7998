from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert

from ovms.server.accounts.web_sessions import PROOF_LIFE
from ovms.server.storage import queries
from ovms.server.storage.schema import history_counts
from tests.server.http.v1.mailbox import open_mailbox
from tests.server.http.v1.site import SESSION

if TYPE_CHECKING:
    import httpx

    from tests.server.http.v1.site import ApiSite

OWNERS = "/admin/owners"
BOB = f"{OWNERS}/bob"


async def _admin(v1: ApiSite, call: str, **request: Any) -> httpx.Response:
    return await v1.call(call, "root", **request)


async def test_list(v1: ApiSite) -> None:
    """Owners come by name, a page at a time."""
    first = (await _admin(v1, f"GET {OWNERS}?limit=2")).json()
    assert [each["name"] for each in first["items"]] == ["Alice", "Bob"]
    second = (await _admin(v1, f"GET {OWNERS}?limit=2&after={first['next']}")).json()
    assert [each["name"] for each in second["items"]] == ["root"]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("search", "found"),
    [("LIC", ["Alice"]), ("B@EXAMPLE", ["Bob"]), ("%", []), ("_", []), ("\\", []),
     ("o", ["Bob", "root"])],
)  # fmt: skip
async def test_search(v1: ApiSite, search: str, found: list[str]) -> None:
    """A text is looked for in names and addresses, in any case and as it stands."""
    with v1.database.writing() as connection:
        queries.set_owner(connection, "bob", 1.0, email="bob@example")
    answer = await _admin(v1, f"GET {OWNERS}", params={"search": search})
    assert [each["name"] for each in answer.json()["items"]] == found


async def test_one(v1: ApiSite) -> None:
    """An owner has all fields, without any secret."""
    with v1.database.writing() as connection:
        row = {"vehicle_id": "CAR1", "type": "D", "number": 0, "records": 1, "bytes": 300}
        connection.execute(insert(history_counts).values(row))
    await _admin(v1, f"PATCH {BOB}", json={"byte_limit": 300})
    assert (await _admin(v1, f"GET {OWNERS}/BOB")).json() == {
        "name": "Bob",
        "email": None,
        "email_confirmed": None,
        "is_admin": False,
        "has_password": True,
        "has_totp": False,
        "created": "2023-11-14T22:13:20.000Z",
        "vehicles": 3,
        "vehicle_limit": None,
        "bytes": 300,
        "byte_limit": 300,
        "is_over": True,
    }
    assert (await _admin(v1, f"GET {OWNERS}/nobody")).status_code == 404


async def test_add(v1: ApiSite) -> None:
    """A new owner has what was said, and logs in."""
    body = {"name": "Eve/x", "password": "right", "email": "e@x", "vehicle_limit": 0}
    answer = await _admin(v1, f"POST {OWNERS}", json=body | {"is_admin": True})
    assert answer.status_code == 201
    made = answer.json()
    assert (made["email"], made["is_admin"], made["vehicle_limit"]) == ("e@x", True, 0)
    assert (await _admin(v1, f"GET {OWNERS}/eve%2Fx")).json() == made
    assert (await v1.http.accounts.log_in("eve/x", "right", "", "")).admin
    again = await _admin(v1, f"POST {OWNERS}", json=body)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "taken")


@pytest.mark.parametrize(
    "wrong",
    [{"name": "a b"}, {"email": "none"}, {"password": "a b"}, {"byte_limit": -1},
     {"vehicle_limit": 2**53 + 1}, {"is_admin": None}],
)  # fmt: skip
async def test_wrong_values(v1: ApiSite, wrong: dict[str, Any]) -> None:
    """What cannot be is refused, and nobody is made or changed."""
    answer = await _admin(v1, f"POST {OWNERS}", json={"name": "eve"} | wrong)
    assert answer.status_code == 422
    before = (await _admin(v1, f"GET {OWNERS}")).json()
    assert (await _admin(v1, f"PATCH {BOB}", json=wrong)).status_code == 422
    assert (await _admin(v1, f"GET {OWNERS}")).json() == before


async def test_change(v1: ApiSite) -> None:
    """What is said changes, and nothing else; null is the server's limit again."""
    body = {"email": "b@x", "is_admin": True, "vehicle_limit": 4}
    changed = (await _admin(v1, f"PATCH {BOB}", json=body)).json()
    assert (changed["email"], changed["is_admin"], changed["vehicle_limit"]) == ("b@x", True, 4)
    changed = (await _admin(v1, f"PATCH {BOB}", json={"vehicle_limit": None})).json()
    assert (changed["email"], changed["is_admin"], changed["vehicle_limit"]) == ("b@x", True, None)
    changed = (await _admin(v1, f"PATCH {BOB}", json={"email": None})).json()
    assert (changed["email"], changed["is_admin"]) == (None, True)


@pytest.mark.parametrize("password", ["newer", None])
async def test_password(v1: ApiSite, password: str | None) -> None:
    """An administrator sets or takes a password; all sessions of the owner end."""
    assert (await v1.call("GET /vehicles", "bob", SESSION)).status_code == 200
    changed = await _admin(v1, f"PATCH {BOB}", json={"password": password})
    assert changed.json()["has_password"] == (password is not None)
    assert (await v1.call("GET /vehicles", "bob", SESSION)).status_code == 401


async def test_one_time_codes(v1: ApiSite) -> None:
    """An administrator switches them off for who lost them, and never on."""
    answer = await _admin(v1, f"PATCH {BOB}", json={"has_totp": True})
    assert answer.status_code == 422
    assert not (await _admin(v1, f"PATCH {BOB}", json={"has_totp": False})).json()["has_totp"]


@pytest.mark.parametrize("is_alone", [True, False])
async def test_the_last_administrator(v1: ApiSite, is_alone: bool) -> None:
    """The only one can neither go nor stop being one; with another one that is possible."""
    if not is_alone:
        await _admin(v1, f"PATCH {BOB}", json={"is_admin": True})
    demoted = await _admin(v1, f"PATCH {OWNERS}/root", json={"is_admin": False})
    if not is_alone:
        await v1.http.accounts.check_logins()
        assert (await _admin(v1, f"GET {OWNERS}")).json()["error"]["code"] == "not_admin"
    removed = await v1.call(f"DELETE {OWNERS}/root", "root" if is_alone else "bob")
    if is_alone:
        for answer in (demoted, removed):
            assert (answer.status_code, answer.json()["error"]["code"]) == (409, "last_admin")
    else:
        assert demoted.status_code == 200
        assert removed.status_code == 204


async def test_remove(v1: ApiSite) -> None:
    """Who has vehicles goes only with them, and who is connected is closed before the answer."""
    refused = await _admin(v1, f"DELETE {BOB}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "has_vehicles")
    _, line = await v1.http.report("S50,K")
    gone = await _admin(v1, f"DELETE {BOB}?with_vehicles=true")
    assert (gone.status_code, gone.text) == (204, "")
    assert line.is_closed
    assert (await _admin(v1, f"DELETE {BOB}")).status_code == 404
    noted = (await _admin(v1, "GET /admin/audit?action=owner.remove")).json()["items"]
    assert [each["detail"].split()[0] for each in noted] == ["account"]  # its number, no name


async def test_mail(v1: ApiSite) -> None:
    """An administrator has a first password set by mail; without an address there is none."""
    with v1.database.writing() as connection:
        queries.set_password(connection, "bob", None, 1.0)
    async with open_mailbox(v1) as mailbox:
        assert (await _admin(v1, f"POST {BOB}/reset")).status_code == 202
        body = {"code": await mailbox.code(), "password": "newer"}
        assert (await v1.call("POST /account/reset/confirm", None, json=body)).status_code == 204
        refused = await _admin(v1, f"POST {OWNERS}/alice/reset")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "no_address")


async def test_a_browser_left_open(v1: ApiSite) -> None:
    """An administrator's session changes accounts, its own too, with a fresh proof only."""
    await v1.call("GET /admin/owners", "root", SESSION)
    v1.clock.advance(PROOF_LIFE)
    for call, body in (
        ("PATCH /admin/owners/root", {"password": "another"}),
        ("PATCH /admin/owners/root", {"has_totp": False}),
        ("POST /admin/owners", {"name": "eve", "password": "eve", "is_admin": True}),
        ("DELETE /admin/owners/alice", None),
    ):
        answer = await v1.call(call, "root", SESSION, json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "proof_needed")
    assert (await v1.call("GET /admin/owners", "root", SESSION)).status_code == 200
    change = await v1.call("PATCH /admin/owners/alice", "root", json={"vehicle_limit": 1})
    assert change.status_code == 200
