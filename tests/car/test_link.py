"""The link against a server end made of the protocol's own Session, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
import structlog

from ovms.base import logs
from ovms.base.clock import SystemClock
from ovms.car.delivery import Moment
from ovms.car.drivers import ClockDriver, Listener, Replay
from ovms.car.frames import Frame
from ovms.car.link import Link, LinkTiming, RestartRequested
from ovms.car.linkstate import LinkKind
from ovms.car.module import Module
from ovms.car.recordings.errors import RecordingError
from ovms.car.vehicles.roadster import Roadster
from ovms.car.vehicles.sim import SimCar
from ovms.net.client import ClientConnection, ConnectFailed, Untrusted, WelcomeRefused
from ovms.net.reconnect import ReconnectTiming
from ovms.protocol import Message
from ovms.protocol.records import Environment
from ovms.protocol.records.alert import Alert
from tests.car.conftest import FakeServer
from tests.waiting import PATIENCE, until

Logged = list[structlog.typing.EventDict]

CALLS = ReconnectTiming(0.01, 0.02, refused_wait=0.02, longest_refused_wait=0.04)
FAST = LinkTiming(CALLS)
DOORS = [Frame(at / 10, 0x100, bytes([0x96, at % 2, 0, 0, 0])) for at in range(500)]
SOC = Frame(0, 0x100, bytes.fromhex("80 5D B4 00 75 00 A3 00"))


@pytest.fixture
def logged() -> Iterator[list[structlog.typing.EventDict]]:
    """Catch what is logged."""
    logs.configure("debug", "text")
    with structlog.testing.capture_logs() as entries:
        yield entries


def doors_link(
    server: FakeServer,
    random: Random,
    frames: list[Frame] | None = None,
    **options: Any,
) -> Link:
    """Return the link of a Roadster whose recording is all about doors, as fast as it goes."""
    car = Roadster()
    driver = Replay(car, lambda: iter(frames or [SOC, *DOORS]), clock=SystemClock(), speed=0)
    return Link(Module(car), driver, server.connect, random=random, **{"timing": FAST, **options})


def sim_link(server: FakeServer, random: Random, timing: LinkTiming = FAST) -> Link:
    """Return the link of a simulated car."""
    driver = ClockDriver(clock=SystemClock(), tick=0.01)
    return Link(
        Module(SimCar(start=driver.now, seed=1)), driver, server.connect,
        random=random, timing=timing,
    )  # fmt: skip


@asynccontextmanager
async def running(link: Link) -> AsyncIterator[asyncio.Task[None]]:
    """Run a link, and end it."""
    task = asyncio.create_task(link.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_recording_ends_when_the_server_has_everything(
    server: FakeServer, random: Random
) -> None:
    """At the end come all messages and a ping, and the link ends when that is answered."""
    async with asyncio.timeout(PATIENCE):
        await doors_link(server, random).run()
    assert server.codes.endswith("FSDVA")
    doors = [int(Environment.parse(m.data).doors_1 or 0) for m in server.messages("D")]
    changes = [b for a, b in zip([None, *doors], doors, strict=False) if a != b]
    assert changes == [at % 2 for at in range(500)]


async def test_what_it_cost_is_told_at_the_end(
    server: FakeServer, random: Random, logged: Logged
) -> None:
    """Once, by what the car did, with what the link counted; not where it was, nor any secret."""
    link = doors_link(server, random)
    async with asyncio.timeout(PATIENCE):
        await link.run()
    (entry,) = (entry for entry in logged if entry["event"] == "data used")
    assert entry["log_level"] == "info"
    assert set(entry) == {"event", "log_level", "logger", "unknown", "parked", "headers"}
    rows = link.module.usage.table()
    assert [entry[row.condition.value] for row in rows] == list(map(str, rows))
    lines = sum(len(message.plain) * 4 // 3 for login in server.logins for message in login)
    sent, received = (sum(row.sent for row in rows), sum(row.received for row in rows))
    assert lines < sent < 3 * lines
    assert 100 < received < sent


async def test_the_bytes_of_each_link_count(server: FakeServer, random: Random) -> None:
    """What a link that was lost has cost stays in the account."""
    link = sim_link(server, random)
    async with running(link):
        await server.wait_for(logins=1, codes="FSDLWV")
        server.drop()
        await server.wait_for(logins=2, codes="FSDLWV")
    (row,) = link.module.usage.table()
    lines = sum(len(message.plain) * 4 // 3 for login in server.logins for message in login)
    assert row.sent > lines


async def test_nothing_is_told_of_a_link_that_never_was(random: Random, logged: Logged) -> None:
    """Calls that found nobody are not counted."""

    async def nobody() -> ClientConnection:
        raise ConnectFailed("nobody is there")

    car = Roadster()
    driver = ClockDriver(clock=SystemClock(), tick=0.01)
    async with running(Link(Module(car), driver, nobody, random=random, timing=FAST)):
        await until(lambda: any(entry["event"] == "no connection" for entry in logged))
    assert not [entry for entry in logged if entry["event"] == "data used"]


async def test_it_stays_until_the_last_ping_is_answered(server: FakeServer, random: Random) -> None:
    """Without the answer the link is made anew and everything sent again, until it comes."""
    server.answers_pings = False
    timing = LinkTiming(CALLS, answer=0.05)
    async with running(doors_link(server, random, timing=timing)) as task:
        await server.wait_for(logins=3, codes="FSDVA")
        assert not task.done()
        server.answers_pings = True
        await until(task.done)
        assert task.exception() is None


async def test_a_recording_ends_when_its_alerts_are_delivered(
    server: FakeServer, random: Random
) -> None:
    """What waits for its delivery is told first; on a lost link again, until a ping is answered."""
    clock = SystemClock()
    link = doors_link(server, random, timing=replace(FAST, delivery=0.01))
    link.module._clock = clock
    for number in range(3):
        now = Moment(clock.monotonic(), clock.time())
        link.module.delivery.add(Alert("A", str(number)), now)
    server.answers_pings = False
    async with running(link) as task:
        await server.wait_for(codes="DP")
        server.drop()
        await server.wait_for(logins=2, codes="P")
        assert not task.done()
        assert link.module.delivery
        server.answers_pings = True
        server.drop()
        await until(task.done)
        assert task.exception() is None
    assert [m.data for m in server.logins[-1] if m.code == "P"] == [b"A0", b"A1", b"A2"]
    assert server.codes.endswith("FSDVA")
    assert not link.module.delivery


async def test_an_open_ping_of_before_does_not_end_it(
    server: FakeServer, random: Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to an earlier ping is not taken for the last one's."""
    server.answers_pings = False
    timing = LinkTiming(CALLS, ping_after=0.2, dead_after=30)
    link = doors_link(server, random, [SOC], timing=timing)
    gate = asyncio.Event()
    real_run = link._driver.run

    async def run(module: Module, listener: Listener) -> None:
        await gate.wait()
        await real_run(module, listener)

    monkeypatch.setattr(link._driver, "run", run)
    async with running(link) as task:
        await server.wait_for(codes="A")
        gate.set()
        await until(lambda: server.codes.count("A") == 2)
        server.send(Message("a"))
        await asyncio.sleep(0.05)
        assert not task.done()
        server.send(Message("a"))
        await until(task.done)


