"""How the acceptor stops, and who has ended their own side already."""

from __future__ import annotations

import asyncio

import pytest

from ovms.protocol import Message, Party, Role, Session, State
from ovms.protocol.welcome import ProvisionRecord
from ovms.server.acceptor import (
    HALF_CLOSE_TIMEOUT,
    LEAVING_LIMIT,
    LEAVING_TIMEOUT,
    WELCOME_TIMEOUT,
)
from tests.net.ends import CALLER_TOKEN, HANDSHAKE, SECRET, Caller
from tests.server.conftest import Log
from tests.server.sites import Site
from tests.waiting import PATIENCE, until

# -- stopping -------------------------------------------------------------------------------


async def test_the_welcomed_are_closed_at_once(site: Site, log: Log) -> None:
    """A stopping server ends all connections in order."""
    callers = [await site.enters(role) for role in (Role.CAR, Role.APP)]
    await asyncio.wait_for(site.acceptor.empty(), PATIENCE)
    for caller in callers:
        assert await caller.hears_the_end()
    assert [line["reason"] for line in log.lines("disconnected")] == ["the server is stopping"] * 2


async def test_a_caller_is_welcomed_before_it_is_closed(site: Site) -> None:
    """Firmware takes a close before the welcome for a wrong password and never calls again."""
    site.storage.gate = asyncio.Event()
    car = await site.calls()
    emptying = asyncio.create_task(site.acceptor.empty())
    await asyncio.sleep(0.06)
    await car.says(car.greeting())
    await until(lambda: site.storage.loads)
    await asyncio.sleep(0.06)
    assert not emptying.done()
    site.storage.gate.set()
    await emptying
    await car.hears_welcome()
    assert await car.hears_the_end()


async def test_a_silent_caller_does_not_hold_the_server(site: Site, log: Log) -> None:
    """Who says nothing is left for a while, then closed."""
    caller = await site.calls()
    emptying = asyncio.create_task(site.acceptor.empty())
    site.clock.advance(LEAVING_TIMEOUT - 0.1)
    await asyncio.sleep(0.06)
    assert not emptying.done()
    site.clock.advance(0.1)
    await emptying
    assert await caller.is_closed()
    assert log.lines("refused")[0]["reason"] == "the server is stopping"


async def test_one_step_after_the_other_at_a_stop(site: Site) -> None:
    """Whoever speaks when the time for its silence ends has twenty seconds in all."""
    has_come = asyncio.Event()
    emptying = asyncio.create_task(site.acceptor.empty(has_come.is_set))
    await asyncio.sleep(0.06)
    site.clock.advance(LEAVING_LIMIT - 0.1)
    caller = await site.calls()
    await caller.says(b"MP-C 0 half a wel")
    has_come.set()
    await asyncio.sleep(0.06)
    assert not emptying.done()
    site.clock.advance(0.1)
    await asyncio.wait_for(emptying, PATIENCE)
    assert await caller.is_closed()


@pytest.mark.parametrize("said", [b"M", b"MP-C 0 half a wel", b"GE", HANDSHAKE])
async def test_part_of_a_welcome_at_a_stop(site: Site, log: Log, said: bytes) -> None:
    """It is waited for ten seconds from its first byte."""
    caller = await site.calls()
    (connection,) = site.acceptor.connections
    site.passes(LEAVING_TIMEOUT - 1)
    await caller.says(said)
    await until(lambda: connection.pump is not None and connection.pump.received)
    site.passes(0)
    site.clock.advance(LEAVING_TIMEOUT - 0.1)
    assert not connection.may_be_closed
    site.clock.advance(0.1)
    await asyncio.wait_for(site.acceptor.empty(), PATIENCE)
    await until(lambda: log.lines("refused"))
    assert log.lines("refused")[0]["reason"] == "the server is stopping"


