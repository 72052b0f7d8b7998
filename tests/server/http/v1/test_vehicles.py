from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def test_list(v1: ApiSite) -> None:
    """An owner sees the own vehicles and those that others share, by id."""
    v1.share("location", "CAR1", "alice")
    answer = await v1.call("GET /vehicles", "alice")
    assert [(each["id"], each["owner"], each["is_own"], each["rights"])
            for each in answer.json()] == [
        ("CAR1", "Bob", False, ["view", "location"]),
        ("CAR3", "Alice", True, ["view", "location", "command", "pin", "manage"]),
    ]  # fmt: skip


async def test_one(v1: ApiSite) -> None:
    """A vehicle is found by its id in any case, and all its fields are there."""
    answer = await v1.call("GET /vehicles/car1", "bob", "view")
    assert answer.json() == {
        "id": "CAR1",
        "name": "",
        "owner": "Bob",
        "is_own": True,
        "rights": ["view"],
        "is_online": False,
        "is_paranoid": False,
        "tls_only": False,
        "created": "2023-11-14T22:13:20.000Z",
    }


async def test_no_such_vehicle(v1: ApiSite) -> None:
    """Whoever asks for another's vehicle hears the same as of one that is not there."""
    answers = [await v1.call(f"GET /vehicles/{each}", "alice") for each in ("CAR1", "NONE")]
    assert [each.status_code for each in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["error"]["code"] == "no_vehicle"
