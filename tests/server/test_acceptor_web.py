"""Callers at the acceptor by WebSocket and HTTP."""

from __future__ import annotations

import asyncio
from functools import partial

from ovms.protocol import Message, Role
from ovms.server.acceptor import (
    WELCOME_TIMEOUT,
)
from tests.net.ends import surfing
from tests.server.conftest import Log
from tests.server.sites import Site, greeting
from tests.waiting import PATIENCE, until

# -- WebSocket ------------------------------------------------------------------------------


async def test_an_app_in_a_websocket(site: Site, log: Log) -> None:
    """It is served as any other, by the same listener, and told when the server stops."""
    car = await site.enters(Role.CAR)
    async with surfing(site) as app:
        await app.opens()
        assert [await app.hears() for _ in "ZT"] == [[Message("Z", b"1")], [Message("T", b"0")]]
        assert await car.hears_messages(2) == ["Z0", "Z1"]
        await car.says(car.session.send(Message("S", b"80")))
        assert await app.hears() == [Message("S", b"80")]
        await app.says(app.session.send(Message("A")))
        assert [await app.hears() for _ in "Ta"] == [[Message("T", b"0")], [Message("a")]]
        await asyncio.wait_for(site.acceptor.empty(), PATIENCE)
        assert await app.is_told() == 1001
    reasons = [line["reason"] for line in log.lines("disconnected")]
    assert reasons == ["the server is stopping"] * 2


async def test_a_stranger_in_a_websocket(site: Site, log: Log) -> None:
    """Who does not know the secret is closed, with one line in the log."""
    async with surfing(site) as app:
        await app.says(greeting(Role.APP, "CAR1", b"wrong"))
        assert await app.is_told() == 1008
    await until(lambda: not site.acceptor.connections)
    assert log.lines("refused")[0]["reason"] == "the digest does not prove the secret"


async def test_silence_in_a_websocket(site: Site, log: Log) -> None:
    """A WebSocket is no welcome: its time ends as that of anybody else."""
    async with surfing(site) as app:
        await until(lambda: site.acceptor.connections)
        site.passes(WELCOME_TIMEOUT - 0.1)
        assert not log.text
        site.passes(0.1)
        site.passes(1)
        assert await app.is_told() == 1008
    await until(lambda: not site.acceptor.connections)
    assert log.lines("refused")[0]["reason"] == "no welcome in time"


# -- HTTP for somebody else -----------------------------------------------------------------


class Web(asyncio.Protocol):
    """Answers each piece of a request."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer."""
        assert hasattr(self._transport, "write")
        self._transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


async def test_a_request_for_somebody_else(site: Site, log: Log) -> None:
    """A request that is handed over is no caller any more; the head of a WebSocket still is."""
    answer = partial(site.acceptor.answer, lambda peer: Web())
    server = await asyncio.get_running_loop().create_server(answer, site.host, 0)
    site.port = server.sockets[0].getsockname()[1]
    slow, caller = await site.calls(), await site.calls()
    await slow.says(b"GET /apiv2 HTTP/1.1\r\n")
    await caller.says(b"GET /hello HTTP/1.1\r\n\r\n")
    assert b" 204 " in await caller.hears_line()
    assert len(site.acceptor.connections) == site.acceptor.count == 1
    site.passes(WELCOME_TIMEOUT)
    assert await slow.is_closed()
    assert log.lines("refused") == []
    server.close()
