from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import CLOSE, CONT, PING, PONG, TEXT, Close, CloseCode, Frame, Opcode

from ovms.net import pump as pump_module
from ovms.net.handler import GoingAway
from ovms.net.http import HEAD_LIMIT
from ovms.net.pump import LEFT_LIMIT, STRANGER_LIMIT, Pump
from ovms.net.websocket import LONGEST_CONTROL, SLICE, ClientSocket, ServerSocket
from ovms.protocol import CallerWelcome, Message, Party, Role, Session, State
from ovms.protocol.errors import (
    AuthenticationFailed,
    LineTooLong,
    NotAWelcome,
    RemoteProtocolError,
    UnreadableLine,
)
from ovms.protocol.framing import LINE_LIMIT, WELCOME_LINE_LIMIT
from ovms.protocol.session import LONGEST_PLAIN, Event
from ovms.protocol.welcome import ProvisionRefused, ProvisionRequest
from tests.net.ends import (
    ACCEPTED,
    HANDSHAKE,
    SECRET,
    SERVER_TOKEN,
    Caller,
    Certificate,
    End,
    ListeningEnd,
    calling,
    frame,
    listening,
    pieces,
    surfing,
    text,
)
from tests.waiting import PATIENCE, until

REQUEST = ProvisionRequest("VIN")


@asynccontextmanager
async def raw(place: ListeningEnd) -> AsyncIterator[Caller]:
    """Open a WebSocket on a plain socket, whose bytes the test decides."""
    async with calling(place) as caller:
        await caller.says(HANDSHAKE)
        assert b" 101 " in await head(caller)
        yield caller


async def head(caller: Caller) -> bytes:
    """Read an HTTP head."""
    async with asyncio.timeout(PATIENCE):
        return await caller.reader.readuntil(b"\r\n\r\n")


async def read_frame(caller: Caller) -> Frame:
    """Read a short frame of the server; it is not masked."""
    async with asyncio.timeout(PATIENCE):
        first, size = await caller.reader.readexactly(2)
        if size == 126:
            (size,) = struct.unpack("!H", await caller.reader.readexactly(2))
        data = await caller.reader.readexactly(size)
    return Frame(Opcode(first & 15), data, bool(first & 128))


async def close_code(caller: Caller) -> int:
    """Read until the server's Close; its code."""
    while (got := await read_frame(caller)).opcode is not CLOSE:
        pass
    return Close.parse(got.data).code


# -- a session ------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", [False, True])
async def test_a_session(tls: bool) -> None:
    """A caller is welcomed and messages go both ways, a line a text frame."""
    end = End()
    context = Certificate.make().server if tls else None
    async with listening(end, tls=context) as place, surfing(place) as caller:
        await caller.opens()
        assert isinstance(end.line._codec, ServerSocket)
        assert isinstance(end.events[0], CallerWelcome)
        sent = [Message("S", b"%d" % n) for n in range(100)]
        await caller.says(*map(caller.session.send, sent))
        await end.until(lambda end: len(end.messages) == 100)
        assert end.messages == sent
        assert all(map(end.line.send, sent))
        assert [await caller.hears() for _ in sent] == [[each] for each in sent]
        await caller.web.close()
        assert await end.closes() is None
        assert len(end.errors) == 1


