"""One HTTP connection: uvicorn's protocol, within bounds, with headers as the field spells them.

A call is passed to the application when all of it has come. So what is wrong or too long is refused
before anything is done, and nobody can keep a call waiting for its own body. Calls of a connection
are answered one after the other.

The parser (llhttp) is strict: what two servers may read differently (two lengths, a length and
chunks, folded lines, lone line ends) is refused. A call without ``Host`` is answered all the same.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from contextlib import suppress
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from ovms.base.logs import get_logger
from ovms.net.http import HEAD_LIMIT, is_our_path
from ovms.net.pump import STREAM_LIMIT
from ovms.net.traffic import unread
from ovms.server.accounts.buckets import network_of
from ovms.server.strangers import StrangerStage

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
    from uvicorn.config import Config
    from uvicorn.server import ServerState

    from ovms.server.http.service import HttpService

URL_LIMIT: Final = 4096
"""Bytes of a URL: name and password in it have some hundred."""

HEADERS_LIMIT: Final = 100
"""Headers of a call; a browser behind two proxies sends thirty."""

FIELDS_LIMIT: Final = 100
"""Fields of a URL's query; no call has more than five, and thousands take milliseconds to read."""

BODY_LIMIT: Final = 1 << 14
"""Bytes of a call's body; the longest of the field is a form with a token's purpose. Anybody may
have one read, and a form of 64 KiB takes 30 ms."""

SLICE: Final = 1024
"""Bytes that are parsed at once, never beyond the end of a head: a call becomes an object of some
kilobytes, and behind one that waits nothing is parsed."""

API_PATH: Final = "/api/v1"

API_CODES: Final = {408: "timeout", 413: "too_large", 414: "url_too_long", 431: "head_too_large"}
"""The codes of errors of ``/api/v1`` that are found before the application is reached."""

HEAD_END: Final = b"\r\n\r\n"

REQUEST_TIMEOUT: Final = 10.0
"""Seconds from the first byte of a call to its last."""

IDLE_TIMEOUT: Final = 75.0
"""Seconds that a connection may wait for its next call: pollers call once a minute."""

UNREAD_TIMEOUT: Final = 30.0
"""Seconds in which a caller must have read some of its answer."""

UNREAD_STEP: Final = 1 << 14
"""Bytes of the answer that it must have read in that time."""

LINGER_TIMEOUT: Final = 2.0
"""Seconds that a refused caller may still send before the connection is closed: a close before
that would make its system drop the answer."""

TARGET: Final = re.compile(rb"(?:[a-zA-Z]+://[^/?#]*)?((?:/[^?#]*)?)(?:\?([^#]*))?(?:#.*)?")
"""The path of a call and its query; proxies send a whole URL."""

_HIGH: Final = re.compile(rb"[\x80-\xff]")

_ECHOED: Final = re.compile(rb"(?<=[^\r\n])\r\r\n")
"""A line's end behind the CR of another; not an empty line."""

_UNSURE: Final = re.compile(rb"[^\r\n]?\r{1,2}\Z")
"""What may become the begin of one with the next byte."""

_SPELLED: Final = {b"www-authenticate": b"WWW-Authenticate", b"etag": b"ETag"}

log = get_logger("ovms.http")


@lru_cache(maxsize=256)
def spelled(name: bytes) -> bytes:
    """Return a header's name in the usual spelling: some clients search for exactly that."""
    return _SPELLED.get(name.lower()) or name.title()