async def test_killed_during_a_replay_the_car_comes_back(
    server: FakeServer, random: Random
) -> None:
    """A server that vanishes in the middle gets the rest, and the last state, when it is back."""
    frames = [Frame(at / 10, 0x100, bytes([0x96, at % 2, 0, 0, 0])) for at in range(20_000)]
    link = doors_link(server, random, [SOC, *frames])
    async with running(link) as task:
        await until(lambda: len(server.messages("D")) > 50)
        await server.kill()
        await until(lambda: not link._up.is_set())
        stopped_at = link._driver.now
        await asyncio.sleep(0.05)
        assert not task.done()
        assert link._driver.now == stopped_at < frames[-1].time
        await server.start()
        await until(task.done)
        assert task.exception() is None
    assert len(server.logins) >= 2
    last = Environment.parse(server.messages("D")[-1].data)
    assert int(last.doors_1 or 0) == 19_999 % 2
    assert server.codes.endswith("A")


async def test_a_living_car_survives_many_lost_links(server: FakeServer, random: Random) -> None:
    """Each time the link is cut, the car calls again and tells everything."""
    async with running(sim_link(server, random)):
        for login in range(1, 6):
            await server.wait_for(logins=login, codes="FSDLWV")
            server.drop()
        await server.wait_for(logins=6, codes="FSDLWV")


