from __future__ import annotations

import asyncio
import socket
from functools import partial
from typing import Any, cast

import pytest

from ovms.net import pump as pump_module
from ovms.net.pump import STRANGER_LIMIT, WRITE_LIMIT, Pump
from ovms.protocol import CallerWelcome, Message, Party, ServerWelcome, Session, State
from ovms.protocol.errors import AuthenticationFailed, LineTooLong, NotAWelcome, UnreadableLine
from ovms.protocol.session import LONGEST_PLAIN
from ovms.protocol.welcome import ProvisionRefused, ProvisionRequest
from tests.net.ends import SECRET, Caller, Certificate, End, calling, listening
from tests.waiting import until


async def open_ends(caller: Caller, end: End) -> None:
    """Bring a connection to where messages go."""
    await caller.says(caller.greeting())
    assert isinstance((await caller.hears())[0], ServerWelcome)
    await end.until(lambda end: end.line.session.state is State.OPEN)


async def test_events_come_in_order() -> None:
    """The handler gets the opening, the welcome, the messages, and once the end."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await open_ends(caller, end)
        sent = [Message("S", str(n).encode()) for n in range(100)]
        await caller.says(b"".join(map(caller.session.send, sent)))
        await end.until(lambda end: len(end.messages) == 100)
        caller.writer.close()
        assert await end.closes() is None
        assert (end.opens, end.errors) == (1, [None])
        assert isinstance(end.events[0], CallerWelcome)
        assert end.messages == sent
        assert end.line.session.state is State.CLOSED


async def test_bytes_one_by_one() -> None:
    """However the bytes come, the events are the same."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        for byte in caller.greeting():
            await caller.says(bytes([byte]))
            await asyncio.sleep(0)
        await caller.hears()
        for byte in caller.session.send(Message("S", b"80")):
            await caller.says(bytes([byte]))
            await asyncio.sleep(0)
        await end.until(lambda end: end.messages)
        assert end.messages == [Message("S", b"80")]


async def test_each_message_is_one_write() -> None:
    """Small clients do not put lines together: a line leaves in one piece."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await open_ends(caller, end)
        end.line.send(Message("S", b"x" * 500))
        assert await caller.hears() == [Message("S", b"x" * 500)]


async def test_socket_options() -> None:
    """Of a caller keep-alive is on and Nagle off; a network that is gone is noticed in time."""
    end = End()
    async with listening() as place:
        loop = asyncio.get_running_loop()
        make = partial(Pump, Session(Party.CALLER, "c" * 22), end)
        await loop.create_connection(make, place.host, place.port)
        await end.until(lambda end: end.opens)
        assert end.line._transport is not None
        connection = end.line._transport.get_extra_info("socket")

        def option(level: int, name: int) -> int:
            return int(connection.getsockopt(level, name))

        assert option(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert option(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        end.line.expect_life(60)
        idle = option(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
        interval = option(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL)
        assert idle + interval * option(socket.IPPROTO_TCP, socket.TCP_KEEPCNT) <= 60
        assert option(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000
        end.line.abort()


async def test_the_peer_is_named() -> None:
    """A connection has its caller's address, for logs."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await end.until(lambda end: end.opens)
        port = caller.writer.get_extra_info("sockname")[1]
        assert end.line.peer == f"127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"POST / HTTP/1.1\r\n\r\n", NotAWelcome),
        (b"GETS \r\n", NotAWelcome),
        (b"x" * 1024, LineTooLong),
        (b"\xff\xfe\n", NotAWelcome),
    ],
)
async def test_what_is_no_welcome_closes(data: bytes, error: type[Exception]) -> None:
    """The connection is closed, and the handler gets the reason once."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await caller.says(data)
        assert isinstance(await end.closes(), error)
        assert await caller.is_closed()
        assert end.events == []
        assert len(end.errors) == 1


async def test_an_unreadable_line_closes() -> None:
    """What came before it is heard, what comes behind it not."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await open_ends(caller, end)
        send = caller.session.send
        await caller.says(send(Message("S")) + b"!!!\r\n" + send(Message("D")))
        assert isinstance(await end.closes(), UnreadableLine)
        assert end.messages == [Message("S")]


async def test_a_wrong_secret_closes() -> None:
    """A caller that does not know the secret gets no answer."""
    end = End(b"another secret")
    async with listening(end) as place, calling(place) as caller:
        await caller.says(caller.greeting())
        assert isinstance(await end.closes(), AuthenticationFailed)
        assert await caller.is_closed()


