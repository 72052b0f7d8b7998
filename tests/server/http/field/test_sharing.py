"""The field's calls by somebody with whom a vehicle is shared."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from ovms.protocol import Role
from ovms.server.rights import RIGHT_WORDS, parse_rights
from ovms.server.storage import queries
from tests.server.http.api import BOB, PASSWORD, add_token
from tests.server.hub.fakes import message

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tests.server.http.api import HttpSite

ALICE = {"username": "alice", "password": PASSWORD}
SAID = ("S80", "D0,0,5", "F1,VIN", "L51.5,-0.1", "W1,2", "?new", "EMHsealed")
WITHOUT_LOCATION = [word for word in RIGHT_WORDS if word != "location"]


def share(api: HttpSite, rights: str, expires: float | None = None) -> None:
    """Share CAR1 with Alice."""

    def put(connection: Connection, now: float) -> None:
        car, alice = (queries.get_vehicle(connection, "CAR1"),
                      queries.get_owner(connection, "alice"))  # fmt: skip
        queries.put_share(connection, car, alice, parse_rights(rights), now, expires)

    api.change(put)


async def test_it_is_listed(api: HttpSite) -> None:
    """The other owner has it among the own ones; the first one sees nothing new."""
    share(api, "view")
    assert [each["id"] for each in (await api.get("/api/vehicles", **ALICE)).json()] == [
        "CAR1",
        "CAR3",
    ]
    assert [each["id"] for each in (await api.get("/api/vehicles")).json()] == ["CAR1", "CAR2"]
    assert (await api.call("GET vehicle", params=ALICE)).status_code == 200
    assert (await api.call("GET status", "CAR2", ALICE)).status_code == 403


@pytest.mark.parametrize("rights", WITHOUT_LOCATION)
async def test_no_position_without_its_right(api: HttpSite, rights: str) -> None:
    """Location is refused, and no other call has a position in it."""
    share(api, rights)
    await api.report(*SAID, "H*-LOG-Trip,1,86400,1,51.5", "HNEW,1,86400,51.5", "PAat 51.5,-0.1")
    answer = await api.call("GET location", params=ALICE)
    assert (answer.status_code, answer.text) == (
        403,
        "The vehicle is shared without the right location\n",
    )
    for call in ("status", "charge", "lock", "valet", "tpms", "protocol", "vehicle", "historical"):
        answer = await api.call(f"GET {call}", params=ALICE)
        assert answer.status_code == 200
        assert "51.5" not in answer.text
    codes = [row["m_code"] for row in (await api.call("GET protocol", params=ALICE)).json()]
    assert codes == ["D", "F", "S", "W"]
    types = (await api.call("GET historical", params=ALICE)).json()
    assert [row["h_recordtype"] for row in types] == ["D", "S", "W"]
    for kind in ("L", "*-LOG-Trip", "NEW", "*-Log-Notification", "none"):
        refused = await api.get(f"/api/historical/CAR1/{kind}", **ALICE)
        assert refused.status_code == 403
    assert (await api.get("/api/historical/CAR1/S", **ALICE)).json()[0]["h_data"] == "80"
    rows = (await api.call("GET historical")).json()
    assert {"L", "NEW"} < {row["h_recordtype"] for row in rows}


async def test_with_location(api: HttpSite) -> None:
    """Whoever may see where it is sees all that the owner does."""
    share(api, "location")
    await api.report(*SAID)
    for call in ("location", "protocol", "historical", "status"):
        mine, theirs = await api.call(f"GET {call}", params=ALICE), await api.call(f"GET {call}")
        assert mine.json() == theirs.json()
    assert (await api.get("/api/historical/CAR1/L", **ALICE)).status_code == 200


@pytest.mark.parametrize(
    ("rights", "call", "refused"),
    [
        ("view", "PUT charge", "Not shared with you: this needs the right command"),
        ("command", "PUT lock", "Not shared with you: this needs the right pin"),
        ("command", "DELETE valet", "Not shared with you: this needs the right pin"),
        ("pin", "PUT feature", "Not shared with you: this needs the right manage"),
        ("pin,manage,location", "GET parameters", "Only the vehicle's owner may send this"),
        ("pin,manage,location", "PUT parameter", "Only the vehicle's owner may send this"),
    ],
)
async def test_commands_that_are_refused(
    api: HttpSite, rights: str, call: str, refused: str
) -> None:
    """A command without its right is refused before anything is read of the call's body."""
    share(api, rights)
    _, line = await api.enter(Role.CAR)
    line.take()
    answer = await api.call(call, params=ALICE)
    assert (answer.status_code, answer.text) == (403, f"{refused}\n")
    assert line.take() == []