async def test_bytes_are_counted_as_they_are_on_the_wire() -> None:
    """HTTP heads, frame heads and pongs count."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        ping = frame(PING, b"x")
        await caller.says(HANDSHAKE + ping)
        answer = await head(caller)
        await read_frame(caller)
        assert (end.line.received, end.line.sent) == (len(HANDSHAKE + ping), len(answer) + 3)


async def test_lines_cost_no_codec() -> None:
    """A caller of lines has nothing of all this."""
    async with listening() as place, await place.call() as connection:
        assert place.made[0].line._codec is None
        assert connection._pump is not None
        assert connection._pump._codec is None


async def test_a_frame_with_several_lines() -> None:
    """Each counts, with and without a line end behind the last; empty ones carry nothing."""
    end = End()
    async with listening(end) as place, surfing(place) as caller:
        await caller.web.send("AP-C 0 A\r\nAP-C 0 B\n\nAP-C 0 C")
        await caller.web.send("AP-C 0 D\r\n")
        await caller.web.send("")
        await caller.web.send("AP-C 0 E")
        await end.until(lambda end: len(end.events) == 5)
        assert end.events == [ProvisionRequest(key) for key in "ABCDE"]


async def test_binary_frames() -> None:
    """They are read like text, with any bytes."""
    end = End()
    async with listening(end) as place, surfing(place) as caller:
        await caller.web.send(b"AP-C 0 VIN\xff")
        await end.until(lambda end: end.events)
        assert end.events == [ProvisionRequest("VIN\N{REPLACEMENT CHARACTER}")]


async def test_a_line_that_is_no_text() -> None:
    """Bytes that are no UTF-8 become characters; several lines become several frames."""
    end = End()
    async with listening(end) as place, surfing(place) as caller:
        await end.until(lambda end: end.opens)
        assert end.line.write(b"caf\xe9 \xff\r\ncaf\xc3\xa9\r\n\r\nplain\r\n")
        assert [await caller.web.recv() for _ in range(4)] == ["café ÿ", "café", "", "plain"]


async def test_nothing_is_compressed() -> None:
    """A caller that offers compression gets none."""
    async with listening() as place, surfing(place) as caller:
        assert caller.web.request is not None
        assert "Sec-WebSocket-Extensions" in caller.web.request.headers
        assert caller.web.protocol.extensions == []


async def test_contents_reach_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """The library would log each frame."""
    caplog.set_level(logging.DEBUG)
    async with listening() as place:
        connection, end = await place.meet(websocket=True)
        end.line.send(Message("S", b"secret"))
        await connection.receive()
        await connection.close()
    assert not [record for record in caplog.records if record.name.startswith(("web", "ovms"))]


# -- HTTP -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/apiv2", "/apiv2/", "/apiv2?a=b", "/apiv2/?/x"])
async def test_paths(path: str) -> None:
    """There is one path, with and without a slash; a query does no harm."""
    end = End()
    async with listening(end) as place, surfing(place, path) as caller:
        await caller.opens()


@pytest.mark.parametrize("path", ["/", "/apiv2x", "/apiv2/x", "//apiv2", "/APIV2", "/api?/apiv2"])
async def test_other_paths(path: str) -> None:
    """They are not found, and the connection is closed."""
    end = End()
    async with listening(end) as place:
        with pytest.raises(InvalidStatus) as caught:
            async with surfing(place, path):
                pass
        assert caught.value.response.status_code == 404
        assert caught.value.response.body == b"There is only /apiv2 here.\n"
        assert isinstance(await end.closes(), NotAWelcome)
        assert end.events == []


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"Upgrade: websocket\r\n", b"", 426),
        (b"Upgrade: websocket", b"Upgrade: h2c", 426),
        (b"Connection: Upgrade\r\n", b"", 426),
        (b"Version: 13", b"Version: 12", 400),
        (b"Sec-WebSocket-Version: 13\r\n", b"", 400),
        (b"Key: dGhl", b"Key: !!!!", 400),
        (b"ZQ==", b"", 400),
        (b"HTTP/1.1", b"HTTP/1.0", 505),
        (b"HTTP/1.1", b"HTTP/9", 400),
        (b"GET /apiv2 HTTP/1.1", b"GET ", 400),
        (b"/apiv2", b"/api\xff", 400),
        (b"Host: here", b"Host", 400),
        (b"Host: here", b"Content-Length: 5", 400),
        (b"Host: here\r\n", b"a: b\r\n" * 200, 431),
        (b"here", b"h" * 8200, 431),
        (b"/apiv2", b"/" + b"a" * 8200, 431),
    ],
)
@pytest.mark.parametrize("is_split", [False, True])
async def test_what_is_no_upgrade(old: bytes, new: bytes, status: int, is_split: bool) -> None:
    """It is answered with what HTTP has for it, and closed."""
    end = End()
    request = HANDSHAKE.replace(old, new)
    assert request != HANDSHAKE
    async with listening(end) as place, calling(place) as caller:
        for part in split(request, 700) if is_split else [request]:
            await caller.says(part)
            await asyncio.sleep(0)
        answer = await head(caller)
        assert f"HTTP/1.1 {status} ".encode() in answer
        assert b"\r\nAccess-Control-Allow-Origin: *\r\n" in answer
        await caller.reader.read()
        caller.writer.close()
        assert isinstance(await end.closes(), NotAWelcome)
        assert (end.opens, end.events, len(end.errors)) == (1, [], 1)


def split(data: bytes, size: int) -> list[bytes]:
    """Cut bytes into pieces."""
    return [data[n : n + size] for n in range(0, len(data), size)]


@pytest.mark.parametrize(("size", "answer"), [(HEAD_LIMIT, b" 101 "), (HEAD_LIMIT + 1, b" 431 ")])
@pytest.mark.parametrize("step", [1000, HEAD_LIMIT, 10 * HEAD_LIMIT])
async def test_the_longest_head(size: int, answer: bytes, step: int) -> None:
    """A head has its bound, however it comes and whatever is behind it."""
    long = b"Host: " + b"h\r\nX: " * 100
    request = HANDSHAKE.replace(b"Host: ", long)
    request = request.replace(b"here", b"x" * (size - len(request) + 4))
    assert len(request) == size
    async with listening() as place, calling(place) as caller:
        for part in split(request + frame(PING), step):
            await caller.says(part)
            await asyncio.sleep(0)
        assert answer in await head(caller)


async def test_the_answer_is_the_one_of_the_rfc() -> None:
    """The key's known answer is given, and no extension."""
    async with listening() as place, calling(place) as caller:
        await caller.says(HANDSHAKE)
        answer = await head(caller)
        assert ACCEPTED in answer
        assert b"xtension" not in answer


