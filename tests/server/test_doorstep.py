from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from ovms.base.clock import ManualClock
from ovms.server import doorstep as doorstep_module
from ovms.server.acceptor import LEAVING_LIMIT, LEAVING_TIMEOUT, WELCOME_TIMEOUT
from ovms.server.doorstep import HANDSHAKE_LIMIT, HELLO_TIMEOUT, Doorstep
from ovms.server.handshakes import PATIENCE as SLOW
from ovms.server.hello import HELLO_LIMIT
from ovms.server.listener import Entrance, Listeners, bind, listen
from ovms.server.refused_calls import CallTrouble, RefusedCalls
from ovms.server.strangers import StrangerStage
from ovms.server.tls import Certificates
from ovms.server.unfit import ANSWER
from tests.certs import make_pair, pair_in
from tests.server.conftest import Log
from tests.server.hellos import client_hello, hello_of
from tests.waiting import PATIENCE, until

HOST = "127.0.0.1"
HELLO = client_hello()


class Echo(asyncio.Protocol):
    """Says back what it hears."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the way back."""
        assert hasattr(transport, "write")
        self.write = transport.write

    def data_received(self, data: bytes) -> None:
        """Say it back."""
        self.write(data)


class Place:
    """A doorstep with TLS, two handshakes at a time, and a clock that the test moves."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self.clock = ManualClock()
        self.unfit: list[bytes] = []
        self.refused_calls = RefusedCalls(self.clock.time)
        self.doorstep = Doorstep(self.clock, 2, self.unfit.append, refused_calls=self.refused_calls)
        self.entrance = Entrance(bind([HOST], 0), Echo, tls, is_for_modules=True)
        self.listeners: Listeners = listen([self.entrance], self.doorstep)
        self.lines: list[socket.socket] = []

    async def calls(self, says: bytes = b"") -> socket.socket:
        """Connect, and say something once that is accepted."""
        before = self.doorstep.count
        line = socket.socket()
        line.setblocking(False)
        self.lines.append(line)
        await asyncio.get_running_loop().sock_connect(line, (HOST, self.entrance.port))
        if self.entrance.tls is not None:
            await until(lambda: self.doorstep.count > before)
        line.send(says)
        return line

    def stages(self) -> list[StrangerStage | None]:
        """Return how far those on the doorstep have come."""
        return [each.stage for each in sorted(self.doorstep.arrivals, key=lambda each: each.since)]

    def passes(self, seconds: float) -> None:
        """Let time pass, then tick."""
        self.clock.advance(seconds)
        self.doorstep.tick()


async def is_closed(line: socket.socket) -> bool:
    """Wait for the next news, and return whether it is the end."""
    async with asyncio.timeout(PATIENCE):
        try:
            return await asyncio.get_running_loop().sock_recv(line, 10_000) == b""
        except ConnectionResetError:
            return True


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """Listen."""
    pair = make_pair(pair_in(tmp_path))
    place = Place(Certificates(pair).context)
    yield place
    place.listeners.close()
    for each in list(place.doorstep.arrivals):
        place.doorstep.drop(each)
    for line in place.lines:
        line.close()
    await asyncio.sleep(0.01)


async def echoes(place: Place) -> bool:
    """Connect over TLS and return whether that works."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(HOST, place.entrance.port, ssl=context)
        writer.write(b"hello")
        heard = await reader.readexactly(5)
        writer.close()
        await writer.wait_closed()
    return heard == b"hello"


