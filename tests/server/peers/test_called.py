from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from ovms.base.clock import ManualClock
from ovms.protocol import Message, Role
from ovms.protocol.records.sync import OwnerRecord, VehicleRecord
from ovms.server.acceptor import Acceptor
from ovms.server.hub.hub import Hub, HubSettings
from ovms.server.peers import called as called_module
from ovms.server.peers.called import Replaced, ServerRemoved, times_of
from tests.net.ends import SECRET, Caller, calling
from tests.server.conftest import Log
from tests.server.fakes import services
from tests.server.hub.fakes import START, VERSION, FakeAlerts, FakeStorage, make_vehicle
from tests.server.peers.fakes import FakeStore
from tests.waiting import until

CAR = VehicleRecord("CAR1", 1, "s", "*", False, 10)
OWNER = OwnerRecord(1, "me", "", "", 1, False, 5)
NEVER = ("0000-00-00", "00:00:00", "0000-00-00", "00:00:00")


class Place:
    """A server that others call, with a real acceptor."""

    def __init__(self) -> None:
        self.host, self.port = "127.0.0.1", 0
        self.clock = ManualClock(START)
        secret = SECRET.decode()
        vehicles = {
            "CAR1": make_vehicle(secret=secret),
            "PEER": make_vehicle("PEER", secret, "server"),
        }
        hub = Hub(FakeStorage(vehicles), FakeAlerts(), self.clock, HubSettings(VERSION))
        made, _, _ = services(hub, self.clock)
        self.service = made.peers
        assert isinstance(self.service.store, FakeStore)
        self.store = self.service.store
        self.store.vehicles.append(((10.0, "CAR1"), CAR))
        self.store.owners.append(((5.0, 1), OWNER))
        self.acceptor = Acceptor(made, self.clock)
        self.stack = AsyncExitStack()

    async def server(self, *words: str) -> Caller:
        """Call as a server, and be welcomed."""
        caller = await self.stack.enter_async_context(calling(self))
        await caller.says(
            caller.session.send_welcome(Role.SERVER, "peer", SECRET, *(words or NEVER))
        )
        await caller.hears_welcome()
        return caller


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    """Accept on a free port."""
    place = Place()
    server = await asyncio.get_running_loop().create_server(place.acceptor.answer, place.host, 0)
    place.port = server.sockets[0].getsockname()[1]
    async with place.stack:
        yield place
    server.close()
    for caller in list(place.acceptor.connections):
        assert caller.pump is not None
        caller.pump.abort()
    await until(lambda: not place.acceptor.connections)
    await place.service.close()
    assert place.service.exchange.links == set()


def plain(message: Message) -> str:
    """Write a message as a test hears it."""
    return message.code + message.data.decode()


@pytest.mark.parametrize(
    ("words", "times"),
    [
        ((), (0, 0)),
        (NEVER, (0, 0)),
        (("1970-01-01", "00:00:10", "1970-01-01", "00:00:05"), (10, 5)),
        (("1970-01-01", "00:00:10"), (10, 0)),
        (("yesterday", "noon", "1970-01-01", "00:00:05"), (0, 5)),
        (("1970-01-01", "00:00:10", "1970-01-01", "00:00:05", "more"), (10, 5)),
    ],
)
def test_times_behind_the_id(words: tuple[str, ...], times: tuple[int, int]) -> None:
    """Two date-times; what is missing or odd asks for everything."""
    assert times_of(words) == times


async def test_records_are_pushed(place: Place) -> None:
    """A server gets all that is newer than it names, and the database says how it stands."""
    server = await place.server()
    assert await server.hears_messages(2) == [plain(OWNER.message), plain(CAR.message)]
    await server.says(server.session.send(Message("a")))
    note = place.store.notes["PEER", "called"]
    assert (note["connected"], str(note["address"]).split(":")[0]) == (True, "127.0.0.1")
    server.writer.close()
    await until(lambda: place.store.notes["PEER", "called"]["connected"] is False)
    assert place.store.notes["PEER", "called"]["vehicles"] == 1


async def test_only_what_is_newer(place: Place) -> None:
    """A record of the named second is known there already."""
    server = await place.server("1970-01-01", "00:00:10", "1970-01-01", "00:00:04")
    assert await server.hears_messages(1) == [plain(OWNER.message)]
    await server.says(server.session.send(Message("A")))
    assert await server.hears_messages(1) == ["a"]


async def test_what_a_server_says_is_answered_or_passed_over(place: Place) -> None:
    """Pings are answered; strange messages, and records of ours that it sends, do nothing."""
    server = await place.server()
    await server.hears_messages(2)
    for code in range(1, 256):
        await server.says(server.session.send(Message(chr(code), b"\xff,,")))
    await server.says(server.session.send(CAR.message) + server.session.send(Message("A", b"end")))
    heard = await server.hears_messages(2)
    assert heard == ["a", "a"]