async def test_it_waits_for_a_server_that_is_not_there_yet(
    server: FakeServer, random: Random
) -> None:
    """A refused TCP connection is tried again."""
    await server.kill()
    async with running(sim_link(server, random)):
        await asyncio.sleep(0.05)
        await server.start()
        await server.wait_for(codes="FSDLWV")


async def test_a_car_that_does_not_trust_the_server(
    server: FakeServer, random: Random, logged: Logged
) -> None:
    """A bad certificate is told clearly once each time it turns bad; a good one gets the car in."""
    tries: list[int] = []

    async def connect() -> ClientConnection:
        tries.append(1)
        if len(tries) in (1, 2, 3, 5):
            raise Untrusted("expired")
        if len(tries) == 4:
            raise ConnectFailed("nobody there")
        return await server.connect()

    driver = ClockDriver(clock=SystemClock(), tick=0.01)
    module = Module(SimCar(start=driver.now, seed=1))
    async with running(Link(module, driver, connect, random=random, timing=FAST)):
        await server.wait_for(codes="FSDLWV")
    errors = [entry for entry in logged if entry["log_level"] == "error"]
    assert [entry["event"] for entry in errors] == ["no trust in the server"] * 2
    assert "--ca" in errors[0]["hint"]


async def test_a_refused_car_says_so_once_and_keeps_trying(
    server: FakeServer, random: Random, logged: Logged
) -> None:
    """A wrong secret or id is told clearly once; a car that is added later gets in."""
    server.refuses = True
    async with running(sim_link(server, random)):
        await until(lambda: sum(e["event"] == "no welcome" for e in logged) >= 3)
        server.refuses = False
        await server.wait_for(codes="FSDLWV")
    errors = [entry for entry in logged if entry["log_level"] == "error"]
    assert [entry["event"] for entry in errors] == ["refused by the server"]
    assert "--secret" in errors[0]["hint"]


async def test_the_same_trouble_is_logged_once() -> None:
    """A car in a garage must not fill the log: only another reason is another line."""
    reasons = ["no route", "no route", "no route", "no name", "no route"]

    async def call() -> ClientConnection:
        if not reasons:
            await asyncio.Event().wait()
        raise ConnectFailed(reasons.pop(0))

    with structlog.testing.capture_logs() as logged:
        link = Link(
            Module(SimCar(start=0, seed=1)), ClockDriver(clock=SystemClock()), call,
            random=Random(1),  # noqa: S311 (jitter)
            timing=LinkTiming(ReconnectTiming(0.001, 0.002)),
        )  # fmt: skip
        task = asyncio.create_task(link.run())
        await until(lambda: not reasons)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    told = [each["reason"] for each in logged if each["log_level"] == "info"]
    assert told[:3] == ["no route", "no name", "no route"]


async def test_a_car_that_was_welcome_may_meet_passing_trouble(
    server: FakeServer, random: Random, logged: Logged
) -> None:
    """Three refusals of a car that was welcome are none to act on; the fourth is told."""
    refusals: list[int] = []

    async def connect() -> ClientConnection:
        if not server.logins:
            return await server.connect()
        refusals.append(sum(entry["log_level"] == "error" for entry in logged))
        raise WelcomeRefused("no")

    driver = ClockDriver(clock=SystemClock(), tick=0.01)
    module = Module(SimCar(start=driver.now, seed=1))
    async with running(Link(module, driver, connect, random=random, timing=FAST)):
        await server.wait_for(codes="FSDLWV")
        server.drop()
        await until(lambda: len(refusals) >= 6)
    assert refusals[:6] == [0, 0, 0, 0, 1, 1]


async def test_its_state_is_noted(server: FakeServer, random: Random) -> None:
    """Refused, connected, lost: whoever asks is told, and why."""
    server.refuses = True
    link = sim_link(server, random)
    state = link.state
    assert (state.kind, state.heard) == (LinkKind.CALLING, None)
    async with running(link):
        await until(lambda: state.kind is LinkKind.REFUSED and state.again_in is not None)
        assert "wrong vehicle id or secret" in str(state.reason)
        server.refuses = False
        await until(lambda: state.kind is LinkKind.CONNECTED)
        welcomed = state.heard
        assert state.reason is None
        server.send(Message("A"))
        await until(lambda: state.heard != welcomed)
        await server.kill()
        await until(lambda: "Connection refused" in str(state.reason))
        assert state.kind is LinkKind.CALLING