async def test_bytes_one_by_one() -> None:
    """However the bytes come, from the first on, the events are the same."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        for byte in HANDSHAKE + text(b"AP-C 0 VIN"):
            await caller.says(bytes([byte]))
            await asyncio.sleep(0)
        await end.until(lambda end: end.events)
        assert end.events == [REQUEST]


@pytest.mark.parametrize("first", [b"G", b"GE", b"GET", b"M"])
async def test_what_only_begins_like_http(first: bytes) -> None:
    """Bytes that were held back are not lost to the line that they begin."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await caller.says(first)
        await until(lambda: end.opens and end.line.received == len(first))
        assert end.errors == []
        await caller.says(b"P-C 0 x y z\r\n")
        if first == b"M":
            await end.until(lambda end: end.events)
        else:
            assert isinstance(await end.closes(), NotAWelcome)


async def test_half_a_head() -> None:
    """It is left to the owner's patience; the end of the stream is in order."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await caller.says(HANDSHAKE[:-2])
        await until(lambda: end.opens and end.line.received == len(HANDSHAKE) - 2)
        assert not end.line.send_provisioning(ProvisionRefused())
        caller.writer.write_eof()
        assert await end.closes() is None
        assert await caller.reader.read() == b""


async def test_closing_in_the_middle_of_a_head() -> None:
    """The connection is closed without a Close."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await caller.says(HANDSHAKE[:-2])
        await until(lambda: end.opens and end.line.received)
        end.line.close(ValueError("enough"))
        assert isinstance(await end.closes(), ValueError)
        assert await caller.is_closed()