class CallRefused(Exception):
    """A call is refused before it reaches the application."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Exchange(RequestResponseCycle):
    """A call and its answer."""

    service: HttpService
    _head = b""
    """The head of the answer, until a part of the body comes."""
    is_stream = False
    """The answer goes on for as long as the caller is there."""
    _left: int | None = None
    """Bytes of the body that are to come; ``None`` if its length is not known."""

    async def receive(self) -> ASGIReceiveEvent:
        """Return the body; after that wait for the end."""
        if self.more_body:
            self.more_body = False
            return {"type": "http.request", "body": bytes(self.body), "more_body": False}
        if not self.disconnected and not self.response_complete:
            await self.message_event.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: ASGISendEvent) -> None:
        """Send a part of the answer, its head together with the first part of its body.

        Some small clients take what one read gives them for the whole answer.
        """
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if message["type"] == "http.response.start":
            self.response_started = True
            self._head = self._make_head(message["status"], list(message.get("headers", ())))
        elif message["type"] == "http.response.body":
            self._send_body(message.get("body", b""), is_last=not message.get("more_body", False))

    def _make_head(self, status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
        is_1_0 = self.scope["http_version"] == "1.0"
        length = connection = None
        for name, value in headers:
            name = spelled(name)
            if name == b"Content-Length":
                length = value
            elif name == b"Content-Type":
                self.is_stream = value.startswith(b"text/event-stream")
            elif name == b"Connection":
                connection = value
        if self.scope["method"] == "HEAD" or status in (204, 304):
            self._left = 0
        elif length is not None:
            self._left = int(length)
        elif is_1_0:  # callers that know no chunks read until the close
            self.keep_alive = False
        else:
            self.chunked_encoding = True
            headers.append((b"transfer-encoding", b"chunked"))
        if connection is not None and b"close" in connection.lower():
            self.keep_alive = False
        headers.append((b"date", self.service.date()))
        if connection is None and (is_1_0 or not self.keep_alive):
            headers.append((b"connection", b"keep-alive" if self.keep_alive else b"close"))
        return head(status, headers)

    def _send_body(self, body: bytes, *, is_last: bool) -> None:
        if self.scope["method"] == "HEAD":
            body = b""
        if self._left is not None:
            self._left -= len(body)
            if self._left < 0 or (is_last and self._left):
                raise RuntimeError("an answer of another length than it says")
        if self.chunked_encoding:
            body = b"%x\r\n%s\r\n" % (len(body), body) if body else b""
            body += b"0\r\n\r\n" if is_last else b""
        self.transport.write(self._head + body)
        self._head = b""
        if is_last:
            self.response_complete = True
            self.message_event.set()
            if not self.keep_alive:
                self.transport.close()
            self.on_response()

    async def run_asgi(self, app: Any) -> None:
        """Have the application answer."""
        try:
            await app(self.scope, self.receive, self.send)
        except Exception as error:  # the application lets none out
            log.error("an answer failed", exc_info=error)
        finally:
            if not self.response_complete and not self.disconnected:
                self.transport.abort()


def head(status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
    """Return the head of an answer."""
    lines = b"".join([b"%s: %s\r\n" % (spelled(name), value) for name, value in headers])
    if not lines.count(b"\r") == lines.count(b"\n") == len(headers) or b"\0" in lines:
        raise RuntimeError("a header with a line end")
    return STATUS_LINE[status] + lines + b"\r\n"


class HttpConnection(HttpToolsProtocol):
    """One connection; a :class:`ovms.server.strangers.Stranger` while no call is answered."""

    def __init__(self, service: HttpService, config: Config, state: ServerState, peer: str) -> None:
        super().__init__(config, state, {})
        self._service = service
        self._peer = peer
        self.url = b""
        self.network = network_of(peer.rpartition(":")[0])
        self._data = b""
        """What has come and is not parsed, from :attr:`_at` on."""
        self._at = 0
        self._last = b""
        """The last byte that was parsed."""
        self._is_in_line = True
        """The end of the request line has not come."""
        self._head = 0
        """Bytes of the call's headers."""
        self._fed = 0
        """Bytes of the call, some of those before it included."""
        self._is_receiving = False
        self._is_in_head = False
        self._is_first = True
        """No head has come yet."""
        self._keeps_alive = False
        self._body = bytearray()
        self._waiting: deque[Exchange] = deque()
        """Calls behind the one that is answered."""
        self._refusal: CallRefused | None = None
        self._is_later = False
        """What has come waits for its turn to be parsed."""
        self._is_left = False
        """What comes is dropped: the caller was refused."""
        self._is_ended = False
        """The caller sends nothing more."""
        self._unread = 0
        self._unread_since = 0.0
        self.since = service.now()

    # -- a stranger -------------------------------------------------------------------------

    @property
    def is_answering(self) -> bool:
        """An answer to a call is due."""
        cycle = self.cycle
        return bool(self._waiting) or (cycle is not None and not cycle.response_complete)

    @property
    def is_idle(self) -> bool:
        """Nothing of a call has come that was not answered."""
        return not self.is_answering and not self._is_receiving and not self._is_later

    @property
    def stage(self) -> StrangerStage | None:
        """How far it has come; ``None`` while an answer is due or is being read."""
        if self.is_answering or self.transport.get_write_buffer_size():
            return None
        if self._is_left or self.transport.is_closing():
            return StrangerStage.LEAVING
        return StrangerStage.UNFINISHED if self._is_receiving else StrangerStage.SILENT

    def turn_away(self) -> bool:
        """Close it at once, unless it has just spoken; return whether it has gone."""
        if not self._is_left and not self.transport.is_closing():
            connection = self.transport.get_extra_info("socket")
            if connection is not None and unread(connection):
                return False
        self._service.forget(self)
        self.transport.abort()
        return True

    def tick(self, now: float) -> None:
        """Close it if its time is over. Call it about once a second."""
        if self._is_unread(now):
            self.transport.abort()
        elif self.is_answering or self.transport.is_closing():
            return
        elif self._is_left:
            if now - self.since >= LINGER_TIMEOUT:
                self.transport.abort()
        elif self._is_receiving:
            if now - self.since >= REQUEST_TIMEOUT:
                self._refuse(CallRefused(408, "The call did not come in time"))
        elif now - self.since >= IDLE_TIMEOUT:
            self.transport.close()

    def _is_unread(self, now: float) -> bool:
        """Return whether the caller has stopped reading its answer."""
        unsent = self.transport.get_write_buffer_size()
        if unsent and self._unread and now - self._unread_since < UNREAD_TIMEOUT:
            return False
        is_stuck = bool(unsent and self._unread and self._unread - unsent < UNREAD_STEP)
        self._unread, self._unread_since = unsent, now
        return is_stuck

    def end(self) -> None:
        """Close it when the call that has begun is answered; at once if none has."""
        for each in (self.cycle, *self._waiting):
            if each is not None:
                each.keep_alive = False
        if self.is_idle:
            self.transport.close()

    # -- asyncio's side ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Know who calls, also behind a proxy that has said it."""
        # uvloop's transports are no subclass of asyncio's, only the same in all they do.
        super().connection_made(cast("asyncio.Transport", transport))
        self.transport.set_write_buffer_limits(high=STREAM_LIMIT)
        host, _, port = self._peer.rpartition(":")
        self.client = (plain_address(host.strip("[]")), int(port)) if port else None
        self._service.remember(self)

    def data_received(self, data: bytes) -> None:
        """Parse what has come, or keep it while a call waits."""
        if self._is_left:
            return
        self._data, self._at = self._data[self._at :] + data, 0
        self._parse_in_turn()

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio's returns it
        """Close, unless a call waits for its answer; return whether our half stays open."""
        self._is_ended = True
        if isinstance(self.cycle, Exchange) and self.cycle.is_stream:
            return False  # who sends nothing more has gone: nobody waits for the end of a stream
        # asyncio cannot keep one half of TLS open
        return self.is_answering and not self._is_left and self.scheme == "http"

    def connection_lost(self, exc: Exception | None) -> None:
        """Handle the end of the connection."""
        self._waiting.clear()
        self._service.forget(self)
        super().connection_lost(exc)

    def _parse_in_turn(self) -> None:
        """Parse what has come, or read no more until it is this connection's turn."""
        if not self._is_later and not self._service.parse(self):
            self._is_later = True
            self.flow.pause_reading()

    def parse(self) -> int:
        """Parse what has come; return how many bytes that was."""
        if self._is_later:
            self._is_later = False
            if not self.transport.is_closing():
                self.flow.resume_reading()
        before = len(self._data) - self._at
        self._parse()
        return before - (len(self._data) - self._at)

    def _parse(self) -> None:
        while self._at < len(self._data) and not self._waiting and not self._is_over:
            piece = self._data[self._at : self._at + SLICE]
            end = piece.find(HEAD_END)
            if end >= 0:
                piece = piece[: end + len(HEAD_END)]
            is_body = self._is_receiving and not self._is_in_head
            is_unsure = not is_body and piece.endswith(b"\r")
            if is_unsure and (held := _UNSURE.search(piece)):
                piece = piece[: held.start()]
                if not piece:  # what comes next decides
                    break
            self._at += len(piece)
            last, self._last = self._last, piece[-1:]
            self._feed(piece if is_body else self._quoted(_without_echo(last, piece)))
        if self._at >= len(self._data) or self._is_over:
            self._data, self._at = b"", 0
        if not self.transport.is_closing():
            is_held = bool(self._waiting) and not self._is_left
            self.flow.pause_reading() if is_held else self.flow.resume_reading()

    @property
    def _is_over(self) -> bool:
        return self._is_left or self.transport.is_closing()

    def _quoted(self, piece: bytes) -> bytes:
        """Return it with a request line of ASCII only: some clients send umlauts in URLs."""
        if not self._is_in_line:
            return piece
        line, end, rest = piece.partition(b"\n")
        self._is_in_line = not end
        if line.isascii():
            return piece
        return _HIGH.sub(lambda found: b"%%%02X" % found[0][0], line) + end + rest

    def _feed(self, piece: bytes) -> None:
        try:
            self._fed += len(piece)
            self.parser.feed_data(piece)
            if self._is_receiving and self._fed > HEAD_LIMIT + SLICE:
                self._check_length()
        except httptools.HttpParserUpgrade as upgrade:
            rest = piece[upgrade.args[0] :]
            if self._is_for_websocket:
                self._hand_over(rest)
            elif rest:  # we do not speak what was asked for, so HTTP goes on
                self._feed(rest)
        except CallRefused as refused:
            self._refuse(refused)
        except httptools.HttpParserError as error:
            if isinstance(error.__context__, CallRefused):
                self._refuse(error.__context__)
            else:
                if self._is_first:
                    self._service.on_unfit(self._data)
                self.url = self.url or _unparsed_url(piece)
                self._refuse(CallRefused(400, "Bad request"))

    @property
    def _is_for_websocket(self) -> bool:
        """Whether a call asks for our WebSocket; it may stand behind other calls of a proxy."""
        return (
            self.parser.should_upgrade()
            and self.scope["method"] == "GET"
            and is_our_path(self.scope["path"])
            and not self.is_answering
            and self._service.websocket is not None
        )

    def _hand_over(self, rest: bytes) -> None:
        """Make a pump the transport's protocol, and pass it the call's head and what has come."""
        assert self._service.websocket is not None
        pump = self._service.websocket()
        pump.peer = self._peer
        lines = [b"GET %s HTTP/1.1" % self.url, *(b"%s: %s" % each for each in self.headers)]
        data = b"\r\n".join([*lines, b"", b""]) + rest + self._data[self._at :]
        self._data, self._at, self._is_left = b"", 0, True
        self._service.forget(self)
        self.transport.set_protocol(pump)
        pump.connection_made(self.transport)
        pump.data_received(data)

    def _check_length(self) -> None:
        """Refuse a call of which too much has come, whatever it is."""
        if self._is_in_head:
            raise CallRefused(431, "The head of the call is too long")
        if self._fed > 2 * BODY_LIMIT:
            raise CallRefused(413, "The body of the call is too long")

    # -- the parser's side ------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Handle the first byte of a call."""
        super().on_message_begin()
        self._body = bytearray()
        self._head = self._fed = 0
        self._is_receiving = self._is_in_head = True
        if not self.is_answering:
            self.since = self._service.now()

    def on_url(self, url: bytes) -> None:
        """Handle a part of the URL."""
        super().on_url(url)
        if len(self.url) > URL_LIMIT:
            raise CallRefused(414, "The URL is too long")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Handle a header, in front of the body or behind it."""
        self._head += len(name) + len(value) + 4
        if self._head + len(self.url) > HEAD_LIMIT or len(self.headers) >= HEADERS_LIMIT:
            raise CallRefused(431, "The head of the call is too long")
        if self._is_in_head:
            super().on_header(name, value.strip())

    def on_headers_complete(self) -> None:
        """Handle the end of the head."""
        self._is_first = self._is_in_head = False
        version = self.parser.get_http_version()
        if version not in ("1.0", "1.1"):
            raise CallRefused(505, "This HTTP version is not spoken here")
        path, query = target_of(self.url)
        if query.count(b"&") >= FIELDS_LIMIT:
            raise CallRefused(414, "The URL has too many fields")
        self.scope["method"] = self.parser.get_method().decode("ascii")
        self.scope["http_version"] = version
        self.scope["path"] = unquote(path.decode("ascii"))
        self.scope["raw_path"] = path
        self.scope["query_string"] = query
        has_body = self._check_framing(version)
        self._keeps_alive = self.parser.should_keep_alive()
        is_asked = self.expect_100_continue and version == "1.1" and has_body
        if is_asked and not self.is_answering:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _check_framing(self, version: str) -> bool:
        """Return whether a body comes; refuse one that is too long or that others read otherwise.

        The parser has refused two lengths, and a length beside chunks.
        """
        has_body = False
        for name, value in self.headers:
            if name == b"transfer-encoding":
                has_body = True
                if value.lower() != b"chunked":
                    raise CallRefused(501, "This Transfer-Encoding is not spoken here")
                if version == "1.0":
                    raise CallRefused(400, "Bad request")
            elif name == b"content-length":
                has_body = value.strip(b"0") != b""
                if len(value) > 20 or int(value) > BODY_LIMIT:
                    raise CallRefused(413, "The body of the call is too long")
        if has_body and self.parser.should_upgrade():
            raise CallRefused(400, "Bad request")  # the parser would take the body for a call
        return has_body

    def on_body(self, body: bytes) -> None:
        """Handle a part of the body."""
        self._body += body
        if len(self._body) > BODY_LIMIT:
            raise CallRefused(413, "The body of the call is too long")

    def on_message_complete(self) -> None:
        """Handle a whole call."""
        self._is_receiving, self._is_in_line, self._fed = False, True, 0
        if self._is_for_websocket:
            return
        exchange = Exchange(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=[],
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=self._keeps_alive and not self._service.is_stopping,
            on_response=self.on_response_complete,
        )
        exchange.service = self._service
        exchange.body = self._body
        if self.is_answering:
            self._waiting.append(exchange)
        else:
            self._start(exchange)

    # -- answers ----------------------------------------------------------------------------

    def _start(self, exchange: Exchange) -> None:
        self.cycle = exchange
        self._service.start(self)

    def begin(self) -> None:
        """Have the application answer, now that it is this connection's turn."""
        if not self.transport.is_closing():
            self._start_asgi_task(self.cycle, self.app)

    def on_response_complete(self) -> None:
        """Go on with the next call."""
        self.since = self._service.now()
        if self.transport.is_closing():
            return
        if self._waiting:
            self._start(self._waiting.popleft())
        elif self._refusal is not None:
            self._send_refusal(self._refusal)
        elif self._is_ended or self._service.is_stopping:
            self.transport.close()
        if self._data:
            self._parse_in_turn()
        else:
            self._parse()

    def _refuse(self, refused: CallRefused) -> None:
        """Refuse what has come, behind the answers that are due, and close."""
        log.debug("refused", peer=self._peer, status=refused.status, reason=str(refused))
        self._is_left, self._is_receiving = True, False
        if self.is_answering:
            self._refusal = refused
        else:
            self._send_refusal(refused)

    def _send_refusal(self, refused: CallRefused) -> None:
        kind, body = b"text/plain; charset=utf-8", f"{refused}\n".encode()
        if _is_of_our_api(self.url):
            kind, body = b"application/json", _api_body(refused)
        headers = [
            (b"content-type", kind),
            (b"content-length", str(len(body)).encode()),
            (b"access-control-allow-origin", b"*"),
            (b"date", self._service.date()),
            (b"connection", b"close"),
        ]
        self.transport.write(head(refused.status, headers) + body)
        self.since = self._service.now()
        self.flow.resume_reading()
        if self._is_ended:
            self.transport.close()
        elif self.transport.can_write_eof():
            self.transport.write_eof()


