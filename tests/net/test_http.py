from __future__ import annotations

import asyncio

import pytest

from ovms.net.http import HEAD_LIMIT, METHODS, TLS_ALERT, Speech, is_our_path, speech
from ovms.net.pump import STRANGER_LIMIT
from ovms.protocol import CallerWelcome, Message
from ovms.protocol.errors import NotAWelcome
from tests.net.ends import (
    HANDSHAKE,
    Certificate,
    End,
    ListeningEnd,
    calling,
    listening,
    surfing,
)
from tests.waiting import PATIENCE, until

HELLO = b"GET /hello HTTP/1.1\r\nHost: here\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
GONE_ON = b"HTTP/1.1 404 Not Found\r\n\r\n"


class Hello(asyncio.Protocol):
    """Answers ``GET /hello``, and keeps all that comes."""

    def __init__(self) -> None:
        self.got = b""
        self.made = 0
        self.lost = 0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert hasattr(transport, "write")
        self.transport = transport  # type: ignore[assignment]
        self.made += 1

    def data_received(self, data: bytes) -> None:
        """Answer a request that is complete."""
        self.got += data
        assert self.transport is not None
        if self.got.endswith(b"\r\n\r\n"):
            self.transport.write(ANSWER if self.got.startswith(b"GET /hello ") else GONE_ON)

    def connection_lost(self, error: Exception | None) -> None:
        """Count."""
        self.lost += 1


class Web:
    """A handler of HTTP that keeps its protocols."""

    def __init__(self) -> None:
        self.made: list[Hello] = []
        self.peers: list[str] = []

    def __call__(self, peer: str) -> Hello:
        """Make one for whom it is told."""
        self.peers.append(peer)
        self.made.append(Hello())
        return self.made[-1]


async def ask(place: ListeningEnd, *parts: bytes, length: int) -> bytes:
    """Send a request in parts over the place's TLS, if it has any; return so much of the answer."""
    reader, writer = await asyncio.open_connection(place.host, place.port, ssl=place.trust)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
        async with asyncio.timeout(PATIENCE):
            return await reader.readexactly(length)
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("step", [1, 9, len(HELLO)])
async def test_a_request_is_handed_over(tls: bool, step: int) -> None:
    """The handler gets connection and bytes however they came; ours has ended, in order."""
    end, web = End(), Web()
    context = Certificate.make().server if tls else None
    async with listening(end, tls=context, http=web) as place:
        parts = [HELLO[n : n + step] for n in range(0, len(HELLO), step)]
        assert await ask(place, *parts, length=len(ANSWER)) == ANSWER
        assert await end.closes() is None
        await until(lambda: web.made[0].lost)
        assert (end.events, len(end.errors), end.opens) == ([], 1, 1)
        assert [(each.made, each.lost, each.got) for each in web.made] == [(1, 1, HELLO)]
        assert web.peers == [end.line.peer]
        assert web.peers[0].startswith("127.0.0.1:")
        assert end.line.unsent == 0
        assert end.line.traffic is None
        assert not end.line.send(Message("S", b"1"))
        end.line.close()


@pytest.mark.parametrize("method", METHODS)
async def test_methods(method: bytes) -> None:
    """Every method of HTTP is handed over, with a body much longer than strangers may send."""
    web, body = Web(), b"x" * 5 * STRANGER_LIMIT + b"\r\n\r\n"
    request = method + b"/v HTTP/1.1\r\n\r\n" + body
    async with listening(http=web) as place:
        assert await ask(place, request, length=len(GONE_ON)) == GONE_ON
        assert web.made[0].got == request


async def test_only_the_websocket_stays_ours() -> None:
    """With a handler, `/apiv2` is served as without one, and lines go to the handler."""
    end, web = End(), Web()
    async with listening(end, http=web) as place:
        async with surfing(place, "/apiv2?a=b") as browser:
            await browser.opens()
        async with calling(place) as caller:
            line = caller.greeting()
            await caller.says(line)
            await until(lambda: web.made and web.made[0].got == line)
    assert isinstance(end.events[0], CallerWelcome)


async def test_a_head_that_is_too_long() -> None:
    """That of a WebSocket is refused as without a handler."""
    end, web = End(), Web()
    async with listening(end, http=web) as place:
        start, answer = b"GET /apiv2 HTTP/1.1\r\n", b"HTTP/1.1 431 "
        request = start + b"x" * (HEAD_LIMIT - len(start))
        assert await ask(place, request[:-1], request[-1:], length=len(answer)) == answer
        assert isinstance(await end.closes(), NotAWelcome)
    assert web.made == []