async def test_frames_right_behind_the_handshake() -> None:
    """The handshake is answered first, then they."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await caller.says(HANDSHAKE + frame(PING, b"?") + text(b"AP-C 0 VIN") + frame(CLOSE))
        assert b" 101 " in await head(caller)
        pong = await read_frame(caller)
        assert (pong.opcode, pong.data) == (PONG, b"?")
        assert (await read_frame(caller)).opcode is CLOSE
        assert await caller.is_closed()
        assert end.events == [REQUEST]
    assert await end.closes() is None


# -- frames ---------------------------------------------------------------------------------


async def test_fragments() -> None:
    """A message is whole when its last fragment is there; pings in between are answered."""
    end = End()
    async with listening(end) as place, raw(place) as caller:
        for byte in pieces(b"AP-C 0 VIN", 0, 1, 3, 0, ping=b"alive?"):
            await caller.says(bytes([byte]))
        pongs = [await read_frame(caller) for _ in range(4)]
        assert {(pong.opcode, pong.data) for pong in pongs} == {(PONG, b"alive?")}
        await end.until(lambda end: end.events)
        assert end.events == [REQUEST]


async def test_a_character_in_two_fragments() -> None:
    """A message is text as a whole."""
    end = End()
    async with listening(end) as place, raw(place) as caller:
        line = "AP-C 0 é".encode()
        await caller.says(pieces(line, len(line) - 1))
        await end.until(lambda end: end.events)
        assert end.events == [ProvisionRequest("é")]


async def test_pongs_are_ignored() -> None:
    """Asked for or not."""
    end = End()
    async with listening(end) as place, raw(place) as caller:
        await caller.says(frame(PONG, b"x") + text(b"AP-C 0 VIN"))
        await end.until(lambda end: end.events)


GOOD = text(b"AP-C 0 VIN")
CLEAR = frame(TEXT, b"AP-C 0 VIN", mask=False)


@pytest.mark.parametrize(
    ("bad", "code", "reason"),
    [
        (CLEAR, 1002, "incorrect masking"),
        (b"\xc1" + GOOD[1:], 1002, "reserved bits"),
        (b"\x83" + GOOD[1:], 1002, "invalid opcode"),
        (frame(CONT), 1002, "unexpected continuation"),
        (frame(TEXT, fin=False) + GOOD, 1002, "expected a continuation"),
        (b"\x09" + frame(PING)[1:], 1002, "fragmented control"),
        (b"\x89\xfe\x00\x7e", 1002, "control frame too long"),
        (frame(CLOSE, b"\x03"), 1002, "close frame too short"),
        (frame(CLOSE, b"\x00\x01"), 1002, "invalid status code"),
        (text(b"caf\xe9"), 1007, "not UTF-8"),
        (pieces(b"AP-C 0 \xc3", 3), 1007, "not UTF-8"),
    ],
)
async def test_bad_frames(bad: bytes, code: int, reason: str) -> None:
    """What came before one is heard; it closes with its code, and what is behind it is not heard.

    Bytes of a control frame that is too long need not all be there.
    """
    end = End()
    async with listening(end) as place, raw(place) as caller:
        await caller.says(GOOD + bad + GOOD * 20)
        assert await close_code(caller) == code
        caller.writer.close()
        error = await end.closes()
        assert isinstance(error, RemoteProtocolError)
        assert reason in str(error)
        assert end.events == [REQUEST]


# -- bounds ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"x" * (WELCOME_LINE_LIMIT - 1), 1008),
        (b"x" * (WELCOME_LINE_LIMIT - 1) + b"\n", 1008),
        (b"x" * WELCOME_LINE_LIMIT, 1009),
        (b"x" * WELCOME_LINE_LIMIT + b"\n", 1009),
        (b"AP-C 0 x\n" * (WELCOME_LINE_LIMIT // 9 + 1), 1009),
    ],
)
@pytest.mark.parametrize("cuts", [(), (10,), (10, 900, 0), (WELCOME_LINE_LIMIT,)])
async def test_the_longest_message_before_the_welcome(
    message: bytes, code: int, cuts: tuple[int, ...]
) -> None:
    """It is read at the bound (and found to be no welcome), and refused one past it."""
    end = End()
    async with listening(end) as place, raw(place) as caller:
        await caller.says(pieces(message, *cuts))
        assert await close_code(caller) == code
        caller.writer.close()
        error = await end.closes()
        assert isinstance(error, LineTooLong if code == 1009 else NotAWelcome)
        assert end.events == []


async def test_a_long_message_is_refused_by_its_head() -> None:
    """Nothing of it is waited for."""
    end = End()
    async with listening(end) as place, raw(place) as caller:
        await caller.says(b"\x81\xff" + (1 << 62).to_bytes(8, "big"))
        assert await close_code(caller) == 1009
        assert end.line._transport is not None
        assert end.line.session.state is State.CLOSED


async def test_the_longest_message_after_the_welcome() -> None:
    """It has the bound of lines, both ways; a ping may come into its middle."""
    end = End()
    async with listening(end) as place, raw(place) as caller:
        await caller.says(text(caller.greeting().strip()))
        welcome = await read_frame(caller)
        list(caller.session.receive_data(bytes(welcome.data) + b"\n"))
        longest = Message("S", b"x" * (LONGEST_PLAIN - len(b"MP-0 S")))
        line = caller.session.send(longest).removesuffix(b"\r\n")
        assert len(line) == LINE_LIMIT - 4  # base64 comes in fours
        await caller.says(pieces(line, len(line) - 1, ping=bytes(LONGEST_CONTROL)))
        await end.until(lambda end: end.messages == [longest])
        await caller.says(text(b"\n" * LINE_LIMIT))
        await caller.says(pieces(b"\n" * LINE_LIMIT, LINE_LIMIT, ping=bytes(LONGEST_CONTROL)))
        await caller.says(text(caller.session.send(Message("S")).strip()))
        await end.until(lambda end: len(end.messages) == 2)
        await caller.says(text(b"\n" * (LINE_LIMIT + 1)))
        assert await close_code(caller) == 1009
        caller.writer.close()
        assert isinstance(await end.closes(), LineTooLong)


@pytest.mark.parametrize("extra", [1, LONGEST_CONTROL, LONGEST_CONTROL + 1])
async def test_one_past_the_longest(extra: int) -> None:
    """Both the library's bound and ours are one."""
    codec = ServerSocket()
    codec.receive(HANDSHAKE)
    assert codec.receive(text(b"x" * (WELCOME_LINE_LIMIT + extra))) == b""
    assert isinstance(codec.error, LineTooLong)
    assert codec.error.limit == WELCOME_LINE_LIMIT


