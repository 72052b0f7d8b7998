from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ovms.net import pump as pump_module
from ovms.net.client import (
    ClientConnection,
    ConnectFailed,
    ConnectionLost,
    Untrusted,
    WelcomeRefused,
    connect,
)
from ovms.net.pump import WRITE_LIMIT, Pump
from ovms.net.tls import client_context
from ovms.protocol import Message, Party, Role, Session
from ovms.server.certificate import Pair, make_certificate, read_certificate
from tests.certs import DAY, make_pair, pair_in
from tests.net.ends import SECRET, SERVER_TOKEN, End
from tests.waiting import PATIENCE

HOST = "127.0.0.1"


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """Make a certificate of a server's own, for this machine."""
    pair = pair_in(tmp_path / "own")
    make_certificate(pair, "x", datetime.now(UTC).timestamp())
    return pair


class TlsServer:
    """A server end that speaks TLS."""

    def __init__(self, port: int, end: End, asked: list[str | None]) -> None:
        self.port = port
        self.end = end
        self.asked = asked

    async def call(
        self, tls: ssl.SSLContext | None, host: str = HOST, secret: bytes = SECRET
    ) -> ClientConnection:
        """Call it."""
        return await connect(host, self.port, Role.APP, "CAR1", secret, timeout=PATIENCE, tls=tls)


@asynccontextmanager
async def serving(pair: Pair, end: End | None = None) -> AsyncIterator[TlsServer]:
    """Listen with a certificate."""
    end = end or End()
    context = read_certificate(pair).context
    asked: list[str | None] = []
    context.sni_callback = lambda tls, name, context: asked.append(name)
    server = await asyncio.get_running_loop().create_server(
        lambda: Pump(Session(Party.SERVER, SERVER_TOKEN), end), HOST, 0, ssl=context,
        ssl_shutdown_timeout=1,
    )  # fmt: skip
    try:
        yield TlsServer(server.sockets[0].getsockname()[1], end, asked)
    finally:
        server.close()
        if end.pump is not None:
            end.pump.abort()
            await end.closes()


# -- trust ----------------------------------------------------------------------------------


def test_a_context() -> None:
    """By default it trusts the machine's roots, asks for the host, and takes nothing old."""
    context = client_context()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    insecure = client_context(insecure=True)
    assert (insecure.verify_mode, insecure.check_hostname) == (ssl.CERT_NONE, False)


def test_a_file_alone_is_trusted(pair: Pair) -> None:
    """With a file, the machine's roots do not count."""
    assert len(client_context(pair.certificate).get_ca_certs()) == 0  # no authority: the server
    assert client_context(pair.certificate).cert_store_stats()["x509"] == 1
    with pytest.raises(FileNotFoundError):
        client_context(pair.certificate.parent / "nowhere.pem")
    with pytest.raises(ssl.SSLError):
        client_context(pair.key)


@pytest.mark.parametrize("host", [HOST, "localhost"])
async def test_the_servers_own_certificate(pair: Pair, host: str) -> None:
    """Whoever has it reaches the server by each of its names, in the strictest way too."""
    context = client_context(pair.certificate)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    async with serving(pair) as place:
        async with await place.call(context, host) as app:
            app.send(Message("A"))
            await place.end.until(lambda end: end.messages)
            assert place.end.line.send(Message("S", b"80"))
            assert await app.receive() == Message("S", b"80")
        assert place.asked == [None if host == HOST else host]


async def test_a_certificate_that_somebody_signed(tmp_path: Path) -> None:
    """The certificate itself is trust enough, whoever signed it."""
    pair = make_pair(pair_in(tmp_path), "localhost")
    async with (
        serving(pair) as place,
        await place.call(client_context(pair.certificate), "localhost") as app,
    ):
        app.send(Message("A"))


async def test_a_stranger(pair: Pair, tmp_path: Path) -> None:
    """Neither the machine's roots nor another certificate make a server trusted."""
    other = make_pair(pair_in(tmp_path / "other"), "localhost")
    async with serving(pair) as place:
        for context in (client_context(), client_context(other.certificate)):
            with pytest.raises(Untrusted, match=f"of {HOST}:{place.port} does not verify: self-si"):
                await place.call(context)
        assert place.end.opens == 0 or place.end.errors


async def test_anybody_if_it_must_be(pair: Pair) -> None:
    """An insecure caller takes what there is, under any name."""
    async with serving(pair) as place, await place.call(client_context(insecure=True)) as app:
        app.send(Message("A"))
        await place.end.until(lambda end: end.messages)


