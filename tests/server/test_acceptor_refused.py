"""Whom the acceptor refuses, and strangers that must leave."""

from __future__ import annotations

import asyncio

import pytest

from ovms.net.http import TLS_ALERT
from ovms.protocol import Message, Role
from ovms.server.acceptor import (
    HEAD_TIMEOUT,
    WELCOME_TIMEOUT,
    ServerConnection,
)
from ovms.server.hub.hub import CAR_REFUSED
from ovms.server.strangers import StrangerStage
from tests.net.ends import CALLER_TOKEN, HANDSHAKE, SECRET, surfing
from tests.server.conftest import Log
from tests.server.sites import Site, greeting
from tests.waiting import until

# -- refused --------------------------------------------------------------------------------

REFUSED = {
    "wrong secret": (greeting(Role.CAR, "CAR1", b"wrong"), "the digest does not prove the secret"),
    "app, wrong secret": (greeting(Role.APP, "CAR1", b""), "the digest does not prove the secret"),
    "unknown vehicle": (greeting(Role.CAR, "NOSUCH"), "unknown vehicle"),
    "a car's record for a server": (greeting(Role.SERVER, "CAR1"), "unknown server"),
    "a server's record for a car": (greeting(Role.CAR, "PEER"), "unknown vehicle"),
    "a server, wrong secret": (greeting(Role.SERVER, "PEER", b""), "the digest does not prove"),
    "scheme": (b"MP-C 1 me password *\r\n", "protection scheme '1' is not supported"),
    "an owner's wrong password": (b"MP-A 1 me wrong *\r\n", "wrong name or password"),
    "garbage": (bytes(range(256)) + b"\n", "the first line is no welcome"),
    "half a welcome": (b"MP-C 0 token\r\n", "the first line is no welcome"),
    "http": (b"POST / HTTP/1.1\r\nHost: x\r\n\r\n", "the first line is no welcome"),
    "endless line": (b"MP-C 0 " + b"x" * 100_000, "line longer than 1024 bytes"),
    "talkative": (greeting(Role.CAR, "CAR1") + b"x" * 1100, "the caller sends too much"),
}


