from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.protocol import Role
from ovms.server.storage import queries
from ovms.server.storage.quotas import set_limits

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
        "log_days": None,
        "log_position_days": None,
        "makes_journeys": True,
        "created": "2023-11-14T22:13:20.000Z",
    }


async def test_no_such_vehicle(v1: ApiSite) -> None:
    """Whoever asks for another's vehicle hears the same as of one that is not there."""
    answers = [await v1.call(f"GET /vehicles/{each}", "alice") for each in ("CAR1", "NONE")]
    assert [each.status_code for each in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["error"]["code"] == "no_vehicle"


async def test_make(v1: ApiSite) -> None:
    """A vehicle that an owner makes is theirs at once, with a secret that is told once."""
    answer = await v1.call("POST /vehicles", json={"id": "new1", "name": "My car"})
    assert answer.status_code == 201
    made = answer.json()
    assert (made["id"], made["name"], made["is_own"]) == ("NEW1", "My car", True)
    assert len(made["secret"]) == 22
    found = (await v1.call("GET /vehicles/NEW1")).json()
    assert found == {key: value for key, value in made.items() if key != "secret"}
    with v1.database.writing() as connection:
        assert queries.get_vehicle(connection, "NEW1").secret == made["secret"]


async def test_make_with_a_secret(v1: ApiSite) -> None:
    """A secret of one's own is not told."""
    answer = await v1.call("POST /vehicles", json={"id": "NEW1", "secret": "my own"})
    assert (answer.status_code, answer.json()["secret"]) == (201, None)
    assert "my own" not in answer.text


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [({"id": "car3"}, 409, "taken"), ({"id": "A B"}, 422, "invalid"), ({"id": ""}, 422, "invalid"),
     ({}, 422, "invalid"), ({"id": "X", "owner": "alice"}, 422, "invalid"),
     ({"id": "X", "secret": ""}, 422, "invalid"), ({"id": "X" * 33}, 422, "invalid")],
)  # fmt: skip
async def test_make_nothing(v1: ApiSite, body: object, status: int, code: str) -> None:
    """What cannot be a vehicle, or is one, is refused."""
    answer = await v1.call("POST /vehicles", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_quota(v1: ApiSite) -> None:
    """An owner makes as many vehicles as they may have."""
    with v1.database.writing() as connection:
        alice = queries.get_owner(connection, "alice")
        set_limits(connection, alice.id, {"vehicle_limit": 2}, v1.clock.time())
    assert (await v1.call("POST /vehicles", "alice", json={"id": "A2"})).status_code == 201
    answer = await v1.call("POST /vehicles", "alice", json={"id": "A3"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "quota")


async def test_change(v1: ApiSite) -> None:
    """Only what is there is changed, by whoever may manage the vehicle."""
    v1.share("manage")
    changes = {"name": "Red", "log_days": 3, "log_position_days": 0}
    answer = await v1.call("PATCH /vehicles/CAR1", "alice", json=changes)
    assert changes.items() <= answer.json().items()
    answer = await v1.call("PATCH /vehicles/CAR1", json={"log_days": None})
    assert (answer.json()["name"], answer.json()["log_days"]) == ("Red", None)
    assert answer.json()["log_position_days"] == 0
    assert (await v1.call("PATCH /vehicles/CAR1", json={})).json() == answer.json()
    for wrong in ({"log_days": -1}, {"name": None}, {"secret": "x"}, {"name": "x\n"}):
        assert (await v1.call("PATCH /vehicles/CAR1", json=wrong)).status_code == 422


async def test_journeys_off(v1: ApiSite) -> None:
    """Who manages a vehicle says whether journeys are made of it."""
    v1.share_only("manage")
    for wanted in (False, True):
        answer = await v1.call("PATCH /vehicles/CAR1", "alice", json={"makes_journeys": wanted})
        assert answer.json()["makes_journeys"] is wanted
        state = (await v1.call("GET /vehicles/CAR1/journeys")).json()["state"]
        assert state == ("made" if wanted else "vehicle_off")
    assert (await v1.call("GET /vehicles/CAR2")).json()["makes_journeys"]


async def test_change_to_tls_only(v1: ApiSite) -> None:
    """From then on calls without TLS are refused, and who is connected is closed."""
    _, line = await v1.http.enter(Role.APP)
    answer = await v1.call("PATCH /vehicles/CAR1", json={"tls_only": True})
    assert answer.json()["tls_only"]
    assert line.is_closed
    refused = await v1.call("GET /vehicles/CAR1")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "tls_only")


async def test_new_secret(v1: ApiSite) -> None:
    """A new secret is told once, and closes who came by the old one."""
    _, line = await v1.http.enter(Role.APP)
    secret = (await v1.call("POST /vehicles/CAR1/secret")).json()["secret"]
    assert line.is_closed
    with v1.database.writing() as connection:
        assert queries.get_vehicle(connection, "CAR1").secret == secret
    given = await v1.call("POST /vehicles/CAR1/secret", json={"secret": "my own"})
    assert given.json() == {"secret": None}


async def test_remove(v1: ApiSite) -> None:
    """A vehicle that its owner removes is gone at once, for those with whom it is shared too."""
    v1.share("manage")
    _, line = await v1.http.enter(Role.APP)
    answer = await v1.call("DELETE /vehicles/CAR1", "alice")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_owner")
    assert (await v1.call("DELETE /vehicles/CAR1")).status_code == 204
    assert line.is_closed
    for owner in ("bob", "alice"):
        assert (await v1.call("GET /vehicles/CAR1", owner)).status_code == 404


async def test_changes_are_noted(v1: ApiSite) -> None:
    """What was done to a vehicle stands in the audit trail, without a secret."""
    await v1.call("POST /vehicles", json={"id": "NEW1", "secret": "my own"})
    await v1.call("PATCH /vehicles/NEW1", json={"name": "Red"})
    await v1.call("POST /vehicles/NEW1/secret")
    await v1.call("DELETE /vehicles/NEW1")
    trail = await v1.call("GET /account/audit")
    assert [each["action"] for each in trail.json()["items"]][:4] == [
        "vehicle.remove", "vehicle.secret", "vehicle.change", "vehicle.add",
    ]  # fmt: skip
    assert "my own" not in trail.text


async def test_tls_only_is_the_owners(v1: ApiSite) -> None:
    """Who manages a shared vehicle cannot shut out a car that calls without TLS."""
    v1.share("manage")
    for wanted in (True, False):
        answer = await v1.call("PATCH /vehicles/CAR1", "alice", json={"tls_only": wanted})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_owner")
    assert not (await v1.call("GET /vehicles/CAR1")).json()["tls_only"]