async def test_another_name(tmp_path: Path) -> None:
    """A certificate is for its names only."""
    pair = make_pair(pair_in(tmp_path), "elsewhere.example")
    async with serving(pair) as place:
        with pytest.raises(Untrusted, match="does not verify: Hostname mismatch"):
            await place.call(client_context(pair.certificate), "localhost")


async def test_an_expired_certificate(tmp_path: Path) -> None:
    """It is refused, and named as what it is."""
    ends = datetime.now(UTC) - DAY
    pair = make_pair(pair_in(tmp_path), begins=ends - DAY, ends=ends)
    async with serving(pair) as place:
        with pytest.raises(Untrusted, match=r"does not verify: certificate has expired$"):
            await place.call(client_context(pair.certificate), "localhost")


# -- what may go wrong ----------------------------------------------------------------------


async def test_a_server_without_tls() -> None:
    """A port that answers in plain is told in words."""

    class Plain(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert hasattr(transport, "write")
            transport.write(b"hello\n" * 5)

    server = await asyncio.get_running_loop().create_server(Plain, HOST, 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(
        ConnectFailed, match=r"no TLS: wrong version number; is this the port for TLS\?$"
    ):
        await connect(HOST, port, Role.APP, "CAR1", SECRET, tls=client_context(insecure=True))
    server.close()


async def test_a_silent_server() -> None:
    """A handshake that nobody answers ends with the time that there is."""
    with socket.create_server((HOST, 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(ConnectFailed, match="within"):
            await connect(HOST, port, Role.APP, "CAR1", SECRET, timeout=0.1, tls=client_context())


async def test_a_wrong_secret(pair: Pair) -> None:
    """It is refused as over plain TCP."""
    async with serving(pair) as place:
        with pytest.raises(WelcomeRefused):
            await place.call(client_context(pair.certificate), secret=b"wrong")


async def test_a_lost_connection(pair: Pair) -> None:
    """It is told when the server goes, in order or not."""
    for end in (Pump.close, Pump.abort):
        async with serving(pair) as place:
            app = await place.call(client_context(pair.certificate))
            end(place.end.line)
            with pytest.raises(ConnectionLost):
                async with asyncio.timeout(PATIENCE):
                    await app.receive()


# -- the pump -------------------------------------------------------------------------------


async def test_socket_options(pair: Pair) -> None:
    """The socket below is set as without TLS."""
    async with serving(pair) as place, await place.call(client_context(pair.certificate)):
        line = place.end.line
        assert line._transport is not None
        connection = line._transport.get_extra_info("socket")
        line.expect_life(60)
        for level, name, value in (
            (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30),
            (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 60_000),
        ):
            assert connection.getsockopt(level, name) == value
        assert line.peer.startswith(f"{HOST}:")


async def test_pausing(pair: Pair) -> None:
    """A pump that is paused hears nothing, then everything in order."""
    async with serving(pair) as place, await place.call(client_context(pair.certificate)) as app:
        line = place.end.line
        line.pause()
        for n in range(50):
            app.send(Message("S", b"%d" % n))
        app.send(Message("S", b"x" * 40_000))
        await app.drain()
        assert place.end.messages == []
        line.resume()
        await place.end.until(lambda end: len(end.messages) == 51)
        assert [each.data for each in place.end.messages[:3]] == [b"0", b"1", b"2"]


async def test_much_to_read(pair: Pair) -> None:
    """Everything arrives, whoever reads slowly holds the sender back, and one that never does ends.

    The memory is bounded as without TLS.
    """
    async with serving(pair) as place, await place.call(client_context(pair.certificate)) as app:
        line, count = place.end.line, 0
        while not place.end.stalls:
            assert line.send(Message("S", b"x" * 40_000))
            count += 1
        assert count * 40_000 < 40 * WRITE_LIMIT
        for _ in range(count):
            await app.receive()
        await line.drained()


async def test_closing_a_stalled_reader(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed connection that takes nothing is cut after a while."""
    monkeypatch.setattr(pump_module, "CLOSE_TIMEOUT", 0.05)
    async with serving(pair) as place:
        app = await place.call(client_context(pair.certificate))
        assert app._pump is not None
        app._pump.pause()
        while not place.end.stalls:
            assert place.end.line.send(Message("S", b"x" * 40_000))
        place.end.line.close(ValueError("enough"))
        assert isinstance(await place.end.closes(), ValueError)
        app._pump.abort()
