"""An HTTP service that listens on loopback, and callers with plain sockets."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Self, cast

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from ovms.base.clock import ManualClock
from ovms.net.pump import Pump
from ovms.protocol import Party, Session
from ovms.server.http import app as app_module
from ovms.server.http.answers import json_answer, text_answer
from ovms.server.http.app import HttpApp
from ovms.server.http.service import HttpService
from tests.net.ends import End
from tests.server.hub.fakes import START
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Sequence
    from types import TracebackType

    import pytest
    from starlette.requests import Request

    from ovms.server.http.context import HttpContext

BIG = 8_000_000
"""Bytes of an answer that no system's buffer holds."""


class CallPlace:
    """A service whose calls are the test's own."""

    def __init__(self, forwarded_from: Sequence[str] = ()) -> None:
        self.clock = ManualClock(START)
        self.unfit: list[bytes] = []
        self.gate = asyncio.Event()
        """Opened by the test: calls of ``/wait`` are answered then."""
        self.waiting = 0
        watches = SimpleNamespace(tick=lambda: None, close=lambda: None)
        parts = SimpleNamespace(clock=self.clock, watches=watches, live=watches)
        context = cast("HttpContext", parts)
        self.service = HttpService(context, forwarded_from, self.unfit.append)
        self.peer = "192.0.2.7:4000"
        self.port = 0
        self.tls: ssl.SSLContext | None = None
        self.callers: list[RawCaller] = []

    def accept(self) -> Pump:
        """Make the protocol of a caller, which hands it over."""
        pump = Pump(Session(Party.SERVER, "S" * 22), End(), http=self.service.answer)
        pump.peer = self.peer
        return pump

    def make_app(self, context: HttpContext) -> HttpApp:
        """Return the application with the calls of the tests."""
        methods = ["GET", "POST", "PUT", "DELETE"]
        calls = {"/echo": self.echo, "/wait": self.wait, "/big": self.big, "/fail": self.fail,
                 "/odd": self.odd, "/parts": self.parts, "/half": self.half,
                 "/hello/{name}": self.echo}  # fmt: skip
        return HttpApp([Route(path, call, methods=methods) for path, call in calls.items()])

    async def echo(self, request: Request) -> Response:
        """Say what came."""
        client = request.client
        return json_answer(
            {
                "method": request.method,
                "path": request.scope["path"],
                "query": request.scope["query_string"].decode("ascii"),
                "body": len(await request.body()),
                "client": client and client.host,
                "scheme": request.scope["scheme"],
            }
        )

    async def wait(self, request: Request) -> Response:
        """Answer when the test says so."""
        self.waiting += 1
        try:
            await self.gate.wait()
        finally:
            self.waiting -= 1
        return text_answer("waited")

    async def big(self, request: Request) -> Response:
        """Say much."""
        return Response(b"x" * BIG)

    async def odd(self, request: Request) -> Response:
        """Answer with what no client may get."""
        return Response(b"", headers={"x": "a\r\nb: c"})

    async def parts(self, request: Request) -> Response:
        """Say something whose length is not known at first."""

        async def parts() -> AsyncIterator[bytes]:
            for part in (b"one", b"", b"two and three"):
                yield part

        return StreamingResponse(parts())

    async def half(self, request: Request) -> Response:
        """Break off in the middle."""

        async def parts() -> AsyncIterator[bytes]:
            yield b"one"
            raise ValueError("our fault")

        return StreamingResponse(parts())

    async def fail(self, request: Request) -> Response:
        """Fail, by an error in our code."""
        raise ValueError("our fault")

    async def passes(self, seconds: float) -> None:
        """Let time pass for the service."""
        self.clock.advance(seconds)
        self.service.tick()

    async def calls(self) -> RawCaller:
        """Connect."""
        name = "localhost" if self.tls is not None else None
        ends = await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=self.tls, server_hostname=name
        )
        self.callers.append(RawCaller(*ends))
        return self.callers[-1]

    async def ask(self, request: bytes) -> tuple[int, dict[str, str], bytes]:
        """Send a request on a connection of its own; return the answer."""
        async with await self.calls() as caller:
            return await caller.ask(request)


class RawCaller:
    """A connection whose bytes the test decides."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def __aenter__(self) -> Self:
        """Be there."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hang up."""
        await self.leaves()

    async def leaves(self) -> None:
        """Hang up."""
        self.writer.transport.abort()
        with suppress(OSError):
            await self.writer.wait_closed()

    async def says(self, data: bytes) -> None:
        """Send bytes."""
        self.writer.write(data)
        await self.writer.drain()

    async def hears_head(self) -> str:
        """Return the head of an answer as it came."""
        async with asyncio.timeout(PATIENCE):
            return (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")

    async def hears(self, *, has_body: bool = True) -> tuple[int, dict[str, str], bytes]:
        """Return an answer: status, headers as they are spelled, body."""
        first, *lines = (await self.hears_head()).removesuffix("\r\n\r\n").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        async with asyncio.timeout(PATIENCE):
            size = int(headers.get("Content-Length", 0)) if has_body else 0
            return int(first.split()[1]), headers, await self.reader.readexactly(size)

    async def ask(self, request: bytes) -> tuple[int, dict[str, str], bytes]:
        """Send a request; return the answer."""
        await self.says(request)
        return await self.hears(has_body=not request.startswith(b"HEAD"))

    async def is_closed(self) -> bool:
        """Wait for the end; return whether nothing more came."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self.reader.read() == b""
            except ConnectionError:
                return True


@asynccontextmanager
async def listening(
    monkeypatch: pytest.MonkeyPatch,
    forwarded_from: Sequence[str] = (),
    tls: tuple[ssl.SSLContext, ssl.SSLContext] | None = None,
) -> AsyncIterator[CallPlace]:
    """Yield a service that listens; ``tls`` are the contexts of both ends."""
    place = CallPlace(forwarded_from)
    monkeypatch.setattr(app_module, "make_app", place.make_app)
    server = await asyncio.get_running_loop().create_server(
        place.accept, "127.0.0.1", 0, ssl=tls and tls[0]
    )
    place.port, place.tls = server.sockets[0].getsockname()[1], tls and tls[1]
    try:
        yield place
    finally:
        server.close()
        for caller in place.callers:
            await caller.leaves()
        await place.service.close()
