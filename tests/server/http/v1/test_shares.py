from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ovms.server.http.v1.shares import REFILL, TRIES
from ovms.server.storage import queries
from tests.server.hub.fakes import START

if TYPE_CHECKING:
    import httpx

    from tests.server.http.v1.site import ApiSite

SHARES = "/vehicles/car1/shares"
NOW = "2023-11-14T22:13:20.000Z"
"""What the test's clock says."""


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Return an error's status and code."""
    return answer.status_code, answer.json()["error"]["code"]


async def put(v1: ApiSite, *rights: str, owner: str = "ALICE", **body: Any) -> httpx.Response:
    """Share CAR1 as Bob."""
    return await v1.call(f"PUT {SHARES}/{owner}", json={"rights": [*rights], **body})


async def test_share(v1: ApiSite) -> None:
    """The other owner has the vehicle at once, with the rights and what they include."""
    assert (await v1.call("GET /vehicles/CAR1", "alice")).status_code == 404
    answer = await put(v1, "pin", expires="2030-01-02T03:04:05Z")
    told = {
        "vehicle_id": "CAR1",
        "owner": "Alice",
        "rights": ["view", "command", "pin"],
        "expires": "2030-01-02T03:04:05.000Z",
        "created": NOW,
        "changed": NOW,
    }
    assert (answer.status_code, answer.json()) == (200, told)
    assert (await v1.call("GET /vehicles/CAR1", "alice")).json()["rights"] == told["rights"]
    assert (await v1.call(f"GET {SHARES}")).json() == [told]
    (received,) = (await v1.call("GET /shares", "alice")).json()
    assert received == told | {"owner": "Bob"}
    assert (await v1.call("GET /shares", "bob")).json() == []


async def test_another_share(v1: ApiSite) -> None:
    """The rights and the end replace those of before, at once."""
    await put(v1, "pin", "manage", expires="2030-01-02T03:04:05+02:00")
    assert (await v1.call("GET /vehicles/CAR1", "alice")).status_code == 200
    v1.clock.advance(10)
    answer = (await put(v1, "location")).json()
    assert (answer["rights"], answer["expires"]) == (["view", "location"], None)
    assert (answer["created"], answer["changed"]) == (NOW, "2023-11-14T22:13:30.000Z")
    assert (await v1.call("GET /vehicles/CAR1", "alice")).json()["rights"] == ["view", "location"]


@pytest.mark.parametrize(
    ("call", "owner"),
    [("DELETE /vehicles/CAR1/shares/alice", "bob"), ("DELETE /shares/car1", "alice")],
)
async def test_the_end(v1: ApiSite, call: str, owner: str) -> None:
    """Its owner ends a share, or the other one gives it back; once."""
    await put(v1, "view")
    assert (await v1.call("GET /vehicles/CAR1", "alice")).status_code == 200
    answer = await v1.call(call, owner)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await v1.call("GET /vehicles/CAR1", "alice")).status_code == 404
    assert (await v1.call(f"GET {SHARES}")).json() == []
    assert (await v1.call("GET /shares", "alice")).json() == []
    assert refused(await v1.call(call, owner)) == (404, "no_share")


async def test_what_is_no_share(v1: ApiSite) -> None:
    """Ending what is not shared says the same whether or not there is such an owner or vehicle."""
    await put(v1, "view")
    for call in ("DELETE /vehicles/CAR2/shares/alice", "DELETE /vehicles/CAR1/shares/nobody",
                 "DELETE /shares/CAR1", "DELETE /shares/none", "DELETE /shares/PEER"):  # fmt: skip
        assert refused(await v1.call(call)) == (404, "no_share")
    assert len((await v1.call(f"GET {SHARES}")).json()) == 1


async def test_names_that_nobody_has(v1: ApiSite) -> None:
    """Nobody finds out by trying who else has an account; who shares rightly never waits."""
    for _ in range(TRIES):
        assert refused(await put(v1, "view", owner="nobody")) == (404, "no_owner")
        if _ < TRIES - 1:
            assert (await put(v1, "view")).status_code == 200
    answer = await put(v1, "view", owner="nobody")
    assert refused(answer) == (429, "too_many")
    assert int(answer.headers["retry-after"]) == REFILL
    v1.clock.advance(REFILL)
    assert (await put(v1, "view")).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"rights": []},
        {"rights": ["owner"]},
        {"rights": "view"},
        {"rights": ["view"], "more": 1},
        {"rights": ["view"], "expires": "2030-01-02"},
        {"rights": ["view"], "expires": "2030-01-02T03:04:05"},
        {"rights": ["view"], "expires": 1893553445},
        {"rights": ["view"], "expires": NOW},
        {"rights": ["view"], "expires": "0001-01-01T00:00:00+14:00"},
        {"rights": ["view"], "expires": "9999-12-31T23:59:59-12:00"},
    ],
)
async def test_nonsense(v1: ApiSite, body: dict[str, Any]) -> None:
    """A share without rights, with others, or without an end that is a time to come is refused."""
    answer = await v1.call(f"PUT {SHARES}/alice", json=body)
    assert refused(answer) == (422, "invalid")
    assert (await v1.call(f"GET {SHARES}")).json() == []


async def test_with_oneself(v1: ApiSite) -> None:
    """Nobody shares with themselves."""
    assert refused(await put(v1, "view", owner="bob")) == (422, "invalid")


async def test_a_name_with_a_slash(v1: ApiSite) -> None:
    """A name may have any letters."""
    with v1.database.writing() as connection:
        queries.add_owner(connection, "a/b", START)
    assert (await put(v1, "view", owner="a%2Fb")).json()["owner"] == "a/b"
    assert (await v1.call(f"DELETE {SHARES}/a%2Fb")).status_code == 204


async def test_who_may_not(v1: ApiSite) -> None:
    """Whoever is not the owner neither shares a vehicle on nor sees with whom it is shared.

    They are told so, and of no right that would not help.
    """
    for rights in (["view"], ["location", "pin", "manage"]):
        await put(v1, *rights)
        for call in (f"GET {SHARES}", f"DELETE {SHARES}/alice"):
            assert refused(await v1.call(call, "alice")) == (403, "not_owner")
        share = await v1.call(f"PUT {SHARES}/root", "alice", json={"rights": ["view"]})
        assert refused(share) == (403, "not_owner")


async def test_the_trail(v1: ApiSite) -> None:
    """Both owners find in their trails what was shared and that it ended, and by whom."""
    await put(v1, "view", expires="2030-01-02T03:04:05Z")
    await v1.call("DELETE /shares/CAR1", "alice")
    await v1.context.audit.settle()
    for owner in ("bob", "alice"):
        entries = (await v1.call("GET /account/audit?action=share", owner)).json()["items"]
        assert [(each["action"], each["actor"], each["vehicle_id"], each["detail"])
                for each in entries] == [
            ("share.end", "Alice", "CAR1", "Alice"),
            ("share.put", "Bob", "CAR1", "Alice: view until 2030-01-02 03:04"),
        ]  # fmt: skip
