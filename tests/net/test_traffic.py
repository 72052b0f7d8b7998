from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from ovms.net.traffic import INFO_SIZE, Traffic, measure, read_info, unread

HEADER = 20 + 20 + 12


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Yield both ends of a TCP connection."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        caller = stack.enter_context(socket.create_connection(listener.getsockname()))
        called = stack.enter_context(listener.accept()[0])
        yield caller, called


needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts")


@needs_linux
def test_each_packet_has_a_header(pair: tuple[socket.socket, socket.socket]) -> None:
    """Bytes of both ways are counted with those of the packets that carry and acknowledge them."""
    caller, called = pair
    before = measure(caller)
    caller.sendall(b"x" * 1000)
    called.recv(2000)
    called.sendall(b"y" * 300)
    caller.recv(2000)
    after = measure(caller)
    assert before is not None
    assert after is not None
    assert after.is_whole
    sent, received = after.sent - before.sent, after.received - before.received
    assert 1000 + HEADER - 12 <= sent <= 1000 + 3 * HEADER
    assert 300 + HEADER - 12 <= received <= 300 + 3 * HEADER
    assert 40 <= before.sent <= 3 * HEADER  # the handshake


@needs_linux
def test_a_socket_that_has_gone_is_not_known(pair: tuple[socket.socket, socket.socket]) -> None:
    """No error: there is nothing to know."""
    pair[0].close()
    assert measure(pair[0]) is None


def test_a_socket_without_ip_is_not_known() -> None:
    """Nobody pays for it."""
    left, right = socket.socketpair()
    with left, right:
        assert measure(left) is None


def info(options: int, size: int = INFO_SIZE) -> bytes:
    """Make an answer of the kernel: 500 bytes in 3 packets sent, 70 in 2 received."""
    made = bytearray(240)
    made[5] = options
    struct.pack_into("=QII", made, 128, 70, 3, 2)
    struct.pack_into("=Q", made, 200, 500)
    return bytes(made[:size])


@pytest.mark.parametrize(
    ("answer", "ip_header", "expected"),
    [
        (info(7), 20, Traffic(500 + 3 * 52, 70 + 2 * 52)),
        (info(6), 20, Traffic(500 + 3 * 40, 70 + 2 * 40)),
        (info(7), 40, Traffic(500 + 3 * 72, 70 + 2 * 72)),
        (info(7, 240), 20, Traffic(500 + 3 * 52, 70 + 2 * 52)),
        (info(7, INFO_SIZE - 1), 20, None),
        (b"", 20, None),
    ],
)
def test_what_the_kernel_answers(answer: bytes, ip_header: int, expected: Traffic | None) -> None:
    """With timestamps or without, in either version of IP; an old kernel knows too little."""
    assert read_info(answer, ip_header) == expected


def test_what_nobody_has_read() -> None:
    """Bytes count that have come and were not received; a closed socket has none."""
    here, there = socket.socketpair()
    assert unread(here) == 0
    there.send(b"seven b")
    assert unread(here) == 7
    here.recv(3)
    assert unread(here) == 4
    here.close()
    there.close()
    assert unread(here) == 0