async def test_provisioning_lines_go_in_plain() -> None:
    """They are sent before and after the welcome, and not on a closed connection."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await caller.says(b"AP-C 0 VIN\r\n")
        await end.until(lambda end: end.events)
        assert end.events == [ProvisionRequest("VIN")]
        assert end.line.send_provisioning(ProvisionRefused())
        assert await caller.hears_line() == b"AP-X\r\n"
        await open_ends(caller, end)
        assert end.line.send_provisioning(ProvisionRefused())
        assert await caller.hears_line() == b"AP-X\r\n"
        end.line.close()
        assert not end.line.send_provisioning(ProvisionRefused())


async def test_sending_when_it_cannot_be() -> None:
    """It returns false: before the welcome, past the bound of a line, after the end."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await end.until(lambda end: end.opens)
        assert not end.line.send(Message("S"))
        await open_ends(caller, end)
        fits = LONGEST_PLAIN - len(b"MP-0 S")
        assert not end.line.send(Message("S", b"x" * (fits + 1)))
        assert not end.line.send(Message("€"))
        assert end.line.send(Message("S", b"x" * fits))
        end.line.close()
        assert not end.line.send(Message("S"))
        await end.closes()
        assert not end.line.send(Message("S"))


async def test_sending_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several messages are one write; one that fits no line is left out, and it returns false."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await end.until(lambda end: end.opens)
        assert not end.line.send_all([Message("S")])
        await open_ends(caller, end)
        written: list[bytes] = []
        write = end.line.write

        def note(_: Pump, data: bytes) -> bool:
            written.append(data)
            return write(data)

        monkeypatch.setattr(Pump, "write", note)
        assert end.line.send_all([Message("S", b"1"), Message("D", b"2")])
        assert end.line.send_all([])
        assert not end.line.send_all([Message("€"), Message("W", b"3"), Message("€")])
        assert not end.line.send_all([Message("€")])
        assert [data.count(b"\r\n") for data in written] == [2, 1]
        assert await caller.hears_messages(3) == ["S1", "D2", "W3"]
        end.line.close()
        assert not end.line.send_all([Message("S")])


def test_a_pump_without_a_connection() -> None:
    """Nothing fails on a pump that was never connected, or is not any more."""
    pump = Pump(Session(Party.SERVER, "token"), End.__new__(End))
    assert not pump.send(Message("S"))
    assert not pump.send_all([Message("S")])
    assert not pump.send_provisioning(ProvisionRefused())
    pump.expect_life(60)
    pump.pause()
    pump.resume()
    pump.close()
    pump.abort()


# -- pausing --------------------------------------------------------------------------------


async def test_pause_and_resume() -> None:
    """While paused nothing is heard; then all that came is, in order."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await open_ends(caller, end)
        end.line.pause()
        end.line.pause()
        for n in range(5):
            await caller.says(caller.session.send(Message("S", b"%d" % n)))
        await _rounds()
        assert end.messages == []
        end.line.resume()
        await end.until(lambda end: len(end.messages) == 5)
        assert [each.data for each in end.messages] == [b"0", b"1", b"2", b"3", b"4"]


async def test_lines_behind_the_welcome_wait() -> None:
    """What came in one piece with the welcome is heard when the owner goes on."""
    end = End(welcomes=False)
    async with listening(end) as place, calling(place) as caller:
        await caller.says(caller.greeting() + b"AP-C 0 VIN\r\n")
        await end.until(lambda end: end.events)
        end.line.pause()
        await _rounds()
        assert len(end.events) == 1
        end.line.accept(SECRET)
        end.line.resume()
        assert end.events[1:] == [ProvisionRequest("VIN")]


async def test_resume_on_a_broken_line() -> None:
    """A broken line that waited ends the connection, and the handler gets the reason."""
    end = End(welcomes=False)
    async with listening(end) as place, calling(place) as caller:
        await caller.says(caller.greeting() + b"!!!\r\n")
        await end.until(lambda end: end.events)
        end.line.pause()
        end.line.accept(SECRET)
        end.line.resume()
        assert isinstance(await end.closes(), UnreadableLine)


async def test_too_much_before_the_welcome() -> None:
    """A caller that talks on while it is looked up is closed at the bound."""
    end = End(welcomes=False)
    async with listening(end) as place, calling(place) as caller:
        await caller.says(caller.greeting() + b"x" * 2000)
        assert "too much before it is welcomed" in str(await end.closes())


# -- closing --------------------------------------------------------------------------------


async def test_close_is_in_order() -> None:
    """What was sent before still arrives; closing again changes nothing."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await open_ends(caller, end)
        reason = ValueError("enough")
        end.line.send(Message("S", b"last"))
        end.line.close(reason)
        end.line.close(ValueError("later"))
        end.line.abort()
        assert await end.closes() is reason
        end.line.close()
        assert len(end.errors) == 1


