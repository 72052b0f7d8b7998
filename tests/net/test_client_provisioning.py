"""A caller that asks for its provisioning record."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace

import pytest

from ovms.net.client import (
    ConnectFailed,
    ConnectionLost,
    fetch_provision,
)
from ovms.net.pump import Pump
from ovms.protocol import Message
from ovms.protocol.errors import LocalProtocolError
from ovms.protocol.framing import WELCOME_LINE_LIMIT
from ovms.protocol.session import Event
from ovms.protocol.welcome import ProvisionRecord, ProvisionRefused, ProvisionRequest
from tests.net.callers import answering
from tests.net.ends import (
    SERVER_TOKEN,
    Certificate,
    End,
    listening,
)
from tests.waiting import PATIENCE

PING = Message("A")


SEALED = ProvisionRecord.seal("iccid", SERVER_TOKEN, "2=secret 5=car.example")
RECORD = replace(SEALED, digest=SEALED.digest.rstrip("="))
"""As it comes: the digest is sent without padding."""


class Provider(End):
    """Has a record for some keys."""

    def received(self, pump: Pump, event: Event) -> None:
        """Answer."""
        super().received(pump, event)
        if isinstance(event, ProvisionRequest) and event.key != "SILENT":
            pump.send_provisioning(RECORD if event.key.startswith("VIN") else ProvisionRefused())


@pytest.mark.parametrize("websocket", [False, True])
@pytest.mark.parametrize("tls", [False, True])
async def test_fetch_provision(websocket: bool, tls: bool) -> None:
    """A car that nobody knows gets its record, or that there is none."""
    context = Certificate.make().server if tls else None
    async with listening(Provider(), Provider(), tls=context) as place:

        async def fetch(key: str) -> ProvisionRecord | None:
            return await fetch_provision(
                place.host, place.port, key,
                tls=place.trust, websocket=websocket, timeout=PATIENCE,
            )  # fmt: skip

        record = await fetch("VIN")
        assert record == RECORD
        assert record.open("iccid") == "2=secret 5=car.example"
        assert await fetch("other") is None
        for end in place.made:
            assert await end.closes() is None


@pytest.mark.parametrize(
    ("answer", "closes", "reason"),
    [
        (b"", True, "connection to the server is lost"),
        (b"", False, "within"),
        (b"x\r\n", False, "first line is no welcome"),
        (b"AP-S 0 half", True, "connection to the server is lost"),
        (b"MP-S 0 x y\r\n", False, "ServerWelcome in state start"),
    ],
)
async def test_provisioning_fails(answer: bytes, closes: bool, reason: str) -> None:
    """Anything but an answer may be one later."""
    async with answering(answer, closes=closes) as port:
        with pytest.raises(ConnectFailed, match=reason):
            await fetch_provision("127.0.0.1", port, "VIN", timeout=0.1)


async def test_provisioning_where_nobody_listens() -> None:
    """It is the network's failure."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectFailed, match="Connection refused"):
        await fetch_provision("127.0.0.1", port, "VIN")


LONGEST_KEY = "x" * (WELCOME_LINE_LIMIT - len("AP-C 0 \r\n"))


@pytest.mark.parametrize("key", ["", " ", "A B", "A\nB", "\udcff", LONGEST_KEY + "x"])
async def test_a_key_that_is_none(key: str) -> None:
    """It is refused before anybody is asked."""
    with pytest.raises(ConnectFailed, match="cannot be the key"):
        await fetch_provision("127.0.0.1", 1, key)
    async with listening(Provider()) as place, await place.call() as connection:
        with pytest.raises(LocalProtocolError):
            await connection.provision(key)
        assert await connection.provision(LONGEST_KEY) is None


async def test_provisioning_after_the_welcome() -> None:
    """Answers come to their questions in order, one that was given up included."""
    end = Provider()
    async with listening(end) as place, await place.call() as connection:
        assert await connection.provision("VIN") == RECORD
        assert await connection.provision("other") is None
        given_up = asyncio.create_task(connection.provision("VIN"))
        await asyncio.sleep(0)
        given_up.cancel()
        answers = await asyncio.gather(*map(connection.provision, ["other", "VIN"]))
        assert answers == [None, RECORD]
        assert end.line.send_provisioning(RECORD)  # that nobody has asked for
        end.line.send(PING)
        assert await connection.receive() == PING


async def test_provisioning_on_a_lost_connection() -> None:
    """Whoever waits for an answer is told, and nobody can ask any more."""
    end = Provider()
    async with listening(end) as place, await place.call() as connection:
        asking = [asyncio.create_task(connection.provision("SILENT")) for _ in range(2)]
        await end.until(lambda end: len(end.events) == 3)
        asking[0].cancel()
        end.line.close()
        with pytest.raises(ConnectionLost):
            await asking[1]
        with pytest.raises(ConnectionLost):
            await connection.provision("VIN")
