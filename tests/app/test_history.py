"""What the server keeps, groups and alerts: an app against a scripted server end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import aclosing
from datetime import UTC, datetime

import pytest

from ovms.app import (
    AnswerInUse,
    App,
    CommandFailed,
    HistoryRow,
    InvalidRequest,
    NoAnswer,
    Snapshot,
    SummaryRow,
    UtilisationRow,
)
from ovms.app import client as app_client
from ovms.app.client import LISTING_LIMIT
from ovms.app.snapshot import GROUP_LIMIT
from ovms.net.client import INBOX_LIMIT, ConnectionLost
from ovms.protocol import Message
from ovms.protocol.records.alert import AlertKind
from tests.app.scripted import ScriptedServer, rows, until
from tests.waiting import PATIENCE

TIME = "2025-06-01 18:00:00"
READ_AT_ONCE = 2500
"""Rows that one read of a socket may bring: 256 KiB."""

SINCE = datetime(2025, 6, 1, 18, tzinfo=UTC)
TRIPS = [f"*-LOG-Trip,{TIME},1,{at},x" for at in range(3)]


def record(at: int) -> HistoryRow:
    """Return a row of :data:`TRIPS`."""
    return HistoryRow("*-LOG-Trip", SINCE, 1, f"{at},x")


async def test_the_three_listings() -> None:
    """Types, records of a type and traffic, as typed rows; the commands are exactly these."""
    async with ScriptedServer() as server, await server.open() as app:
        server.on["C"] = rows(32, TRIPS)
        assert [row async for row in app.history("*-LOG-Trip", SINCE)] == [
            record(n) for n in range(3)
        ]
        assert [row async for row in app.history("*-LOG-Trip")] == [record(n) for n in range(3)]
        server.on["C"] = rows(31, [f"*-LOG-Trip,1,3,90,{TIME},{TIME}"])
        summary = SummaryRow("*-LOG-Trip", 1, 3, 90, SINCE, SINCE)
        assert [row async for row in app.history_summary(SINCE)] == [summary]
        assert [row async for row in app.history_summary()] == [summary]
        server.on["C"] = rows(30, ["2025-06-01,1,2,3,4"])
        assert [row async for row in app.utilisation()] == [
            UtilisationRow(SINCE.date(), 1, 2, 3, 4)
        ]
    since = TIME.encode()
    assert server.codes("C") == [
        b"32,*-LOG-Trip," + since, b"32,*-LOG-Trip", b"31," + since, b"31", b"30",
    ]  # fmt: skip


@pytest.mark.parametrize("number", [30, 31, 32])
async def test_nothing_is_no_error(number: int) -> None:
    """The server's words for an empty answer end the listing."""
    words = "No GPRS utilisation data available" if number == 30 else "No historical data available"
    async with ScriptedServer() as server, await server.open() as app:
        server.on["C"] = lambda message: [Message("c", f"{number},1,{words}".encode())]
        listing = {30: app.utilisation(), 31: app.history_summary(), 32: app.history("T")}[number]
        assert [row async for row in listing] == []


@pytest.mark.parametrize(
    "answer",
    [
        b"32,1,database is away",
        b"32,2",
        b"32,0",
        b"32,0,x,y",
        b"32,0,1,1,T,t,number,v",
        b"32,0,1,1",
    ],
)
async def test_a_failure_is_an_error(answer: bytes) -> None:
    """Other failures, and rows that are none, raise."""
    async with ScriptedServer() as server, await server.open() as app:
        server.on["C"] = lambda message: [Message("c", answer)]
        with pytest.raises(CommandFailed):
            [row async for row in app.history("T")]


@pytest.mark.parametrize("kind", ["", "a,b"])
async def test_a_type_is_one_word(kind: str) -> None:
    """An impossible type is refused before anything is sent."""
    async with ScriptedServer() as server, await server.open() as app:
        with pytest.raises(InvalidRequest, match="type of record"):
            app.history(kind)
        assert server.received == []


async def test_a_silent_or_lost_server_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that stop in the middle do not look like the end."""
    monkeypatch.setattr(app_client, "LISTING_TIMEOUT", 0.05)
    first = Message("c", f"32,0,1,5,{TRIPS[0]}".encode())
    async with ScriptedServer() as server, await server.open() as app:
        server.on["C"] = lambda message: [first]
        with pytest.raises(NoAnswer):
            [row async for row in app.history("*-LOG-Trip")]
        monkeypatch.setattr(app_client, "LISTING_TIMEOUT", 10)
        listing = app.history("*-LOG-Trip")
        assert await anext(listing) == record(0)
        server.drop()
        with pytest.raises(ConnectionLost):
            await anext(listing)


async def test_one_listing_of_a_kind_at_a_time() -> None:
    """A second one would take the first one's rows; another kind may run."""
    async with ScriptedServer() as server, await server.open() as app:
        server.on["C"] = rows(32, TRIPS)
        async with aclosing(app.history("*-LOG-Trip")) as listing:
            await anext(listing)
            with pytest.raises(AnswerInUse):
                await anext(app.history("*-LOG-Trip"))
            server.on["C"] = rows(31, [f"T,1,3,90,{TIME},{TIME}"])
            assert len([row async for row in app.history_summary()]) == 1


async def test_what_nobody_read_on_is_passed_over() -> None:
    """Rows left from a listing that was given up are not those of the next one."""
    async with ScriptedServer() as server, await server.open() as app:
        texts = [f"OLD,{TIME},1,{at}" for at in range(1500)]
        server.on["C"] = rows(32, texts)
        async with aclosing(app.history("OLD")) as listing:
            await anext(listing)
        server.on["C"] = rows(32, TRIPS)
        async with asyncio.timeout(PATIENCE):
            assert [r async for r in app.history("*-LOG-Trip")] == [record(n) for n in range(3)]


