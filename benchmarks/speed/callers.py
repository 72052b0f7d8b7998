"""Cars and apps that call a server, in this process."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import TypeVar, cast

from benchmarks.speed import wire
from benchmarks.speed.processes import Target
from ovms.protocol.crypto import StreamCipher, stream

PATIENCE = 60.0
"""Seconds in which an answer must come, else the measurement fails."""

AT_A_TIME = 100
"""Callers that connect at the same time."""

T = TypeVar("T")


class Caller(asyncio.Protocol):
    """One connection, which is welcomed; then each line that comes goes to :meth:`heard`."""

    def __init__(self, role: str, vehicle: str) -> None:
        self.token, self._welcome = wire.welcome(role, vehicle)
        self.vehicle = vehicle
        self.cipher_in: StreamCipher | None = None
        self.cipher_out: StreamCipher | None = None
        self.is_lost = False
        self._rest = b""
        self._heard: list[bytes] = []
        """Lines that came since somebody last waited for one."""
        self._waiter: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say the welcome."""
        self.transport = cast("asyncio.Transport", transport)
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.transport.write(self._welcome)

    def connection_lost(self, error: Exception | None) -> None:
        """Fail whoever waits."""
        self.is_lost = True
        self._wake()

    def data_received(self, data: bytes) -> None:
        """Decipher lines."""
        *lines, self._rest = (self._rest + data).split(b"\r\n")
        for line in lines:
            if self.cipher_in is None:
                key = wire.key_of(line, self.vehicle, self.token)
                self.cipher_in, self.cipher_out = stream(key), stream(key)
                self._heard.append(line)
            else:
                plain = wire.decipher(self.cipher_in, line)
                if plain == wire.PING:
                    self.say(wire.PONG)
                self._heard.append(plain)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def until(self, begin: bytes) -> None:
        """Wait for a line that begins so."""
        while not any(line.startswith(begin) for line in self._heard):
            if self.is_lost:
                raise ConnectionError(f"the connection of {self.vehicle} was closed")
            self._waiter = asyncio.get_running_loop().create_future()
            await asyncio.wait_for(self._waiter, PATIENCE)
        self._heard.clear()

    def encipher(self, lines: Sequence[bytes]) -> list[bytes]:
        """Return the ciphered lines of what is said next."""
        assert self.cipher_out is not None
        return wire.encipher(self.cipher_out, lines)

    def say(self, *lines: bytes) -> None:
        """Say lines."""
        self.transport.write(b"".join(self.encipher(lines)))

    async def ping(self) -> None:
        """Wait until all that was said is processed."""
        self.say(wire.PING)
        await self.until(wire.PONG)


async def call(target: Target, role: str, vehicle: str, tls: ssl.SSLContext | None) -> Caller:
    """Connect a car or an app, and wait until it is all there."""
    loop = asyncio.get_running_loop()
    caller = Caller(role, vehicle)
    port = target.tls_port if tls else target.port
    name = "localhost" if tls else None
    await loop.create_connection(lambda: caller, "127.0.0.1", port, ssl=tls, server_hostname=name)
    if role == "A":
        await caller.until(wire.UPDATE)
    else:
        await caller.until(b"MP-S")
        caller.say(wire.report(0))
        await caller.ping()
        await caller.ping()  # what the room says to a new car has come, too
    return caller


async def call_all(
    target: Target, role: str, vehicles: Sequence[str], tls: ssl.SSLContext | None = None
) -> list[Caller]:
    """Connect one caller for each vehicle, some at a time."""
    places = asyncio.Semaphore(AT_A_TIME)

    async def one(vehicle: str) -> Caller:
        async with places:
            return await call(target, role, vehicle, tls)

    return await asyncio.gather(*(one(vehicle) for vehicle in vehicles))


class LineCounter(asyncio.Protocol):
    """Takes a caller's place, and counts the lines that come without reading them."""

    def __init__(self, caller: Caller, expected: int, on_all: Callable[[], None]) -> None:
        self._missing = expected
        self._on_all = on_all
        self.transport = caller.transport
        self.transport.set_protocol(self)

    def data_received(self, data: bytes) -> None:
        """Count line ends."""
        self._missing -= data.count(b"\n")
        if self._missing <= 0:
            self._on_all()


class WrongAnswer(Exception):
    """A server did not say what it should: what it took for that means nothing."""


class Transcript(asyncio.Protocol):
    """Keeps what comes on one connection, whose protocol gets it as before, to be read afterwards.

    The load does not decipher what it only counts. So that a server which says something else is
    noticed, one connection of a measurement is read when the clock has stopped.
    """

    def __init__(self, caller: Caller, protocol: asyncio.Protocol) -> None:
        assert caller.cipher_in is not None
        self._cipher = caller.cipher_in
        self._protocol = protocol
        self._data: list[bytes] = []
        caller.transport.set_protocol(self)

    def data_received(self, data: bytes) -> None:
        """Keep it, and pass it on."""
        self._data.append(data)
        self._protocol.data_received(data)

    def check(
        self, expected: Sequence[bytes], *, without: bytes = b"-", in_order: bool = True
    ) -> None:
        """Raise :class:`WrongAnswer` unless these lines came.

        Lines that begin with ``without`` do not count.
        """
        lines = b"".join(self._data).split(b"\r\n")[:-1]
        plain = [wire.decipher(self._cipher, line) for line in lines]
        found = [line for line in plain if not line.startswith(without)]
        if not in_order:
            found, expected = sorted(found), sorted(expected)
        if found != list(expected):
            raise WrongAnswer(f"{len(found)} lines came, and not those {len(expected)} expected")


class Countdown:
    """Ends when it was called so many times, or fails when a connection was lost."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._done = asyncio.get_running_loop().create_future()

    def __call__(self) -> None:
        """Count one."""
        self._count -= 1
        if not self._count and not self._done.done():
            self._done.set_result(None)

    async def wait(self) -> None:
        """Wait for the end."""
        await asyncio.wait_for(self._done, PATIENCE)


def close_all(callers: Sequence[Caller]) -> None:
    """End connections."""
    for caller in callers:
        caller.transport.abort()
