"""The pump: carries a Session on a TCP connection, and decides nothing.

Whoever owns the connection implements :class:`Owner` and hears events, in order, each once.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from typing import Protocol, cast

from ovms.protocol import Message, Session, State
from ovms.protocol.errors import LocalProtocolError, RemoteProtocolError
from ovms.protocol.session import Event
from ovms.protocol.welcome import ProvisionRecord, ProvisionRefused, ProvisionRequest

WRITE_LIMIT = 1 << 20
"""Bytes that may wait for the other end to read before the owner is told that it does not.

Far above any replay of stored messages, small against the memory of a server.
"""

STREAM_LIMIT = 1 << 16
"""Bytes that may wait before :meth:`Pump.drained` holds back whoever has much to send."""

CLOSE_TIMEOUT = 5.0
"""Seconds a closed connection has to take what was written before."""


class Owner(Protocol):
    """Whoever a connection belongs to."""

    def opened(self, pump: Pump) -> None:
        """Take up a new connection."""

    def received(self, pump: Pump, event: Event) -> None:
        """Take an event; the end of the stream is told by :meth:`closed` alone."""

    def stalled(self, pump: Pump) -> None:
        """Learn that the other end does not read: :data:`WRITE_LIMIT` bytes wait for it."""

    def closed(self, pump: Pump, error: Exception | None) -> None:
        """Learn, once, that the connection is gone; ``error`` says why if it was not in order."""


class Pump(asyncio.Protocol):
    """One connection: bytes to events, messages to bytes."""

    __slots__ = ("_error", "_is_full", "_is_paused", "_owner", "_transport", "_waiters", "peer",
                 "received", "sent", "session", "write_limit")  # fmt: skip

    def __init__(self, session: Session, owner: Owner) -> None:
        self.session = session
        self.peer = ""
        """Address of the other end, for logs."""
        self._owner = owner
        self.received = 0
        """Bytes that came, in all."""
        self.sent = 0
        """Bytes that were sent, in all."""
        self.write_limit = WRITE_LIMIT
        """As :data:`WRITE_LIMIT`, where somebody is granted more."""
        self._transport: asyncio.Transport | None = None
        self._error: Exception | None = None
        self._is_full = False
        self._waiters: list[asyncio.Future[None]] = []
        self._is_paused = False

    def send(self, message: Message) -> bool:
        """Send a message; false if the connection is not open or the message fits no line."""
        if self.session.state is not State.OPEN:
            return False
        try:
            return self._write(self.session.send(message))
        except LocalProtocolError:
            return False

    def say(self, line: ProvisionRequest | ProvisionRecord | ProvisionRefused) -> bool:
        """Send a provisioning line, in plain."""
        return self.session.state is not State.CLOSED and self._write(self.session.say(line))

    def accept(self, secret: bytes) -> None:
        """Welcome the caller, if its proof is right.

        Reading was paused at its welcome; call :meth:`resume` when its first messages may come.
        Raises :class:`~ovms.protocol.errors.AuthenticationFailed`.
        """
        self._write(self.session.accept(secret))

    def accept_owner(self, user: str, vehicle_id: str, vehicle_ids: Iterable[str]) -> None:
        """Welcome an owner who was believed, under scheme 0x31; otherwise as :meth:`accept`."""
        self._write(self.session.accept_owner(user, vehicle_id, vehicle_ids))

    @property
    def unsent(self) -> int:
        """Bytes that wait for the other end to read."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    async def drained(self) -> None:
        """Wait while the other end has much to read; returns also when the connection is gone."""
        if self._is_full and self._transport is not None:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    def expect_life(self, seconds: int) -> None:
        """Notice within about so many seconds that the other end's network is gone."""
        connection = self._transport and self._transport.get_extra_info("socket")
        for option, value in (
            (socket.TCP_KEEPIDLE, seconds // 2),
            (socket.TCP_KEEPINTVL, max(1, seconds // 8)),
            (socket.TCP_KEEPCNT, 4),
            (socket.TCP_USER_TIMEOUT, seconds * 1000),
        ):
            if connection:
                connection.setsockopt(socket.IPPROTO_TCP, option, value)

    def pause(self) -> None:
        """Take nothing more from the other end; what came already waits for :meth:`resume`."""
        self._is_paused = True
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Take up what came, and go on reading unless that leads to another :meth:`pause`."""
        self._is_paused = False
        self._read(b"")
        transport = self._transport
        if transport is not None and not transport.is_closing() and not self._is_paused:
            transport.resume_reading()

    def close(self, error: Exception | None = None) -> None:
        """End the connection once what was written has left. May be called again."""
        self._stop(error)
        transport = self._transport
        if transport is not None and not transport.is_closing():
            transport.close()
            if transport.get_write_buffer_size():
                asyncio.get_running_loop().call_later(CLOSE_TIMEOUT, transport.abort)

    def abort(self, error: Exception | None = None) -> None:
        """End the connection now; what has not left yet is lost. May be called again."""
        self._stop(error)
        if self._transport is not None:
            self._transport.abort()

    def _stop(self, error: Exception | None) -> None:
        self.session.close()
        self._error = self._error or error

    def _write(self, data: bytes) -> bool:
        if self._transport is None or self._transport.is_closing():
            return False
        self._transport.write(data)
        self.sent += len(data)
        if self._is_full and self._transport.get_write_buffer_size() > self.write_limit:
            self._owner.stalled(self)
        return True

    def _read(self, data: bytes) -> None:
        try:
            for event in self.session.receive_data(data):
                self._owner.received(self, event)
                if self._is_paused and self.session.state is State.OPEN:
                    break  # before the welcome the session stops by itself, and sees to its bound
        except RemoteProtocolError as error:
            self.close(error)

    # -- asyncio's side ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take up the connection: keep-alive on, Nagle off, the write buffer bounded."""
        # uvloop's transports are no subclass of asyncio's, only the same in all they do.
        transport = cast("asyncio.Transport", transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=STREAM_LIMIT)
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.peer = _address(transport.get_extra_info("peername"))
        self._owner.opened(self)

    def data_received(self, data: bytes) -> None:
        """Pass bytes to the session, and its events to the owner."""
        self.received += len(data)
        self._read(data)

    def eof_received(self) -> None:
        """Close: nobody speaks this protocol on half a connection."""

    def pause_writing(self) -> None:
        """Hold back whoever waits for :meth:`drained`."""
        self._is_full = True

    def resume_writing(self) -> None:
        """Let them go on."""
        self._is_full = False
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    def connection_lost(self, error: Exception | None) -> None:
        """Tell the owner, once."""
        self.session.receive_eof()
        self._transport = None
        self.resume_writing()
        self._owner.closed(self, self._error or error)


def _address(peername: object) -> str:
    """Write an address as host:port; the empty text where there is none."""
    match peername:
        case (str(host), int(port), *_):
            return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return ""
