"""Lines in a WebSocket: one a text frame, without its line end, in both directions.

A codec lies between a connection's bytes and its session's lines. The library ``websockets`` does
frames and handshakes. Received bytes go to :meth:`WebSocket.receive`. After each call of any method
:meth:`WebSocket.outgoing` returns what must be written. Messages have the bounds of lines. They are
not compressed, because a compressor takes more memory than the rest of a connection.

When the other end breaks a rule, the lines before that are returned, and :attr:`WebSocket.error` is
set.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator

from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus, PayloadTooBig
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import SEND_EOF, State
from websockets.server import ServerProtocol
from websockets.typing import StatusLike
from websockets.uri import WebSocketURI

from ovms.net.handler import GoingAway
from ovms.net.http import HEAD_LIMIT, PATHS, is_our_path
from ovms.protocol.errors import LineTooLong, NotAWelcome, RemoteProtocolError
from ovms.protocol.framing import LINE_END, LINE_LIMIT, WELCOME_LINE_LIMIT

SLICE = 4096
"""Bytes that the library gets at once: each frame in them becomes an object, and the smallest has
two bytes."""

LONGEST_CONTROL = 125
"""Bytes that a ping may carry. The library counts them against the bound of the message that the
ping interrupts. So the library gets a bound that is larger by these, and messages are measured
here."""

PASSING = (
    CloseCode.GOING_AWAY,
    CloseCode.INTERNAL_ERROR,
    CloseCode.SERVICE_RESTART,
    CloseCode.TRY_AGAIN_LATER,
    CloseCode.BAD_GATEWAY,
)
"""Close codes of a server for reasons that are not the caller's fault."""

# The library logs every connection, and at DEBUG its contents, passwords included.
_SILENT = logging.Logger("ovms.websocket", logging.CRITICAL + 1)


class Unavailable(Exception):
    """The server ends the connection for a temporary reason."""


