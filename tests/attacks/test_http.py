"""Attacks by HTTP: slow, endless, greedy. Cars and apps notice nothing of them."""

from __future__ import annotations

import math
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from ovms.server.http.connection import LINGER_TIMEOUT
from tests.attacks.conftest import Target
from tests.attacks.crowd import Crowd
from tests.waiting import wait_until

CALL = b"GET /api/vehicles?username=a&password=b HTTP/1.1\r\nHost: x\r\n\r\n"
BODY = b"POST /api/token HTTP/1.1\r\nContent-Length: 40\r\n\r\n" + b"x" * 39
CHUNKED = b"POST /api/token HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"

ENDLESS: dict[str, tuple[bytes, bytes]] = {
    "a URL": (b"GET /", b"a" * 65_536),
    "a header": (b"GET / HTTP/1.1\r\nX: ", b"a" * 65_536),
    "headers": (b"GET / HTTP/1.1\r\n", b"X: 1\r\n" * 10_000),
    "a body": (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", b"a" * 65_536),
    "chunks": (CHUNKED, b"1\r\nx\r\n" * 10_000),
    "trailers": (CHUNKED + b"0\r\n", b"X: 1\r\n" * 10_000),
    "a chunk's end": (CHUNKED + b"1;", b"a" * 65_536),
    "lines": (b"MP-C 0 x y CAR1\r\n", b"MP-C 0 x y CAR1\r\n" * 4000),
    "nothing": (b"", b"\0" * 65_536),
}
"""How something begins that never ends, and how it goes on."""


NOISE = 1 << 22
"""Bytes that a server's memory grows by though it keeps nothing: caches, the allocator. Four
callers whose calls are all parsed as they come cost it 12 MB, sound ones 2 MB."""

ENOUGH = 1 << 26
"""Bytes that no caller can send unless the server takes them; the system holds some megabytes."""


def memory(target: Target) -> int:
    """Return the bytes that the server holds."""
    status = Path(f"/proc/{target.program.process.pid}/statm").read_text()
    return int(status.split()[1]) * 4096


def is_served(target: Target) -> None:
    """Have a car and an app be served, and a call answered."""
    target.call("C").settle()
    target.call("A").settle()
    with socket.create_connection(("127.0.0.1", target.http_port), timeout=60) as line:
        line.sendall(CALL)
        assert line.recv(4096).startswith(b"HTTP/1.1 4")


def send_for_ever(line: socket.socket, data: bytes, limit: float = math.inf) -> None:
    """Send the same again and again, ``limit`` bytes at most."""
    while limit > 0:
        line.sendall(data)
        limit -= len(data)


@pytest.mark.parametrize("said", [CALL, BODY], ids=["head", "body"])
def test_nobody_drips_into_a_call(target: Target, said: bytes) -> None:
    """A call that comes byte by byte has ten seconds, however many bytes it gets done."""
    with Crowd(target.http_port, 20, said[:-1] + b"x" * 4000, step=1) as crowd:
        wait_until(lambda: crowd.turned_away >= 20)
        is_served(target)


@pytest.mark.parametrize("kind", ENDLESS)
def test_what_never_ends(target: Target, kind: str) -> None:
    """It is refused, what follows is read for a moment and dropped, and then nothing is."""
    start, more = ENDLESS[kind]
    with socket.create_connection(("127.0.0.1", target.http_port), timeout=60) as line:
        line.settimeout(60 + LINGER_TIMEOUT)
        line.sendall(start)
        with pytest.raises(ConnectionError):
            send_for_ever(line, more)
    is_served(target)


@pytest.mark.parametrize("callers", [4, pytest.param(20, marks=pytest.mark.soak)])
def test_calls_without_end_that_nobody_reads_the_answers_of(target: Target, callers: int) -> None:
    """They wait with the caller: the server keeps little of them, and serves others."""
    is_served(target)
    before = memory(target)
    with ExitStack() as stack:
        for _ in range(callers):
            line = stack.enter_context(
                socket.create_connection(("127.0.0.1", target.http_port), timeout=1)
            )
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            with pytest.raises((TimeoutError, ConnectionError)):
                send_for_ever(line, CALL * 1000, ENOUGH)
        is_served(target)
        assert memory(target) - before < NOISE + callers * (1 << 19)


def test_tiny_chunks_from_many_at_once(target: Target) -> None:
    """Hundreds of bodies in chunks of one byte, at one moment, keep no car's message waiting."""
    is_served(target)
    car = target.call("C", "CAR2")
    app = target.call("A", "CAR2")
    with ExitStack() as stack:
        lines = []
        for _ in range(300):
            line = socket.create_connection(("127.0.0.1", target.http_port), timeout=60)
            lines.append(stack.enter_context(line))
        for line in lines:
            line.sendall(CHUNKED + b"1\r\nx\r\n" * 5000)
        began = time.monotonic()
        car.say(b"S80,K,220,13,charging,standard,280,270,16,75,27,124,3,1")
        app.hear_code(b"S")
        assert time.monotonic() - began < 0.5  # together they take a second


def test_calls_from_many_at_once(target: Target) -> None:
    """A thousand connections that stay and call again and again keep no car waiting."""
    with Crowd(target.http_port, 1000, CALL * 20) as crowd:
        wait_until(lambda: crowd.came >= 1000)
        car = target.call("C", "CAR2")
        app = target.call("A", "CAR2")
        for number in range(20):
            said = b"S%d,K,220,13,charging,standard,280,270,16,75,27,124,3,1" % number
            car.say(said)
            while app.hear_code(b"S") != said:
                pass
        is_served(target)
