from __future__ import annotations

import asyncio
import socket
import ssl

import pytest

from ovms.net import client as client_module
from ovms.net.client import (
    INBOX_LIMIT,
    ClientConnection,
    ConnectFailed,
    ConnectionLost,
    WelcomeRefused,
    connect,
)
from ovms.net.pump import STREAM_LIMIT
from ovms.net.traffic import Traffic
from ovms.protocol import CallerWelcome, Message, Role
from tests.net.callers import answering, call
from tests.net.ends import (
    SECRET,
    SERVER_TOKEN,
    Certificate,
    End,
    listening,
)
from tests.waiting import PATIENCE, until

PING = Message("A")


# -- what it costs --------------------------------------------------------------------------


@pytest.mark.parametrize("tls", [False, True])
async def test_traffic_is_what_the_system_counts(tls: bool) -> None:
    """All of it: the welcome, headers, and TLS, whose handshake is more than the lines by far."""
    context = Certificate.make().server if tls else None
    async with listening(tls=context) as place, await place.call() as connection:
        before = connection.traffic
        connection.send(Message("S", b"x" * 500))
        await place.made[0].until(lambda end: len(end.messages) == 1)
        after = connection.traffic
        assert before.is_whole
        assert 500 < after.sent - before.sent < 1200
        assert (before.received > 1000) is tls
        await connection.close()
        assert connection.traffic == after


async def test_traffic_where_the_system_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is what was handed to it, and says so; a connection that never was has none."""
    monkeypatch.setattr("ovms.net.pump.measure", lambda connection: None)
    assert ClientConnection().traffic == Traffic()
    async with listening() as place, await place.call() as connection:
        lines = connection.traffic
        connection.send(PING)
        assert 0 < connection.traffic.sent - lines.sent < 40
        assert lines.received > 40
        assert not lines.is_whole


async def test_several_messages_in_one_piece() -> None:
    """They arrive in order; after the end it is the connection that was lost."""
    several = [PING, Message("S", b"80"), Message("D", b"1")]
    async with listening() as place:
        connection = await place.call()
        end = place.made[0]
        connection.send_all(several)
        connection.send_all([])
        await end.until(lambda end: end.messages == several)
        with pytest.raises(ConnectionLost):
            connection.send_all([Message("€")])
        await connection.close()
        with pytest.raises(ConnectionLost):
            connection.send_all(several)


async def test_a_dropped_connection_that_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancelled in the instant when it was made, its end may never be told: nobody waits for it."""

    class Mute:
        def abort(self, error: Exception | None = None) -> None:
            """End, and tell nobody."""

        close = abort

    monkeypatch.setattr(client_module, "DROP_TIMEOUT", 0.01)
    connection = ClientConnection()
    monkeypatch.setattr(connection, "_pump", Mute())
    answer = asyncio.get_running_loop().create_future()
    await asyncio.wait_for(client_module._drop(connection, answer), PATIENCE)
    assert answer.cancelled()


# -- connecting -----------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
async def test_connect(role: Role) -> None:
    """A caller says who it is, and both ends are open when it is welcomed."""
    async with listening() as place:
        async with await place.call(role=role) as connection:
            end = place.made[0]
            welcome = end.events[0]
            assert isinstance(welcome, CallerWelcome)
            assert (welcome.role, welcome.vehicle_id) == (role, "CAR1")
            connection.send(PING)
            await end.until(lambda end: end.messages == [PING])
        assert await end.closes() is None


async def test_connect_over_ipv6() -> None:
    """The other family works as well, and its addresses are told from ports."""
    if not _has_ipv6():
        pytest.skip("no IPv6 on this machine")
    async with listening(host="::1") as place, await place.call() as connection:
        place.made[0].line.send(PING)
        assert await connection.receive() == PING
        assert place.made[0].line.peer.startswith("[::1]:")


def _has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


async def test_tokens_differ() -> None:
    """Each connection has a token of its own, made of the randomness that was given."""
    async with listening() as place:
        for _ in range(2):
            await (await place.call()).close()
        first, second = (end.events[0] for end in place.made)
        assert isinstance(first, CallerWelcome)
        assert isinstance(second, CallerWelcome)
        assert first.token != second.token
        connection = await connect(
            place.host, place.port, Role.APP, "CAR1", SECRET, random_bytes=bytes
        )
        await connection.close()
        third = place.made[2].events[0]
        assert isinstance(third, CallerWelcome)
        assert third.token == "A" * 22


