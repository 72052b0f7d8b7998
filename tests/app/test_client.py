from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from ovms.app import (
    AnswerInUse,
    App,
    ConnectFailed,
    ConnectionLost,
    InvalidRequest,
    NoAnswer,
    WelcomeRefused,
)
from ovms.app import client as app_client
from ovms.app import connect as connect_app
from ovms.app.client import LISTENER_LIMIT, find_command
from ovms.protocol import Message, Party, Session
from ovms.protocol.commands import Command
from ovms.protocol.crypto import make_token
from ovms.protocol.framing import LINE_LIMIT
from ovms.protocol.welcome import CallerWelcome
from tests.waiting import PATIENCE, until

SECRET = "secret"
Replies = Callable[[Message], list[Message]]


def answers_pings(message: Message) -> list[Message]:
    """Be a server that answers pings and nothing else."""
    return [Message("a")] if message.code == "A" else []


class ServerEnd:
    """A server end that stores some messages and replies as it is told."""

    def __init__(self, reply: Replies, *stored: Message) -> None:
        self.heard: list[Message] = []
        self.port = 0
        self._reply = reply
        self._stored = stored
        self._writers: list[tuple[asyncio.StreamWriter, Session]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a caller until it leaves."""
        session = Session(Party.SERVER, make_token(os.urandom))
        self._writers.append((writer, session))
        try:
            while data := await reader.read(65536):
                for event in session.receive_data(data):
                    if isinstance(event, CallerWelcome):
                        writer.write(session.accept(SECRET.encode()))
                        self.say(*self._stored)
                    elif isinstance(event, Message):
                        self.heard.append(event)
                        self.say(*self._reply(event))
        finally:
            writer.close()

    def say(self, *messages: Message) -> None:
        """Send messages to the last caller."""
        writer, session = self._writers[-1]
        for message in messages:
            writer.write(session.send(message))

    def hang_up(self) -> None:
        """Close the last caller's connection."""
        self._writers[-1][0].close()


@asynccontextmanager
async def served(end: ServerEnd) -> AsyncIterator[ServerEnd]:
    """Listen, for a while."""
    server = await asyncio.start_server(end.serve, "127.0.0.1", 0)
    end.port = server.sockets[0].getsockname()[1]
    try:
        yield end
    finally:
        server.close()


async def opened(end: ServerEnd) -> App:
    """Open an app on a server end."""
    return await connect_app(f"127.0.0.1:{end.port}", "car1", SECRET, timeout=PATIENCE)


async def test_opening_takes_in_what_is_stored() -> None:
    """After opening, everything that the server had is in the snapshot."""
    stored = (Message("Z", b"1"), Message("S", b"80,K"), Message("T", b"9"))
    async with (
        served(ServerEnd(answers_pings, *stored)) as end,
        await opened(end) as app,
    ):
        assert app.snapshot.vehicle_id == "CAR1"
        assert app.snapshot.status.soc == 80


@pytest.mark.parametrize(
    ("name", "parameters", "command"),
    [
        ("lock", ("1234",), Command(20, "1234")),
        ("20", ("1234",), Command(20, "1234")),
        ("charge-mode", ("range",), Command(10, "3")),
        ("charge-mode-current", ("performance", "32"), Command(16, "4,32")),
        ("charge-mode", ("9",), Command(10, "9")),
        ("climate", ("on",), Command(26, "1")),
        ("shell", ("stat, all",), Command(7, "stat, all")),
        ("65535", (), Command(65535)),
    ],
)
def test_commands_are_found(name: str, parameters: tuple[str, ...], command: Command) -> None:
    """A command has a name or a number; a choice may be a word."""
    assert find_command(name, *parameters) == command


@pytest.mark.parametrize("name", ["", "fly", "65536", "-1", "2.0"])
def test_unknown_commands_are_refused(name: str) -> None:
    """What is no command is said before anything is sent."""
    with pytest.raises(InvalidRequest, match="no command is called"):
        find_command(name)


async def test_a_command_gives_its_answer() -> None:
    """Answers to other commands, and from nobody asked, are not taken for it."""

    def reply(message: Message) -> list[Message]:
        if message == Message("C", b"20,1234"):
            return [Message("c", b"41,0,late"), Message("c", b"junk"), Message("c", b"20,1,wrong")]
        return answers_pings(message)

    async with served(ServerEnd(reply)) as end, await opened(end) as app:
        (answer,) = await app.command("lock", "1234")
        assert (answer.number, answer.result, answer.text) == (20, 1, "wrong")


async def test_an_answer_in_rows_is_whole() -> None:
    """All rows of an answer are given, in order."""

    def reply(message: Message) -> list[Message]:
        if message.code == "C":
            return [Message("c", b"1,0,%d,16,x" % row) for row in range(16)]
        return answers_pings(message)

    async with served(ServerEnd(reply)) as end, await opened(end) as app:
        rows = await app.command(1)
        assert [row.parameters[0] for row in rows] == [str(row) for row in range(16)]


async def test_rows_that_stop_are_given_as_far_as_they_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Old modules leave the last rows out: what came is the answer."""
    monkeypatch.setattr(app_client, "ROW_TIMEOUT", 0.05)

    def reply(message: Message) -> list[Message]:
        rows = [Message("c", b"3,0,%d,32,x" % row) for row in range(3)]
        return rows if message.code == "C" else answers_pings(message)

    async with served(ServerEnd(reply)) as end, await opened(end) as app:
        assert len(await app.command("parameters")) == 3


async def test_no_answer_and_a_lost_connection_are_told() -> None:
    """A silent car is one thing, a lost connection another."""

    def reply(message: Message) -> list[Message]:
        if message == Message("C", b"22,1"):
            end.hang_up()
        return answers_pings(message)

    async with served(ServerEnd(reply)) as end, await opened(end) as app:
        with pytest.raises(NoAnswer, match=r"command 20 in 0\.05 s"):
            await app.command("lock", "1", timeout=0.05)
        with pytest.raises(ConnectionLost):
            await app.command("unlock", "1")
        await app.lost()
        with pytest.raises(ConnectionLost):
            await app.command("lock", "1")
        assert [message async for message in app.messages()] == []


async def test_messages_come_until_the_connection_is_lost() -> None:
    """A listener hears everything from the moment it asked, and then the end."""
    answered = asyncio.Event()

    def reply(message: Message) -> list[Message]:
        if message.code == "a":
            answered.set()
        return answers_pings(message)

    async with served(ServerEnd(reply)) as end, await opened(end) as app:
        messages = app.messages()
        end.say(Message("S", b"1"), Message("A"), Message("S", b"2"))
        assert [await anext(messages) for _ in range(3)][2] == Message("S", b"2")
        await answered.wait()
        end.hang_up()
        assert [message async for message in messages] == []


async def test_a_server_that_does_not_answer_is_left() -> None:
    """A server that welcomes and then says nothing is given up in time."""
    async with served(ServerEnd(lambda message: [])) as end:
        with pytest.raises(ConnectFailed, match="did not send"):
            await connect_app(f"127.0.0.1:{end.port}", "car1", SECRET, timeout=0.2)


async def test_a_wrong_secret_is_refused() -> None:
    """A server that does not know our secret is not believed."""
    async with served(ServerEnd(answers_pings)) as end:
        with pytest.raises(WelcomeRefused):
            await connect_app(f"127.0.0.1:{end.port}", "car1", "wrong", timeout=PATIENCE)


async def test_a_connection_lost_amid_what_is_stored() -> None:
    """Half of what the server has stored is not given out as all of it."""

    def reply(message: Message) -> list[Message]:
        end.hang_up()
        return []

    async with served(ServerEnd(reply, Message("Z", b"1"), Message("S", b"80"))) as end:
        with pytest.raises(ConnectionLost):
            await opened(end)


async def test_a_connection_lost_right_after_what_is_stored() -> None:
    """All of what the server has stored is given out, also when nothing was stored."""

    def reply(message: Message) -> list[Message]:
        end.say(Message("a"))
        end.hang_up()
        return []

    async with served(ServerEnd(reply)) as end, await opened(end) as app:
        await app.lost()
        assert app.snapshot.messages == {}


async def test_a_ping_that_cannot_be_answered_any_more() -> None:
    """What came behind it is still taken, and listeners hear of the end."""
    async with served(ServerEnd(answers_pings)) as end, await opened(end) as app:
        messages = app.messages()
        end.say(Message("A"), Message("S", b"80"))
        end.hang_up()
        assert [message.code async for message in messages] == ["A", "S"]
        assert app.snapshot.status.soc == 80


async def test_commands_at_once_go_one_after_the_other() -> None:
    """Two of one number get their own answers, and the second is sent after the first's."""

    def reply(message: Message) -> list[Message]:
        if message.code == "C":
            order.append(message.data)
            return []
        return answers_pings(message)

    order: list[bytes] = []
    async with served(ServerEnd(reply)) as end, await opened(end) as app:
        first = asyncio.create_task(app.command("lock", "1"))
        second = asyncio.create_task(app.command("lock", "2"))
        third = asyncio.create_task(app.command("unlock", "3"))
        messages = app.messages()
        for at, task in enumerate((first, second, third)):
            await _settled(end, messages)
            assert len(order) == at + 1
            number = 22 if at == 2 else 20
            end.say(Message("c", f"{number},1,answer {at}".encode()))
            assert [answer.text for answer in await task] == [f"answer {at}"]
    assert order == [b"20,1", b"20,2", b"22,3"]


async def _settled(end: ServerEnd, messages: AsyncIterator[Message]) -> None:
    """Wait until the app has read all, and the server end what the app sent before."""
    count = len(end.heard)
    end.say(Message("A"))
    async for message in messages:
        if message.code == "A":
            break
    while not any(message.code == "a" for message in end.heard[count:]):  # noqa: ASYNC110
        await asyncio.sleep(0)


async def test_the_next_command_does_not_wait_for_one_given_up() -> None:
    """A command that is cancelled or not answered lets the next one go."""

    def reply(message: Message) -> list[Message]:
        if message == Message("C", b"20,2"):
            return [Message("c", b"20,0")]
        return answers_pings(message)

    async with served(ServerEnd(reply)) as end, await opened(end) as app:
        silent = asyncio.create_task(app.command("lock", "1", timeout=0.05))
        cancelled = asyncio.create_task(app.command("lock", "1"))
        last = asyncio.create_task(app.command("lock", "2"))
        with pytest.raises(NoAnswer):
            await silent
        cancelled.cancel()
        assert (await last)[0].result == 0


async def test_a_command_and_a_listing_do_not_share_an_answer() -> None:
    """What is being listed cannot be asked for as a command, and the other way round."""

    def reply(message: Message) -> list[Message]:
        if message == Message("C", b"32,T"):
            return [Message("c", b"32,0,1,2,T,2025-06-01 18:00:00,1,x")]
        return answers_pings(message)

    async with served(ServerEnd(reply)) as end, await opened(end) as app:
        rows: Any = app.history("T")
        async with aclosing(rows) as listing:
            await anext(listing)
            with pytest.raises(AnswerInUse, match="command 32 is still being read"):
                await app.command("history", "T")
        asking = asyncio.create_task(app.command("history", "U"))
        await asyncio.sleep(0)
        with pytest.raises(AnswerInUse, match="command 32 is still being read"):
            await anext(app.history("T"))
        asking.cancel()


async def test_a_slow_listener_holds_the_connection_back() -> None:
    """No more than the limit waits for it; then it gets everything, in order."""

    def reply(message: Message) -> list[Message]:
        return answers_pings(message)

    count = 3 * LISTENER_LIMIT
    async with served(ServerEnd(reply)) as end, await opened(end) as app:
        messages = app.messages()
        (inbox,) = app._listeners
        end.say(*(Message("S", b"%d" % number) for number in range(count)))
        assert await anext(messages) == Message("S", b"0")
        async with asyncio.timeout(PATIENCE):
            while len(inbox._waiting) < LISTENER_LIMIT:  # noqa: ASYNC110
                await asyncio.sleep(0)
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(inbox._waiting) == LISTENER_LIMIT
        got = [(await anext(messages)).data for _ in range(count - 1)]
    assert got == [b"%d" % number for number in range(1, count)]


async def test_a_listener_that_is_gone_holds_nobody_back() -> None:
    """Messages that nobody ever asked for do not fill up."""
    async with served(ServerEnd(answers_pings)) as end, await opened(end) as app:
        forgotten = app.messages()
        del forgotten
        gc.collect()
        assert len(app._listeners) == 0


async def test_what_fits_no_line_is_refused() -> None:
    """It is not sent, and the connection stays open; once that is lost, that is the error."""
    long = "x" * (LINE_LIMIT + 1)

    def reply(message: Message) -> list[Message]:
        return [Message("c", b"20,0")] if message.code == "C" else answers_pings(message)

    async with served(ServerEnd(reply)) as end, await opened(end) as app:
        for too_much in (app.command("shell", long), app.alert(long)):
            with pytest.raises(InvalidRequest, match="does not fit a line"):
                await too_much
        with pytest.raises(InvalidRequest):
            app.join_group(long)
        assert (await app.command("lock", "1"))[0].result == 0
        assert "P" not in {message.code for message in end.heard}
        end.hang_up()
        await app.lost()
        with pytest.raises(ConnectionLost):
            await app.command("shell", long)


async def test_a_server_that_says_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that hangs, or a cable that was pulled, ends the connection all the same."""
    monkeypatch.setattr(app_client, "PING_INTERVAL", 0.05)
    is_alive = [True]

    def reply(message: Message) -> list[Message]:
        return [Message("a")] if message.code == "A" and is_alive[0] else []

    async with served(ServerEnd(reply)) as end, await opened(end) as app:
        await until(lambda: end.heard.count(Message("A")) >= 4)
        is_alive[0] = False
        async with asyncio.timeout(PATIENCE):
            await app.lost()
        with pytest.raises(ConnectionLost, match="it said nothing for"):
            app.send(Message("A"))


async def test_a_slow_listener_is_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a listener takes nothing the connection is not read, and is not taken for lost."""
    monkeypatch.setattr(app_client, "PING_INTERVAL", 0.05)
    monkeypatch.setattr(app_client, "LISTENER_LIMIT", 2)
    async with served(ServerEnd(answers_pings)) as end, await opened(end) as app:
        messages = app.messages()
        end.say(*[Message("S", b"80")] * 5)
        await until(lambda: end.heard.count(Message("A")) >= 6)
        async with asyncio.timeout(PATIENCE):
            for _ in range(5):
                assert (await anext(messages)).code in "Sa"
        assert app._connection.is_open


async def test_without_a_connection_nobody_knows_whether_the_car_is_there() -> None:
    """What was said of the car's connection does not outlive ours; closing ours keeps it."""
    stored = (Message("Z", b"1"), Message("S", b"80,K"))
    async with served(ServerEnd(answers_pings, *stored)) as end:
        async with await opened(end) as app:
            assert app.snapshot.connected is True
            end.hang_up()
            await app.lost()
            assert app.snapshot.connected is None
            assert app.snapshot.status.soc == 80
        async with await opened(end) as app:
            pass
        assert app.snapshot.connected is True
