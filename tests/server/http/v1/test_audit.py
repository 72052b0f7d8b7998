from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ovms.server.http.v1.audit import audit
from ovms.server.http.v1.callers import ApiCaller
from tests.server.http.api import BOB

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def actions(v1: ApiSite, call: str, owner: str = "bob", **parameters: Any) -> list[str]:
    """Return the actions that a call lists, log-ins by token left out."""
    answer = await v1.call(call, owner, params=parameters)
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    return [each["action"] for each in items if each["action"] != "login.token"]


async def note(v1: ApiSite, owner: str, action: str, vehicle_id: str | None = None) -> None:
    """Note something that an owner has done."""
    login = await v1.context.callers.log_in_by_token(v1.token(owner), "192.0.2.9")
    caller = ApiCaller(login, "192.0.2.9", is_secure=True)
    audit(v1.context, caller, action, vehicle_id=vehicle_id, detail="word")


async def test_a_token_login(v1: ApiSite) -> None:
    """A log-in by token is noted with its number, its owner and from where, once a day."""
    await v1.call("GET /vehicles")
    (entry,) = (await v1.call("GET /account/audit")).json()["items"]
    assert entry.pop("time").endswith("Z")
    assert entry == {
        "id": "1", "action": "login.token", "actor": "Bob", "account": "Bob", "vehicle_id": None,
        "detail": "token 1", "address": "192.0.2.7",
    }  # fmt: skip


async def test_whose(v1: ApiSite) -> None:
    """Owners see what is about their account and vehicles, administrators everything."""
    v1.share("manage", "CAR1", "alice")
    await note(v1, "alice", "vehicle.set", "CAR1")
    await note(v1, "alice", "vehicle.set", "CAR3")
    await note(v1, "bob", "token.add")
    assert await actions(v1, "GET /account/audit") == ["token.add", "vehicle.set"]
    assert await actions(v1, "GET /vehicles/CAR1/audit") == ["vehicle.set"]
    assert await actions(v1, "GET /vehicles/CAR2/audit") == []
    assert await actions(v1, "GET /account/audit", "alice") == ["vehicle.set"]
    assert len(await actions(v1, "GET /admin/audit", "root")) == 3


async def test_where_others_are(v1: ApiSite) -> None:
    """Where somebody is with whom a vehicle is shared only administrators see."""
    v1.share("manage", "CAR1", "alice")
    await note(v1, "alice", "vehicle.set", "CAR1")
    (entry,) = (await v1.call("GET /vehicles/CAR1/audit")).json()["items"]
    assert (entry["actor"], entry["address"]) == ("Alice", None)
    found = await v1.call("GET /admin/audit", "root", params={"actor": "Alice", "vehicle": "car1"})
    assert [each["address"] for each in found.json()["items"]] == ["192.0.2.9"]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [({"account": "BOB"}, ["b.c", "a"]), ({"account": "nobody"}, []), ({"actor": "Alice"}, ["b"]),
     ({"action": "b"}, ["b", "b.c"]), ({"action": "b.c"}, ["b.c"]),
     ({"since": "2000-01-01T00:00:00Z"}, ["b", "b.c", "a"]),
     ({"until": "2000-01-01T00:00:00Z"}, [])],
)  # fmt: skip
async def test_filters(v1: ApiSite, parameters: dict[str, str], expected: list[str]) -> None:
    """An administrator asks by account, actor, action and time."""
    for owner, action in (("bob", "a"), ("bob", "b.c"), ("alice", "b")):
        await note(v1, owner, action)
    assert await actions(v1, "GET /admin/audit", "root", **parameters) == expected


async def test_pages(v1: ApiSite) -> None:
    """A page names where the next begins; the last names nothing."""
    for action in ("a", "b", "c"):
        await note(v1, "bob", action)
    first = (await v1.call("GET /account/audit", params={"limit": 2})).json()
    rest = {"limit": 2, "after": first["next"]}
    second = (await v1.call("GET /account/audit", params=rest)).json()
    found = [each["action"] for each in first["items"] + second["items"]]
    assert found == ["c", "b", "a", "login.token"]
    assert second["next"] is None


@pytest.mark.parametrize(
    "parameters",
    [{"after": "x"}, {"after": "9" * 19}, {"limit": 0}, {"limit": 1001}, {"since": "yesterday"},
     {"since": "1700000000000"}],
)  # fmt: skip
async def test_wrong_words(v1: ApiSite, parameters: dict[str, Any]) -> None:
    """What is no place, limit or time is refused."""
    answer = await v1.call("GET /account/audit", params=parameters)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")


async def test_wrong_passwords(v1: ApiSite) -> None:
    """A wrong password is in the trail of its account, without the password."""
    for _ in range(3):
        await v1.http.get("/api/cookie", username="bob", password="guess")
    await v1.http.get("/api/cookie", username="nobody", password="guess")
    answer = await v1.call("GET /account/audit", params={"action": "login.failed"})
    (entry,) = answer.json()["items"]
    assert (entry["actor"], entry["address"]) == (None, "192.0.2.7")
    assert "guess" not in answer.text
    everything = await v1.call("GET /admin/audit", "root", params={"action": "login.failed"})
    assert [each["account"] for each in everything.json()["items"]] == [None, "Bob"]


async def test_a_right_password(v1: ApiSite) -> None:
    """It is noted once a day, however many calls there are."""
    for _ in range(3):
        await v1.http.get("/api/vehicles", **BOB)
    assert await actions(v1, "GET /account/audit") == ["login.password"]
