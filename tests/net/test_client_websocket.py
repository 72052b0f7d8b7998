"""A caller's connection through a WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CLOSE

from ovms.net.client import (
    INBOX_LIMIT,
    ConnectFailed,
    ConnectionLost,
    WelcomeRefused,
)
from ovms.net.http import HEAD_LIMIT
from ovms.net.pump import Pump
from ovms.protocol import CallerWelcome, Message, Party, Session
from ovms.protocol.session import LONGEST_PLAIN, Event
from tests.net.callers import answering, call
from tests.net.ends import (
    SECRET,
    SERVER_TOKEN,
    Certificate,
    End,
    frame,
    listening,
)
from tests.waiting import until

PING = Message("A")


@asynccontextmanager
async def serving(
    handler: Callable[[ServerConnection], Awaitable[None]], tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Listen for WebSockets, with a server that is not ours."""
    server = await serve(handler, "127.0.0.1", 0, ssl=tls, ping_interval=None)
    try:
        yield next(iter(server.sockets)).getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


class EchoServer:
    """Welcomes callers in a WebSocket and echoes their messages; remembers what it sees."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        self.codes: list[int | None] = []

    async def __call__(self, web: ServerConnection) -> None:
        """Serve one."""
        assert web.request is not None
        self.requests.append((web.request.path, web.request.headers["Host"]))
        session = Session(Party.SERVER, SERVER_TOKEN)
        with contextlib.suppress(ConnectionClosed):
            while True:
                line = await web.recv()
                assert isinstance(line, str)
                assert not line.endswith("\n")
                for event in session.receive_data(line.encode() + b"\n"):
                    said = session.accept(SECRET) if not isinstance(event, Message) else b""
                    said += session.send(event if isinstance(event, Message) else Message("Z"))
                    for each in said.split(b"\r\n")[:-1]:
                        await web.send([each[:1].decode(), each[1:].decode()])
                        await web.ping()
        self.codes.append(web.close_code)


@pytest.mark.parametrize("tls", [False, True])
async def test_a_server_that_is_not_ours(tls: bool) -> None:
    """Welcome, messages in fragments among pings, and the close are understood both ways."""
    server = EchoServer()
    context = Certificate.make() if tls else None
    async with serving(server, context.server if context else None) as port:
        connection = await call(port, tls=context.trust if context else None, websocket=True)
        longest = Message("S", b"x" * (LONGEST_PLAIN - len(b"MP-0 S")))
        async with connection:
            assert await connection.receive() == Message("Z")
            for message in (PING, longest, PING):
                connection.send(message)
                assert await connection.receive() == message
        await until(lambda: server.codes)
        assert server.codes == [1000]
        assert server.requests == [("/apiv2", f"127.0.0.1:{port}")]


@pytest.mark.parametrize("websocket", [False, True])
async def test_much_behind_the_welcome(websocket: bool) -> None:
    """Long messages that come in one piece with the welcome are no trouble."""

    class Eager(End):
        def received(self, pump: Pump, event: Event) -> None:
            super().received(pump, event)
            if isinstance(event, CallerWelcome):
                assert all(pump.send(Message("S", b"x" * 10_000)) for _ in range(20))

    async with listening(Eager()) as place:
        connection = await place.call(websocket=websocket)
        for _ in range(20):
            assert len((await connection.receive()).data) == 10_000
        await connection.close()


TOO_LONG = f"more than {HEAD_LIMIT} bytes"
NO_HTTP = "no WebSocket: did not receive a valid HTTP response"


@pytest.mark.parametrize(
    ("answer", "closes", "reason"),
    [
        (b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", False, "no WebSocket: HTTP 404"),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>", True, "no WebSocket: HTTP 502"),
        (b"HTTP/1.1 101 OK\r\n\r\n", False, "no WebSocket: missing Connection"),
        (b"HTTP/1.1 101 OK\r\nX: " + b"x" * HEAD_LIMIT, False, TOO_LONG),
        (b"HTTP/1.1 404 No\r\n\r\n" + b"x\n" * HEAD_LIMIT, False, TOO_LONG),
        (b"MP-S 0 x y\r\n", False, NO_HTTP),
        (b"HTTP/1.1 101", True, NO_HTTP),
        (b"", True, NO_HTTP),
    ],
)
async def test_no_websocket(answer: bytes, closes: bool, reason: str) -> None:
    """A server without one is no refusal, whatever it answers, and is not waited for."""
    async with answering(answer, closes=closes, until=b"\r\n\r\n") as port:
        with pytest.raises(ConnectFailed, match=reason):
            await call(port, websocket=True)


@pytest.mark.parametrize(
    ("code", "kind"),
    [(1000, WelcomeRefused), (1008, WelcomeRefused), (4000, WelcomeRefused), (1001, ConnectFailed),
     (1011, ConnectFailed), (1012, ConnectFailed), (1013, ConnectFailed)],
)  # fmt: skip
async def test_a_close_before_the_welcome(code: int, kind: type[Exception]) -> None:
    """It is a refusal, unless the server says that it is not our fault."""

    async def close(web: ServerConnection) -> None:
        await web.recv()
        await web.close(code)

    async with serving(close) as port:
        with pytest.raises(kind):
            await call(port, websocket=True)


async def test_a_wrong_secret_in_a_websocket() -> None:
    """It is a refusal, and so is an end without a Close, as other servers do it."""

    async def leave(web: ServerConnection) -> None:
        await web.recv()
        web.transport.close()

    async with listening() as place:
        with pytest.raises(WelcomeRefused):
            await place.call(b"another secret", websocket=True)
    async with serving(leave) as port:
        with pytest.raises(WelcomeRefused):
            await call(port, websocket=True)


async def test_a_server_that_goes_away() -> None:
    """The reason of a lost connection is told."""
    closing = asyncio.Event()

    class Leaving(EchoServer):
        async def __call__(self, web: ServerConnection) -> None:
            await asyncio.wait(
                [asyncio.create_task(super().__call__(web)), asyncio.create_task(closing.wait())],
                return_when=asyncio.FIRST_COMPLETED,
            )
            await web.close(1001)

    async with serving(Leaving()) as port:
        connection = await call(port, websocket=True)
        await connection.receive()
        closing.set()
        with pytest.raises(ConnectionLost, match="going_away"):
            await connection.receive()


@pytest.mark.parametrize("bad", [frame(CLOSE, mask=True), frame(CLOSE, b"x", mask=False)])
async def test_a_bad_frame(bad: bytes) -> None:
    """A server that breaks the rules loses the connection."""

    async def spoil(web: ServerConnection) -> None:
        await web.recv()
        web.transport.write(bad)
        await web.wait_closed()

    async with serving(spoil) as port:
        with pytest.raises(ConnectFailed, match="bad WebSocket"):
            await call(port, websocket=True)


async def test_silence_in_a_websocket() -> None:
    """A server that says nothing, and does not close either, costs no more than the time given."""
    done = asyncio.Event()

    async def wait(web: ServerConnection) -> None:
        web.transport.pause_reading()
        await done.wait()
        web.transport.abort()

    async with serving(wait) as port:
        loop = asyncio.get_running_loop()
        began = loop.time()
        with pytest.raises(ConnectFailed, match=r"within 0\.05 s"):
            await call(port, 0.05, websocket=True)
        assert loop.time() - began < 2
        done.set()


async def test_messages_before_a_close_are_given_out() -> None:
    """A reader that takes its time loses nothing of what came before the Close."""
    async with listening() as place:
        connection, end = await place.meet(websocket=True)
        for n in range(3 * INBOX_LIMIT):
            assert end.line.send(Message("S", b"%d" % n))
        end.line.close()
        got = []
        async for message in connection:
            got.append(int(message.data))
            if len(got) % 500 == 0:
                await asyncio.sleep(0.001)
        assert got == list(range(3 * INBOX_LIMIT))


@pytest.mark.parametrize("host", ["a..b", "x" * 70, "\udcff", "", "a\0b", ".x"])
@pytest.mark.parametrize("websocket", [False, True])
async def test_a_name_that_is_none(host: str, websocket: bool) -> None:
    """Whatever is called, over TLS or in a WebSocket, fails in the one documented way."""
    with pytest.raises(ConnectFailed):
        await call(1, tls=Certificate.make().trust, websocket=websocket, host=host)