async def test_talking_on_before_the_welcome() -> None:
    """Frames that wait for the welcome have the bound of lines that wait."""
    end = End(welcomes=False)
    async with listening(end) as place, surfing(place) as caller:
        await caller.says(caller.session.send_welcome(Role.APP, "CAR1", SECRET))
        with suppress(ConnectionClosed):
            for _ in range(100):
                await caller.web.send("x" * 100)
        assert "too much before it is welcomed" in str(await end.closes())
        assert await caller.is_told() == 1008


async def test_pings_for_ever_before_the_welcome() -> None:
    """A caller without a welcome is cut off at the bound, and nothing more is processed."""
    end = End()
    async with listening(end) as place, raw(place) as caller:
        await end.until(lambda end: end.opens)
        caller.writer.write(frame(PING, bytes(LONGEST_CONTROL)) * 10_000)
        assert str(await end.closes()) == "the caller sends too much before its welcome"
        assert end.line.received == STRANGER_LIMIT


async def test_a_reader_of_no_pongs() -> None:
    """Pongs count as what waits for the other end to read."""
    end = End()
    async with listening(end) as place, raw(place) as caller:
        pings = frame(PING, bytes(LONGEST_CONTROL)) * 1000
        caller.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await caller.says(frame(TEXT, caller.greeting()))
        await end.until(lambda end: end.events)
        while not end.stalls:
            caller.writer.write(pings)
            await asyncio.sleep(0.001)


# -- pausing --------------------------------------------------------------------------------


class Pausing(End):
    """Takes one message at a time."""

    def received(self, pump: Pump, event: Event) -> None:
        """Pause behind each message."""
        super().received(pump, event)
        if isinstance(event, Message):
            pump.pause()


@pytest.mark.parametrize("tls", [False, True])
async def test_pausing_among_frames(tls: bool) -> None:
    """Frames of one piece are heard one by one as the owner goes on; the Close behind them last."""
    end = Pausing()
    context = Certificate.make().server if tls else None
    async with listening(end, tls=context) as place, surfing(place) as caller:
        await caller.opens()
        lines = [caller.session.send(Message("S", b"%d" % n)).strip() for n in range(5)]
        data = b"".join(map(text, lines)) + frame(CLOSE, b"\x03\xe8")
        caller.web.transport.write(data)
        for n in range(5):
            await end.until(lambda end, n=n: len(end.messages) == n + 1)  # type: ignore[misc]
            await asyncio.sleep(0.005)
            assert (len(end.messages), end.errors) == (n + 1, [])
            end.line.resume()
        assert await end.closes() is None
        assert [each.data for each in end.messages] == [b"0", b"1", b"2", b"3", b"4"]


async def test_a_bad_frame_behind_frames_that_wait() -> None:
    """It counts when those before it have been processed."""
    end = Pausing()
    async with listening(end) as place, surfing(place) as caller:
        await caller.opens()
        lines = [caller.session.send(Message("S", b"%d" % n)).strip() for n in range(2)]
        caller.web.transport.write(b"".join(map(text, lines)) + frame(PING, mask=False))
        await end.until(lambda end: end.messages)
        assert end.errors == []
        end.line.resume()
        assert (len(end.messages), end.errors) == (2, [])
        end.line.resume()
        assert "masking" in str(await end.closes())
        assert await caller.is_told() == 1002