async def test_a_second_connection_takes_over(place: Place, log: Log) -> None:
    """A newer login of a server is the server; it need not say a word."""
    first = await place.server()
    await first.hears_messages(2)
    second = await place.server()
    assert await second.hears_messages(2) == [plain(OWNER.message), plain(CAR.message)]
    while await first.hears():
        pass
    await until(lambda: log.lines("disconnected"))
    assert log.lines("disconnected")[0]["reason"] == str(Replaced())
    assert len(place.service.exchange.links) == 1
    assert place.store.notes["PEER", "called"]["connected"] is True


async def test_a_silent_server_is_pinged_and_closed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as it answers it stays; then it is closed."""
    monkeypatch.setattr(called_module, "PING_INTERVAL", 0.05)
    monkeypatch.setattr(called_module, "SILENCE_LIMIT", 0.15)
    server = await place.server()
    await server.says(server.session.send(Message("a")))
    await server.hears_messages(2)
    for _ in range(4):
        assert await server.hears_messages(1) == ["A"]
        await server.says(server.session.send(Message("a")))
    while await server.hears():
        pass


async def test_a_dead_line_is_not_heard(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was sent into it is told again: neither our pings nor its end count as heard."""
    server = await place.server()
    await server.says(server.session.send(Message("A")))
    await server.hears_messages(3)
    monkeypatch.setattr(called_module, "PING_INTERVAL", 0.05)
    monkeypatch.setattr(called_module, "SILENCE_LIMIT", 0.2)
    await server.says(server.session.send(Message("A")))
    assert await server.hears_messages(3) == ["a", "A", "A"]
    place.clock.advance(900)
    while await server.hears():
        pass
    await until(lambda: place.store.notes["PEER", "called"]["connected"] is False)
    assert place.store.notes["PEER", "called"]["heard"] == START


async def test_a_removed_server_is_closed(place: Place, log: Log) -> None:
    """So is one whose secret changed; others are not touched by changes of theirs."""
    server = await place.server()
    await server.hears_messages(2)
    place.service.refresh(
        [make_vehicle("CAR1", "").change, make_vehicle("PEER", SECRET.decode(), "server").change]
    )
    await server.says(server.session.send(Message("A")))
    assert await server.hears_messages(1) == ["a"]
    place.service.refresh([make_vehicle("PEER", "", "server").change])
    while await server.hears():
        pass
    await until(lambda: log.lines("disconnected"))
    assert log.lines("disconnected")[0]["reason"] == str(ServerRemoved())


async def test_a_server_that_is_to_call_over_tls(place: Place, log: Log) -> None:
    """Its plain connection is closed."""
    server = await place.server()
    await server.hears_messages(2)
    known = make_vehicle("PEER", SECRET.decode(), "server")
    place.service.refresh([replace(known, tls_only=True).change])
    while await server.hears():
        pass
    await until(lambda: log.lines("disconnected"))
    assert log.lines("disconnected")[0]["reason"] == str(ServerRemoved())


async def test_a_database_in_trouble(place: Place) -> None:
    """A link does not end by that: cars and apps go on meeting, records come later."""
    place.store.error = OSError("the disk is away")
    server = await place.server()
    await server.says(server.session.send(Message("A")))
    assert await server.hears_messages(1) == ["a"]
    place.store.error = None
    assert await server.hears_messages(2) == [plain(OWNER.message), plain(CAR.message)]


def unended(server: Caller) -> bytes:
    """Return an answer to a ping as a server of the field sends it."""
    return server.session.send(Message("a")).removesuffix(b"\r\n")


async def test_answers_without_line_ends_keep(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that only answers pings, and ends no line, is pushed records and stays."""
    monkeypatch.setattr(called_module, "PING_INTERVAL", 0.05)
    monkeypatch.setattr(called_module, "SILENCE_LIMIT", 0.15)
    server = await place.server()
    await server.says(unended(server))
    assert await server.hears_messages(2) == [plain(OWNER.message), plain(CAR.message)]
    for _ in range(8):
        assert await server.hears_messages(1) == ["A"]
        await server.says(unended(server))


async def test_any_byte_is_a_sign_of_life(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is in the middle of a line stays as long as bytes of it come."""
    server = await place.server()
    await server.says(server.session.send(Message("a")))
    await server.hears_messages(2)
    monkeypatch.setattr(called_module, "PING_INTERVAL", 0.05)
    monkeypatch.setattr(called_module, "SILENCE_LIMIT", 0.1)
    await server.says(server.session.send(Message("A")))
    assert await server.hears_messages(1) == ["a"]
    line = server.session.send(Message("A"))
    for byte in line:
        assert await server.hears_messages(1) == ["A"]
        await server.says(bytes([byte]))
    while await server.hears_messages(1) != ["a"]:
        pass
