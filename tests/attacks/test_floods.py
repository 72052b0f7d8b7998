"""Connections that send as fast as they can: the others go on, and nothing of a flood is lost."""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Protocol, cast

import pytest

from tests.attacks.conftest import Target
from tests.conformance.client import Caller, Transport
from tests.waiting import PATIENCE, wait_until

CHUNK = 500
"""Messages that a flood has ready at once."""

MESSAGES = 3000
"""Of a flood that ends."""

ROUNDS = 20
"""Messages of another car that must come through; in the long form as many as fit a minute."""

TRANSPORTS = (Transport.TCP, Transport.TLS, Transport.WS)

PING = b"\x89\x80\0\0\0\0"
"""The smallest frame that asks for an answer, under a mask of zeros."""


def framed(line: bytes) -> bytes:
    """Return a short line as a text frame."""
    length = bytes([0x80 | len(line)]) if len(line) < 126 else b"\xfe" + len(line).to_bytes(2)
    return b"\x81" + length + bytes(4) + line


class OnSocket(Protocol):
    """A wire whose socket can be used past it."""

    connection: socket.socket


class Flood:
    """One connection that sends without end, and throws away what it is sent."""

    def __init__(self, caller: Caller, transport: Transport, make: Callable[[int], bytes]) -> None:
        self._caller = caller
        self._is_web = transport.is_web
        self._make = make
        self._socket = cast("OnSocket", caller.wire).connection
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.sent = 0
        """Bytes that the server, or a system between, has taken."""
        self.is_cut = False

    def _next(self, number: int) -> bytes:
        payload = self._make(number)
        if not payload:
            return PING if self._is_web else b"\r\n"
        line = self._caller.line(payload)
        return framed(line) if self._is_web else line + b"\r\n"

    def _run(self) -> None:
        self._socket.setblocking(False)
        numbers, data = count(), b""
        while not self._is_over.is_set() and not self.is_cut:
            data = data or b"".join(self._next(next(numbers)) for _ in range(CHUNK))
            try:
                self.is_cut = self._socket.recv(65536) == b""
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                pass
            except OSError:
                self.is_cut = True
            try:
                taken = self._socket.send(data)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                select.select([self._socket], [self._socket], [], 0.05)
            except OSError:
                self.is_cut = True
            else:
                data = data[taken:]
                self.sent += taken

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and hang up."""
        self._is_over.set()
        self._thread.join(PATIENCE)
        self._caller.wire.close()


KINDS: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "short S": ("C", lambda n: b"S1"),
    "malformed h": ("C", lambda n: b"hx"),
    "new h": ("C", lambda n: b"h%d,0,*-X,%d,9999,1" % (n, n)),
    "new P": ("C", lambda n: b"PAnews %d" % n),
    "refused p": ("A", lambda n: b"pA%d,expo,production,NONE,x,key" % n),
    "pings": ("A", lambda n: b"A"),
    "nothing": ("A", lambda n: b""),
}
"""The role and the messages of a flood; nothing is a WebSocket's ping, elsewhere an empty line."""

MIXED = [
    ["short S", "malformed h", "refused p", "pings"],
    ["new h", "new P", "refused p", "nothing"],
]
"""Four at a time; the cars among them are different ones."""


@contextmanager
def flooding(target: Target, kinds: list[str], transport: Transport) -> Iterator[list[Flood]]:
    """Have floods run, cars' and apps' of other vehicles."""
    floods = []
    for at, kind in enumerate(kinds):
        role, make = KINDS[kind]
        caller = target.call(role, f"CAR{2 + at % 2}", transport)
        floods.append(Flood(caller, transport, make))
    for flood in floods:
        flood.start()
    try:
        wait_until(lambda: all(flood.sent for flood in floods))
        yield floods
    finally:
        for flood in floods:
            flood.stop()


def pass_messages(car: Caller, app: Caller, seconds: float) -> None:
    """Have a car's messages come to its app, one after the other."""
    end = time.monotonic() + seconds
    for number in count():
        car.say(b"D%d" % number)
        while app.hear_code(b"D") != b"D%d" % number:
            pass
        if number >= ROUNDS and time.monotonic() >= end:
            return


def flood(target: Target, kinds: list[str], transport: Transport, seconds: float = 0.0) -> None:
    """Have a car and its app talk beside floods, which go on and are not cut."""
    app, car = target.call("A"), target.call("C")
    car.settle()
    with flooding(target, kinds, transport) as floods:
        pass_messages(car, app, seconds)
        assert [each.is_cut for each in floods] == [False] * len(floods)
    car.settle()
    app.settle()


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("kinds", MIXED, ids=" and ".join)
def test_floods(target: Target, kinds: list[str], transport: Transport) -> None:
    """Beside four of different kinds, another car's messages come to its app."""
    flood(target, kinds, transport)


@pytest.mark.soak
@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("kind", KINDS)
def test_floods_of_a_kind(target: Target, kind: str, transport: Transport) -> None:
    """The same for a minute, beside two of each kind alone."""
    flood(target, [kind] * 2, transport, 60.0)


@pytest.mark.soak
@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("kinds", MIXED, ids=" and ".join)
def test_floods_for_a_minute(target: Target, kinds: list[str], transport: Transport) -> None:
    """The same for a minute, beside four of different kinds."""
    flood(target, kinds, transport, 60.0)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_nothing_of_a_flood_is_lost(target: Target, transport: Transport) -> None:
    """What a connection sends at once comes whole and in order, while others talk."""
    watching, app = target.call("A", "CAR2"), target.call("A")
    car, many = target.call("C"), target.call("C", "CAR2", transport)
    for each in (watching, app, car, many):
        each.settle()
    lines = [many.line(b"S%d" % number) for number in range(MESSAGES)]
    data = b"".join(framed(each) if transport.is_web else each + b"\r\n" for each in lines)
    sending = threading.Thread(
        target=cast("OnSocket", many.wire).connection.sendall, args=(data,), daemon=True
    )
    sending.start()
    pass_messages(car, app, 0.0)
    heard = [watching.hear_code(b"S") for _ in range(MESSAGES)]
    assert heard == [b"S%d" % number for number in range(MESSAGES)]
    sending.join(PATIENCE)
    many.settle()


def test_a_days_gap(target: Target) -> None:
    """Thousands of records that come at once are all kept, and what comes behind them is told."""
    car, app = target.call("C"), target.call("A")
    app.settle()
    car.settle()
    records = [b"h%d,-%d,*-X,%d,9999,%d" % (n, MESSAGES - n, n, n) for n in range(MESSAGES)]
    data = b"".join(car.line(each) + b"\r\n" for each in [*records, b"Dback"])
    sending = threading.Thread(
        target=cast("OnSocket", car.wire).connection.sendall, args=(data,), daemon=True
    )
    sending.start()
    assert app.hear_code(b"D") == b"Dback"
    app.say(b"C32,*-X")
    rows = [app.hear_code(b"c").split(b",") for _ in range(MESSAGES)]
    assert rows[0][2:4] == [b"1", b"%d" % MESSAGES]
    assert [row[-1] for row in rows] == [b"%d" % n for n in range(MESSAGES)]
    sending.join(PATIENCE)