async def test_http_without_tls_is_answered(place: Place) -> None:
    """A browser at the port for TLS is told in words, and then it is closed in order."""
    line = await place.calls(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
    heard = await asyncio.get_running_loop().sock_recv(line, 10_000)
    assert heard == ANSWER
    assert await asyncio.get_running_loop().sock_recv(line, 10_000) == b""


async def test_a_whole_handshake(place: Place) -> None:
    """The connection gets its protocol, and has left the doorstep."""
    assert await echoes(place)
    assert place.doorstep.count == 0


async def test_without_tls() -> None:
    """A plain connection gets its protocol at once, and is no stranger here."""
    place = Place(None)
    line = await place.calls(b"hello")
    assert list(place.doorstep.strangers()) == []
    assert await asyncio.get_running_loop().sock_recv(line, 10) == b"hello"
    assert place.doorstep.is_emptied()
    line.close()
    place.listeners.close()
    await asyncio.sleep(0.01)


async def test_who_speaks_no_tls_is_heard(place: Place) -> None:
    """What was said in clear is passed on, once, and the connection closed."""
    line = await place.calls(b"MP-A 0 in clear")
    assert await is_closed(line)
    assert place.unfit == [b"MP-A 0 in clear"]


@pytest.mark.parametrize("step", [1, 7, 100])
async def test_a_hello_in_pieces(place: Place, step: int) -> None:
    """It is judged as it comes, and the handshake begins with its last byte."""
    line = await place.calls()
    assert place.stages() == [StrangerStage.SILENT]
    for start in range(0, len(HELLO) - 1, step):
        line.send(HELLO[start : start + step][: len(HELLO) - 1 - start])
        await until(lambda: place.stages() == [StrangerStage.UNFINISHED])
    line.send(HELLO[-1:])
    await until(lambda: place.stages() == [StrangerStage.HANDSHAKE])
    assert (await asyncio.get_running_loop().sock_recv(line, 10_000)).startswith(b"\x16\x03")


async def test_the_times_of_silence_and_of_a_hello(place: Place) -> None:
    """Silence has 75 seconds, a hello ten from its first byte; at the bound it is over."""
    silent, slow = await place.calls(), await place.calls()
    place.passes(WELCOME_TIMEOUT - 1)
    slow.send(HELLO[:-1])
    await until(lambda: StrangerStage.UNFINISHED in place.stages())
    assert place.doorstep.count == 2
    place.passes(1)
    assert await is_closed(silent)
    place.passes(HELLO_TIMEOUT - 2)
    assert place.doorstep.count == 1
    place.passes(1)
    assert await is_closed(slow)
    assert place.doorstep.count == 0


@pytest.mark.parametrize("data", [b"SSH-2.0-x\r\n", b"\x00", hello_of(HELLO_LIMIT + 1)])
async def test_what_is_no_hello(place: Place, log: Log, data: bytes) -> None:
    """It is closed at once, and no line of the log tells of it."""
    assert await is_closed(await place.calls(data))
    assert place.doorstep.count == 0
    assert log.text == ""


async def test_a_caller_that_was_set_to_the_wrong_port(place: Place, log: Log) -> None:
    """A module without TLS is closed at once, and one line says whose it is and what to do."""
    assert await is_closed(await place.calls(b"MP-C 0 token digest CAR1\r\n"))
    (line,) = log.text.splitlines()
    assert '"vehicle": "CAR1"' in line
    assert "set TLS in the caller, or the port without TLS" in line
    (call,) = place.refused_calls.recent()
    assert (call.address, call.trouble, call.vehicle_id) == (HOST, CallTrouble.NO_TLS, "CAR1")


@pytest.mark.parametrize("said", [b"", HELLO[:3], HELLO[:-1]])
@pytest.mark.parametrize("is_reset", [True, False])
async def test_a_caller_that_goes(place: Place, said: bytes, is_reset: bool) -> None:
    """Who hangs up, or ends its side, in the middle of it is forgotten."""
    line = await place.calls(said)
    await until(
        lambda: place.stages() == [StrangerStage.UNFINISHED if said else StrangerStage.SILENT]
    )
    if is_reset:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.close()
    else:
        line.shutdown(socket.SHUT_WR)
    await until(lambda: place.doorstep.count == 0)


async def test_a_system_that_is_short_of_memory(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may wake us for less than we asked for: we look again a little later."""
    monkeypatch.setattr(doorstep_module, "LOOK_AGAIN", 0.001)
    line = await place.calls(HELLO[:-1])
    await until(lambda: place.stages() == [StrangerStage.UNFINISHED])
    (arrival,) = place.doorstep.arrivals
    await until(lambda: arrival.wanted == len(HELLO))
    place.doorstep._look(arrival)
    assert not arrival.is_watched
    line.send(HELLO[-1:])
    await until(lambda: place.stages() == [StrangerStage.HANDSHAKE])


async def test_handshakes_take_turns(place: Place) -> None:
    """A third waits until one of two has ended, or has been slow for too long."""
    first, second = [await place.calls(HELLO) for _ in range(2)]
    await until(lambda: len(place.doorstep._handshakes.under_way) == 2)
    waiting = asyncio.create_task(echoes(place))
    await until(lambda: place.stages() == [StrangerStage.HANDSHAKE] * 3)
    place.passes(SLOW - 0.1)
    assert len(place.doorstep._handshakes.under_way) == 2
    assert not waiting.done()
    place.passes(0.1)
    assert await waiting
    assert len(place.doorstep._handshakes.under_way) == 1
    assert (await asyncio.get_running_loop().sock_recv(first, 5)).startswith(b"\x16\x03")
    second.close()


async def is_displaced(line: socket.socket) -> None:
    """Read what TLS says to a caller until it is closed."""
    with suppress(ConnectionResetError):
        while await asyncio.get_running_loop().sock_recv(line, 1 << 16):
            pass


async def test_a_crowd_of_handshakes_makes_room(place: Place) -> None:
    """Where many wait whose hello is all they say, one of their address gets through at once."""
    crowd = [await place.calls(HELLO) for _ in range(4)]
    await until(lambda: place.stages() == [StrangerStage.HANDSHAKE] * 4)
    waiting = asyncio.create_task(echoes(place))
    for number in range(3):
        if number:
            crowd.append(await place.calls(HELLO))
        await is_displaced(crowd[number])
    assert await waiting
    for each in crowd:
        each.close()


async def test_a_handshake_that_fails(place: Place, log: Log) -> None:
    """Who breaks it off makes room, and no line of the log tells of it."""
    line = await place.calls(HELLO)
    await until(lambda: place.stages() == [StrangerStage.HANDSHAKE])
    line.send(b"\x16\x03\x03\x00\x04\x0b\x00\x00\x00")
    await until(lambda: place.doorstep.count == 0)
    assert log.text == ""
    assert [each.trouble for each in place.refused_calls.recent()] == [CallTrouble.TLS_FAILED]


async def test_a_handshake_without_an_end(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has its time."""
    monkeypatch.setattr(doorstep_module, "HANDSHAKE_TIMEOUT", 0.05)
    await place.calls(HELLO)
    await until(lambda: place.stages() == [StrangerStage.HANDSHAKE])
    await until(lambda: place.doorstep.count == 0)


@pytest.mark.parametrize("limit", [10, HANDSHAKE_LIMIT])
async def test_a_handshake_that_takes_too_much(
    place: Place, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    """It is ended at the next tick; a hello alone is within the bound."""
    monkeypatch.setattr(doorstep_module, "HANDSHAKE_LIMIT", limit)
    await place.calls(HELLO)
    await until(lambda: place.stages() == [StrangerStage.HANDSHAKE])
    await until(lambda: all(each.is_handed_over for each in place.doorstep.arrivals))
    place.passes(0)
    assert place.doorstep.count == (limit == HANDSHAKE_LIMIT)


async def test_turning_away(place: Place) -> None:
    """Each stage can be ended at once; only who has just spoken stays."""
    silent, half, whole = [await place.calls(said) for said in (b"", HELLO[:9], HELLO)]
    await until(lambda: set(place.stages()) == set(StrangerStage) - {StrangerStage.LEAVING})
    assert {each.network for each in place.doorstep.strangers()} == {HOST}
    (quiet,) = [each for each in place.doorstep.strangers() if each.stage is StrangerStage.SILENT]
    silent.send(HELLO)
    assert not quiet.turn_away()
    await until(lambda: quiet.stage is StrangerStage.HANDSHAKE)
    for each in list(place.doorstep.strangers()):
        assert each.turn_away()
    assert place.doorstep.count == 0
    for line in (silent, half, whole):
        while not await is_closed(line):
            pass


async def test_a_protocol_that_fails(log: Log) -> None:
    """An error of ours ends that connection, and is logged once."""
    place = Place(None)

    def fail() -> asyncio.Protocol:
        raise ZeroDivisionError

    place.listeners.close()
    place.entrance = Entrance(bind([HOST], 0), fail)
    place.listeners = listen([place.entrance], place.doorstep)
    for _ in range(3):
        assert await is_closed(await place.calls())
    assert len(log.lines("unexpected error; the connection is closed")) == 1
    place.listeners.close()
    for line in place.lines:
        line.close()


async def test_stopping(place: Place) -> None:
    """Everybody has ten seconds for the stage it is in."""
    await place.calls()
    place.clock.advance(LEAVING_TIMEOUT / 2)
    await place.calls(HELLO[:9])
    await until(lambda: StrangerStage.UNFINISHED in place.stages())
    place.clock.advance(LEAVING_TIMEOUT / 2 - 0.1)
    assert not place.doorstep.is_emptied()
    assert place.doorstep.count == 2
    place.clock.advance(0.1)
    assert not place.doorstep.is_emptied()
    assert place.stages() == [StrangerStage.UNFINISHED]
    place.clock.advance(LEAVING_TIMEOUT / 2)
    assert place.doorstep.is_emptied()


async def test_one_step_after_the_other_while_stopping(place: Place) -> None:
    """Whoever takes each step in time has twenty seconds for all of them."""
    await place.calls()
    assert not place.doorstep.is_emptied()
    place.clock.advance(LEAVING_LIMIT - 0.1)
    await place.calls(HELLO[:9])
    await until(lambda: StrangerStage.UNFINISHED in place.stages())
    place.doorstep.is_emptied()
    assert place.stages() == [StrangerStage.UNFINISHED]
    place.clock.advance(0.1)
    assert place.doorstep.is_emptied()


async def test_who_is_how_far(place: Place) -> None:
    """Those without a whole hello are counted apart from those in a handshake."""
    assert place.doorstep.stages().total() == 0
    for said in (b"", HELLO[:9], HELLO, HELLO, HELLO):
        await place.calls(said)
    expected = {"hello": 2, "handshake": 2, "handshake_waiting": 1}
    await until(lambda: place.doorstep.stages() == expected)
