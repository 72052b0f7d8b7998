"""Connections of a proxy that is trusted, on the doorstep."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from ovms.base.clock import ManualClock
from ovms.net.pump import Pump
from ovms.protocol import Party, Session
from ovms.server.acceptor import WELCOME_TIMEOUT
from ovms.server.doorstep import HELLO_TIMEOUT, Doorstep
from ovms.server.listener import Entrance, bind, listen
from ovms.server.proxy import TrustedProxies
from ovms.server.strangers import StrangerStage
from ovms.server.tls import Certificates
from tests.certs import make_pair, pair_in
from tests.net.ends import End
from tests.server.conftest import Log
from tests.server.hellos import client_hello
from tests.server.test_proxy import binary
from tests.waiting import PATIENCE, until

HOST = "127.0.0.1"
LINE = b"PROXY TCP4 192.0.2.7 10.0.0.1 40000 6867\r\n"
TOKEN = "t" * 22


class Proxied:
    """A doorstep that trusts the proxy at :data:`HOST`, and what it has handed over."""

    def __init__(self, tls: ssl.SSLContext | None, trusted: str) -> None:
        self.clock = ManualClock()
        self.doorstep = Doorstep(self.clock, proxies=TrustedProxies([trusted]))
        self.pumps: list[Pump] = []
        self.entrance = Entrance(bind([HOST], 0), self._answer, tls)
        self.listeners = listen([self.entrance], self.doorstep)
        self.lines: list[socket.socket] = []

    def _answer(self) -> Pump:
        self.pumps.append(Pump(Session(Party.SERVER, TOKEN), End()))
        return self.pumps[-1]

    async def calls(self, says: bytes = b"") -> socket.socket:
        """Connect, and say something."""
        line = socket.socket()
        line.setblocking(False)
        self.lines.append(line)
        await asyncio.get_running_loop().sock_connect(line, (HOST, self.entrance.port))
        if says:
            line.send(says)
        return line

    @property
    def peers(self) -> list[str]:
        """Who calls, as what was handed over knows."""
        return [pump.peer.rpartition(":")[0] for pump in self.pumps]


@asynccontextmanager
async def proxied(
    tls: ssl.SSLContext | None = None, trusted: str = "127.0.0.0/8"
) -> AsyncIterator[Proxied]:
    """Listen."""
    place = Proxied(tls, trusted)
    try:
        yield place
    finally:
        place.listeners.close()
        for each in list(place.doorstep.arrivals):
            place.doorstep.drop(each)
        for line in place.lines:
            line.close()
        for pump in place.pumps:
            pump.abort()
        await asyncio.sleep(0.01)


async def ends(line: socket.socket) -> bool:
    """Wait for the next news, and return whether it is the end."""
    async with asyncio.timeout(PATIENCE):
        try:
            return await asyncio.get_running_loop().sock_recv(line, 100) == b""
        except ConnectionResetError:
            return True


@pytest.mark.parametrize("header", [LINE, binary()])
async def test_who_calls(header: bytes) -> None:
    """The caller that the header names is the other end, and the header is no part of its line."""
    async with proxied() as place:
        await place.calls(header + b"MP-")
        await until(lambda: place.pumps and place.pumps[0].received == 3)
        assert place.pumps[0].peer == "192.0.2.7:40000"
        assert place.doorstep.is_emptied()


async def test_a_header_in_pieces() -> None:
    """However it is split, a header is read whole, and nobody is handed over before."""
    async with proxied() as place:
        line = await place.calls()
        for byte in LINE[:-1]:
            line.send(bytes([byte]))
            await asyncio.sleep(0)
        await until(lambda: place.doorstep.count == 1)
        assert not place.pumps
        assert [each.stage for each in place.doorstep.strangers()] == [StrangerStage.UNFINISHED]
        line.send(LINE[-1:])
        await until(lambda: place.peers == ["192.0.2.7"])


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", binary(b"", command=0x20, family=0)])
async def test_a_proxy_that_speaks_for_itself(header: bytes) -> None:
    """Where the header names nobody, the proxy is the other end."""
    async with proxied() as place:
        await place.calls(header)
        await until(lambda: place.peers == [HOST])


async def test_tls_behind_a_header(tmp_path: Path) -> None:
    """A hello is waited for behind the header, as one of the network that it names."""
    context = Certificates(make_pair(pair_in(tmp_path))).context
    async with proxied(context) as place:
        line = await place.calls(LINE + client_hello()[:10])
        await until(lambda: [each.network for each in place.doorstep.strangers()] == ["192.0.2.7"])
        line.close()
        await until(lambda: place.doorstep.count == 0)
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname = False
        trusting.verify_mode = ssl.CERT_NONE
        line = await place.calls(LINE)
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection(sock=line, ssl=trusting, server_hostname="x")
        await until(lambda: place.peers == ["192.0.2.7"])
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()


@pytest.mark.parametrize("says", [b"MP-C 0 ", b"PROXY TCP4 x y 1 2\r\n", b"\x16\x03\x01"])
async def test_without_a_header(log: Log, says: bytes) -> None:
    """A trusted proxy that says none is closed, and the operator hears of it."""
    async with proxied() as place:
        assert await ends(await place.calls(says))
        assert not place.pumps
        assert len(log.lines("a trusted proxy says no header")) == 1


async def test_a_look_whether_we_are_there() -> None:
    """A connection that ends without a byte is closed, and is nobody."""
    async with proxied() as place:
        (await place.calls()).close()
        await until(lambda: place.doorstep.count == 0)
        assert not place.pumps


async def test_the_time_of_a_header() -> None:
    """A header must come whole within the time of a hello."""
    async with proxied() as place:
        line = await place.calls(LINE[:20])
        await until(lambda: place.doorstep.count == 1)
        place.clock.advance(HELLO_TIMEOUT - 0.1)
        place.doorstep.tick()
        assert place.doorstep.count == 1
        place.clock.advance(0.1)
        place.doorstep.tick()
        assert await ends(line)
        assert HELLO_TIMEOUT < WELCOME_TIMEOUT


async def test_from_elsewhere_it_is_not_believed() -> None:
    """From others a header is a first line that is no welcome."""
    async with proxied(trusted="192.0.2.0/24") as place:
        await place.calls(LINE)
        await until(lambda: place.peers == [HOST])
        await until(lambda: place.pumps[0].received == len(LINE))


async def test_a_port_where_no_proxy_calls() -> None:
    """Who calls from a proxy's address at a port of one's own needs no header there."""
    async with proxied() as place:
        place.listeners.close()
        own = Entrance(bind([HOST], 0), place._answer, has_proxies=False)
        place.listeners, place.entrance = listen([own], place.doorstep), own
        await place.calls(b"GET /metrics HTTP/1.1\r\n\r\n")
        await until(lambda: place.peers == [HOST])
