"""The pump: carries a Session on a TCP connection, and decides nothing.

A connection's :class:`PumpHandler` gets the session's events, in order, each once. On a server they
come in turns (:mod:`~ovms.net.turns`), so that no connection holds up the others.

One listener serves lines and WebSockets, over TLS or not: what a caller speaks is known by its
first bytes, see :mod:`~ovms.net.http`. Lines go to the session as they come. Between a WebSocket
and its session lies a codec (:mod:`~ovms.net.websocket`). At a port for HTTP, which has a handler,
a connection that brings anything but a WebSocket is handed over to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, cast

from ovms.base.logs import get_logger
from ovms.net.address import address_text
from ovms.net.counts import UNCOUNTED
from ovms.net.forwarded import ReadForwarded, read_nothing
from ovms.net.handler import ENDED, PumpHandler, UnexpectedTls
from ovms.net.http import TLS_ALERT, HttpHandler, Speech, speech
from ovms.net.sockets import expect_life, set_up
from ovms.net.traffic import Traffic, measure, unacknowledged, unread
from ovms.net.turns import (
    BYTES_A_MESSAGE,
    CHUNK,
    FRAMES_CHUNK,
    SLOW_PAUSE,
    TURN_PART,
    Allowance,
    ReadTurn,
    TurnQueue,
)
from ovms.protocol import Message, Party, Session
from ovms.protocol.errors import LocalProtocolError, RemoteProtocolError
from ovms.protocol.framing import LINE_LIMIT
from ovms.protocol.session import CLOSED, OPEN, Event
from ovms.protocol.welcome import ProvisionRecord, ProvisionRefused, ProvisionRequest

if TYPE_CHECKING:  # most connections need no WebSocket, and a library should import quickly
    from websockets.datastructures import Headers

    from ovms.net.websocket import WebSocket

WRITE_LIMIT = 1 << 20
"""Bytes that may wait for the other end to read before :meth:`PumpHandler.stalled` is called.