async def test_close_lets_everything_leave() -> None:
    """A full write buffer is not lost by an orderly end."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await open_ends(caller, end)
        message = Message("S", b"x" * 30_000)
        for _ in range(20):
            assert end.line.send(message)
        end.line.close()
        data = await caller.reader.read()
        assert list(caller.session.receive_data(data)) == [message] * 20


async def test_abort_is_at_once() -> None:
    """Nothing is waited for."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await open_ends(caller, end)
        end.line.abort(ValueError("now"))
        assert isinstance(await end.closes(), ValueError)
        assert await caller.is_closed()


async def test_half_a_connection() -> None:
    """A caller that ends its stream is closed after its lines are processed."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await open_ends(caller, end)
        await caller.says(caller.session.send(Message("S")) + b"half a li")
        caller.writer.write_eof()
        assert await end.closes() is None
        assert end.messages == [Message("S")]
        assert await caller.is_closed()


async def test_a_reset() -> None:
    """A connection that breaks is an error, once."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await open_ends(caller, end)
        _reset(caller)
        assert isinstance(await end.closes(), ConnectionResetError)


async def test_the_handler_closes_at_an_event() -> None:
    """Nothing more is heard once the owner has closed, whatever else had come."""

    class Closing(End):
        def received(self, pump: Pump, event: Any) -> None:
            super().received(pump, event)
            if isinstance(event, Message):
                pump.close()

    end = Closing()
    async with listening(end) as place, calling(place) as caller:
        await open_ends(caller, end)
        await caller.says(b"".join(caller.session.send(Message("S")) for _ in range(10)))
        assert await end.closes() is None
        assert end.messages == [Message("S")]


async def test_a_handler_that_fails(capsys: pytest.CaptureFixture[str]) -> None:
    """The event is lost and logged once; the connection stays open."""

    class Failing(End):
        def received(self, pump: Pump, event: Any) -> None:
            super().received(pump, event)
            if event == Message("X"):
                raise ZeroDivisionError

    end = Failing()
    async with listening(end) as place, calling(place) as caller:
        await open_ends(caller, end)
        sent = [Message("S"), Message("X"), Message("D"), Message("X"), Message("L")]
        await caller.says(b"".join(map(caller.session.send, sent)))
        await end.until(lambda end: len(end.messages) == 5)
        assert end.messages == sent
        assert end.errors == []
    assert capsys.readouterr().err.count("unexpected error") == 1


# -- strangers ------------------------------------------------------------------------------


async def test_a_stranger_who_talks_for_ever() -> None:
    """So much may come in all before a welcome; one byte more ends the connection."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        asked = b"AP-C 0 X\n" * (STRANGER_LIMIT // 9)
        await caller.says(asked + b"\n" * (STRANGER_LIMIT - len(asked)))
        await end.until(lambda end: len(end.events) == STRANGER_LIMIT // 9)
        assert end.errors == []
        await caller.says(b"\n")
        assert str(await end.closes()) == "the caller sends too much before its welcome"
        assert await caller.is_closed()


async def test_much_after_the_welcome() -> None:
    """A welcomed caller may send any amount."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await open_ends(caller, end)
        sent = [Message("S", b"x" * 40_000)] * 2
        await caller.says(b"".join(map(caller.session.send, sent)))
        await end.until(lambda end: end.messages == sent)


# -- back-pressure --------------------------------------------------------------------------


def _fill(end: End) -> int:
    """Send until the handler gets that the other end does not read; return how much that was."""
    message = Message("S", b"x" * 40_000)
    sent = 0
    while not end.stalls:
        assert end.line.send(message)
        sent += len(message.data)
    return sent


