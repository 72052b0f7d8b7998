"""What a car wants kept, and what clients are given of it."""

from __future__ import annotations

import asyncio
from unittest.mock import patch

import pytest
from structlog.testing import capture_logs

from ovms.protocol import Role
from ovms.protocol.commands import COMMANDS, AnsweredBy
from ovms.protocol.records.history import KeptRecord
from ovms.server.hub import answers
from ovms.server.hub.answers import parse_since
from ovms.server.hub.recorder import LONGEST_LIFE
from ovms.server.hub.room import RECORDS_BEHIND, SUBSCRIPTIONS_BEHIND, SUBSCRIPTIONS_LIMIT
from ovms.server.values import ALERT_TYPE, Vehicle
from tests.server.hub.fakes import START, Place
from tests.waiting import until


def test_a_record_is_acknowledged_once_it_is_on_disk() -> None:
    """No `h` is acknowledged before it is durable, and each then with its own code."""
    place = Place()
    car = place.car()
    car.says("h7,-60,*-LOG-Trip,1,86400,a,b", "h8,0,*-LOG-Trip,1,86400,c")
    assert car.hears() == []
    place.storage.save()
    assert car.hears() == ["h7", "h8"]
    first, second = place.storage.history
    now = int(START)
    expected = KeptRecord("*-LOG-Trip", 1, now - 60, now + 86400, b"a,b", 7, START)
    assert (first, second.time, second.ack) == (expected, now, 8)


@pytest.mark.parametrize(
    ("data", "ack"),
    [("h", None), ("h5", "5"), ("h5,0", "5"), ("h5,x,T,1,1,d", "5"), ("hx,0,T,1,1,d", None),
     ("h5,0,,1,1,d", "5"), ("h5,0,T,1,-1,d", "5"), ("h5,0,T,n,1,d", "5")],
)  # fmt: skip
def test_a_malformed_record_is_acknowledged_and_not_kept(data: str, ack: str | None) -> None:
    """A car would send it for ever; so it is acknowledged, where it has a code."""
    place = Place()
    car = place.car()
    car.says(data)
    assert car.hears() == ([f"h{ack}"] if ack else [])
    assert place.storage.history == []


def test_a_record_that_finds_no_room_is_not_acknowledged() -> None:
    """What the disk cannot take, the car keeps, and sends again."""
    place = Place()
    car = place.car()
    place.storage.is_full = True
    car.says("h7,0,T,1,60,d")
    place.storage.save()
    assert car.hears() == []


def test_what_is_refused_is_logged_once() -> None:
    """However much comes that there is no room for, the log has one line of it."""
    place = Place()
    car = place.car()
    place.storage.is_full = True
    with capture_logs() as logs:
        car.says(*(f"HT,{n},60,d" for n in range(10)))
    assert [each["event"] for each in logs] == ["history records refused: too many wait"]


def test_times_stay_within_reason() -> None:
    """A record is of the past, and is kept ten years at most."""
    place = Place()
    car = place.car()
    car.says(f"h1,500,T,1,{10**12},d", "h2,-99999999999,T,1,60,d", "HT,1,60,d", "H", "HT,x,1,d")
    times = [record.time for record in place.storage.history]
    assert times == [int(START), 0, int(START)]
    assert place.storage.history[0].expires == int(START) + LONGEST_LIFE
    assert place.storage.history[2].ack is None


async def test_records_are_listed_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """All rows come, numbered from 1, oldest first, then by number, commas in the data kept."""
    monkeypatch.setattr(answers, "PAGE", 3)
    place = Place()
    car, app = place.car(), place.app()
    for number in (2, 1, 3, 4, 5, 6, 7):
        place.clock.advance(0 if number == 1 else 1)
        car.says(f"HT,{number},60,v,{number}")
    car.says("HU,1,60,other")
    app.says("C32,T")
    await place.settle()
    rows = app.hears()
    assert rows[:2] == [
        "c32,0,1,7,T,2023-11-14 22:13:21,1,v,1",
        "c32,0,2,7,T,2023-11-14 22:13:21,2,v,2",
    ]
    assert [row.split(",")[2] for row in rows] == [str(n) for n in range(1, 8)]
    app.says("C32,T,2023-11-14 22:13:24")
    await place.settle()
    assert [row.split(",")[-1] for row in app.hears()] == ["6", "7"]


async def test_nothing_expires_under_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Expiry is held back from the count to the last row, or to the asker's leaving."""
    monkeypatch.setattr(answers, "PAGE", 2)
    place = Place()
    car, app = place.car(), place.app()
    car.says(*(f"HT,{number},60,d" for number in range(5)))
    app.says("C32,T")
    await place.settle()
    assert len(app.hears()) == 5
    assert place.storage.held_at == ["count", *["page"] * 3]
    assert place.storage.holds == 0
    app.says("C32,T")
    await asyncio.sleep(0)
    assert place.storage.holds == 1
    app.leaves()
    await place.settle()
    assert place.storage.holds == 0