def many(count: int, message: Message) -> Iterable[Message]:
    """Yield a long answer, made while it is sent."""
    for at in range(1, count + 1):
        yield Message("c", f"32,0,{at},{count},T,{TIME},1,{at},{'x' * 80}".encode())


async def test_a_hundred_thousand_rows_take_no_memory() -> None:
    """They are given as they come, and what waits is bounded at each of them."""
    async with ScriptedServer() as server, await server.open() as app:
        server.on["C"] = lambda message: many(100_000, message)
        count = most = 0
        async for row in app.history("T"):
            count += 1
            assert row.value.startswith(f"{count},")
            (inbox,) = app._listeners
            most = max(most, len(inbox._waiting) + len(app._connection._inbox))
    assert count == 100_000
    assert LISTING_LIMIT / 10 < most <= LISTING_LIMIT + INBOX_LIMIT + READ_AT_ONCE


async def test_a_slow_reader_holds_the_server_back() -> None:
    """Who takes one row makes the server wait; the connection still ends in order."""
    async with ScriptedServer() as server:
        async with await server.open() as app:
            server.on["C"] = lambda message: many(200_000, message)
            async with aclosing(app.history("T")) as listing:
                await anext(listing)
                before = -1
                while server.sent != before or server.sent <= LISTING_LIMIT:
                    before = server.sent
                    await asyncio.sleep(0.1)  # until the server is stuck
                assert LISTING_LIMIT < server.sent < 150_000
        assert not app._listeners


# -- groups ---------------------------------------------------------------------------------


def position(vehicle: str, group: str = "TRACK", soc: int = 80) -> Message:
    """Return a position as the server sends it."""
    return Message("g", f"{vehicle},{group},{soc},55,90,12,1,1,22.274165,114.185715".encode())


async def test_a_group_is_in_the_snapshot() -> None:
    """The latest position of each car by group and id; not among the vehicle's own messages."""
    async with ScriptedServer() as server, await server.open() as app:
        server.on["G"] = lambda message: [position("A"), position("B")]
        app.join_group("TRACK")
        await until(app, "g")
        server.send(position("A", soc=70), position("C", "OTHER"), Message("Y"))
        await until(app, "Y")
        assert server.codes("G") == [b"TRACK"]
        cars = app.snapshot.groups["TRACK"]
        assert {car: seen.content.soc for car, seen in cars.items()} == {"A": 70, "B": 80}
        assert list(app.snapshot.groups["OTHER"]) == ["C"]
        assert "g" not in app.snapshot.messages


@pytest.mark.parametrize("name", ["", "a,b"])
async def test_a_group_has_a_name(name: str) -> None:
    """A name that cannot be one is refused."""
    async with ScriptedServer() as server, await server.open() as app:
        with pytest.raises(InvalidRequest, match="group"):
            app.join_group(name)


def test_groups_are_bounded() -> None:
    """At the limit all are kept; one more, and the one heard longest ago goes."""
    snapshot = Snapshot("DEMO")
    for at in range(GROUP_LIMIT):
        snapshot.receive(position(f"CAR{at}", f"G{at % 2}"), at)
    snapshot.receive(position("CAR0", "G0"), 5000)
    assert sum(map(len, snapshot.groups.values())) == GROUP_LIMIT
    snapshot.receive(position("NEW", "G0"), 5001)
    assert sum(map(len, snapshot.groups.values())) == GROUP_LIMIT
    assert "CAR1" not in snapshot.groups["G1"]
    assert "CAR0" in snapshot.groups["G0"]
    for data in (b"", b"CAR", b",TRACK"):
        snapshot.receive(Message("g", data), 5002)
    assert set(snapshot.groups) == {"G0", "G1"}


def test_an_empty_group_goes() -> None:
    """A group whose last car had to give room is forgotten."""
    snapshot = Snapshot("DEMO")
    for at in range(GROUP_LIMIT + 1):
        snapshot.receive(position("CAR", f"G{at}"), at)
    assert len(snapshot.groups) == GROUP_LIMIT
    assert "G0" not in snapshot.groups


# -- alerts ---------------------------------------------------------------------------------


async def test_an_alert_is_sent_and_heard() -> None:
    """Sending waits until the server has it; what comes is decoded."""
    async with ScriptedServer() as server, await server.open() as app:
        server.on["P"] = lambda message: [message]
        await app.alert("hello, Zürich")
        await app.alert("help", AlertKind.ALERT)
        assert server.codes("P") == ["Ihello, Zürich".encode(), b"Ahelp"]
        fields = app.snapshot.as_json(0)["messages"]["P"]["fields"]
        assert fields == {"kind": "alert", "text": "help"}


async def test_an_alert_that_nobody_takes_is_an_error() -> None:
    """A server that does not answer, or goes, has not got it."""
    async with ScriptedServer() as server, await server.open() as app:
        server.on["A"] = lambda message: []
        with pytest.raises(NoAnswer):
            await app.alert("x", timeout=0.05)
        sending = asyncio.create_task(app.alert("x"))
        while len(server.codes("P")) < 2:  # noqa: ASYNC110 (it happens on a socket)
            await asyncio.sleep(0)
        server.drop()
        with pytest.raises(ConnectionLost):
            await sending


def test_the_library_names_what_it_gives() -> None:
    """The listings of an app are async iterators of typed rows."""
    assert App.history.__annotations__["return"] == "AsyncGenerator[HistoryRow, None]"