async def test_an_unreadable_line() -> None:
    """It closes, in the middle of a piece as well; nothing behind it is heard."""
    end = End()
    async with listening(end) as place, surfing(place) as caller:
        await caller.opens()
        good = [text(caller.session.send(Message(code)).strip()) for code in "SD"]
        caller.web.transport.write(good[0] + text(b"!!!") + good[1])
        assert await caller.is_told() == 1008
        assert isinstance(await end.closes(), UnreadableLine)
        assert end.messages == [Message("S")]


# -- closing --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, 1000),
        (GoingAway("bye"), 1001),
        (LineTooLong(5), 1009),
        (NotAWelcome("x"), 1008),
        (ValueError("x"), 1008),
    ],
)
@pytest.mark.parametrize("tls", [False, True])
async def test_close_codes(error: Exception | None, code: int, tls: bool) -> None:
    """What was sent before arrives, then why we close; the reason is in no words."""
    end = End()
    context = Certificate.make().server if tls else None
    async with listening(end, tls=context) as place, surfing(place) as caller:
        await caller.opens()
        message = Message("S", b"x" * 30_000)
        for _ in range(20):
            assert end.line.send(message)
        end.line.close(error)
        end.line.close()
        assert not end.line.send(message)
        assert [await caller.hears() for _ in range(20)] == [[message]] * 20
        assert await caller.is_told() == code
        assert caller.web.close_reason == ""
        assert await end.closes() is error
        end.line.close()
        assert len(end.errors) == 1


async def test_a_wrong_secret() -> None:
    """The caller gets only a Close."""
    end = End(b"another secret")
    async with listening(end) as place, surfing(place) as caller:
        await caller.says(caller.session.send_welcome(Role.APP, "CAR1", SECRET))
        assert await caller.is_told() == 1008
        assert isinstance(await end.closes(), AuthenticationFailed)


async def test_the_other_end_closes() -> None:
    """Its code comes back, and that is an end in order; lines before it are heard."""
    end = End()
    async with listening(end) as place, surfing(place) as caller:
        await caller.web.send("AP-C 0 VIN")
        await caller.web.close(4321, "bye")
        assert caller.web.close_code == 4321
        assert await end.closes() is None
        assert end.events == [REQUEST]


async def test_no_close_at_all() -> None:
    """An end of the stream without a Close is one in order, as it is for lines."""
    end = End()
    async with listening(end) as place, raw(place) as caller:
        await caller.says(GOOD + GOOD[:5])
        caller.writer.write_eof()
        assert await end.closes() is None
        assert end.events == [REQUEST]


@pytest.mark.parametrize("last", [frame(CLOSE, b"\x03\xe8"), CLEAR])
async def test_what_comes_after_our_close(last: bytes) -> None:
    """It is dropped, and is no fault."""
    end = End()
    async with listening(end) as place, raw(place) as caller:
        await end.until(lambda end: end.opens)
        end.line.close()
        assert await close_code(caller) == 1000
        await caller.says(GOOD + frame(PING) + last)
        while await caller.reader.read(100):
            pass
        caller.writer.close()
        assert await end.closes() is None
        assert end.events == []