async def test_tls_at_the_port_without(site: Site, log: Log) -> None:
    """It is answered in words of TLS, closed, and told in one line."""
    caller = await site.calls()
    await caller.says(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n")
    assert await caller.reader.read() == TLS_ALERT
    await until(lambda: not site.acceptor.connections)
    (line,) = log.lines("refused")
    assert line["reason"].startswith("TLS at the port without TLS")


@pytest.mark.parametrize("case", REFUSED)
async def test_refused(site: Site, log: Log, case: str) -> None:
    """Closed at once without a word, one line in the log, no secret in it, others unaffected."""
    data, reason = REFUSED[case]
    app = await site.enters(Role.APP)
    await app.hears_messages(2)
    caller = await site.calls()
    await caller.says(data)
    assert await caller.is_closed()
    await until(lambda: len(site.acceptor.connections) == 1)
    (line,) = log.lines("refused")
    assert line["reason"].startswith(reason)
    assert line["peer"].startswith("127.0.0.1:")
    assert len(log.text.splitlines()) == 2
    for secret in (SECRET.decode(), CALLER_TOKEN, "digest="):
        assert secret not in log.text
    if case == "wrong secret":
        assert await app.hears_messages(1) == [f"PA{CAR_REFUSED}"]
    await app.says(app.session.send(Message("A")))
    assert await app.hears_messages(1) == ["a"]


async def test_a_name_that_forges_log_lines(site: Site, log: Log) -> None:
    """A stranger's id is cut and cannot steer a terminal."""
    caller = await site.calls()
    await caller.says(b"MP-C 0 token digest \x1b[2J" + b"x" * 500 + b"\r\n")
    assert await caller.is_closed()
    await until(lambda: log.lines("refused"))
    assert len(log.lines("refused")[0]["vehicle"]) <= 32
    assert "\x1b" not in log.text


async def test_our_own_token_comes_back(site: Site) -> None:
    """A caller that mirrors what the server says is not believed."""
    site.tokens.own = "A" * 22
    caller = await site.calls()
    caller.session._token = "A" * 22
    await caller.says(caller.greeting())
    assert await caller.is_closed()


@pytest.mark.parametrize("said", [b"", b"MP-C 0 half a wel"])
async def test_silence(site: Site, log: Log, said: bytes) -> None:
    """Without a welcome a caller is closed after 75 seconds, and not before."""
    caller = await site.calls()
    if said:
        await caller.says(said)
    site.passes(WELCOME_TIMEOUT - 0.1)
    await asyncio.sleep(0.01)
    assert len(site.acceptor.connections) == 1
    site.passes(0.1)
    site.passes(1)
    assert await caller.is_closed()
    await until(lambda: not site.acceptor.connections)
    (line,) = log.lines("refused")
    assert line["reason"] == "no welcome in time"


@pytest.mark.parametrize("said", [b"GE", HANDSHAKE[:-2], b"GET /apiv2 HTTP/1.1\r\n"])
async def test_a_head_that_does_not_end(site: Site, log: Log, said: bytes) -> None:
    """It has ten seconds from its first byte, however long the caller said nothing before."""
    caller = await site.calls()
    (connection,) = site.acceptor.connections
    site.passes(HEAD_TIMEOUT)
    await caller.says(said)
    await until(lambda: connection.pump is not None and connection.pump.received)
    site.passes(0)
    site.passes(HEAD_TIMEOUT - 0.1)
    assert not connection.is_late
    site.passes(0.1)
    assert await caller.is_closed()
    await until(lambda: not site.acceptor.connections)
    assert [line["reason"] for line in log.lines("refused")] == ["no welcome in time"]


async def test_the_welcomed_have_time(site: Site) -> None:
    """The limit of the welcome is nothing to who has it."""
    caller = await site.enters(Role.APP)
    site.passes(WELCOME_TIMEOUT * 2)
    await caller.says(caller.session.send(Message("A")))
    assert await caller.hears_messages(3) == ["Z0", "T0", "a"]


async def test_gone_without_a_word(site: Site, log: Log) -> None:
    """Somebody who only looks whether the port is open is no line at INFO."""
    caller = await site.calls()
    caller.writer.close()
    await until(lambda: not site.acceptor.connections)
    assert log.text == ""


# -- strangers ------------------------------------------------------------------------------


async def test_how_far_strangers_have_come(site: Site) -> None:
    """Whoever is welcomed, or has asked something whole that is not answered, must not leave."""
    silent, half, asking, entering = [await site.calls() for _ in range(4)]
    await site.enters(Role.APP)
    site.provisions.gate = site.storage.gate = asyncio.Event()
    await half.says(b"MP-C 0 ha")
    await asking.says(b"AP-C 0 VIN\r\n")
    await entering.says(entering.greeting(Role.CAR, "CAR2"))
    await until(lambda: len(list(site.acceptor.strangers())) == 2)
    stages = sorted((each.stage, each.network) for each in site.acceptor.strangers())
    assert stages == [(StrangerStage.SILENT, "127.0.0.1"), (StrangerStage.UNFINISHED, "127.0.0.1")]
    for each in list(site.acceptor.strangers()):
        assert each.turn_away()
    assert await silent.is_closed()
    assert await half.is_closed()
    assert site.acceptor.count == 3
    site.provisions.gate.set()
    await entering.hears_welcome()
    assert await asking.hears_line() == b"AP-X\r\n"


async def test_a_stranger_that_has_just_spoken(site: Site) -> None:
    """It stays: what it said has come, and is only not read yet."""
    car = await site.calls()
    (stranger,) = site.acceptor.strangers()
    assert isinstance(stranger, ServerConnection)
    assert stranger.pump is not None
    stranger.pump.pause()
    await car.says(car.greeting())
    await until(lambda: stranger.pump is not None and stranger.pump.unread)
    assert not stranger.turn_away()
    stranger.pump.resume()
    await car.hears_welcome()
    assert list(site.acceptor.strangers()) == []


async def test_a_refused_caller_that_does_not_go(site: Site) -> None:
    """It is a stranger that goes first."""
    async with surfing(site) as app:
        await until(lambda: site.acceptor.connections)
        (connection,) = site.acceptor.connections
        assert connection.stage is StrangerStage.UNFINISHED
        await app.says(greeting(Role.APP, "CAR1", b"wrong"))
        await until(lambda: connection.stage is StrangerStage.LEAVING)
