"""The pump: carries a Session on a TCP connection, and decides nothing.

Whoever owns the connection implements :class:`PumpHandler` and hears events, in order, each once.

One listener serves lines and WebSockets, over TLS or not: a caller whose first bytes are ``GET ``
speaks HTTP, anybody else lines. Between a WebSocket and its session lies a codec
(:mod:`~ovms.net.websocket`); lines need none.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterable
from contextlib import suppress
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal, Protocol, cast

from ovms.base.logs import get_logger
from ovms.net.traffic import Traffic, measure
from ovms.protocol import Message, Party, Session, State
from ovms.protocol.errors import LineTooLong, LocalProtocolError, RemoteProtocolError
from ovms.protocol.framing import LINE_LIMIT
from ovms.protocol.session import Event
from ovms.protocol.welcome import ProvisionRecord, ProvisionRefused, ProvisionRequest

if TYPE_CHECKING:  # most connections need no WebSocket, and a library should import quickly
    from websockets.frames import CloseCode

    from ovms.net.websocket import WebSocket

try:
    from fcntl import ioctl
    from termios import TIOCOUTQ
except ImportError:  # Windows; only a server asks for it
    ioctl = None  # type: ignore[assignment]

WRITE_LIMIT = 1 << 20
"""Bytes that may wait for the other end to read before the owner is told that it does not.

