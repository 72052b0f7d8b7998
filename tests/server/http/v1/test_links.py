from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from ovms.protocol import Message
from ovms.server.http import live
from ovms.server.http.v1 import links
from ovms.server.storage import queries
from ovms.server.storage.position_links import LINKS_A_VEHICLE, list_links
from tests.server.http.v1.calls_links import EXPIRES, SECRET, make_link
from tests.server.http.v1.streams import stream

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

PLACE = "L51.5,-0.12,90,100,1,1,30"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what a car says become an event without a wait."""
    monkeypatch.setattr(live, "GAP", 0.0)


async def make(v1: ApiSite, owner: str = "bob", **body: Any) -> Any:
    """Make a link to CAR1; return the answer's content."""
    answer = await v1.call(
        "POST /vehicles/CAR1/links", owner, json={"expires": EXPIRES, "label": "Friend"} | body
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


def position(made: Any) -> str:
    """Return the call that a link is."""
    return "GET " + str(made["path"]).removeprefix("/api/v1")


async def test_what_a_link_shows(v1: ApiSite) -> None:
    """Whoever has it sees name, place, direction, speed and age, and nothing else."""
    await v1.http.report("S80,K", PLACE)
    v1.http.change(lambda connection, now: queries.rename_vehicle(connection, "CAR1", "Red", now))
    made = await make(v1)
    assert re.fullmatch(r"/api/v1/links/[\w-]{32}", made["path"])
    v1.clock.advance(10)
    answer = await v1.call(position(made), None)
    assert answer.json() == {
        "name": "Red", "expires": "2023-11-15T00:00:00.000Z", "time": "2023-11-14T22:13:20.000Z",
        "age": 10, "is_stale": False, "latitude": 51.5, "longitude": -0.12, "direction": 90.0,
        "speed": 30.0,
    }  # fmt: skip


async def test_nothing_is_known(v1: ApiSite) -> None:
    """Of a car that never said where it is nothing is shown."""
    answer = await v1.call(position(await make(v1)), None)
    facts = answer.json()
    assert facts.pop("expires") == "2023-11-15T00:00:00.000Z"
    assert set(facts.values()) == {None}


async def test_listed_and_removed(v1: ApiSite) -> None:
    """Links are listed without what leads to them, and end at once when they are removed."""
    made = await make(v1)
    await v1.call(position(made), None)
    listed = await v1.call("GET /vehicles/CAR1/links")
    assert listed.json() == [
        {"id": made["id"], "label": "Friend", "owner": "Bob", "expires": made["expires"],
         "created": made["created"], "last_used": "2023-11-14T22:13:20.000Z"}
    ]  # fmt: skip
    path = f"DELETE /vehicles/CAR1/links/{made['id']}"
    async with stream(v1, position(made)[4:] + "/events", None) as reader:
        assert (await reader.next()).name == "position"
        assert (await v1.call(f"DELETE /vehicles/CAR2/links/{made['id']}")).status_code == 404
        assert (await v1.call(path)).status_code == 204
        assert (await reader.next()).content == {"reason": "link_ended"}
    assert (await v1.call(path)).status_code == 404
    gone = await v1.call(position(made), None)
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "no_link")


@pytest.mark.parametrize("expires", ["2023-11-14T22:13:20Z", "2023-11-21T22:13:21Z", None])
async def test_its_end(v1: ApiSite, expires: str | None) -> None:
    """A link must end, within seven days from now."""
    body = {"expires": expires}
    answer = await v1.call("POST /vehicles/CAR1/links", json=body)
    assert answer.status_code == 422


async def test_it_ends_by_itself(v1: ApiSite) -> None:
    """After its time it shows nothing, and is listed no more."""
    made = await make(v1)
    v1.clock.advance(2 * 3600)
    assert (await v1.call(position(made), None)).status_code == 404
    assert (await v1.call("GET /vehicles/CAR1/links")).json() == []


@pytest.mark.parametrize("what", ["share", "right", "vehicle"])
async def test_it_ends_with_the_right(v1: ApiSite, what: str) -> None:
    """So it is when who made it may do so no more, or when the vehicle is gone."""
    v1.share("location,manage")
    made = await make(v1, "alice")
    assert (await v1.call(position(made), None)).status_code == 200
    if what == "vehicle":
        v1.http.change(lambda connection, now: queries.remove_vehicle(connection, "CAR1", now))
    elif what == "share":
        v1.share_only("")
    else:
        v1.share("location")
    assert (await v1.call(position(made), None)).status_code == 404


async def test_who_may_make_one(v1: ApiSite) -> None:
    """Who may not see the location, or not manage the vehicle, makes no link to it."""
    for rights in ("location", "manage"):
        v1.share(rights)
        await v1.http.accounts.check_logins()
        answer = await v1.call("POST /vehicles/CAR1/links", "alice", json={"expires": EXPIRES})
        assert answer.status_code == 403