async def test_a_silent_server_is_pinged_and_then_left(server: FakeServer, random: Random) -> None:
    """After a silence the car pings; an answer keeps the link, none ends it."""
    timing = LinkTiming(CALLS, ping_after=0.04, dead_after=0.08)
    async with running(sim_link(server, random, timing)):
        await until(lambda: len(server.messages("A")) >= 4)
        assert len(server.logins) == 1
        server.answers_pings = False
        await server.wait_for(logins=3)


async def test_commands_and_pings_are_answered_over_the_link(
    server: FakeServer, random: Random
) -> None:
    """What the server asks is answered on the same connection, in order."""
    async with running(sim_link(server, random)):
        await server.wait_for(codes="FSDLWV")
        for message in (Message("A"), Message("C", b"20,9999"), Message("C", b"22,1234")):
            server.send(message)
        await until(lambda: len(server.messages("c")) == 2)
        assert [m.data for m in server.messages("c")] == [b"20,1,wrong PIN", b"22,0"]
        assert server.codes.count("a") == 1


async def test_watchers_get_everything(server: FakeServer, random: Random) -> None:
    """A rising Z makes the car send everything."""
    async with running(sim_link(server, random)):
        await server.wait_for(codes="FSDLWV")
        server.send(Message("Z", b"1"))
        await until(lambda: server.codes.count("V") == 2)


async def test_the_log_tells_neither_secrets_nor_positions(
    server: FakeServer, random: Random, logged: Logged
) -> None:
    """At INFO and above the log names car and server, and nothing that the messages carry."""
    async with running(sim_link(server, random)):
        await server.wait_for(codes="FSDLWV")
        server.drop()
        await server.wait_for(logins=2)
    told = str([entry for entry in logged if entry["log_level"] != "debug"])
    assert "connected" in told
    assert "48.1" not in told
    assert "SECRET" not in told


async def test_a_damaged_recording_comes_through(server: FakeServer, random: Random) -> None:
    """What came before the damage is told to the server, and the driver keeps what is wrong."""

    def frames() -> Iterator[Frame]:
        yield SOC
        raise RecordingError(Path("some.log"), "damaged", 7)

    link = doors_link(server, random)
    car = link.module.vehicle
    assert isinstance(car, Roadster)
    driver = Replay(car, frames, clock=SystemClock(), speed=0)
    link._driver = driver
    async with asyncio.timeout(PATIENCE):
        await link.run()
    assert str(driver.problem) == "some.log:7: damaged"
    assert "S" in server.codes
    assert server.codes.endswith("VA")
    await until(lambda: not server._writers)


def restartable(server: FakeServer, random: Random) -> Link:
    """Return the link of a simulated car that can be restarted."""
    driver = ClockDriver(clock=SystemClock(), tick=0.01)
    module = Module(SimCar(start=driver.now, seed=1), restarts=True)
    timing = LinkTiming(CALLS, close=0.3)
    return Link(module, driver, server.connect, random=random, timing=timing)


async def test_a_restart_comes_after_the_answer_has_arrived(
    server: FakeServer, random: Random
) -> None:
    """The link ends with the wish to restart, once a ping behind the answer was answered."""
    task = asyncio.create_task(restartable(server, random).run())
    await server.wait_for(codes="FSDLWV")
    server.send(Message("C", b"5"))
    await until(task.done)
    with pytest.raises(RestartRequested):
        await task
    assert server.codes.endswith("cA")
    assert [m.data for m in server.messages("c")] == [b"5,0"]


@pytest.mark.parametrize("how", ["silent", "gone"])
async def test_a_restart_does_not_wait_for_ever(
    server: FakeServer, random: Random, how: str
) -> None:
    """A server that answers no ping, or vanishes after the command, cannot hold it up."""
    server.answers_pings = False
    task = asyncio.create_task(restartable(server, random).run())
    await server.wait_for(codes="FSDLWV")
    server.send(Message("C", b"5"))
    if how == "gone":
        await server.wait_for(codes="c")
        await server.kill()
    await until(task.done)
    with pytest.raises(RestartRequested):
        await task
    assert len(server.logins) == 1