async def test_a_wrong_secret_is_refused() -> None:
    """The server closes without a word; the caller knows what that means."""
    async with listening() as place:
        with pytest.raises(WelcomeRefused, match="wrong vehicle id or secret"):
            await place.call(b"another secret")


async def test_a_port_for_tls_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the usual port for TLS, having forgotten TLS is the likeliest mistake."""
    async with listening() as place:
        monkeypatch.setattr(client_module, "TLS_PORT", place.port)
        with pytest.raises(WelcomeRefused, match=r"or secret, or a port that wants TLS\?$"):
            await place.call(b"another secret")


@pytest.mark.parametrize("answer", [b"", b"MP-S 0 half", b"AP-X\r\n"])
async def test_a_reset_before_the_welcome(answer: bytes) -> None:
    """It is passing trouble: a server that is being started anew resets whoever has just called."""
    async with answering(answer, resets=True) as port:
        with pytest.raises(ConnectFailed, match="from the server: Connection reset by peer"):
            await call(port)


async def test_words() -> None:
    """They stand behind the vehicle id; one that is none is refused before anybody is called."""
    async with listening() as place:
        for words in ((), ("car_roadster", "blue")):
            connection = await connect(
                place.host, place.port, Role.APP, "CAR1", SECRET, words=words
            )
            await connection.close()
            welcome = place.made[-1].events[0]
            assert isinstance(welcome, CallerWelcome)
            assert welcome.words == words
        with pytest.raises(WelcomeRefused, match="cannot be the id"):
            await connect(place.host, place.port, Role.APP, "CAR1", SECRET, words=["two words"])
        assert len(place.made) == 2


async def test_a_server_that_does_not_know_the_secret() -> None:
    """A digest that proves nothing is a refusal too: trying again would not help."""
    line = f"MP-S 0 {SERVER_TOKEN} bm90IGEgZGlnZXN0 \r\n".encode()
    async with answering(line, closes=False) as port:
        with pytest.raises(WelcomeRefused, match="does not prove"):
            await call(port)


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"x" * 5000, b"\xff\r\n", b"MP-S 1 x\r\n"]
)
async def test_something_else_answers(answer: bytes) -> None:
    """What is no server of this protocol is no refusal: it may be one later."""
    async with answering(answer) as port:
        with pytest.raises(ConnectFailed, match="no welcome from the server"):
            await call(port)


async def test_provisioning_lines_are_no_welcome() -> None:
    """They are skipped, and the end of the stream counts."""
    async with answering(b"AP-X\r\n") as port:
        with pytest.raises(WelcomeRefused):
            await call(port)


async def test_silence() -> None:
    """Without a welcome in time the connection is closed and the server may be tried again."""
    async with answering(b"", closes=False) as port:
        with pytest.raises(ConnectFailed, match=r"within 0\.05 s"):
            await call(port, 0.05)


async def test_half_a_welcome() -> None:
    """An unfinished line is no welcome."""
    async with answering(b"MP-S 0 half", closes=False) as port:
        with pytest.raises(ConnectFailed):
            await call(port, 0.05)


async def test_nobody_listens() -> None:
    """A refused connection is the network's refusal, not the server's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectFailed, match=rf"no connection to 127.0.0.1:{port}: Connection ref"):
        await call(port)


@pytest.mark.parametrize("host", ["a..b", "x" * 70, "\udcff", "nosuchhost.invalid"])
async def test_a_host_that_is_none(host: str) -> None:
    """Whatever is given as a host fails in the one documented way."""
    with pytest.raises(ConnectFailed):
        await connect(host, 1, Role.APP, "CAR1", SECRET, timeout=PATIENCE)


@pytest.mark.parametrize("vehicle_id", ["", "A B", "A\nB", "x" * 1000, "\udcff"])
async def test_an_id_that_is_none(vehicle_id: str) -> None:
    """It is refused before anybody is called."""
    with pytest.raises(WelcomeRefused, match="cannot be the id"):
        await connect("127.0.0.1", 1, Role.APP, vehicle_id, SECRET)