async def test_commands_that_are_sent(api: HttpSite) -> None:
    """With the right the call is one as the owner's: without a car it says that."""
    share(api, "pin,manage")
    bodies = {
        "PUT charge": {},
        "PUT lock": {"pin": "1"},
        "PUT homelink": {"button": "0"},
        "PUT feature": {"feature": "5", "value": "1"},
    }
    for call, body in bodies.items():
        answer = await api.call(call, params=ALICE, data=body)
        assert (answer.status_code, answer.text) == (409, "The car is not connected\n")


async def test_the_end(api: HttpSite) -> None:
    """When it is over, the vehicle is gone from sessions and watches, and no other is."""
    share(api, "location", expires=api.clock.time() + 60)
    await api.client.get("/api/cookie", params=ALICE)
    assert (await api.client.get("/api/location/CAR1")).status_code == 200
    await api.get("/api/vehicle/CAR1", **ALICE)
    await api.get("/api/vehicle/CAR3", **ALICE)
    await api.get("/api/vehicle/CAR1", **BOB)
    assert len(api.watches) == 3
    api.clock.advance(61)
    await api.accounts.check_logins()
    assert (await api.client.get("/api/location/CAR1")).status_code == 403
    assert [each["id"] for each in (await api.client.get("/api/vehicles")).json()] == ["CAR3"]
    assert {login.owner for login in api.watches.logins()} == {"Alice", "Bob"}
    assert len(api.watches) == 2
    assert (await api.call("GET status")).status_code == 200


@pytest.mark.parametrize(("rights", "is_read"), [("location", True), ("view", False), ("", False)])
async def test_a_long_answer(
    api: HttpSite, monkeypatch: pytest.MonkeyPatch, rights: str, is_read: bool
) -> None:
    """It goes on while the share allows it: each page of a history is asked for anew."""
    monkeypatch.setattr("ovms.server.http.field.history.PAGE", 2)
    share(api, "location")
    car, _ = await api.enter(Role.CAR)
    for number in range(5):
        car.receive(message(f"HNEW,{number},86400,x"))
    read_page, pages = api.store.history_page, 0

    async def read(*asked: Any) -> Any:
        nonlocal pages
        pages += 1
        if pages == 1 and rights:
            share(api, rights)
        elif pages == 1:
            alice = partial(queries.get_owner, name="alice")
            api.change(lambda c, now: queries.end_share(c, "CAR1", alice(c), now))
        return await read_page(*asked)

    monkeypatch.setattr(type(api.store), "history_page", lambda _, *asked: read(*asked))
    if is_read:
        answer = await api.get("/api/historical/CAR1/NEW", **ALICE)
        assert len(answer.json()) == 5
    else:
        with pytest.raises(AssertionError):  # the client of these tests takes no half answers
            await api.get("/api/historical/CAR1/NEW", **ALICE)
        assert pages == 1


@pytest.mark.parametrize("is_shared", [False, True])
async def test_tokens_of_the_other_api(api: HttpSite, *, is_shared: bool) -> None:
    """A token with rights of /api/v1 only has no others here, nor with a vehicle that is shared."""
    owner = "alice" if is_shared else "bob"
    share(api, "pin,location,manage")
    await api.report(*SAID, "H*-LOG-Trip,1,86400,1,51.5", "PAat 51.5,-0.1")
    caller = {"username": owner, "password": await add_token(api, "view", owner=owner)}
    for call in ("status", "protocol", "historical", "vehicle"):
        answer = await api.call(f"GET {call}", params=caller)
        assert answer.status_code == 200
        assert "51.5" not in answer.text
    for path in ("location/CAR1", "historical/CAR1/L", "historical/CAR1/*-LOG-Trip"):
        answer = await api.get(f"/api/{path}", **caller)
        assert (answer.status_code, answer.text.rpartition(" without ")[2]) == (
            403,
            "the right location\n",
        )
    caller["password"] = await add_token(api, "account", "cd" * 32, owner=owner)
    assert (await api.get("/api/vehicles", **caller)).json() == []
    assert (await api.call("GET status", params=caller)).status_code == 403
    caller["password"] = await add_token(api, "location", "ef" * 32, owner=owner)
    assert (await api.call("GET location", params=caller)).status_code == 200
