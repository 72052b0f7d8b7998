from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from ovms.net.http import HEAD_LIMIT
from ovms.net.pump import Pump
from ovms.protocol import Party, Session
from ovms.server.http.connection import (
    BODY_LIMIT,
    FIELDS_LIMIT,
    HEADERS_LIMIT,
    IDLE_TIMEOUT,
    LINGER_TIMEOUT,
    REQUEST_TIMEOUT,
    SLICE,
    UNREAD_STEP,
    UNREAD_TIMEOUT,
    URL_LIMIT,
    HttpConnection,
    plain_address,
    spelled,
)
from ovms.server.strangers import StrangerStage
from tests.net.ends import HANDSHAKE, Certificate, End
from tests.server.http.places import BIG, CallPlace, RawCaller, listening
from tests.waiting import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ECHO = b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"
WAIT = b"GET /wait HTTP/1.1\r\n\r\n"


@pytest.fixture
async def place(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[CallPlace]:
    """Listen."""
    async with listening(monkeypatch) as place:
        yield place


async def begun(place: CallPlace, caller: RawCaller, data: bytes) -> HttpConnection:
    """Send something on a new connection and wait until it has come; return our end of it."""
    await caller.says(data)
    await until(lambda: place.service.connections)
    (connection,) = place.service.connections
    return connection


def post(body: bytes, *headers: bytes) -> bytes:
    """Return a call with a body."""
    lines = [b"POST /echo HTTP/1.1", b"Content-Length: %d" % len(body), *headers, b"", body]
    return b"\r\n".join(lines)


# -- calls as clients send them ---------------------------------------------------------------


async def test_the_heads_of_answers(place: CallPlace) -> None:
    """They are spelled as usual, and in HTTP/1.1 say nothing of a connection that stays."""
    async with await place.calls() as caller:
        for _ in range(3):
            await caller.says(ECHO)
            head = await caller.hears_head()
            assert head.startswith("HTTP/1.1 200 OK\r\n")
            names = [line.partition(":")[0] for line in head.split("\r\n")[1:-2]]
            assert names == ["Content-Length", "Content-Type", "Access-Control-Allow-Origin",
                             "Date"]  # fmt: skip
            await caller.reader.readuntil(b"\n")


@pytest.mark.parametrize(
    ("name", "usual"),
    [
        (b"set-cookie", b"Set-Cookie"),
        (b"www-authenticate", b"WWW-Authenticate"),
        (b"ETAG", b"ETag"),
        (b"x", b"X"),
    ],
)
def test_spelled(name: bytes, usual: bytes) -> None:
    """Each word of a header's name begins with a capital; some are usual otherwise."""
    assert spelled(name) == usual


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
async def test_splitting_does_not_matter(place: CallPlace, step: int) -> None:
    """Calls are answered one after the other, however their bytes come."""
    data = ECHO + post(b"a" * 10) + b"\r\n" + post(b"b" * 3000) + ECHO + WAIT
    place.gate.set()
    async with await place.calls() as caller:
        for at in range(0, len(data), step):
            await caller.says(data[at : at + step])
        sizes = [json.loads((await caller.hears())[2])["body"] for _ in range(4)]
        assert sizes == [0, 10, 3000, 0]
        assert (await caller.hears())[2] == b"waited\n"


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"/echo", "/echo", ""),
        (b"//echo/", "/echo", ""),
        (b"/echo?a=b?c&d=%2F", "/echo", "a=b?c&d=%2F"),
        (b"/%65cho?", "/echo", ""),
        (b"http://server:6868/echo?a", "/echo", "a"),
        (b"/echo#x?y", "/echo", ""),
        (b"/hello/a%20b", "/hello/a b", ""),
        ("/hello/ä?u=ä".encode(), "/hello/ä", "u=%C3%A4"),
    ],
)
async def test_targets(place: CallPlace, target: bytes, path: str, query: str) -> None:
    """A URL may be whole or quoted, and may hold umlauts, as some clients send them."""
    status, _, body = await place.ask(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = json.loads(body)
    assert (status, answer["path"], answer["query"]) == (200, path, query)


async def test_options_of_the_server(place: CallPlace) -> None:
    """`OPTIONS *` is answered."""
    async with await place.calls() as caller:
        assert (await caller.ask(b"OPTIONS * HTTP/1.1\r\n\r\n"))[0] == 204
        assert (await caller.ask(ECHO))[0] == 200


async def test_head(place: CallPlace) -> None:
    """HEAD has the head of GET and no body, so that the next answer is where it belongs."""
    async with await place.calls() as caller:
        status, headers, _ = await caller.ask(b"HEAD /echo HTTP/1.1\r\n\r\n")
        assert status == 200
        assert int(headers["Content-Length"]) > 80
        assert (await caller.ask(ECHO))[0] == 200


@pytest.mark.parametrize(
    ("lines", "connection"),
    [
        (b"HTTP/1.0\r\n", "close"),
        (b"HTTP/1.0\r\nConnection: Keep-Alive\r\n", "keep-alive"),
        (b"HTTP/1.1\r\nConnection: close\r\n", "close"),
    ],
)
async def test_whether_a_connection_stays(place: CallPlace, lines: bytes, connection: str) -> None:
    """That of HTTP/1.0 stays only where it is asked for."""
    async with await place.calls() as caller:
        _, headers, _ = await caller.ask(b"GET /echo " + lines + b"\r\n")
        assert headers["Connection"] == connection
        assert "Transfer-Encoding" not in headers
        if connection == "close":
            assert await caller.is_closed()
        else:
            assert (await caller.ask(ECHO))[0] == 200


async def test_a_caller_that_hangs_up_its_side(place: CallPlace) -> None:
    """`printf … | socat` gets its answer."""
    async with await place.calls() as caller:
        connection = await begun(place, caller, WAIT)
        await until(lambda: place.waiting)
        caller.writer.write_eof()
        await until(lambda: connection._is_ended)
        place.gate.set()
        assert (await caller.hears())[2] == b"waited\n"
        assert await caller.is_closed()


async def test_a_caller_that_leaves(place: CallPlace) -> None:
    """One that ends without a call, in it or behind it is forgotten."""
    for said in (b"\r\n", ECHO[:7], ECHO):
        async with await place.calls() as caller:
            await caller.says(said)
            await until(lambda: place.service.connections)
        await until(lambda: not place.service.count)


async def test_an_upgrade_that_we_do_not_know(place: CallPlace) -> None:
    """The call is answered in HTTP/1.1: curl asks for h2c when it is told to use HTTP/2."""
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n\r\n"
    async with await place.calls() as caller:
        await caller.says(b"GET /echo HTTP/1.1\r\n" + upgrade + ECHO)
        assert (await caller.hears())[0] == 200
        assert (await caller.hears())[0] == 200


@pytest.mark.parametrize("is_whole", [True, False])
async def test_a_websocket_behind_calls(place: CallPlace, is_whole: bool) -> None:
    """A proxy that keeps connections may ask for it on one that had calls: a pump takes it over."""
    ends: list[End] = []

    def websocket() -> Pump:
        ends.append(End())
        return Pump(Session(Party.SERVER, "S" * 22), ends[-1])

    place.service.websocket = websocket
    async with await place.calls() as caller:
        assert (await caller.ask(ECHO))[0] == 200
        for piece in [HANDSHAKE] if is_whole else [HANDSHAKE[:30], HANDSHAKE[30:]]:
            await caller.says(piece)
        assert (await caller.hears_head()).startswith("HTTP/1.1 101 ")
        assert place.service.count == 0
        assert ends[0].line.peer == place.peer
        await caller.says(b"\x88\x80aaaa")  # Close
        assert await caller.reader.readexactly(2) == b"\x88\x00"


async def test_expect(place: CallPlace) -> None:
    """A caller that waits for leave to send its body gets it."""
    body = b"x" * 2000
    head = post(body, b"Expect: 100-continue").removesuffix(body)
    async with await place.calls() as caller:
        await caller.says(head)
        assert await caller.hears_head() == "HTTP/1.1 100 Continue\r\n\r\n"
        assert json.loads((await caller.ask(body))[2])["body"] == len(body)


async def test_chunks(place: CallPlace) -> None:
    """A body in chunks is one body; what stands behind it is passed over."""
    chunks = b"3;x=y\r\nabc\r\n8\r\n12345678\r\n0\r\nX-Later: 1\r\n\r\n"
    request = b"PUT /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    async with await place.calls() as caller:
        await caller.says(request + ECHO)
        answer = json.loads((await caller.hears())[2])
        assert (answer["method"], answer["body"]) == ("PUT", 11)
        assert json.loads((await caller.hears())[2])["body"] == 0


# -- who calls ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peer", "client"),
    [
        ("192.0.2.7:4000", "192.0.2.7"),
        ("[2001:db8::1]:4000", "2001:db8::1"),
        ("[::ffff:192.0.2.7]:4000", "192.0.2.7"),
    ],
)
async def test_who_calls(place: CallPlace, peer: str, client: str) -> None:
    """It is whom the pump knows, behind a proxy too."""
    place.peer = peer
    assert json.loads((await place.ask(ECHO))[2])["client"] == client