Far above any replay of stored messages, small against the memory of a server.
"""

STRANGER_LIMIT = 1 << 14
"""Bytes that may come in all before the welcome, HTTP and requests for provisioning included: what
strangers say costs time, and a module asks once."""

STREAM_LIMIT = 1 << 16
"""Bytes that may wait before :meth:`Pump.drained` holds back whoever has much to send."""

CLOSE_TIMEOUT = 5.0
"""Seconds a closed connection has to take what was written before, and a WebSocket or a TLS
connection to answer that it is closed."""

HTTP = b"GET "
"""What a caller that speaks HTTP says first."""


class GoingAway(Exception):
    """We end connections because we stop; a WebSocket is told so."""


class _Kind(Enum):
    UNKNOWN = "unknown"


UNKNOWN: Final = _Kind.UNKNOWN
"""In place of a codec: it is not known yet whether the caller speaks HTTP."""

log = get_logger("ovms.net")


class PumpHandler(Protocol):
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
    """One connection: bytes to events, messages to bytes.

    A caller that wants a WebSocket gives its ``codec``; a server finds out by itself.
    """

    __slots__ = ("_codec", "_error", "_has_failed", "_is_full", "_is_paused", "_owner",
                 "_transport", "_waiters", "peer", "received", "sent", "session",
                 "write_limit")  # fmt: skip

    def __init__(
        self, session: Session, owner: PumpHandler, codec: WebSocket | None = None
    ) -> None:
        self.session = session
        self._codec: WebSocket | Literal[_Kind.UNKNOWN] | None = codec
        if session.party is Party.SERVER:
            self._codec = UNKNOWN
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
        self._has_failed = False
        """The owner failed on an event: that is logged once a connection."""

    def send(self, message: Message) -> bool:
        """Send a message; false if the connection is not open or the message fits no line."""
        if self.session.state is not State.OPEN:
            return False
        try:
            return self.write(self.session.send(message))
        except LocalProtocolError:
            return False

    def send_all(self, messages: Iterable[Message]) -> bool:
        """Send messages in one piece, which costs fewer packets; false if not all could be sent.

        Not for clients of ours that may not put lines together again: some small ones read a
        message at a time.
        """
        if self.session.state is not State.OPEN:
            return False
        lines: list[bytes] = []
        is_whole = True
        for message in messages:
            try:
                lines.append(self.session.send(message))
            except LocalProtocolError:
                is_whole = False
        return (not lines or self.write(b"".join(lines))) and is_whole

    def send_provisioning(
        self, line: ProvisionRequest | ProvisionRecord | ProvisionRefused
    ) -> bool:
        """Send a provisioning line, in plain; false if the connection is closed."""
        if self.session.state is State.CLOSED:
            return False
        return self.write(self.session.send_provisioning(line))

    def accept(self, secret: bytes) -> None:
        """Welcome the caller, if its proof is right.

        Reading was paused at its welcome; call :meth:`resume` when its first messages may come.
        Raises :class:`~ovms.protocol.errors.AuthenticationFailed`.
        """
        self.write(self.session.accept(secret))

    def accept_owner(self, user: str, vehicle_id: str, vehicle_ids: Iterable[str]) -> None:
        """Welcome an owner who was believed, under scheme 0x31; otherwise as :meth:`accept`."""
        self.write(self.session.accept_owner(user, vehicle_id, vehicle_ids))

    @property
    def unsent(self) -> int:
        """Bytes that wait for the other end to read."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    @property
    def unacknowledged(self) -> int:
        """Bytes that were written and that the other end's TCP has not acknowledged."""
        if self._transport is None or self._transport.is_closing():
            return 0
        waiting = self._transport.get_write_buffer_size()
        if ioctl is None:
            return waiting
        with suppress(OSError, ValueError):  # a socket that has gone has no number
            number = self._transport.get_extra_info("socket").fileno()
            waiting += struct.unpack("i", ioctl(number, TIOCOUTQ, bytes(4)))[0]
        return waiting

    @property
    def traffic(self) -> Traffic | None:
        """What the connection has cost, as the system counts; ``None`` if that is not known."""
        if self._transport is None or self._transport.is_closing():
            return None
        return measure(self._transport.get_extra_info("socket"))

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
        self._follow()
        transport = self._transport
        if transport is not None and not transport.is_closing() and not self._is_paused:
            transport.resume_reading()

    def close(self, error: Exception | None = None) -> None:
        """End the connection once what was written has left. May be called again."""
        self._stop(error)
        transport, codec = self._transport, self._websocket
        if transport is None or transport.is_closing():
            return
        if codec is None or codec.is_void:
            transport.close()
            # TLS waits for the other end's good-bye, too.
            if transport.get_write_buffer_size() or transport.get_extra_info("sslcontext"):
                asyncio.get_running_loop().call_later(CLOSE_TIMEOUT, transport.abort)
            return
        codec.close(_close_code(error))
        self._flush(codec)
        self._wait_for_end(codec)

    def abort(self, error: Exception | None = None) -> None:
        """End the connection now; what has not left yet is lost. May be called again."""
        self._stop(error)
        if self._transport is not None:
            self._transport.abort()

    def write(self, data: bytes, *, is_framed: bool = False) -> bool:
        """Send lines that the session has given, or what a codec has framed.

        False if the connection is ending.
        """
        transport = self._transport
        if transport is None or transport.is_closing():
            return False
        if self._codec is not None and self._codec is not UNKNOWN and not is_framed:
            if not self._codec.encode(data):
                return False
            data = self._codec.outgoing()
        transport.write(data)
        self.sent += len(data)
        if self._is_full and transport.get_write_buffer_size() > self.write_limit:
            self._owner.stalled(self)
        return True

    def _stop(self, error: Exception | None) -> None:
        self.session.close()
        self._error = self._error or error

    def _read(self, data: bytes) -> None:
        try:
            for event in self.session.receive_data(data):
                try:
                    self._owner.received(self, event)
                except RemoteProtocolError:
                    raise
                except Exception as error:
                    self._owner_failed(error)
                if self._is_paused and self.session.state is State.OPEN:
                    break  # before the welcome the session stops by itself, and sees to its bound
        except RemoteProtocolError as error:
            self.close(error)

    def _owner_failed(self, error: Exception) -> None:
        """Log our bug, once: it must not end the connection."""
        if not self._has_failed:
            log.error("our bug, and we go on", peer=self.peer, exc_info=error)
        self._has_failed = True

    # -- a WebSocket ------------------------------------------------------------------------

    @property
    def _websocket(self) -> WebSocket | None:
        return None if self._codec is UNKNOWN else self._codec

    @property
    def _is_stranger(self) -> bool:
        session = self.session
        return session.party is Party.SERVER and session.state not in (State.OPEN, State.CLOSED)

    def _find_out(self, data: bytes) -> None:
        """Take the caller's first bytes; too few to tell are kept by their number alone."""
        data = HTTP[: self.received - len(data)] + data
        if data.startswith(HTTP):
            from ovms.net.websocket import ServerSocket

            self._codec = ServerSocket()
            self._unwrap(self._codec, data)
        elif not HTTP.startswith(data):
            self._codec = None
            self._read(data)

    def _unwrap(self, codec: WebSocket, data: bytes) -> None:
        """Pass bytes to the codec, and its lines to the session."""
        if self.session.state is State.OPEN:
            codec.allow(LINE_LIMIT)
        lines = codec.receive(data)
        self._flush(codec)
        if lines:
            self._read(lines)
        self._follow()

    def _follow(self) -> None:
        """End when the WebSocket has; lines that came before and wait are taken first."""
        codec = self._websocket
        if codec is None or self._is_paused or not codec.is_over:
            return
        if self.session.state is not State.CLOSED:
            self._stop(codec.error)
        if codec.is_void:
            self.close()
        else:
            self._wait_for_end(codec)

    def _flush(self, codec: WebSocket) -> None:
        """Write what the codec has to say beside lines."""
        data = codec.outgoing()
        if data:
            self.write(data, is_framed=True)

    def _wait_for_end(self, codec: WebSocket) -> None:
        """Return the other end a little time to close as well; what it still says is dropped."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if not codec.is_left:
            codec.is_left = True
            self._is_paused = False
            transport.resume_reading()
            asyncio.get_running_loop().call_later(CLOSE_TIMEOUT, transport.abort)
        if codec.is_finished:
            # Half a close where there is one: bytes on their way to a socket that is closed whole
            # would make the other end's system throw our last words away.
            transport.write_eof() if transport.can_write_eof() else transport.close()

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
        if self._codec is not None and self._codec is not UNKNOWN:
            self._flush(self._codec)
        self._owner.opened(self)

    def data_received(self, data: bytes) -> None:
        """Pass bytes to the session, and its events to the owner."""
        room = max(0, STRANGER_LIMIT - self.received)
        if len(data) > room and self._is_stranger:
            self._take(data[:room])
            data = data[room:]
            if self._is_stranger:  # no last words: waiting for an answer would be listening on
                self.abort(RemoteProtocolError("the caller says too much before its welcome"))
                return
        self._take(data)

    def _take(self, data: bytes) -> None:
        self.received += len(data)
        if self._codec is None:
            self._read(data)
        elif self._codec is UNKNOWN:
            self._find_out(data)
        else:
            self._unwrap(self._codec, data)

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
        is_news = self.session.receive_eof()
        self._transport = None
        self.resume_writing()
        codec = self._websocket
        if codec is not None and codec.is_left:
            error = None  # all was said: how the other end goes does not matter
        elif codec is not None and is_news:
            error = error or codec.receive_eof()
        self._owner.closed(self, self._error or error)


def _close_code(error: Exception | None) -> CloseCode:
    from websockets.frames import CloseCode

    match error:
        case None:
            return CloseCode.NORMAL_CLOSURE
        case GoingAway():
            return CloseCode.GOING_AWAY
        case LineTooLong():
            return CloseCode.MESSAGE_TOO_BIG
    return CloseCode.POLICY_VIOLATION


def _address(peername: object) -> str:
    """Write an address as host:port; the empty text where there is none."""
    match peername:
        case (str(host), int(port), *_):
            return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return ""