async def test_a_slow_head_is_still_ours() -> None:
    """Until a WebSocket's head is complete it can be closed like another's."""
    end, web = End(), Web()
    async with listening(end, http=web) as place, calling(place) as caller:
        await caller.says(HANDSHAKE[:-2])
        await until(lambda: end.opens and end.line.received == len(HANDSHAKE) - 2)
        end.line.close(ValueError("enough"))
        assert isinstance(await end.closes(), ValueError)
        assert await caller.is_closed()
    assert web.made == []


async def test_a_handler_that_fails() -> None:
    """A handler that makes no protocol ends the connection, once."""

    def fail(peer: str) -> asyncio.Protocol:
        raise ValueError("no protocol")

    end = End()
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    async with listening(end, http=fail) as place, calling(place) as caller:
        await caller.says(HELLO)
        assert await caller.is_closed()
        assert isinstance(await end.closes(), ValueError)
        assert len(end.errors) == 1


@pytest.mark.parametrize("method", METHODS[1:])
async def test_without_a_handler(method: bytes) -> None:
    """Other methods than GET are lines, and no welcome."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await caller.says(method + b"/hello HTTP/1.1\r\n\r\n")
        assert isinstance(await end.closes(), NotAWelcome)
        assert await caller.is_closed()


# -- what is spoken -------------------------------------------------------------------------

OTHER, LINES, WEBSOCKET = Speech.OTHER_HTTP, Speech.LINES, Speech.WEBSOCKET
UNKNOWN, TOO_LONG = Speech.UNKNOWN, Speech.TOO_LONG
LONG = b"GET /apiv2\n"


@pytest.mark.parametrize(
    ("first", "with_handler", "without"),
    [
        (b"", UNKNOWN, UNKNOWN),
        (b"G", UNKNOWN, UNKNOWN),
        (b"P", OTHER, LINES),
        (b"MP-C", OTHER, LINES),
        (b"GETT", OTHER, LINES),
        (b"GET ", UNKNOWN, UNKNOWN),
        (b"GET /api", UNKNOWN, UNKNOWN),
        (b"GET /apiv2", UNKNOWN, UNKNOWN),
        (b"GET /apiv2/", UNKNOWN, UNKNOWN),
        (HANDSHAKE[:12], UNKNOWN, UNKNOWN),
        (b"GET /apiv2 HTTP/1.1\r\n", UNKNOWN, UNKNOWN),
        (b"GET /apiv2 HTTP/1.1\r\n\r\n", WEBSOCKET, WEBSOCKET),
        (b"GET /apiv2/?x=1 HTTP/1.1\r\n\r\n", WEBSOCKET, WEBSOCKET),
        (b"GET /apiv2\n\nx", WEBSOCKET, WEBSOCKET),
        (b"GET /apiv2x", OTHER, UNKNOWN),
        (b"GET /apiv3", OTHER, UNKNOWN),
        (b"POST /apiv2 HTTP/1.1\r\n\r\n", OTHER, LINES),
        (HELLO[:7], OTHER, UNKNOWN),
        (HELLO, OTHER, WEBSOCKET),
        (b"\x16", UNKNOWN, UNKNOWN),
        (b"\x16\x03\x01\x02", Speech.TLS, Speech.TLS),
        (b"\x16MP-A", LINES, LINES),
        (LONG + b"x" * (HEAD_LIMIT - len(LONG) - 1), UNKNOWN, UNKNOWN),
        (LONG + b"x" * (HEAD_LIMIT - len(LONG)), TOO_LONG, TOO_LONG),
        (LONG + b"x" * (HEAD_LIMIT - len(LONG) - 2) + b"\n\n", WEBSOCKET, WEBSOCKET),
        (LONG + b"x" * (HEAD_LIMIT - len(LONG) - 1) + b"\n\n", TOO_LONG, TOO_LONG),
    ],
)
def test_speech(first: bytes, with_handler: Speech, without: Speech) -> None:
    """The first bytes tell what a caller speaks, as soon as they can."""
    assert speech(first, has_handler=True) is with_handler
    assert speech(first, has_handler=False) is without


async def test_tls_where_none_is_spoken() -> None:
    """Its caller is told so in TLS, by an alert, and the end says what to do."""
    end = End()
    async with listening(end) as place:
        assert await ask(place, b"\x16", b"\x03\x01\x02", length=len(TLS_ALERT)) == TLS_ALERT
        assert "set the port for TLS in the caller" in str(await end.closes())
        assert end.events == []


@pytest.mark.parametrize(
    ("target", "is_ours"),
    [("/apiv2", True), ("/apiv2/?x", True), ("/apiv2/x", False), ("/", False), ("", False)],
)
def test_our_path(target: str, is_ours: bool) -> None:
    """There is one path, with or without a slash behind it."""
    assert is_our_path(target) is is_ours
