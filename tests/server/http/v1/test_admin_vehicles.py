from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, text

from ovms.protocol import Role
from ovms.server.storage import queries
from ovms.server.storage.schema import history_counts, messages
from tests.server.http.v1.records import put

if TYPE_CHECKING:
    import httpx

    from tests.server.http.v1.site import ApiSite

VEHICLES = "/admin/vehicles"


async def _admin(v1: ApiSite, call: str, **request: Any) -> httpx.Response:
    return await v1.call(call, "root", **request)


async def test_list(v1: ApiSite) -> None:
    """All vehicles come by id, a page at a time, those of servers too."""
    first = (await _admin(v1, f"GET {VEHICLES}?limit=3")).json()
    assert [each["id"] for each in first["items"]] == ["CAR1", "CAR2", "CAR3"]
    second = (await _admin(v1, f"GET {VEHICLES}?limit=3&after={first['next']}")).json()
    assert [(each["id"], each["type"]) for each in second["items"]] == [("PEER", "server")]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("asked", "found"),
    [({"owner": "ALICE"}, ["CAR3"]), ({"owner": "nobody"}, []), ({"search": "car"}, [
        "CAR1", "CAR2", "CAR3"]), ({"search": "%"}, []), ({"search": "roadster"}, ["CAR2"]),
     ({"search": "car", "owner": "alice"}, ["CAR3"])],
)  # fmt: skip
async def test_filters(v1: ApiSite, asked: dict[str, str], found: list[str]) -> None:
    """They are found by owner, and by a text in id or name."""
    with v1.database.writing() as connection:
        queries.rename_vehicle(connection, "CAR2", "My Roadster", 1.0)
    answer = await _admin(v1, f"GET {VEHICLES}", params=asked)
    assert [each["id"] for each in answer.json()["items"]] == found


async def test_one(v1: ApiSite) -> None:
    """A vehicle has all fields; neither its secret nor where it is."""
    with v1.database.writing() as connection:
        row = {"vehicle_id": "CAR1", "type": "L", "number": 0, "records": 2, "bytes": 300}
        connection.execute(insert(history_counts).values(row))
        last = {"vehicle_id": "CAR1", "code": "S", "data": b"80", "time": 1.0}
        connection.execute(insert(messages).values(last))
    await v1.http.enter(Role.CAR)
    v1.context.store.put_presence("CAR1", car=True, apps=0, batch=0, heard=1.0)
    await v1.context.store.writer.flush()
    items = (await _admin(v1, f"GET {VEHICLES}?limit=1")).json()["items"]
    assert items == [
        {
            "id": "CAR1",
            "name": "",
            "owner": "Bob",
            "type": "car",
            "is_online": True,
            "last_heard": "1970-01-01T00:00:01.000Z",
            "tls_only": False,
            "server": "*",
            "created": "2023-11-14T22:13:20.000Z",
            "records": 3,
            "bytes": 342,
            "positions": 2,
            "messages": 1,
            "journeys": 0,
        }
    ]


@pytest.mark.parametrize("body", [{}, {"secret": "chosen"}, {"keep_secret": True}])
async def test_transfer(v1: ApiSite, body: dict[str, Any]) -> None:
    """A vehicle gets an owner and a secret, which is told only if it was made.

    Who is connected by the old owner's login or the old secret is closed before the answer.
    """
    _, line = await v1.http.report("S50,K")
    assert (await v1.call("GET /vehicles/CAR1/state")).status_code == 200
    answer = await _admin(v1, f"POST {VEHICLES}/car1/transfer", json={"owner": "alice", **body})
    told = answer.json()
    assert (told["id"], told["owner"]) == ("CAR1", "Alice")
    with v1.database.reading() as connection:
        vehicle = queries.get_vehicle(connection, "CAR1")
    assert vehicle.owner == "Alice"
    expected = body.get("secret") or ("secret" if body else told["secret"])
    assert vehicle.secret == expected
    assert (told["secret"] is None) == bool(body)
    assert line.is_closed
    assert (await v1.call("GET /vehicles/CAR1/state")).status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [("NONE", {"owner": "alice"}, 404), ("CAR1", {"owner": "nobody"}, 404),
     ("CAR1", {"owner": "alice", "secret": "secret"}, 422),
     ("CAR1", {"owner": "alice", "secret": "x", "keep_secret": True}, 422)],
)  # fmt: skip
async def test_wrong_transfers(v1: ApiSite, path: str, body: dict[str, Any], status: int) -> None:
    """A transfer that cannot be changes nothing."""
    answer = await _admin(v1, f"POST {VEHICLES}/{path}/transfer", json=body)
    assert answer.status_code == status
    assert "secret" not in answer.json()["error"]["message"] or status == 422
    with v1.database.reading() as connection:
        assert queries.get_vehicle(connection, "CAR1").owner == "Bob"


async def test_damaged(v1: ApiSite) -> None:
    """A damaged secret is told, keeps no other vehicle back, and is mended by a transfer."""
    with v1.database.writing() as connection:
        damage = text("UPDATE vehicles SET secret = substr(secret, 1, 40) WHERE id IN (:a, :b)")
        connection.execute(damage, {"a": "CAR1", "b": "CAR2"})
    assert [each["id"] for each in (await v1.call("GET /vehicles")).json()] == ["CAR1", "CAR2"]
    call = f"POST {VEHICLES}/CAR1/transfer"
    for answer in (
        await _admin(v1, call, json={"owner": "alice", "keep_secret": True}),
        await v1.call("PATCH /vehicles/CAR1", json={"name": "Kitt"}),
    ):
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (409, "damaged")
        assert "set it anew" in error["message"]
    done = await _admin(v1, call, json={"owner": "alice"})
    assert (done.status_code, done.json()["owner"]) == (200, "Alice")
    with v1.database.reading() as connection:
        assert queries.get_vehicle(connection, "CAR1").secret == done.json()["secret"]
    assert (await _admin(v1, f"DELETE {VEHICLES}/CAR2")).status_code == 204


async def test_remove(v1: ApiSite) -> None:
    """A removed vehicle is gone, and its owner finds in the audit trail who did it."""
    assert (await _admin(v1, f"DELETE {VEHICLES}/car1")).status_code == 204
    assert (await _admin(v1, f"DELETE {VEHICLES}/car1")).status_code == 404
    noted = (await v1.call("GET /account/audit")).json()["items"]
    assert ("vehicle.remove", "root") in [(each["action"], each["actor"]) for each in noted]


async def test_erase(v1: ApiSite) -> None:
    """What a vehicle has sent goes, from memory too; it stays, and its owner finds who did it."""
    _, line = await v1.http.report("S50,K", "L51.512345,8,0,0,1,9")
    await put(v1, "x", (0, "y"))
    assert (await _admin(v1, f"DELETE {VEHICLES}/car1/data")).status_code == 204
    assert (await _admin(v1, f"DELETE {VEHICLES}/nosuch/data")).status_code == 404
    assert (await v1.call("GET /vehicles/CAR1/history")).json() == []
    assert not v1.context.hub.rooms["CAR1"].latest.by_code
    assert not line.is_closed
    noted = (await v1.call("GET /account/audit")).json()["items"]
    assert ("vehicle.erase", "root") in [(each["action"], each["actor"]) for each in noted]