@pytest.mark.parametrize(
    ("peer", "said", "client", "scheme"),
    [
        ("10.0.0.1:1", b"192.0.2.7", "192.0.2.7", "https"),
        ("[::ffff:10.0.0.1]:1", b"192.0.2.7", "192.0.2.7", "https"),
        ("10.0.0.1:1", b"203.0.113.1, 192.0.2.7, 10.0.0.2", "192.0.2.7", "https"),
        ("10.0.0.1:1", b"[2001:db8::1]:700", "2001:db8::1", "https"),
        ("[2001:db8:1::9]:1", b"192.0.2.7", "192.0.2.7", "https"),
        ("192.0.2.9:1", b"192.0.2.7", "192.0.2.9", "http"),
    ],
)
async def test_a_reverse_proxy(
    monkeypatch: pytest.MonkeyPatch, peer: str, said: bytes, client: str, scheme: str
) -> None:
    """One that is trusted says who calls; another one is the caller itself."""
    head = b"GET /echo HTTP/1.1\r\nX-Forwarded-For: %s\r\nX-Forwarded-Proto: https\r\n\r\n" % said
    async with listening(monkeypatch, ["10.0.0.7/8", "2001:db8:1::9"]) as place:
        place.peer = peer
        answer = json.loads((await place.ask(head))[2])
    assert (answer["client"], answer["scheme"]) == (client, scheme)


