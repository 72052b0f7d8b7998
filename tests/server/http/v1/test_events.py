from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.protocol import Message, Role
from ovms.server.failed_calls import FailureReason
from ovms.server.http import live
from ovms.server.http.v1.state import StateAnswer
from ovms.server.storage import queries
from tests.server.http.v1.streams import SentEvent, StreamReader, stream
from tests.waiting import until

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what a car says become an event without a wait."""
    monkeypatch.setattr(live, "GAP", 0.0)


async def soc(reader: StreamReader) -> float:
    """Return the state of charge that the next event tells."""
    told = await reader.next()
    assert told.name == "state"
    found: float = told.content["groups"]["battery"]["soc"]
    return found


async def test_one_vehicle(v1: ApiSite) -> None:
    """The whole state comes first, as the call answers it, and then only what has changed."""
    car, _ = await v1.http.report("S80,K", "L51.5,-0.12,90,100,1,1,30")
    async with stream(v1, "/vehicles/car1/events") as reader:
        full = await reader.next()
        assert (reader.status, reader.headers["content-type"].split(";")[0]) == (
            200, "text/event-stream",
        )  # fmt: skip
        assert (full.name, full.content.pop("is_full")) == ("state", True)
        StateAnswer.model_validate(full.content, strict=False)
        assert full.content == (await v1.call("GET /vehicles/CAR1/state")).json()
        car.receive(Message("S", b"79,K"))
        change = await reader.next()
        assert not change.content["is_full"]
        assert [*change.content["groups"]] == ["battery"]
        assert change.content["groups"]["battery"]["soc"] == 79
        assert full.id is not None
        assert change.id is not None
        assert change.id > full.id
    assert len(v1.context.live) == 0


async def test_presence_and_alerts(v1: ApiSite) -> None:
    """Who comes and goes is told, and alerts, also of a vehicle that nobody was connected to."""
    async with stream(v1, "/vehicles/CAR1/events") as reader:
        assert not (await reader.next()).content["is_online"]
        car, _ = await v1.http.report("PAToo hot")
        told = [await reader.next() for _ in range(2)]
        assert {each.name: each.content for each in told} == {
            "presence": {"vehicle_id": "CAR1", "is_online": True, "apps": 0},
            "alert": {"vehicle_id": "CAR1", "time": "2023-11-14T22:13:20.000Z", "kind": "alert",
                      "text": "Too hot"},
        }  # fmt: skip
        await v1.http.enter(Role.APP)
        assert (await reader.next()).content["apps"] == 1
        car.closed(None)
        assert not (await reader.next()).content["is_online"]


async def test_alerts_that_say_where(v1: ApiSite) -> None:
    """Whoever may not see the location hears that there was an alert, and not where."""
    v1.share("view")
    async with (
        stream(v1, "/vehicles/CAR1/events", "alice") as theirs,
        stream(v1, "/vehicles/CAR1/events") as own,
    ):
        for reader in (theirs, own):
            await reader.next()
        await v1.http.report("PAAt 51.5074,-0.1278", "PAToo hot")
        texts = {}
        for who, reader in (("theirs", theirs), ("own", own)):
            told = [await reader.next() for _ in range(3)]
            texts[who] = [each.content["text"] for each in told if each.name == "alert"]
        assert texts == {"theirs": [None, "Too hot"], "own": ["At 51.5074,-0.1278", "Too hot"]}


async def test_a_failed_call(v1: ApiSite) -> None:
    """The owner hears of it at once, with whom a vehicle is shared does not."""
    v1.share("manage")
    async with (
        stream(v1, "/vehicles/CAR1/events", "alice") as theirs,
        stream(v1, "/vehicles/CAR1/events") as own,
    ):
        for reader in (theirs, own):
            await reader.next()
        for _ in range(3):
            v1.context.failed_calls.note("CAR1", "9.9.9.9", FailureReason.WRONG_SECRET)
        v1.context.failed_calls.note("CAR2", "9.9.9.9", FailureReason.WRONG_SECRET)
        told = await own.next()
        assert told.name == "connection"
        content = told.content
        assert content.pop("message") == FailureReason.WRONG_SECRET.sentence
        assert content == {
            "vehicle_id": "CAR1", "time": "2023-11-14T22:13:20.000Z", "address": "9.9.9.9",
            "reason": "wrong_secret",
        }  # fmt: skip
        await v1.http.report("PAToo hot")
        for reader in (theirs, own):
            assert {(await reader.next()).name for _ in range(2)} == {"presence", "alert"}


async def test_journeys(v1: ApiSite) -> None:
    """Who sees the vehicle hears of its journeys; growth does not hide that one ended."""
    v1.share("view")
    async with (
        stream(v1, "/vehicles/CAR1/events", "alice") as theirs,
        stream(v1, "/vehicles/CAR1/events") as own,
    ):
        for reader in (theirs, own):
            await reader.next()
        for change in ("grew", "ended", "grew"):
            v1.context.live.journeys_changed("CAR1", change)
        v1.context.live.journeys_changed("CAR2", "began")
        for reader in (theirs, own):
            told = await reader.next()
            assert told.name == "journeys"
            assert told.content == {"vehicle_id": "CAR1", "change": "ended"}


async def test_position_by_right(v1: ApiSite) -> None:
    """Whoever may not see the location hears nothing of it, until they may."""
    car, _ = await v1.http.report("S80,K", "L51.5,-0.12,90,100,1,1,30")
    v1.share("view")
    async with stream(v1, "/vehicles/CAR1/events", "alice") as reader:
        full = await reader.next()
        assert full.content["hidden"] == ["location"]
        assert full.content["groups"]["location"] is None
        v1.clock.advance(1)
        car.receive(Message("L", b"51.6,-0.12,90,100,1,1,30"))
        assert [*(await reader.next()).content["groups"]] == ["energy"]
        v1.share("location")
        await v1.http.accounts.check_logins()
        full = await reader.next()
        assert full.content["is_full"]
        assert full.content["groups"]["location"]["latitude"] == 51.6


@pytest.mark.parametrize("what", ["token", "share"])
async def test_right_that_ends(v1: ApiSite, what: str) -> None:
    """A stream ends with the login or the right that it needs, and says so."""
    v1.share("view")
    async with stream(v1, "/vehicles/CAR1/events", "alice") as reader:
        await reader.next()
        with v1.database.writing() as connection:
            now = v1.clock.time()
            if what == "share":
                queries.end_share(connection, "CAR1", queries.get_owner(connection, "alice"), now)
            else:
                queries.remove_token(connection, v1.token("alice"), now)
        await v1.http.accounts.check_logins()
        end = await reader.next()
        reason = {"token": "login_ended", "share": "right_ended"}[what]
        assert (end.name, end.content) == ("end", {"reason": reason})
        assert reader.is_over


@pytest.mark.parametrize("what", ["token", "share"])
async def test_nothing_after_the_end(v1: ApiSite, what: str) -> None:
    """Whoever reads on only when the right has ended is told nothing that came meanwhile."""
    car, _ = await v1.http.report("S80,K", "L51.5,-0.12,90,100,1,1,30")
    v1.share("location")
    async with stream(v1, "/vehicles/CAR1/events", "alice") as reader:
        await reader.next()
        reader.reads.clear()
        feed = v1.context.live._feeds["CAR1"]
        car.receive(Message("S", b"79,K"))
        feed.renew()
        await until(lambda: not feed.streams or not next(iter(feed.streams)).woken.is_set())
        if what == "share":
            v1.share_only("")
        else:
            v1.http.change(lambda db, now: queries.remove_token(db, v1.token("alice"), now))
        car.receive(Message("P", b"AAt 51.7,-0.12"))
        await v1.http.accounts.check_logins()
        car.receive(Message("L", b"51.6,-0.12,90,100,1,1,30"))
        feed.renew()
        reader.reads.set()
        told = [await reader.next()]
        while told[-1].name != "end":
            told.append(await reader.next())
        assert not [each for each in told if "51.6" in str(each) or "51.7" in str(each)]


async def test_all_vehicles(v1: ApiSite) -> None:
    """One stream follows all that the caller may see; vehicles come and go with the rights."""
    async with stream(v1, "/events", "alice") as reader:
        assert (await reader.next()).content["vehicle_id"] == "CAR3"
        v1.share("view")
        await v1.http.accounts.check_logins()
        new = await reader.next()
        assert (new.content["vehicle_id"], new.content["is_full"]) == ("CAR1", True)
        await v1.http.report("S80,K", vehicle_id="CAR1")
        assert (await reader.next()).content["vehicle_id"] == "CAR1"
        v1.share_only("")
        await v1.http.accounts.check_logins()
        removed = await reader.next()
        while removed.name != "removed":
            removed = await reader.next()
        assert removed.content == {"vehicle_id": "CAR1"}
        assert not reader.is_over


async def test_pings_and_age(v1: ApiSite) -> None:
    """A ping comes every 15 seconds, what becomes stale is told, and the end after an hour."""
    await v1.http.report("S80,K")
    async with stream(v1, "/vehicles/CAR1/events") as reader:
        await reader.next()
        v1.clock.advance(15)
        v1.context.live.tick()
        assert (await reader.next()).name == "ping"
        v1.clock.advance(1200)
        v1.context.live.tick()
        told = [await reader.next() for _ in range(2)]
        state = next(each for each in told if each.name == "state")
        assert state.content["groups"]["battery"]["is_stale"]
        v1.clock.advance(3600)
        v1.context.live.tick()
        assert [(await reader.next()).name for _ in range(2)] == ["ping", "end"]
        assert reader.is_over


async def test_slow_reader(v1: ApiSite) -> None:
    """Whoever reads slowly gets the newest state and the last alerts, and nothing between."""
    car, _ = await v1.http.report("S80,K")
    async with stream(v1, "/vehicles/CAR1/events") as reader:
        assert await soc(reader) == 80
        reader.reads.clear()
        feed = v1.context.live._feeds["CAR1"]
        for level in range(79, 49, -1):
            car.receive(Message("S", b"%d,K" % level))
            car.receive(Message("P", b"AIt is %d" % level))
            feed.renew()
            await v1.http.hub.find("CAR1")  # others have their turn
        reader.reads.set()
        told: list[SentEvent] = []
        while not told or told[-1].content.get("text") != "It is 50":
            told.append(await reader.next())
        states = [each for each in told if each.name == "state"]
        assert states[-1].content["groups"]["battery"]["soc"] == 50
        assert len(states) <= 2
        assert len(told) <= 2 * (live.ALERTS_WAITING + 2)


async def test_watching(v1: ApiSite) -> None:
    """A stream counts as an app only if it is asked to, and for as long as it lives."""
    _, line = await v1.http.report()
    async with stream(v1, "/vehicles/CAR1/events") as reader:
        await reader.next()
        assert v1.http.hub.rooms["CAR1"].apps == 0
    async with stream(v1, "/vehicles/CAR1/events?watch=true") as reader:
        await reader.next()
        assert v1.http.hub.rooms["CAR1"].apps == 1
        v1.clock.advance(1000)
        v1.context.live.tick()
        v1.http.hub.tick()
        assert v1.http.hub.rooms["CAR1"].apps == 1
        assert [each for each in line.take() if each.startswith("Z")] == ["Z0", "Z1"]
    assert v1.http.hub.rooms["CAR1"].apps == 0


async def test_watch_that_ends(v1: ApiSite) -> None:
    """A watcher whom newer apps crowd out hears that."""
    await v1.http.report()
    async with stream(v1, "/vehicles/CAR1/events?watch=true") as reader:
        await reader.next()
        room = v1.http.hub.rooms["CAR1"]
        room.clients[0].line.close()
        v1.context.live.tick()
        told = await reader.next()
        while told.name != "end":
            told = await reader.next()
        assert told.content == {"reason": "watch_ended"}


async def test_too_many(v1: ApiSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """An owner has so many streams, and so have all; one more is refused until one ends."""
    monkeypatch.setattr(live, "STREAMS_LIMIT", 1)
    async with stream(v1, "/events") as reader:
        await reader.next()
        answer = await v1.call("GET /events", "alice")
        assert (answer.status_code, answer.json()["error"]["code"]) == (429, "too_many_streams")
        assert answer.headers["retry-after"] == "10"
    async with stream(v1, "/events", "alice") as reader:
        await reader.next()
        assert reader.status == 200


async def test_stopping(v1: ApiSite) -> None:
    """A server that stops says so and ends all streams at once; no other begins."""
    async with stream(v1, "/events") as reader:
        for _ in range(2):
            await reader.next()
        v1.context.live.close()
        assert (await reader.next()).content == {"reason": "server_stops"}
        assert reader.is_over
        assert (await v1.call("GET /events")).status_code == 503


async def test_removed_meanwhile(v1: ApiSite) -> None:
    """A vehicle that is removed before its stream begins is not there, and nothing is left."""
    await v1.call("GET /vehicles")
    with v1.database.writing() as connection:
        queries.remove_vehicle(connection, "CAR1", v1.clock.time())
    answer = await v1.call("GET /vehicles/CAR1/events")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_vehicle")
    assert len(v1.context.live) == 0
    assert v1.context.live._feeds == {}