async def test_back_pressure() -> None:
    """The handler gets each time that the other end has stopped reading."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await open_ends(caller, end)
        sent = _fill(end)
        assert sent >= WRITE_LIMIT
        received: list[Any] = []
        while sum(len(each.data) for each in received) < sent:
            received += await caller.hears()
        await end.line.drained()
        end.stalls.clear()
        assert end.line.send(Message("S"))
        assert end.stalls == []


async def test_a_stalled_reader_is_dropped() -> None:
    """An owner may abort in the middle of a send; the memory is given back at once."""

    class Strict(End):
        def stalled(self, pump: Pump) -> None:
            super().stalled(pump)
            pump.abort(TimeoutError("does not read"))

    end = Strict()
    async with listening(end) as place, calling(place) as caller:
        await open_ends(caller, end)
        _fill(end)
        assert not end.line.send(Message("S"))
        assert isinstance(await end.closes(), TimeoutError)
        assert len(end.stalls) == 1


async def test_closing_a_stalled_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed connection that takes nothing is cut after a while."""
    monkeypatch.setattr(pump_module, "CLOSE_TIMEOUT", 0.05)
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await open_ends(caller, end)
        _fill(end)
        end.line.close(ValueError("enough"))
        end.line.close()
        assert isinstance(await end.closes(), ValueError)


async def _rounds() -> None:
    """Let the loop look at its sockets a few times."""
    for _ in range(10):
        await asyncio.sleep(0.001)


def _reset(caller: Caller) -> None:
    """Break a connection off."""
    connection = caller.writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    caller.writer.transport.abort()


async def test_what_is_not_acknowledged() -> None:
    """Bytes count here and in the system until the other end's TCP has acknowledged them."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await open_ends(caller, end)
        await until(lambda: end.line.unacknowledged == 0)
        caller.writer.transport.pause_reading()  # type: ignore[attr-defined]
        sent = _fill(end)
        assert WRITE_LIMIT < end.line.unacknowledged <= end.line.sent
        caller.writer.transport.resume_reading()  # type: ignore[attr-defined]
        received: list[Any] = []
        while sum(len(each.data) for each in received) < sent:
            received += await caller.hears()
        await until(lambda: end.line.unacknowledged == 0)
        end.line.close()
        assert end.line.unacknowledged == 0
    assert Pump(Session(Party.SERVER, "S" * 22), End()).unacknowledged == 0


def test_what_is_not_acknowledged_on_a_socket_that_has_gone() -> None:
    """Only bytes that wait here count: the socket may be closed before the pump knows."""

    class Gone:
        def is_closing(self) -> bool:
            return False

        def get_write_buffer_size(self) -> int:
            return 7

        def get_extra_info(self, name: str) -> socket.socket:
            closed = socket.socket()
            closed.close()
            return closed

    pump = Pump(Session(Party.SERVER, "S" * 22), End())
    pump._transport = cast("asyncio.Transport", Gone())
    assert pump.unacknowledged == 7


# -- callers that end their side ------------------------------------------------------------


async def test_one_half_stays_open_for_an_answer() -> None:
    """As long as the owner wants, messages go to a caller that says nothing more."""
    end = End()
    end.answers_late = True
    async with listening(end) as place, calling(place) as caller:
        await open_ends(caller, end)
        caller.writer.write_eof()
        await end.until(lambda end: end.half_closes)
        assert end.line.send(Message("S", b"late"))
        assert await caller.hears_messages(1) == ["Slate"]
        end.line.close()
        assert await caller.is_closed()
        assert await end.closes() is None


async def test_without_an_answer_both_halves_close() -> None:
    """Who waits for nothing has hung up."""
    end = End()
    async with listening(end) as place, calling(place) as caller:
        await open_ends(caller, end)
        caller.writer.write_eof()
        assert await end.closes() is None
        assert await caller.is_closed()


async def test_tls_and_websockets_have_no_halves() -> None:
    """Nobody is asked whether one half is to stay: it cannot."""
    end, other = End(), End()
    end.answers_late = other.answers_late = True
    async with listening(end, tls=Certificate.make().server) as place:
        connection, _ = await place.meet()
        await connection.close()
        await end.closes()
    async with listening(other) as place:
        connection, _ = await place.meet(websocket=True)
        await connection.abort()
        await other.closes()
    assert end.half_closes == other.half_closes == 0