async def test_a_whole_welcome_at_a_stop(site: Site) -> None:
    """While it is looked up its caller stays, up to the time of a welcome."""
    site.storage.gate = asyncio.Event()
    car = await site.calls()
    (connection,) = site.acceptor.connections
    await car.says(car.greeting())
    await until(lambda: site.storage.loads)
    site.clock.advance(WELCOME_TIMEOUT - 0.1)
    assert not connection.may_be_closed
    site.clock.advance(0.1)
    assert connection.may_be_closed
    site.storage.gate.set()
    await car.hears_welcome()


async def test_those_who_still_come_at_a_stop(site: Site) -> None:
    """It is not over before somebody else says that nobody comes any more."""
    is_complete = asyncio.Event()
    emptying = asyncio.create_task(site.acceptor.empty(is_complete.is_set))
    await asyncio.sleep(0.06)
    assert not emptying.done()
    is_complete.set()
    await asyncio.wait_for(emptying, PATIENCE)


# -- callers that say their line and end their side at once ---------------------------------


class HungUp:
    """A caller that has said all it has to say, and reads on."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    @classmethod
    async def says(cls, site: Site, data: bytes) -> HungUp:
        """Send bytes, and end this side of the connection."""
        caller = await site.calls()
        await caller.says(data)
        caller.writer.write_eof()
        return cls(caller)

    async def reads_all(self, site: Site) -> bytes:
        """Return all that comes until the server closes; it ticks meanwhile, in no time."""
        reading = asyncio.create_task(self.caller.reader.read())
        async with asyncio.timeout(PATIENCE):
            while not reading.done():
                await asyncio.sleep(0)
                site.passes(0)
        return reading.result()


async def test_a_request_for_provisioning_is_answered(site: Site) -> None:
    """`printf 'AP-C …' | socat` gets its record, and is closed then."""
    site.provisions.records["VIN"] = ProvisionRecord("tok", "dig", "rec")
    caller = await HungUp.says(site, b"AP-C 0 VIN\r\nAP-C 0 VIN\r\n")
    assert await caller.reads_all(site) == b"AP-S 0 tok dig rec\r\nAP-X\r\n"


@pytest.mark.parametrize("role", [Role.CAR, Role.APP, Role.BATCH])
async def test_a_welcome_is_answered(site: Site, role: Role) -> None:
    """A welcome alone gets the server's, and an app what is stored."""
    session = Session(Party.CALLER, CALLER_TOKEN)
    caller = await HungUp.says(site, session.send_welcome(role, "CAR1", SECRET))
    events = list(session.receive_data(await caller.reads_all(site)))
    assert session.state is State.OPEN
    assert (Message("T", b"0") in events) is (role is not Role.CAR)


async def test_a_batch_command_is_answered(site: Site) -> None:
    """An owner's batch client gets the car's answer, though it ended its side at once."""
    site.accounts.owners["me"] = ("pw", ("CAR1",))
    car = await site.enters(Role.CAR)
    await car.says(car.session.send(Message("a")))
    caller = await HungUp.says(site, b"MP-B 1 me pw *\r\nC11\r\n")
    assert (await car.hears_messages(2))[-1] == "C11"
    site.passes(HALF_CLOSE_TIMEOUT - 1)
    await car.says(car.session.send(Message("c", b"11,0")))
    assert (await caller.reads_all(site)).endswith(b"c11,0\r\n")


async def test_nobody_is_kept_half_closed_for_long(site: Site) -> None:
    """An answer that takes too long is not waited for, and an app is not counted meanwhile."""
    site.accounts.owners["me"] = ("pw", ("CAR1",))
    car = await site.enters(Role.CAR)
    await car.says(car.session.send(Message("a")))
    caller = await HungUp.says(site, b"MP-B 1 me pw *\r\nC11\r\n")
    assert (await car.hears_messages(2))[-1] == "C11"
    await until(lambda: any(each._half_closed is not None for each in site.acceptor.connections))
    site.passes(HALF_CLOSE_TIMEOUT - 0.1)
    assert len(site.acceptor.connections) == 2
    site.passes(0.1)
    assert b"c11" not in await caller.reads_all(site)
    app = await HungUp.says(site, b"MP-A 1 me pw *\r\nC11\r\n")
    await app.reads_all(site)
    await until(lambda: len(site.acceptor.connections) == 1)