Far above any replay of stored messages, small against the memory of a server.
"""

STRANGER_LIMIT = 1 << 14
"""Bytes that a caller may send before its welcome, HTTP and requests for provisioning included.
Each of them costs time, and a module asks once."""

STREAM_LIMIT = 1 << 16
"""Bytes that may wait before :meth:`Pump.drained` waits."""

LEFT_LIMIT = 1 << 16
"""Bytes that are still read from a WebSocket that we have ended: its end may be behind them."""

CLOSE_TIMEOUT = 5.0
"""Seconds a closed connection has to send what was written before, and a WebSocket or a TLS
connection to confirm that it is closed."""

OnMessages = Callable[[Sequence[Message]], bool]

log = get_logger("ovms.net")


class Pump(asyncio.Protocol):
    """One connection: bytes to events, messages to bytes.

    A caller that wants a WebSocket gives its ``codec``; a server's pump makes one when it is
    needed. With ``http``, it hands over a connection that brings no WebSocket. The protocol that
    ``http`` makes gets the transport and all bytes that came, and the pump is done. Without
    ``turns`` it processes what comes at once. ``forwarded`` reads what a proxy says of who asked it
    for a WebSocket.

    Reading stops for two reasons that do not know of each other: the handler's :meth:`pause`, and
    that the connection waits for its next turn. If it ends meanwhile, what came before is handled.
    """

    __slots__ = ("_at", "_at_once", "_codec", "_corked", "_error", "_first", "_forwarded",
                 "_handler", "_has_failed", "_has_lines", "_has_tls", "_http", "_is_ended",
                 "_is_full", "_is_held", "_is_paused", "_is_proxied_tls", "_is_slow", "_is_waiting",
                 "_left", "_loss", "_transport", "_turns", "_unread", "_waiters", "allowance",
                 "counts", "on_messages", "peer", "received", "sent", "session",
                 "write_limit")  # fmt: skip

    def __init__(
        self,
        session: Session,
        handler: PumpHandler,
        codec: WebSocket | None = None,
        *,
        http: HttpHandler | None = None,
        turns: TurnQueue | None = None,
        forwarded: ReadForwarded = read_nothing,
    ) -> None:
        self.session = session
        self._handler: PumpHandler = handler
        self._codec = codec
        self._http = http
        self._first: bytes | None = b"" if session.party is Party.SERVER else None
        """What came until it is known what the caller speaks."""
        self.peer = ""
        """Address of the other end, as host:port: the connection's, unless it was set before, or a
        proxy says who asked it for a WebSocket."""
        self._forwarded = forwarded
        self._has_tls = False
        self._is_proxied_tls: bool | None = None
        """The other end speaks TLS with the proxy in front; ``None`` where none says it."""
        self.received = 0
        """Bytes received in all, those left out that were dropped."""
        self.sent = 0
        """Bytes sent in all."""
        self.counts = UNCOUNTED
        """What went over all connections of its kind, this one included."""
        self.write_limit = WRITE_LIMIT
        """As :data:`WRITE_LIMIT`, for a connection that is allowed more."""
        self._transport: asyncio.Transport | None = None
        self._error: Exception | None = None
        self._is_full = False
        self._waiters: tuple[asyncio.Future[None], ...] = ()
        self._turns = turns
        self._corked: tuple[bytes, ...] = ()
        """What was written during a turn, and leaves at its end."""
        self.on_messages: OnMessages | None = None
        """What takes messages in place of the handler of a pump with turns, some at once, and
        returns whether more should come slowly: nearly all that comes are messages."""
        self._at_once = TURN_PART
        """Messages that are handled at once; one of who is behind."""
        self.allowance: Allowance | None = None
        """What the other end may send over time; anything without one."""
        self._unread = b""
        """What has come and waits for a turn, from :attr:`_at` on."""
        self._at = 0
        self._has_lines = False
        """Complete lines wait in the session."""
        self._is_waiting = False
        """The next turn is due, or will be when the allowance permits it."""
        self._is_held = False
        """The transport does not read."""
        self._is_paused = False
        """The handler has stopped reading."""
        self._is_slow = False
        """The next turn is not due before a pause."""
        self._is_ended = False
        """The other end sends nothing more, and what it sent before waits for a turn."""
        self._loss: tuple[Exception | None] | None = None
        """Why the connection was lost while what it had sent waits for a turn."""
        self._left = 0
        """Bytes that came after we ended the WebSocket."""
        self._has_failed = False
        """The handler failed on an event: that is logged once a connection."""

    def send(self, message: Message) -> bool:
        """Send a message; false if the connection is not open or the message fits no line."""
        try:
            line = self.session.send(message)
        except LocalProtocolError:
            return False
        is_sent = self.write(line)
        self.counts.messages_sent += is_sent
        return is_sent

    def send_all(self, messages: Sequence[Message]) -> bool:
        """Send messages in one piece, at less cost than one by one; false if not all were sent."""
        lines = self.session.send_all(messages)
        if not lines or not self.write(b"".join(lines)):
            return not messages and self.session.state is OPEN
        self.counts.messages_sent += len(lines)
        return len(lines) == len(messages)

    def send_provisioning(
        self, line: ProvisionRequest | ProvisionRecord | ProvisionRefused
    ) -> bool:
        """Send a provisioning line, unencrypted; false if the connection is closed."""
        if self.session.state is CLOSED:
            return False
        return self.write(self.session.send_provisioning(line))

    def accept(self, secret: bytes) -> None:
        """Welcome the caller if its proof is right.

        Call :meth:`pause` at its welcome, and :meth:`resume` when its first messages may come.
        Raises :class:`~ovms.protocol.errors.AuthenticationFailed`.
        """
        self.write(self.session.accept(secret))

    def accept_owner(self, user: str, vehicle_id: str, vehicle_ids: Iterable[str]) -> None:
        """Welcome an owner whose login was right, under scheme 0x31; else as :meth:`accept`."""
        self.write(self.session.accept_owner(user, vehicle_id, vehicle_ids))

    @property
    def is_tls(self) -> bool:
        """Nobody on the way can read what is sent; false once the connection has ended.

        Behind a proxy that is believed, that is the way of the other end to the proxy.
        """
        if self._transport is None:
            return False
        return self._has_tls if self._is_proxied_tls is None else self._is_proxied_tls

    @property
    def is_websocket(self) -> bool:
        """Whether lines go over a WebSocket."""
        return self._codec is not None

    @property
    def is_proven(self) -> bool:
        """Whether the other end has said more than an overheard welcome allows."""
        return self.session.is_proven

    @property
    def unsent(self) -> int:
        """Return how many bytes wait for the other end to read."""
        if self._transport is None:
            return 0
        return self._transport.get_write_buffer_size() + sum(map(len, self._corked))

    @property
    def unacknowledged(self) -> int:
        """Return how many written bytes the other end's TCP has not acknowledged."""
        if self._transport is None or self._transport.is_closing():
            return 0
        on_the_way = unacknowledged(self._transport.get_extra_info("socket"))
        return self.unsent + on_the_way

    @property
    def unread(self) -> int:
        """Return how many bytes have come that were not received yet."""
        if self._transport is None or self._transport.is_closing():
            return 0
        return unread(self._transport.get_extra_info("socket"))

    @property
    def is_in_head(self) -> bool:
        """Return whether an HTTP head has begun to come and is not complete."""
        return bool(self._first)

    @property
    def traffic(self) -> Traffic | None:
        """Return what the connection has cost by the system's count; ``None`` if unknown."""
        if self._transport is None or self._transport.is_closing():
            return None
        return measure(self._transport.get_extra_info("socket"))

    async def drained(self) -> None:
        """Wait until the other end has read most of what waits, or the connection has ended."""
        if self._is_full and self._transport is not None:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters += (waiter,)
            await waiter

    def expect_life(self, seconds: int) -> None:
        """Have the system detect a lost network within about ``seconds``."""
        if self._transport is not None:
            expect_life(self._transport.get_extra_info("socket"), seconds)

    def pause(self) -> None:
        """Stop reading; what has come already waits for :meth:`resume`."""
        self._is_paused = True
        self._set_reading()

    def resume(self) -> None:
        """Process what has come, and read on unless that leads to another :meth:`pause`."""
        self._is_paused = False
        self._has_lines = not self.session.is_idle  # before the welcome it stops by itself
        if not (self._has_lines or self._unread or self._codec is not None or self._is_ended):
            self._set_reading()  # as nearly always: nothing has come behind the welcome
        elif not self._is_waiting:
            self._process()

    def slow_down(self) -> None:
        """Let the other end wait a moment: the turn ends, and the next is due after a pause.

        A handler calls it at a message while much of what came is not done.
        """
        self._is_slow = True

    def close(self, error: Exception | None = None) -> None:
        """End the connection once what was written has left. May be called again."""
        self._stop(error)
        transport, codec = self._transport, self._codec
        if transport is None or transport.is_closing():
            return
        self.flush()
        if codec is None or codec.is_void:
            transport.close()
            # TLS also waits for the other end to close.
            if transport.get_write_buffer_size() or self._has_tls:
                asyncio.get_running_loop().call_later(CLOSE_TIMEOUT, transport.abort)
            return
        from ovms.net.websocket import close_code

        codec.close(close_code(error))
        self._flush(codec)
        self._wait_for_end(codec)

    def abort(self, error: Exception | None = None) -> None:
        """End the connection now; what has not been sent is lost. May be called again."""
        self._stop(error)
        if self._transport is not None:
            self._transport.abort()

    def write(self, data: bytes, *, is_framed: bool = False) -> bool:
        """Send lines of the session, or what a codec has framed; false if the connection ends."""
        transport = self._transport
        if transport is None or self._first or transport.is_closing():
            return False  # it ends, or a head of HTTP has begun to come
        if self._codec is not None and not is_framed:
            if not self._codec.encode(data):
                return False
            data = self._codec.outgoing()
        size, turns = len(data), self._turns
        self.sent += size
        self.counts.bytes_sent += size
        self._corked += (data,)
        if turns is None or not turns.cork.depth:
            self.flush()
        elif len(self._corked) == 1:
            turns.cork.held.append(self)
        return True

    def flush(self) -> None:
        """Write what was held back, as during a turn."""
        corked, self._corked = self._corked, ()
        transport = self._transport
        if corked and transport is not None and not transport.is_closing():
            transport.write(b"".join(corked) if len(corked) > 1 else corked[0])
            if self._is_full and transport.get_write_buffer_size() > self.write_limit:
                self._handler.stalled(self)

    def _stop(self, error: Exception | None) -> None:
        self.session.close()
        self._error = self._error or error

    # -- turns ------------------------------------------------------------------------------

    def take_turn(self) -> None:
        """Process some of what waits. :class:`~ovms.net.turns.TurnQueue` calls it."""
        if self._is_waiting:
            self._is_waiting = False
            self._process()

    def _take(self, data: bytes) -> None:
        """Process bytes that came: what fits a turn now, the rest in its turns."""
        if self._unread:
            data = self._unread[self._at :] + data
        self._unread, self._at = data, 0
        if not self._is_waiting:
            self._process()

    def _process(self) -> None:
        """Process what waits until the turn is over or the handler pauses."""
        if self._turns is None:
            self._take_some(None)
        else:
            with self._turns.cork:
                self._take_some(ReadTurn(self._turns.now))

    def _process_whole(self, handle: OnMessages, messages: list[Message], data: bytes) -> None:
        """Handle messages of whole lines that came alone: no look at their turn is needed."""
        turns = self._turns
        assert turns is not None
        with turns.cork:
            if messages:
                self._handle_all(handle, messages)
            if self.session.error is not None and not self._is_paused:
                self._read(b"", None)
            self._end_turn(data.count(b"\n") + len(data) / BYTES_A_MESSAGE, turns.now())

    def _take_some(self, turn: ReadTurn | None) -> None:
        is_begun = self._has_lines or self._is_paused
        if self._has_lines and not self._is_stopped:
            self._read(b"", turn)
        while self._unread and not (is_begun and self._is_done(turn)):
            is_begun = True
            chunk = self._next_chunk(turn)
            if self._codec is None:
                if turn is not None:
                    turn.add_chunk(chunk, chunk.count(b"\n"))
                self._read(chunk, turn)
            else:
                self._unwrap(self._codec, chunk, turn)
        if self.session.state is CLOSED:
            self._has_lines = False
            if self._codec is None:
                self._unread = b""
        if self._codec is not None:
            self._follow()
        cost, began = (0.0, 0.0) if turn is None else (turn.cost, turn.began)
        self._end_turn(cost, began)

    @property
    def _is_stopped(self) -> bool:
        # Before the welcome the session stops by itself, within its own bound.
        return self._is_paused and self.session.state is OPEN

    def _is_done(self, turn: ReadTurn | None) -> bool:
        """Return whether the rest waits. Of a stranger nothing does: it may send little."""
        if self._is_stopped:
            return True
        return turn is not None and (self._is_slow or turn.is_over) and not self._is_stranger

    def _next_chunk(self, turn: ReadTurn | None) -> bytes:
        """Return what is processed next of what came; it does not wait any more."""
        start = self._at
        end = start + (CHUNK if self._codec is None else FRAMES_CHUNK)
        if end >= len(self._unread) or turn is None or self._is_stranger:
            chunk, self._unread, self._at = self._unread[start:], b"", 0
            return chunk
        self._at = end
        return self._unread[start:end]

    def _end_turn(self, cost: float, began: float) -> None:
        """Wait for the next turn if something is left or the allowance is used up."""
        pause = SLOW_PAUSE if self._is_slow else 0.0
        self._is_slow = False
        is_open = self.session.state is OPEN
        if not is_open or self._transport is None:
            pause = 0.0
        elif self.allowance is not None:
            pause = max(pause, self.allowance.spend(cost, began))
        if self._is_paused and is_open:
            return
        if self._turns is not None and (pause or self._unread or self._has_lines):
            self._is_waiting = True
            self._set_reading()
            if pause:
                self._turns.add_later(self, pause)
            else:
                self._turns.add(self)
        elif self._loss is not None:
            self._finish(*self._loss)
        elif not self._is_ended:
            if self._is_held:
                self._set_reading()
        elif self._transport is not None and not self._stays_open():
            self.flush()
            self._transport.close()

    def _set_reading(self) -> None:
        """Have the transport read, or not while there is a reason against it."""
        transport = self._transport
        is_held = self._is_paused or self._is_waiting or self._left > LEFT_LIMIT
        if is_held == self._is_held or transport is None or transport.is_closing():
            return
        self._is_held = is_held
        transport.pause_reading() if is_held else transport.resume_reading()

    def _read(self, data: bytes, turn: ReadTurn | None) -> None:
        self._has_lines = False
        session, limit = self.session, 1 if self.on_messages is None else self._at_once
        try:
            session.feed(data)
            while events := session.take(limit):
                self._handle(events)
                is_over = turn is not None and turn.add_messages(len(events))
                if (is_over or self._is_paused or self._is_slow) and self._is_done(turn):
                    self._has_lines = True
                    break
        except RemoteProtocolError as error:
            self.close(error)

    def _handle(self, events: Sequence[Event]) -> None:
        """Have one event handled, or several messages."""
        if type(events[0]) is Message and self.on_messages is not None:
            self._handle_all(self.on_messages, cast("Sequence[Message]", events))
            return
        try:
            self._handler.received(self, events[0])
        except RemoteProtocolError:
            raise
        except Exception as error:
            self._handler_failed(error)

    def _handle_all(self, handle: OnMessages, messages: Sequence[Message]) -> None:
        """Have messages handled at once."""
        self.counts.messages_received += len(messages)
        try:
            is_behind = handle(messages)
        except RemoteProtocolError:
            raise
        except Exception as error:
            self._handler_failed(error)
            return
        self._at_once = 1 if is_behind else TURN_PART
        if is_behind:
            self.slow_down()

    def _handler_failed(self, error: Exception) -> None:
        """Log an unexpected error once; the connection stays open."""
        if not self._has_failed:
            log.error("unexpected error; the connection stays open", peer=self.peer, exc_info=error)
        self._has_failed = True

    # -- the first bytes --------------------------------------------------------------------

    @property
    def _is_stranger(self) -> bool:
        session = self.session
        return session.state not in (OPEN, CLOSED) and session.party is Party.SERVER

    def _find_out(self, data: bytes) -> bytes:
        """Return all that came once it is known to be ours, until then nothing."""
        assert self._first is not None
        self._first += data
        found = speech(self._first, has_handler=self._http is not None)
        if found is Speech.UNKNOWN:
            return b""
        first, self._first = self._first, None
        if found is Speech.OTHER_HTTP:
            self._hand_over(first)
            return b""
        if found is Speech.LINES:
            return first
        if found is Speech.TLS:
            self.write(TLS_ALERT)
            self.close(UnexpectedTls())
            return b""
        from ovms.net.websocket import ServerSocket

        self._codec = ServerSocket()
        if found is Speech.WEBSOCKET:
            return first
        self._codec.refuse_head()
        self._flush(self._codec)
        self._follow()
        return b""

    def _hand_over(self, first: bytes) -> None:
        """Make the handler of HTTP the transport's protocol, and pass it what has come."""
        transport = self._transport
        assert self._http is not None
        assert transport is not None
        protocol = self._http(self.peer)
        transport.set_protocol(protocol)
        self._transport = None
        self.session.close()
        self._handler.closed(self, None)
        protocol.connection_made(transport)
        protocol.data_received(first)

    # -- a WebSocket ------------------------------------------------------------------------

    def _unwrap(self, codec: WebSocket, data: bytes, turn: ReadTurn | None) -> None:
        """Pass bytes to the codec, and its lines to the session."""
        if codec.is_left:
            self._left += len(data)
            if self._left > LEFT_LIMIT:
                self._set_reading()
                return
        if self.session.state is OPEN:
            codec.allow(LINE_LIMIT)
        frames = codec.frames
        lines = codec.receive(data)
        if codec.headers is not None:
            self._read_forwarded(codec.headers)
            codec.headers = None
        self._flush(codec)
        if turn is not None:
            turn.add_chunk(data, max(codec.frames - frames, lines.count(b"\n")))
        if lines:
            self._read(lines, turn)

    def _read_forwarded(self, headers: Headers) -> None:
        """Note what a proxy that is believed says of the caller; lines come only after it."""
        found = self._forwarded(self.peer, headers.get_all)
        self.peer = found.peer or self.peer
        self._is_proxied_tls = found.is_tls

    def _follow(self) -> None:
        """End when the WebSocket has ended, after the lines that came before and still wait."""
        codec = self._codec
        if codec is None or self._is_paused or self._has_lines or not codec.is_over:
            return
        if self.session.state is not CLOSED:
            self._stop(codec.error)
        if codec.is_void:
            self.close()
        else:
            self._wait_for_end(codec)

    def _flush(self, codec: WebSocket) -> None:
        """Write what the codec sends of its own: answers, pongs, Close."""
        data = codec.outgoing()
        if data:
            self.write(data, is_framed=True)

    def _wait_for_end(self, codec: WebSocket) -> None:
        """Wait a little for the other end to close as well; what it still sends is dropped."""
        transport = self._transport
        is_news, codec.is_left = not codec.is_left, True
        if transport is None or transport.is_closing():
            return
        if is_news:
            self._is_paused = False
            self._set_reading()
            if self._turns is not None and self._is_waiting:
                self._turns.add(self)  # its Close, or its end, is waited for, whatever the rate
            asyncio.get_running_loop().call_later(CLOSE_TIMEOUT, transport.abort)
        if codec.is_finished:
            # Close only our half where that exists: bytes that arrive at a closed socket make
            # the other end's system drop what we sent last.
            self.flush()
            transport.write_eof() if transport.can_write_eof() else transport.close()

    # -- asyncio's side ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Set the connection up; one that a server accepts has its options from the listener."""
        transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it
        self._transport = transport
        self._has_tls = transport.get_extra_info("sslcontext") is not None
        transport.set_write_buffer_limits(high=STREAM_LIMIT)
        if self.session.party is Party.CALLER:
            set_up(transport.get_extra_info("socket"))
        self.peer = self.peer or address_text(transport.get_extra_info("peername"))
        if self._codec is not None:
            self._flush(self._codec)
        self._handler.opened(self)

    def data_received(self, data: bytes) -> None:
        """Pass bytes to the session, and its events to the handler."""
        self.received += len(data)
        self.counts.bytes_received += len(data)
        is_held = self._is_waiting or self._is_paused
        if self.on_messages is not None and self._codec is None and not is_held:
            messages = self.session.take_whole(data, self._at_once)
            if messages is not None:
                self._process_whole(self.on_messages, messages, data)
                return
        if self._first is not None:
            data = self._find_out(data)
            if not data:
                return
        if self.session.state is not OPEN and self.received > STRANGER_LIMIT and self._is_stranger:
            allowed = STRANGER_LIMIT - (self.received - len(data))
            self._take(data[:allowed])
            data = data[allowed:]
            if self._is_stranger:  # not closed in order, which would mean to read on
                self.received -= len(data)
                self.abort(RemoteProtocolError("the caller sends too much before its welcome"))
                return
        self._take(data)

    def eof_received(self) -> bool:
        """Close, unless the other end waits for an answer; return whether our half stays open."""
        if self._is_waiting:
            self._is_ended = True
            return not self._has_tls
        return self._stays_open()

    def _stays_open(self) -> bool:
        """Return whether the other end, which sends nothing more, still waits for an answer.

        A WebSocket says itself when it ends, and asyncio cannot keep one half of TLS open.
        """
        transport = self._transport
        if self._codec is not None or transport is None or transport.is_closing():
            return False
        is_open = self.session.state is not CLOSED
        return is_open and not self._has_tls and self._handler.half_closed(self)

    def pause_writing(self) -> None:
        """Make :meth:`drained` wait."""
        self._is_full = True

    def resume_writing(self) -> None:
        """Let those go on that wait in :meth:`drained`."""
        self._is_full = False
        waiters, self._waiters = self._waiters, ()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        """Call the handler, once, after what came before and still waits for a turn."""
        self._transport = None
        self.resume_writing()
        if self._turns is not None and self._is_waiting and self.session.state is OPEN:
            self._loss = (error,)
            self._turns.add(self)
        else:
            self._finish(error)

    def _finish(self, error: Exception | None) -> None:
        is_news = self.session.receive_eof()
        self._is_waiting = False
        codec = self._codec
        if codec is not None and codec.is_left:
            error = None  # both ends have finished: how the connection ends does not matter
        elif codec is not None and is_news:
            error = error or codec.receive_eof()
        handler, self._handler, self.on_messages = self._handler, ENDED, None
        handler.closed(self, self._error or error)