class WebSocket(ABC):
    """One end of a WebSocket: a :class:`ServerSocket` or a :class:`ClientSocket`."""

    __slots__ = (
        "_head",
        "_is_text",
        "_limit",
        "_message",
        "_protocol",
        "error",
        "frames",
        "headers",
        "is_finished",
        "is_left",
    )

    _protocol: ServerProtocol | ClientProtocol

    def __init__(self, limit: int) -> None:
        self._head = 0
        self._message = bytearray()
        self._is_text = True
        self.error: Exception | None = None
        """The rule that the other end broke."""
        self.is_finished = False
        """Nothing will follow what :meth:`outgoing` has returned."""
        self.is_left = False
        """For the pump: it has begun to wait for the other end to close."""
        self.frames = 0
        """Frames received in all: each costs time, whether it brings a line or not."""
        self.headers: Headers | None = None
        """Those of the request that was answered, until the pump has read them."""
        self.allow(limit)

    @property
    def is_connecting(self) -> bool:
        """Return whether the handshake is not complete; it never is after it has failed."""
        return self._protocol.state is State.CONNECTING

    @property
    def is_over(self) -> bool:
        """Return whether nothing can be sent: Close was sent or received, or no handshake came."""
        if self.is_connecting:
            return self.error is not None
        return self._protocol.state is not State.OPEN

    @property
    def is_void(self) -> bool:
        """Return whether the other end waits for no answer when the connection closes."""
        return self.is_connecting and self.error is None

    def allow(self, limit: int) -> None:
        """Set the bound of received messages from now on: bytes, line end included."""
        self._limit = limit
        self._protocol.max_message_size = limit + LONGEST_CONTROL

    def receive(self, data: bytes) -> bytes:
        """Process received bytes; return the lines that they complete, each with its end."""
        lines = bytearray()
        for part in self._parts(data):
            self._protocol.receive_data(part)
            for event in self._protocol.events_received():
                if not isinstance(event, Frame):
                    self._process_head(event)
                elif self.error is None:
                    lines += self._process_frame(event)
            self._set_library_error()
        return bytes(lines)

    def receive_eof(self) -> Exception | None:
        """Process the end of the stream; return the error, if there is one."""
        return self.error

    def encode(self, lines: bytes) -> bool:
        """Send whole lines, each with its end; false if the WebSocket is not open."""
        if self._protocol.state is not State.OPEN:
            return False
        for line in lines.removesuffix(LINE_END).split(LINE_END):
            self._protocol.send_text(_as_utf8(line))
        return True

    def close(self, code: CloseCode) -> None:
        """Send Close, once; the other end answers with its own."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code)

    def outgoing(self) -> bytes:
        """Return what must be written now."""
        parts = self._protocol.data_to_send()
        self.is_finished = self.is_finished or SEND_EOF in parts
        return b"".join(parts)

    def _parts(self, data: bytes) -> Iterator[bytes]:
        """Yield received bytes in parts, a head line by line.

        The library would read on behind a head before the head is answered. So what is behind it
        waits. Nothing is read behind an error.
        """
        start = 0
        while start < len(data) and self.error is None:
            end = start + SLICE
            if self.is_connecting:
                line_end = data.find(b"\n", start) + 1 or len(data)
                end = min(line_end, start + HEAD_LIMIT - self._head)
                self._head += end - start
            yield data[start:end]
            start = end
            if self.is_connecting and self.error is None and self._head >= HEAD_LIMIT:
                self.refuse_head()

    def _process_frame(self, frame: Frame) -> bytes:
        """Process a frame; return the lines of the message that it completes."""
        self.frames += 1
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            if frame.opcode is Opcode.CLOSE:
                self._process_close()
            return b""
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
        self._message += frame.data
        if len(self._message) > self._limit:
            self._fail(CloseCode.MESSAGE_TOO_BIG, LineTooLong(self._limit))
            return b""
        return self._end_message() if frame.fin else b""

    def _end_message(self) -> bytes:
        message = bytes(self._message)
        self._message.clear()
        # Binary frames are read like text. No device sends them, but they do no harm.
        if self._is_text and not _is_utf8(message):
            error = RemoteProtocolError("a text frame is not UTF-8")
            self._fail(CloseCode.INVALID_DATA, error)
            return b""
        return message if message.endswith(b"\n") else message + b"\n"

    def _fail(self, code: CloseCode, error: RemoteProtocolError) -> None:
        self.error = error
        self._protocol.fail(code)

    def _set_library_error(self) -> None:
        """Set the error that the library has found and answered."""
        if self.error is not None:
            return
        if self._protocol.handshake_exc is not None:
            self._fail_handshake(self._protocol.handshake_exc)
        elif isinstance(self._protocol.parser_exc, PayloadTooBig):
            self.error = LineTooLong(self._limit)
        elif self._protocol.parser_exc is not None:
            self.error = RemoteProtocolError(f"bad WebSocket: {self._protocol.parser_exc}")

    # -- what differs between the two ends ----------------------------------------------------

    @abstractmethod
    def _process_head(self, event: Request | Response) -> None:
        """Process the other end's HTTP head."""

    @abstractmethod
    def refuse_head(self) -> None:
        """Fail: the other end's head does not end within its limit."""

    @abstractmethod
    def _fail_handshake(self, error: Exception) -> None:
        """Set the error for received bytes that are no handshake."""

    def _process_close(self) -> None:  # noqa: B027 (an end may have nothing to do)
        """Process the other end's Close."""


class _OpenProtocol(ServerProtocol):
    """The library's end, whose refusals scripts of any web page may read, as all of our answers."""

    def reject(self, status: StatusLike, text: str) -> Response:
        """Return a refusal."""
        response = super().reject(status, text)
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response


