"""Calling a server: nothing is said before it has proven itself, and no welcome counts twice."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from ovms.car.calling import UnprovenServer, call_server, is_verifying
from ovms.car.tokens import TokenMemory
from ovms.net.client import ConnectFailed
from ovms.net.tls import client_context
from ovms.protocol import CallerWelcome, Message, Party, Session
from ovms.protocol.crypto import make_digest, make_token
from ovms.server.certificate import Pair, read_certificate
from tests.certs import make_pair, pair_in

HOST, VEHICLE, SECRET = "127.0.0.1", "CAR1", b"SECRET"
Answer = Callable[[Session, str], bytes]
"""Returns what a server says to a caller whose welcome, with a token, has come."""


class OneServer:
    """Answers each welcome in its way, and keeps what comes behind it."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.port = 0
        self.tokens: list[str] = []
        """Of the callers."""
        self.heard = b""
        self.ends = asyncio.Semaphore(0)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer a caller."""
        session = Session(Party.SERVER, make_token(os.urandom))
        with suppress(ConnectionError):
            (welcome,) = session.receive_data(await reader.readline())
            assert isinstance(welcome, CallerWelcome)
            self.tokens.append(welcome.token)
            said = self.answer(session, welcome.token)
            writer.write(said)
            if said.endswith(b"!"):
                writer.close()
            self.heard += await reader.read()
        writer.close()
        self.ends.release()


@asynccontextmanager
async def answering(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[OneServer]:
    """Run a server."""
    made = OneServer(answer)
    server = await asyncio.start_server(made.serve, HOST, 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


def repeated(token: str) -> Answer:
    """Return what an impostor says who knows a token and its digest."""
    line = f"MP-S 0 {token} {make_digest(SECRET, token)}\r\n".encode()
    return lambda session, caller: line


def saying(*messages: Message) -> Answer:
    """Return what the server says that speaks first."""
    return lambda session, caller: b"".join(
        [session.accept(SECRET), *(session.send(message) for message in messages)]
    )


@pytest.fixture
def tokens() -> TokenMemory:
    """Return a memory in which nothing is."""
    return TokenMemory()


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """Return a certificate for the host."""
    return make_pair(pair_in(tmp_path), "localhost")


@pytest.mark.parametrize("first", [Message("A"), Message("Z", b"0"), Message("x", b"?")])
async def test_the_first_line_is_proof(tokens: TokenMemory, first: Message) -> None:
    """A ping, the number of apps or anything else that deciphers; it is there to be received."""
    async with answering(saying(first)) as server:
        connection = await call_server(HOST, server.port, VEHICLE, SECRET, tokens)
        assert await connection.receive() == first
        assert server.tokens[0] in tokens
        assert connection.server_token in tokens
        await connection.close()


async def test_nothing_is_said_to_one_that_is_silent(tokens: TokenMemory) -> None:
    """An overheard welcome is all that an impostor has: it hears no byte, and the car hangs up."""
    async with answering(repeated("overheard")) as server:
        with pytest.raises(UnprovenServer, match="says nothing"):
            await call_server(HOST, server.port, VEHICLE, SECRET, tokens, timeout=0.01)
        await server.ends.acquire()
    assert server.heard == b""


@pytest.mark.parametrize("guess", [b"TVAtMCBBCg==\r\n", b"no base64\r\n", b"x" * 70_000])
async def test_a_guess_is_no_proof(tokens: TokenMemory, guess: bytes) -> None:
    """A line that does not decipher ends the call; nothing was said."""
    line = repeated("overheard")
    async with answering(lambda session, token: line(session, token) + guess) as server:
        with pytest.raises(UnprovenServer, match="does not decipher"):
            await call_server(HOST, server.port, VEHICLE, SECRET, tokens)
        await server.ends.acquire()
    assert server.heard == b""


async def test_an_end_before_the_first_line_is_no_refusal(tokens: TokenMemory) -> None:
    """A server that is just going is called again soon."""
    welcome = saying()
    async with answering(lambda session, token: welcome(session, token) + b"!") as server:
        with pytest.raises(ConnectFailed, match="is lost") as caught:
            await call_server(HOST, server.port, VEHICLE, SECRET, tokens)
    assert not isinstance(caught.value, UnprovenServer)


@pytest.mark.parametrize("whose", ["server", "car"])
async def test_no_welcome_counts_twice(tokens: TokenMemory, whose: str, pair: Pair) -> None:
    """A server's welcome and the car's own are refused when they are repeated, over TLS too."""
    async with answering(saying(Message("A"))) as server:
        connection = await call_server(HOST, server.port, VEHICLE, SECRET, tokens)
        await connection.close()
        again = {"server": connection.server_token, "car": server.tokens[0]}[whose]
        server.answer = repeated(again)
        with pytest.raises(UnprovenServer, match="seen before"):
            await call_server(HOST, server.port, VEHICLE, SECRET, tokens)
    async with answering(repeated(again), read_certificate(pair).context) as server:
        with pytest.raises(UnprovenServer, match="seen before"):
            await call_server(
                "localhost", server.port, VEHICLE, SECRET, tokens,
                tls=client_context(pair.certificate),
            )  # fmt: skip
    assert server.heard == b""


async def test_a_certificate_is_proof(tokens: TokenMemory, pair: Pair) -> None:
    """Over TLS the server need not speak first, and nobody heard a token to be remembered."""
    async with answering(saying(), read_certificate(pair).context) as server:
        connection = await call_server(
            "localhost", server.port, VEHICLE, SECRET, tokens, tls=client_context(pair.certificate)
        )
        assert server.tokens[0] not in tokens
        assert connection.server_token not in tokens
        connection.cut()


async def test_any_certificate_is_none(tokens: TokenMemory, pair: Pair) -> None:
    """With a certificate that was not checked the server must speak first, as without TLS."""
    context = client_context(insecure=True)
    assert [is_verifying(each) for each in (None, context, client_context())] == [0, 0, 1]
    async with answering(saying(), read_certificate(pair).context) as server:
        with pytest.raises(UnprovenServer, match="says nothing"):
            await call_server(
                HOST, server.port, VEHICLE, SECRET, tokens, tls=context, timeout=0.01
            )  # fmt: skip
        assert server.tokens[0] in tokens