async def test_connecting_is_cancelled() -> None:
    """Who gives up leaves no connection behind."""
    end = End(welcomes=False)
    async with listening(end) as place:
        calling = asyncio.create_task(place.call())
        await until(lambda: place.made)
        await end.until(lambda end: end.events)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        await end.closes()


# -- TLS ------------------------------------------------------------------------------------


@pytest.mark.parametrize("websocket", [False, True])
async def test_tls(websocket: bool) -> None:
    """Lines and WebSockets go through TLS, under the name that was called."""
    names: list[str | None] = []
    certificate = Certificate()
    certificate.server.sni_callback = lambda _, name, __: names.append(name)
    async with listening(tls=certificate.server) as place:
        async with await call(
            place.port, tls=certificate.trust, websocket=websocket, host="localhost"
        ) as connection:
            connection.send(PING)
            await place.made[0].until(lambda end: end.messages == [PING])
        assert await place.made[0].closes() is None
        assert names == ["localhost"]


@pytest.mark.parametrize("websocket", [False, True])
async def test_a_certificate_of_somebody_else(websocket: bool) -> None:
    """Nothing is said to a server that cannot be trusted, and the reason is clear."""
    async with listening(tls=Certificate.make().server) as place:
        with pytest.raises(ConnectFailed, match=r"does not verify: self.signed"):
            await call(place.port, tls=ssl.create_default_context(), websocket=websocket)
        assert all(end.events == [] for end in place.made)


async def test_a_certificate_for_another_name() -> None:
    """It is good only for the host that was called."""
    async with listening(tls=Certificate.make().server, host="127.0.0.2") as place:
        with pytest.raises(ConnectFailed, match="does not verify: IP address mism"):
            await call(place.port, tls=place.trust, host="127.0.0.2")


async def test_tls_where_there_is_none() -> None:
    """A server of plain lines is no server of TLS."""
    async with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n", until=b"\x16") as port:
        with pytest.raises(
            ConnectFailed, match=r"no TLS: wrong version number; is this the port for TLS\?"
        ):
            await call(port, tls=Certificate.make().trust)


async def test_no_tls_where_there_is() -> None:
    """A server of TLS closes on plain lines: that is no welcome."""
    async with listening(tls=Certificate.make().server) as place:
        with pytest.raises((ConnectFailed, WelcomeRefused)):
            await call(place.port)


async def test_silence_instead_of_tls() -> None:
    """It has the same time as a welcome."""
    async with answering(b"", closes=False, until=b"\x16") as port:
        with pytest.raises(ConnectFailed, match=r"within 0\.05 s"):
            await call(port, 0.05, tls=Certificate.make().trust)


@pytest.mark.parametrize("websocket", [False, True])
async def test_a_wrong_secret_over_tls(websocket: bool) -> None:
    """It is a refusal here as well."""
    async with listening(tls=Certificate.make().server) as place:
        for _ in range(5):
            with pytest.raises(WelcomeRefused, match="wrong vehicle id or secret"):
                await place.call(b"another secret", websocket=websocket)