def _unparsed_url(piece: bytes) -> bytes:
    """Return the URL of a call whose request line the parser does not take, empty if none is in it.

    A body may stand before the line.
    """
    for line in piece.split(b"\r\n"):
        words = line.split(b" ")
        if len(words) > 2 and words[-1].startswith(b"HTTP/"):
            return words[1]
    return b""


def _is_of_our_api(url: bytes) -> bool:
    """Return whether a call is one of ``/api/v1``, its URL perhaps cut short or wrong."""
    found = TARGET.match(url)
    path = unquote(found[1].decode("latin-1")) if found is not None else ""
    return path == API_PATH or path.startswith(f"{API_PATH}/")


def _api_body(refused: CallRefused) -> bytes:
    """Return the body that errors of ``/api/v1`` have, without importing what makes the others."""
    code = API_CODES.get(refused.status, "bad_request")
    content = {"code": code, "message": str(refused), "details": []}
    return json.dumps({"error": content}, separators=(",", ":")).encode()


def _without_echo(last: bytes, piece: bytes) -> bytes:
    """Return it with single line ends in the head; ``last`` is the byte before it.

    One client cuts its cookie out of our answer, with the CR behind it, and sends all of that back.
    """
    if b"\r\r\n" not in piece:
        return piece
    end = piece.find(b"\r\n\r\n")
    rest = len(piece) if end < 0 else end + 4
    front = _ECHOED.sub(b"\r\n", last + piece[:rest])
    return front[len(last) :] + piece[rest:]


def target_of(url: bytes) -> tuple[bytes, bytes]:
    """Return the path of a URL, quoted, and its query. Raises :class:`CallRefused`."""
    if url == b"*":
        return url, b""
    found = TARGET.fullmatch(url)
    if found is None:
        raise CallRefused(400, "Bad request")
    return found[1] or b"/", found[2] or b""


def plain_address(host: str) -> str:
    """Return an address; one of IPv4 that is written as IPv6 as what it is."""
    with suppress(ValueError):
        mapped = getattr(ip_address(host), "ipv4_mapped", None)
        return str(mapped or host)
    return host