@pytest.mark.parametrize("answer", [b"", GOOD, frame(CLOSE, b"\x03\xe8"), CLEAR])
async def test_the_other_end_does_not_close(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is cut after a while, whatever half of a closing it has done."""
    monkeypatch.setattr(pump_module, "CLOSE_TIMEOUT", 0.05)
    end = End()
    async with listening(end) as place, raw(place) as caller:
        await end.until(lambda end: end.opens)
        reason = ValueError("enough")
        end.line.close(reason)
        assert await close_code(caller) == 1008
        await caller.says(answer)
        assert await end.closes() is reason


async def test_a_stranger_that_does_not_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller that goes on sending after an HTTP error is cut off after a while."""
    monkeypatch.setattr(pump_module, "CLOSE_TIMEOUT", 0.05)
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await caller.says(b"GET / HTTP/1.1\r\n\r\n" + HANDSHAKE + GOOD)
        assert b" 404 " in await head(caller)
        await caller.says(HANDSHAKE + GOOD)
        assert isinstance(await end.closes(), NotAWelcome)
        assert end.events == []


@pytest.mark.parametrize("bad", [CLEAR, frame(CLOSE)])
async def test_the_other_end_does_not_go(bad: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller that keeps the connection after Close or a bad frame is cut off as well."""
    monkeypatch.setattr(pump_module, "CLOSE_TIMEOUT", 0.05)
    end = End()
    async with listening(end) as place, raw(place) as caller:
        await caller.says(bad)
        await end.closes()


AT_ONCE = 600_000
"""More than a loop reads at once: a quarter of a megabyte, here after what is still parsed."""


@pytest.mark.parametrize("is_broken", [True, False])
async def test_a_flood_behind_the_end(is_broken: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a bad frame, or our Close, only so much is read, and nothing more is parsed."""
    monkeypatch.setattr(pump_module, "CLOSE_TIMEOUT", 0.3)
    end = End()
    async with listening(end) as place, raw(place) as caller:
        await end.until(lambda end: end.opens)
        if is_broken:
            caller.writer.write(CLEAR)
        else:
            end.line.close()
        await close_code(caller)
        flood = GOOD * 200_000
        caller.writer.write(flood)
        await end.closes()
        assert end.line.received < LEFT_LIMIT + AT_ONCE < len(flood)
        assert end.events == []


def test_nothing_is_parsed_behind_a_bad_frame() -> None:
    """What follows in the same piece or the next is dropped before the library sees it."""
    socket = ServerSocket()
    socket.receive(HANDSHAKE)
    socket.outgoing()
    assert socket.receive(GOOD + CLEAR + GOOD) != b""
    assert socket.error is not None
    monitored = socket._protocol.receive_data = Mock()  # type: ignore[method-assign]
    assert socket.receive(GOOD) == b""
    monitored.assert_not_called()


async def test_closing_while_paused() -> None:
    """The other end's answer is read all the same."""
    end = End()
    async with listening(end) as place, surfing(place) as caller:
        await caller.opens()
        end.line.pause()
        await caller.says(caller.session.send(Message("S")))
        end.line.close()
        assert await caller.is_told() == 1000
        assert await end.closes() is None
        assert end.messages == []


async def test_closing_a_stalled_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Close that is not read is waited for only a limited time."""
    monkeypatch.setattr(pump_module, "CLOSE_TIMEOUT", 0.05)
    end = End()
    async with listening(end) as place, raw(place) as caller:
        caller.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await caller.says(text(caller.greeting().strip()))
        await end.until(lambda end: end.events)
        while not end.stalls:
            assert end.line.send(Message("S", b"x" * 40_000))
        end.line.close(ValueError("enough"))
        assert isinstance(await end.closes(), ValueError)


async def test_abort() -> None:
    """Nothing is sent and nothing is waited for."""
    end = End()
    async with listening(end) as place, surfing(place) as caller:
        await caller.opens()
        end.line.abort(ValueError("now"))
        assert isinstance(await end.closes(), ValueError)
        assert await caller.is_told() == 1006


# -- splitting ------------------------------------------------------------------------------

LINES = [b"AP-C 0 ONE", b"AP-C 0 TWO\r\nAP-C 0 THREE", "AP-C 0 VIÉR".encode(), b"", b"MP-C 0 a b c"]
ENDS = [
    b"",
    frame(CLOSE, b"\x03\xe8bye"),
    CLEAR,
    text(b"caf\xe9"),
    text(b"x" * 1500),
    text(b"x" * (WELCOME_LINE_LIMIT + 1)),
    frame(PING)[:3],
]


class Wire:
    """A transport without a network."""

    def __init__(self) -> None:
        self.written = b""
        self.ends: list[str] = []

    def write(self, data: bytes) -> None:
        """Keep what goes out."""
        self.written += data

    def get_extra_info(self, name: str) -> Wire | None:
        """Return what takes a socket's options: this as well."""
        return self if name == "socket" else None

    def is_closing(self) -> bool:
        """Return whether it was closed."""
        return "close" in self.ends

    def can_write_eof(self) -> bool:
        """Half a close can be."""
        return True

    def __getattr__(self, name: str) -> object:
        """Do nothing else but remember it."""
        return lambda *_, **__: self.ends.append(name) if name in ("write_eof", "close") else 0


class Ear(End):
    """An end that needs no loop."""

    def _tell(self) -> None:
        """Nobody waits."""


def connected(end: End) -> tuple[Pump, Wire]:
    """Return a server's pump on a wire."""
    wire = Wire()
    pump = Pump(Session(Party.SERVER, SERVER_TOKEN), end)
    pump.connection_made(wire)  # type: ignore[arg-type]
    return pump, wire


async def test_a_reset_after_all_was_said() -> None:
    """A reset is no error after both have sent Close; before that it is."""
    for data, error in ((frame(CLOSE), None), (b"", ConnectionResetError())):
        end = Ear()
        pump, _ = connected(end)
        pump.data_received(HANDSHAKE + data)
        pump.connection_lost(ConnectionResetError() if error is None else error)
        assert end.errors == [error]


async def play(parts: list[bytes]) -> tuple[list[Event], bytes, list[str], str]:
    """Feed a server's pump; all that it does."""
    end = Ear(welcomes=False)
    pump, wire = connected(end)
    for part in parts:
        if not wire.is_closing():
            pump.data_received(part)
    pump.connection_lost(None)
    written = b"\r\n".join(
        line for line in wire.written.split(b"\r\n") if not line.startswith(b"Date:")
    )
    return end.events, written, sorted(set(wire.ends)), repr(end.errors)


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, list[int]]:
    """Return what a caller might send, and where it is split."""
    data = draw(st.sampled_from([HANDSHAKE, HANDSHAKE, HANDSHAKE.replace(b"/apiv2", b"/x")]))
    for line in draw(st.lists(st.sampled_from(LINES), max_size=4)):
        cuts = draw(st.lists(st.integers(0, 9), max_size=3))
        data += pieces(line, *cuts, ping=draw(st.sampled_from([None, b"", b"?"])))
    data += draw(st.sampled_from(ENDS))
    return data, draw(st.lists(st.integers(0, len(data)), max_size=20))


@given(streams())
def test_splitting_never_matters(stream: tuple[bytes, list[int]]) -> None:
    """However bytes come, the same is heard, answered, and found wrong."""
    data, cuts = stream
    places = [0, *sorted(cuts), len(data)]
    parts = [data[a:b] for a, b in pairwise(places) if a != b]
    whole = asyncio.run(play([data]))
    assert asyncio.run(play(parts)) == whole
    assert asyncio.run(play(split(data, 1))) == whole


@given(st.binary(max_size=300), st.booleans(), st.integers(1, 50))
def test_any_bytes(data: bytes, is_behind: bool, size: int) -> None:
    """Nothing but the documented errors comes of them."""
    asyncio.run(play(split(HANDSHAKE + data if is_behind else b"GET " + data, size)))


def test_two_codecs() -> None:
    """Lines that are sent before the handshake wait for it; there need not be any."""
    for waiting in (b"", b"one\r\ntwo\r\n"):
        server, client = ServerSocket(), ClientSocket("::1", 6867, is_secure=False)
        if waiting:
            assert client.encode(waiting)
        request = client.outgoing()
        assert b"\r\nHost: [::1]:6867\r\n" in request
        assert server.receive(request) == b""
        assert client.receive(server.outgoing()) == b""
        assert server.receive(client.outgoing()) == waiting.replace(b"\r", b"")
        assert server.encode(b"three\r\n")
        assert client.receive(server.outgoing()) == b"three\n"
        client.close(CloseCode.NORMAL_CLOSURE)
        assert not client.encode(b"late\r\n")
        assert server.receive(client.outgoing()) == b""
        assert (server.is_over, server.error) == (True, None)


@pytest.mark.parametrize(
    ("host", "name"),
    [("car.example", "car.example:1"), ("bücher.example", "xn--bcher-kva.example:1")],
)
def test_the_host_that_is_asked(host: str, name: str) -> None:
    """It is written as HTTP has it."""
    assert f"\r\nHost: {name}\r\n".encode() in ClientSocket(host, 1, is_secure=True).outgoing()


@pytest.mark.parametrize("host", ["a\r\nb", "a\0b", "\udcff"])
def test_a_host_that_is_none(host: str) -> None:
    """It writes no lines of its own into the request."""
    with pytest.raises(ValueError, match=r"."):
        ClientSocket(host, 1, is_secure=False)


def test_much_in_one_piece() -> None:
    """Frames of many slices are heard whole."""
    codec = ServerSocket()
    line = b"AP-C 0 " + b"x" * 1000
    lines = codec.receive(HANDSHAKE + text(line) * 100)
    assert len(lines) > 10 * SLICE
    assert lines == (line + b"\n") * 100