async def test_the_summary_and_the_traffic_are_listed() -> None:
    """Command 31 gives a row a type, 30 a row a day, each in its exact shape."""
    place = Place()
    car, app = place.car(), place.app()
    car.says("HT,1,60,abc", "HT,1,60,abc", "HU,1,60,")
    app.says("C31")
    await place.settle()
    stamp = "2023-11-14 22:13:20"
    assert app.hears() == [
        f"c31,0,1,2,T,1,2,56,{stamp},{stamp}",
        f"c31,0,2,2,U,1,1,25,{stamp},{stamp}",
    ]
    car.line.received, car.line.sent, app.line.received, app.line.sent = 10, 20, 30, 40
    app.says("C30")
    await place.settle()
    assert app.hears() == ["c30,0,1,1,2023-11-14,20,10,40,30"]


async def test_a_failing_database_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is away for a moment is told, and the session goes on."""
    place = Place()
    app = place.app()

    async def fail(*arguments: object) -> None:
        raise OSError("away")

    monkeypatch.setattr(place.storage, "history_summary", fail)
    app.says("C31")
    await place.settle()
    assert app.hears() == ["c31,1,not available now"]


async def test_answers_come_in_the_order_of_asking() -> None:
    """A client's commands are answered one after the other, whoever answers them."""
    place = Place()
    car, app = place.car(), place.app()
    car.hears()
    app.says("C20,1", "C30", "C22,1")
    await place.settle()
    assert app.hears() == []
    car.says("c20,0")
    await place.settle()
    assert app.hears() == ["c20,0", "c30,1,No GPRS utilisation data available"]
    assert car.hears() == ["C20,1", "C22,1"]


async def test_a_client_that_leaves_ends_its_answer() -> None:
    """Nothing more is read for somebody who has gone."""
    place = Place()
    car, app = place.car(), place.app()
    car.says("HT,1,60,d")
    app.says("C32,T", "C20,1")
    app.leaves()
    await place.settle()
    assert app.hears() == []
    assert place.tasks == []


def test_alerts_are_told_and_kept() -> None:
    """An alert goes to the connected and into the history; an error in words."""
    place = Place()
    car, app, batch = place.car(), place.app(), place.app(Role.BATCH)
    car.says("PAstolen, maybe", "PETR,25,100", "P")
    batch.says("PIhello")
    told = ["PAstolen, maybe", "PEin words", "PIhello"]
    assert app.hears() == told
    assert batch.hears() == told
    assert [r.data for r in place.storage.history if r.type == ALERT_TYPE] == [
        b"A,stolen, maybe", b"E,in words", b"I,hello",
    ]  # fmt: skip


async def test_subscriptions_reach_the_service() -> None:
    """A `p` of a client is handed on as it came; a car has none."""
    place = Place()
    car, app = place.car(), place.app()
    app.says("papp,expo,simple,token")
    car.says("papp,expo,simple,token")
    await place.settle()
    assert place.alerts.subscriptions == [b"app,expo,simple,token"]


async def test_subscriptions_one_at_a_time() -> None:
    """A client's next is checked when the one before is done; one that fails stops none."""
    place = Place()
    app, other = place.app(), place.app()
    gates = [asyncio.Event() for _ in range(4)]
    begun: list[bytes] = []

    async def subscribe(vehicle: Vehicle, data: bytes) -> None:
        begun.append(data)
        await gates[int(data)].wait()
        if data == b"0":
            raise OSError

    with patch.object(place.alerts, "subscribe", subscribe):
        app.says("p0", "p1", "p2")
        other.says("p3")
        await asyncio.sleep(0)
        assert begun == [b"0", b"3"]
        gates[0].set()
        await until(lambda: len(begun) == 3)
        assert begun == [b"0", b"3", b"1"]
        for gate in gates:
            gate.set()
        await place.settle()
        assert begun == [b"0", b"3", b"1", b"2"]
        app.says("p1")
        await place.settle()
        assert begun[4:] == [b"1"]


async def test_subscriptions_that_wait() -> None:
    """Past a number the client is behind, and past another its further ones are ignored."""
    place = Place()
    app, other = place.app(), place.app()
    with patch.object(place.alerts, "subscribe", lambda *_: asyncio.Event().wait()):
        app.says(*["p"] * (SUBSCRIPTIONS_BEHIND - 1))
        assert not place.room.is_behind(app.member)
        app.says("p")
        assert place.room.is_behind(app.member)
        assert not place.room.is_behind(other.member)
        app.says(*["p"] * SUBSCRIPTIONS_LIMIT)
        assert len(app.member.subscriptions) == SUBSCRIPTIONS_LIMIT
        for task in place.tasks:
            task.cancel()
        await place.settle()


def test_records_that_wait() -> None:
    """Past a number of records whoever is in the room is behind, until they are saved."""
    place = Place()
    car = place.car()
    car.says(*(f"h{n},0,*-X,1,9999,x" for n in range(RECORDS_BEHIND - 1)))
    assert not place.room.is_behind(car.member)
    car.says("h0,0,*-X,1,9999,y")
    assert place.room.is_behind(car.member)
    place.storage.save()
    assert not place.room.is_behind(car.member)


@pytest.mark.parametrize("text", ["", "x", "2012-13-01", "9999-99-99 00:00:00"])
def test_nonsense_is_no_time(text: str) -> None:
    """A time that cannot be read limits nothing."""
    assert parse_since([text]) is None
    assert parse_since([]) is None
    assert parse_since(["1970-01-01 00:00:10"]) == 10


def test_the_server_has_rows_for_each_of_its_commands() -> None:
    """No command that the table has the server answer is without its rows."""
    assert set(answers.ROWS) == COMMANDS.answered_by(AnsweredBy.SERVER)