async def test_a_server_that_does_not_say_good_bye(monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing TLS waits for the other end, but not long."""
    monkeypatch.setattr("ovms.net.pump.CLOSE_TIMEOUT", 0.05)
    async with listening(tls=Certificate.make().server) as place:
        connection, end = await place.meet()
        end.line.pause()
        async with asyncio.timeout(PATIENCE):
            await connection.close()


# -- messages -------------------------------------------------------------------------------


async def test_both_ways() -> None:
    """Messages arrive in order and unchanged, both ways at once."""
    async with listening() as place:
        connection, end = await place.meet()
        sent = [Message(chr(n % 255 + 1), bytes([n % 256]) * n) for n in range(300)]
        for message in sent:
            connection.send(message)
            assert end.line.send(message)
        assert [await connection.receive() for _ in sent] == sent
        await end.until(lambda end: len(end.messages) == len(sent))
        assert end.messages == sent
        await connection.close()


async def test_iteration_ends_with_the_connection() -> None:
    """What came before the end is given out, then the loop is over."""
    async with listening() as place:
        connection, end = await place.meet()
        for n in range(3):
            end.line.send(Message("S", b"%d" % n))
        end.line.close()
        assert [message.data async for message in connection] == [b"0", b"1", b"2"]
        with pytest.raises(ConnectionLost):
            await connection.receive()
        assert [message async for message in connection] == []


async def test_a_lost_connection() -> None:
    """Everybody who waits is told, and nothing can be sent."""
    async with listening() as place:
        connection, end = await place.meet()
        waiting = [asyncio.create_task(connection.receive()) for _ in range(3)]
        await asyncio.sleep(0)
        end.line.abort()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(each, ConnectionLost) for each in results)
        with pytest.raises(ConnectionLost):
            connection.send(PING)
        with pytest.raises(ConnectionLost):
            await connection.drain()
        await connection.close()


async def test_an_unreadable_line_is_a_lost_connection() -> None:
    """The reason is told."""
    async with listening() as place:
        connection, end = await place.meet()
        assert end.line._transport is not None
        end.line._transport.write(b"!!!\r\n")
        with pytest.raises(ConnectionLost, match="not base64"):
            await connection.receive()


async def test_closing() -> None:
    """Closing waits until the connection is gone, and may be done again and by several."""
    async with listening() as place:
        connection, end = await place.meet()
        receiving = asyncio.create_task(connection.receive())
        connection.send(PING)
        await asyncio.gather(*(connection.close() for _ in range(3)))
        await connection.close()
        with pytest.raises(ConnectionLost):
            await receiving
        assert await end.closes() is None
        assert end.messages == [PING]


async def test_closing_with_messages_untaken() -> None:
    """What nobody took does not keep the connection."""
    async with listening() as place:
        connection, end = await place.meet()
        for _ in range(2 * INBOX_LIMIT):
            end.line.send(PING)
        await until(lambda: len(connection._inbox) == INBOX_LIMIT)
        await connection.close()
        await end.closes()


# -- back-pressure --------------------------------------------------------------------------


async def test_the_inbox_is_bounded() -> None:
    """Reading stops while too many wait, goes on when they are taken, and nothing is lost."""
    total = 40_000
    async with listening() as place:
        connection, end = await place.meet()
        for n in range(total):
            end.line.send(Message("S", b"%d" % n))
        await until(lambda: len(connection._inbox) == INBOX_LIMIT)
        await asyncio.sleep(0.02)
        assert len(connection._inbox) == INBOX_LIMIT
        received = [int((await connection.receive()).data) for _ in range(total)]
        assert received == list(range(total))
        await connection.close()


def stalled(connection: ClientConnection) -> bool:
    """Return whether a sender would have to wait for room."""
    return connection._pump is None or connection._pump._is_full


async def test_drain() -> None:
    """It waits only while the other end does not read."""
    async with listening() as place:
        connection, end = await place.meet()
        await connection.drain()
        end.line.pause()
        message, sent = Message("S", b"x" * 40_000), 0
        while not stalled(connection):
            connection.send(message)
            sent += 1
        assert sent * len(message.data) >= STREAM_LIMIT
        draining = asyncio.create_task(connection.drain())
        await asyncio.sleep(0.01)
        assert not draining.done()
        end.line.resume()
        await draining
        await end.until(lambda end: len(end.messages) == sent)
        await connection.close()


async def test_drain_on_a_lost_connection() -> None:
    """Whoever waits for room is told that it will not come."""
    async with listening() as place:
        connection, end = await place.meet()
        end.line.pause()
        while not stalled(connection):
            connection.send(Message("S", b"x" * 40_000))
        draining = asyncio.create_task(connection.drain())
        await asyncio.sleep(0)
        end.line.abort()
        with pytest.raises(ConnectionLost):
            await draining


async def test_closing_while_the_other_end_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not last for ever."""
    monkeypatch.setattr("ovms.net.pump.CLOSE_TIMEOUT", 0.05)
    async with listening() as place:
        connection, end = await place.meet()
        end.line.pause()
        while not stalled(connection):
            connection.send(Message("S", b"x" * 40_000))
        async with asyncio.timeout(PATIENCE):
            await connection.close()


def test_limits() -> None:
    """A caller is as patient as a module."""
    assert client_module.WELCOME_TIMEOUT == 60