class ServerSocket(WebSocket):
    """The end that was called.

    The origin of a request (``Origin``) does not matter. A foreign page cannot act for its reader,
    because no cookie logs anybody in: every caller proves itself in its welcome.
    """

    __slots__ = ("_refusal",)

    _protocol: ServerProtocol

    def __init__(self) -> None:
        self._protocol = _OpenProtocol(logger=_SILENT)
        self._refusal = b""
        super().__init__(WELCOME_LINE_LIMIT)

    def outgoing(self) -> bytes:
        """Return what must be written now."""
        refusal, self._refusal = self._refusal, b""
        return super().outgoing() + refusal

    def _process_head(self, event: Request | Response) -> None:
        assert isinstance(event, Request)
        self.headers = event.headers
        if is_our_path(event.path):
            self._answer(self._protocol.accept(event))
        else:
            self._answer(self._protocol.reject(404, f"There is only {PATHS[0]} here.\n"))

    def refuse_head(self) -> None:
        """Answer that the head is too long."""
        self._answer(self._protocol.reject(431, f"More than {HEAD_LIMIT} bytes.\n"))

    def _answer(self, response: Response) -> None:
        self._protocol.send_response(response)
        if response.status_code != 101:
            self.error = NotAWelcome(f"no WebSocket: HTTP {response.status_code}")

    def _fail_handshake(self, error: Exception) -> None:
        self.error = NotAWelcome(f"no WebSocket: {error}")
        if isinstance(error, InvalidMessage):  # the one case that the library leaves unanswered
            self._refusal = self._protocol.reject(400, "This is no HTTP request.\n").serialize()


class ClientSocket(WebSocket):
    """The end that calls; lines that are sent before the server's answer wait for it.

    Raises :class:`ValueError` for an impossible host name.
    """

    __slots__ = ("_held",)

    _protocol: ClientProtocol

    def __init__(self, host: str, port: int, *, is_secure: bool) -> None:
        name = host if host.isascii() else host.encode("idna").decode()
        uri = WebSocketURI(is_secure, name, port, PATHS[0], "")
        self._protocol = ClientProtocol(uri, logger=_SILENT)
        try:
            self._protocol.send_request(self._protocol.connect())
        except InvalidHandshake as error:  # the request's head would have lines of the host's own
            raise ValueError(str(error)) from error
        self._held = b""
        # A long message may come in one piece with the welcome, so the bound is the larger one.
        super().__init__(LINE_LIMIT)

    @property
    def is_void(self) -> bool:
        """Return whether the other end waits for no answer when the connection closes."""
        return self.is_connecting

    def receive_eof(self) -> Exception | None:
        """Process the end of the stream; return the error, if there is one."""
        if self.is_connecting and self.error is None:
            self._protocol.receive_eof()
            self._set_library_error()
        return self.error

    def encode(self, lines: bytes) -> bool:
        """Send whole lines, each with its end; false if the WebSocket is not open."""
        if self.is_connecting and self.error is None:
            self._held += lines
            return True
        return super().encode(lines)

    def _process_head(self, event: Request | Response) -> None:
        held, self._held = self._held, b""
        if held:
            self.encode(held)

    def refuse_head(self) -> None:
        """Fail: the answer's head is too long."""
        self.error = RemoteProtocolError(f"an HTTP answer of more than {HEAD_LIMIT} bytes")

    def _fail_handshake(self, error: Exception) -> None:
        reason = str(error)
        if isinstance(error, InvalidStatus):
            reason = f"HTTP {error.response.status_code}"
        self.error = RemoteProtocolError(f"no WebSocket: {reason}")

    def _process_close(self) -> None:
        close = self._protocol.close_rcvd
        if close is not None and close.code in PASSING:
            self.error = Unavailable(f"the server closes: {CloseCode(close.code).name.lower()}")


def _is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _as_utf8(line: bytes) -> bytes:
    """Return a line as UTF-8; one that is not is read as Latin-1."""
    return line if _is_utf8(line) else line.decode("latin-1").encode()


def close_code(error: Exception | None) -> CloseCode:
    """Return what a Close says of why we end a connection."""
    match error:
        case None:
            return CloseCode.NORMAL_CLOSURE
        case GoingAway():
            return CloseCode.GOING_AWAY
        case LineTooLong():
            return CloseCode.MESSAGE_TOO_BIG
    return CloseCode.POLICY_VIOLATION