async def test_nobody_is_believed_unless_it_is_set(place: CallPlace) -> None:
    """Without the setting a header says nothing, not even on loopback."""
    place.peer = "127.0.0.1:1"
    head = b"GET /echo HTTP/1.1\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n"
    assert json.loads((await place.ask(head))[2])["client"] == "127.0.0.1"


def test_plain_address() -> None:
    """An address of IPv4 in IPv6 is the same caller; what is no address stays as it is."""
    assert plain_address("::ffff:1.2.3.4") == "1.2.3.4"
    assert plain_address("unknown") == "unknown"


async def test_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over TLS the scheme is https, and refusals are heard too."""
    certificate = Certificate.make()
    async with listening(monkeypatch, tls=(certificate.server, certificate.trust)) as place:
        assert json.loads((await place.ask(ECHO))[2])["scheme"] == "https"
        async with await place.calls() as caller:
            assert (await caller.ask(b"MP-C 0 a b c\r\n"))[0] == 400
            await place.passes(LINGER_TIMEOUT)
            assert await caller.is_closed()


# -- what is refused ------------------------------------------------------------------------

BAD: dict[str, tuple[int, bytes]] = {
    "lines": (400, b"MP-C 0 aaaaaaaaaaaaaaaaaaaaaa dddddddddddddddddddddd CAR1\r\n"),
    "no method": (400, b"FOO /echo HTTP/1.1\r\n\r\n"),
    "HTTP/2": (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "version 2": (505, b"GET /echo HTTP/2.0\r\n\r\n"),
    "version 0.9": (505, b"GET /echo\r\n\r\n"),
    "no target": (400, b"GET  HTTP/1.1\r\n\r\n"),
    "relative": (400, b"GET echo HTTP/1.1\r\n\r\n"),
    "connect": (400, b"CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n"),
    "a zero in a URL": (400, b"GET /\0 HTTP/1.1\r\n\r\n"),
    "a zero in a header": (400, b"GET /echo HTTP/1.1\r\nX: a\0b\r\n\r\n"),
    "a folded line": (400, b"GET /echo HTTP/1.1\r\nX: a\r\n b\r\n\r\n"),
    "a blank before the colon": (400, b"GET /echo HTTP/1.1\r\nX : a\r\n\r\n"),
    "lone line ends": (400, b"GET /echo HTTP/1.1\nHost: x\n\n"),
    "no number": (400, b"POST /echo HTTP/1.1\r\nContent-Length: x\r\n\r\n"),
    "two lengths": (
        400,
        b"POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\naa",
    ),
    "length and chunks": (
        400,
        b"POST /echo HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    "chunks and length": (
        400,
        b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    ),
    "no chunks at the end": (400, b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked, x\r\n\r\n"),
    "an encoding": (501, b"POST /echo HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
    "chunks of 1.0": (400, b"POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "a bad chunk": (400, b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"),
    "an upgrade with a body": (
        400,
        b"POST /echo HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\na",
    ),
    "a long URL": (414, b"GET /" + b"a" * URL_LIMIT),
    "many fields": (414, b"GET /echo?" + b"a&" * FIELDS_LIMIT + b"a HTTP/1.1\r\n\r\n"),
    "many headers": (431, b"GET /echo HTTP/1.1\r\n" + b"X: 1\r\n" * (HEADERS_LIMIT + 1) + b"\r\n"),
    "long headers": (431, b"GET /echo HTTP/1.1\r\n" + b"Abcd: 1234567890\r\n" * 400 * 2),
    "an endless header": (431, b"GET /echo HTTP/1.1\r\nX: " + b"a" * (HEAD_LIMIT + 2 * SLICE)),
    "a long length": (413, b"POST /echo HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (BODY_LIMIT + 1)),
    "an endless length": (413, b"POST /echo HTTP/1.1\r\nContent-Length: %s\r\n\r\n" % (b"9" * 19)),
    "long chunks": (
        413,
        b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n20000\r\n" + b"x" * 0x20000,
    ),
    "tiny chunks": (
        413,
        b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * BODY_LIMIT,
    ),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_is_refused(place: CallPlace, name: str) -> None:
    """It is answered in plain text that everybody may read, and that is the end."""
    status, request = BAD[name]
    async with await place.calls() as caller:
        caller.writer.write(request)
        found, headers, body = await caller.hears()
        assert (found, headers["Connection"]) == (status, "close")
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert headers["Content-Type"] == "text/plain; charset=utf-8"
        assert body.endswith(b"\n")
        assert await caller.is_closed()


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (b"GET /api/v1/" + b"a" * URL_LIMIT, 414, "url_too_long"),
        (b"POST /api/v1/x HTTP/1.1\r\nContent-Length: 99999\r\n\r\n", 413, "too_large"),
        *(
            (line + b" HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400, "bad_request")
            for line in (
                b"GET /api/v1/x",
                b"GET /api/v1",
                b"GET /api/v1?x",
                b"GET /%61pi/v1/x",
                b"GET http://host:1/api/v1/x",
                b"FOO /api/v1/x",
                b"FOO http://host/api/v1",
                b"get /api/v1/x",
                b"GET /api/v1/\0",
                b"GET /api/v1/x y",
            )
        ),
    ],
)
async def test_what_is_refused_of_our_api(
    place: CallPlace, request_: bytes, status: int, code: str
) -> None:
    """Its calls are refused in the body that all its errors have."""
    async with await place.calls() as caller:
        caller.writer.write(request_)
        found, headers, body = await caller.hears()
        assert (found, headers["Content-Type"]) == (status, "application/json")
        content = json.loads(body)["error"]
        assert (content.keys(), content["code"]) == ({"code", "message", "details"}, code)


@pytest.mark.parametrize("line", [b"FOO /echo", b"GET /api/v10", b"GET http://api/v1/", b"\0"])
async def test_what_is_refused_of_others(place: CallPlace, line: bytes) -> None:
    """Behind a call of our API others are refused in plain text."""
    async with await place.calls() as caller:
        await caller.ask(b"GET /api/v1/x HTTP/1.1\r\n\r\n")
        caller.writer.write(line + b" HTTP/1.1\r\nContent-Length: x\r\n\r\n")
        status, headers, _ = await caller.hears()
        assert (status, headers["Content-Type"]) == (400, "text/plain; charset=utf-8")


async def test_behind_a_body(place: CallPlace) -> None:
    """An unknown method of our API is refused as its calls are, behind a body in one piece too."""
    async with await place.calls() as caller:
        caller.writer.write(post(b"{}") + b"FOO /api/v1/x HTTP/1.1\r\n\r\n")
        assert (await caller.hears())[0] == 200
        assert (await caller.hears())[1]["Content-Type"] == "application/json"


async def test_what_is_not_refused(place: CallPlace) -> None:
    """A URL, a head and a body at their bounds are answered."""
    url = b"/echo?" + b"a" * (URL_LIMIT - 6)
    header = b"X: " + b"a" * (HEAD_LIMIT - URL_LIMIT - 5)
    async with await place.calls() as caller:
        request = b"GET " + url + b" HTTP/1.1\r\n" + header + b"\r\n\r\n"
        for _ in range(3):
            assert (await caller.ask(request))[0] == 200
        assert (await caller.ask(request.replace(b"X: ", b"X: a")))[0] == 431
    async with await place.calls() as caller:
        many = b"GET /echo HTTP/1.1\r\n" + b"X: 1\r\n" * HEADERS_LIMIT + b"\r\n"
        assert (await caller.ask(many))[0] == 200
        fields = b"GET /echo?" + b"a&" * (FIELDS_LIMIT - 1) + b"a HTTP/1.1\r\n\r\n"
        assert (await caller.ask(fields))[0] == 200
        assert json.loads((await caller.ask(post(b"x" * BODY_LIMIT)))[2])["body"] == BODY_LIMIT


async def test_lines_are_told_to_the_acceptor(place: CallPlace) -> None:
    """A welcome that was said here may be right elsewhere, so it must be known as overheard."""
    line = BAD["lines"][1]
    await place.ask(line)
    assert place.unfit == [line]
    async with await place.calls() as caller:
        await caller.ask(ECHO)
        assert (await caller.ask(line))[0] == 400
    assert len(place.unfit) == 1


async def test_answers_come_before_a_refusal(place: CallPlace) -> None:
    """What is wrong behind a call does not take its answer."""
    async with await place.calls() as caller:
        await caller.says(WAIT + b"nonsense\r\n\r\n" + ECHO)
        await until(lambda: place.waiting)
        place.gate.set()
        assert [(await caller.hears())[0] for _ in range(2)] == [200, 400]
        assert await caller.is_closed()


async def test_a_refused_caller_hears_why(place: CallPlace) -> None:
    """It still sends its long body, and gets the answer all the same."""
    async with await place.calls() as caller:
        await caller.says(b"POST /echo HTTP/1.1\r\nContent-Length: 4000000\r\n\r\n")
        await caller.says(b"x" * 4_000_000)
        assert (await caller.hears())[0] == 413
        assert await caller.is_closed()
        await until(lambda: place.service.connections)
        await place.passes(LINGER_TIMEOUT)
        await until(lambda: not place.service.connections)


async def test_many_calls_at_once(place: CallPlace) -> None:
    """Behind a call that waits one is parsed; all are answered, in order."""
    count = 3000
    async with await place.calls() as caller:
        caller.writer.write(WAIT + ECHO * count)
        await until(lambda: place.waiting)
        (connection,) = place.service.connections
        assert len(connection._waiting) == 1
        place.gate.set()
        assert (await caller.hears())[2] == b"waited\n"
        for _ in range(count):
            assert (await caller.hears())[0] == 200


async def test_many_calls_behind_a_body(place: CallPlace) -> None:
    """What stands behind a body waits as well, wherever the body ends."""
    async with await place.calls() as caller:
        caller.writer.write(WAIT + post(b"\r\n\r\n") + ECHO * 50)
        await until(lambda: place.waiting)
        (connection,) = place.service.connections
        assert len(connection._waiting) == 1
        place.gate.set()
        for _ in range(52):
            assert (await caller.hears())[0] == 200


async def test_an_answer_that_cannot_be_sent(place: CallPlace) -> None:
    """A header that would end another is never sent; the connection ends."""
    async with await place.calls() as caller:
        await caller.says(b"GET /odd HTTP/1.1\r\n\r\n")
        assert await caller.is_closed()


# -- time -----------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [ECHO[:1], ECHO[:-1], post(b"abc")[:-1]])
async def test_a_slow_call(place: CallPlace, said: bytes) -> None:
    """It must come whole in time, from its first byte on, also behind others."""
    async with await place.calls() as caller:
        await caller.ask(ECHO)
        await place.passes(REQUEST_TIMEOUT)
        connection = await begun(place, caller, said)
        await until(lambda: not connection.is_idle)
        await place.passes(REQUEST_TIMEOUT - 0.1)
        assert connection.stage is StrangerStage.UNFINISHED
        await place.passes(0.1)
        assert (await caller.hears())[0] == 408
        assert await caller.is_closed()


async def test_an_idle_connection(place: CallPlace) -> None:
    """It may wait for its next call, not for ever; time counts from the last answer."""
    async with await place.calls() as caller:
        for _ in range(2):
            await caller.ask(ECHO)
            await place.passes(IDLE_TIMEOUT - 0.1)
            assert place.service.count == 1
        await caller.says(b"\r\n")
        await place.passes(0.1)
        assert await caller.is_closed()


async def test_a_call_that_takes_long(place: CallPlace) -> None:
    """Nothing ends it while its answer is due."""
    async with await place.calls() as caller:
        await caller.says(WAIT)
        await until(lambda: place.waiting)
        await place.passes(10 * IDLE_TIMEOUT)
        place.gate.set()
        assert (await caller.hears())[2] == b"waited\n"


class HeldTransport:
    """A transport that holds so many bytes."""

    def __init__(self) -> None:
        self.size = 0
        self.is_aborted = False

    def get_write_buffer_size(self) -> int:
        """Return what waits."""
        return self.size

    def is_closing(self) -> bool:
        """Return whether it ends when all is read."""
        return True

    def abort(self) -> None:
        """Drop it."""
        self.is_aborted = True


async def test_an_answer_that_is_not_read(place: CallPlace) -> None:
    """Its caller is cut; one that reads slowly, or all of it, is not."""
    async with await place.calls() as caller:
        await caller.ask(ECHO)
        (connection,) = place.service.connections
        real, held = connection.transport, HeldTransport()
        connection.transport = held  # type: ignore[assignment]
        for size in (BIG, BIG - UNREAD_STEP, 1, 0, BIG, BIG - UNREAD_STEP):
            held.size = size
            await place.passes(UNREAD_TIMEOUT)
            assert not held.is_aborted
            assert connection.stage is (None if size else StrangerStage.LEAVING)
        held.size -= UNREAD_STEP - 1
        await place.passes(UNREAD_TIMEOUT - 0.1)
        assert not held.is_aborted
        await place.passes(0.1)
        assert held.is_aborted
        connection.transport = real


async def test_an_answer_comes_in_one_piece(place: CallPlace) -> None:
    """Some small clients take what one read gives them for the whole answer."""
    written: list[bytes] = []
    async with await place.calls() as caller:
        await caller.ask(ECHO)
        (connection,) = place.service.connections
        real = connection.transport
        connection.transport = cast("asyncio.Transport", SimpleNamespace(
            write=written.append, is_closing=lambda: False, resume_reading=lambda: None,
            get_write_buffer_size=lambda: 0,
        ))  # fmt: skip
        connection.data_received(ECHO)
        await until(lambda: written)
        connection.transport = real
    (answer,) = written
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"}\n")


async def test_a_long_answer(place: CallPlace) -> None:
    """It comes whole, also when the connection ends with it."""
    async with await place.calls() as caller:
        await caller.says(b"GET /big HTTP/1.0\r\n\r\n")
        assert len((await caller.hears())[2]) == BIG
        assert await caller.is_closed()


CHUNKS = b"3\r\none\r\nd\r\ntwo and three\r\n0\r\n\r\n"


async def test_an_answer_of_unknown_length(place: CallPlace) -> None:
    """It comes in chunks, and the connection goes on; old clients read until the close."""
    async with await place.calls() as caller:
        await caller.says(b"GET /parts HTTP/1.1\r\n\r\n" * 2)
        for _ in range(2):
            head = await caller.hears_head()
            assert "\r\nTransfer-Encoding: chunked\r\n" in head
            assert "Content-Length" not in head
            assert await caller.reader.readexactly(len(CHUNKS)) == CHUNKS
        await caller.says(b"GET /parts HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        head = await caller.hears_head()
        assert "Transfer-Encoding" not in head
        assert "\r\nConnection: close\r\n" in head
        assert await caller.reader.read() == b"onetwo and three"


async def test_the_head_of_an_answer_of_unknown_length(place: CallPlace) -> None:
    """Whoever asks for the head gets no body, and may go on."""
    async with await place.calls() as caller:
        answer = await caller.ask(b"HEAD /parts HTTP/1.1\r\n\r\n")
        assert (answer[0], answer[2]) == (200, b"")
        assert (await caller.ask(ECHO))[0] == 200


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
async def test_an_answer_that_breaks_off(place: CallPlace, version: bytes) -> None:
    """Nobody can take it for whole: the connection is lost."""
    async with await place.calls() as caller:
        await caller.says(b"GET /half HTTP/%s\r\n\r\n" % version)
        answer = b""
        with suppress(ConnectionError):
            async with asyncio.timeout(PATIENCE):
                answer = await caller.reader.read()
        assert not answer.endswith(b"\r\n0\r\n\r\n")
        await until(lambda: not place.service.connections)


# -- places ---------------------------------------------------------------------------------


async def test_stages(place: CallPlace) -> None:
    """An idle connection is as a silent caller; one whose answer is due must stay."""
    async with await place.calls() as caller:
        await caller.ask(ECHO)
        (connection,) = place.service.connections
        assert connection.stage is StrangerStage.SILENT
        assert connection.network == "192.0.2.7"
        assert list(place.service.strangers()) == [connection]
        await caller.says(WAIT)
        await until(lambda: place.waiting)
        assert connection.stage is None
        assert list(place.service.strangers()) == []
        place.gate.set()
        await caller.hears()
        await caller.says(b"nonsense\r\n\r\n")
        await caller.hears()
        assert connection.stage is StrangerStage.LEAVING


async def test_turning_away(place: CallPlace) -> None:
    """Whoever is turned away has gone at once, unless it has just spoken."""
    async with await place.calls() as caller:
        await caller.ask(ECHO)
        (connection,) = place.service.connections
        connection.flow.pause_reading()
        await caller.says(ECHO)
        await until(lambda: not connection.turn_away())
        connection.flow.resume_reading()
        await caller.hears()
        assert connection.turn_away()
        assert place.service.count == 0
        assert await caller.is_closed()


@pytest.mark.parametrize("at", range(1, 66, 4))
async def test_a_cookie_with_its_line_end(place: CallPlace, at: int) -> None:
    """A client that sends a CR too many behind its cookie is answered, however the call comes."""
    first = b"GET /echo HTTP/1.1\r\nHost: x\r\ncookie: ovmsapisession=abc\r\r\n\r\n"
    async with await place.calls() as caller:
        await caller.says(first[:at])
        await asyncio.sleep(0)
        for call in (first[at:], first, ECHO):
            status, _, body = await caller.ask(call)
            assert (status, json.loads(body)["path"]) == (200, "/echo")


async def test_a_cookie_byte_by_byte(place: CallPlace) -> None:
    """The same call is answered when its bytes come one by one."""
    call = b"GET /echo HTTP/1.1\r\ncookie: a=b\r\r\n\r\n"
    async with await place.calls() as caller:
        await caller.ask(ECHO)
        (connection,) = place.service.connections
        for at in range(len(call) - 1):
            connection.data_received(call[at : at + 1])
        status, _, _ = await caller.ask(call[-1:])
    assert status == 200


async def test_a_body_keeps_its_line_ends(place: CallPlace) -> None:
    """Nothing of a body is left out, whatever stands in it."""
    body = b"a\r\r\n" * 300 + b"\r\r"
    _, _, told = await place.ask(post(body))
    assert json.loads(told)["body"] == len(body)


@pytest.mark.parametrize("end", [b"\r\r\r\n\r\n", b"\r\n\r\r\n", b"\rX: y\r\n\r\n"])
async def test_other_line_ends(place: CallPlace, end: bytes) -> None:
    """Other lone line ends are refused: two servers may read them differently."""
    status, _, _ = await place.ask(b"GET /echo HTTP/1.1\r\nHost: x" + end)
    assert status == 400