async def test_live(v1: ApiSite) -> None:
    """A link is followed live: only where the vehicle is, until the link ends."""
    car, _ = await v1.http.report("S80,K", PLACE)
    make_link(v1)
    async with stream(v1, f"/links/{SECRET}/events", None) as reader:
        first = await reader.next()
        assert (first.name, first.content["latitude"]) == ("position", 51.5)
        assert set(first.content) == {"time", "age", "is_stale", "latitude", "longitude",
                                      "direction", "speed"}  # fmt: skip
        car.receive(Message("S", b"79,K"))
        car.receive(Message("P", b"AToo hot"))
        v1.clock.advance(1)
        car.receive(Message("L", b"51.6,-0.12,90,100,1,1,30"))
        assert (await reader.next()).content["latitude"] == 51.6
        v1.clock.advance(3600)
        car.receive(Message("L", b"51.7,-0.12,90,100,1,1,30"))
        assert (await reader.next()).content == {"reason": "link_ended"}
        assert "51.7" not in reader.body.decode()
    assert len(v1.context.live) == 0


async def test_a_stream_ends_in_time(v1: ApiSite) -> None:
    """A stream ends in the second in which its link does, though the car says nothing."""
    await v1.http.report(PLACE)
    made = await make(v1, expires="2023-11-14T22:13:22Z")
    async with stream(v1, made["path"].removeprefix("/api/v1") + "/events", None) as reader:
        await reader.next()
        v1.clock.advance(2)
        v1.context.live.tick()
        assert (await reader.next()).content == {"reason": "link_ended"}


async def test_a_position_past_the_end(v1: ApiSite) -> None:
    """What the car says when the link is over is not told, however lately it was looked at."""
    car, _ = await v1.http.report(PLACE)
    made = await make(v1, expires="2023-11-14T22:13:22Z")
    async with stream(v1, made["path"].removeprefix("/api/v1") + "/events", None) as reader:
        await reader.next()
        v1.clock.advance(2)
        car.receive(Message("L", b"51.7,-0.12,90,100,1,1,30"))
        assert (await reader.next()).content == {"reason": "link_ended"}


async def test_a_quiet_stream_ends_with_the_right(v1: ApiSite) -> None:
    """So does one whose maker may make links no more, though the car says nothing."""
    v1.share("location,manage")
    await v1.http.report(PLACE)
    made = await make(v1, "alice")
    async with stream(v1, made["path"].removeprefix("/api/v1") + "/events", None) as reader:
        await reader.next()
        v1.share_only("")
        v1.clock.advance(links.CHECK_INTERVAL)
        v1.context.live.tick()
        assert (await reader.next()).content == {"reason": "link_ended"}


async def test_public_url(v1: ApiSite) -> None:
    """The whole URL is told if the server knows how people find it."""
    assert (await make(v1))["url"] is None
    object.__setattr__(v1.context, "public_url", "https://ovms.example/")
    made = await make(v1)
    assert made["url"] == "https://ovms.example" + made["path"]


async def test_bounds(v1: ApiSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A vehicle has so many links, a link so many streams, and a network so many calls."""
    made = [await make(v1) for _ in range(LINKS_A_VEHICLE)]
    answer = await v1.call("POST /vehicles/CAR1/links", json={"expires": EXPIRES})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "quota")
    monkeypatch.setattr(links, "STREAMS_A_LINK", 0)
    assert (await v1.call(position(made[0]) + "/events", None)).status_code == 429
    answers = [await v1.call("GET /links/none", None) for _ in range(links.CALLS)]
    assert (answers[0].status_code, answers[-1].status_code) == (404, 429)


async def test_tls_only(v1: ApiSite) -> None:
    """A vehicle that takes TLS only is not shown without it."""
    make_link(v1)
    v1.http.change(lambda connection, now: queries.set_tls_only(connection, "CAR1", True, now))
    answer = await v1.call(f"GET /links/{SECRET}", None)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "tls_only")


async def test_expired_ones_go(v1: ApiSite) -> None:
    """What has expired takes nobody's place, and is deleted with the next that is made."""
    for _ in range(LINKS_A_VEHICLE):
        await make(v1)
    v1.clock.advance(2 * 3600)
    await make(v1, expires="2023-11-15T03:00:00Z")
    with v1.database.writing() as connection:
        assert len(list_links(connection, "CAR1", 0.0)) == 1


async def test_another_owner(v1: ApiSite) -> None:
    """A vehicle that becomes somebody else's has no link of the former owner's any more."""
    made = await make(v1)
    for owner in ("alice", "bob"):
        with v1.database.writing() as connection:
            found = queries.get_owner(connection, owner)
            queries.transfer_vehicle(connection, "CAR1", found, v1.clock.time())
        await v1.http.accounts.check_logins()
        assert (await v1.call("GET /vehicles/CAR1/links", owner)).json() == []
        assert (await v1.call(position(made), None)).status_code == 404
