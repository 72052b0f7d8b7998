"""A fleet against a little server in the same event loop; time is moved by hand."""

from __future__ import annotations

import asyncio
import os
from random import Random

import pytest

from ovms.base.clock import ManualClock
from ovms.car.calling import PROOF_TIMEOUT
from ovms.car.fleet.fleet import Fleet
from ovms.car.fleet.member import TIMING, FleetMember, Stage
from ovms.car.fleet.roster import RosterEntry
from ovms.car.reports import Units
from ovms.net.client import WELCOME_TIMEOUT
from ovms.net.pump import Pump
from ovms.protocol import CallerWelcome, Message, Party, Session
from ovms.protocol.crypto import make_token
from ovms.protocol.errors import AuthenticationFailed
from ovms.protocol.session import Event

START = 1_750_000_000.0


class LittleServer:
    """Welcomes cars of one secret, keeps what they say."""

    def __init__(self) -> None:
        self.pumps: dict[str, Pump] = {}
        self.heard: list[tuple[str, Message]] = []
        self.is_silent = False
        self.speaks_first = True
        self.server: asyncio.Server | None = None
        self.port = 0

    async def open(self) -> None:
        """Listen, on the same port as before."""
        self.server = await asyncio.get_running_loop().create_server(
            lambda: Pump(Session(Party.SERVER, make_token(os.urandom)), self),
            "127.0.0.1", self.port,
        )  # fmt: skip
        self.port = self.server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Stop listening, end what is connected."""
        assert self.server is not None
        self.server.close()
        for pump in self.pumps.values():
            pump.close()
        self.pumps.clear()

    def say(self, vehicle: str, message: Message) -> None:
        """Say something to a car."""
        assert self.pumps[vehicle].send(message)

    def opened(self, pump: Pump) -> None:
        """Wait for its welcome."""

    def stalled(self, pump: Pump) -> None:
        """Go on."""

    def half_closed(self, pump: Pump) -> bool:
        """Keep nothing open."""
        return False

    def closed(self, pump: Pump, error: Exception | None) -> None:
        """Go on."""

    def received(self, pump: Pump, event: Event) -> None:
        """Welcome, or keep."""
        if isinstance(event, CallerWelcome) and not self.is_silent:
            try:
                pump.accept(b"right")
            except AuthenticationFailed as error:
                pump.close(error)
            else:
                self.pumps[event.vehicle_id] = pump
                if self.speaks_first:
                    pump.send(Message("A"))
                pump.resume()
        elif isinstance(event, Message):
            name = next(name for name, known in self.pumps.items() if known is pump)
            self.heard.append((name, event))


class FleetRig:
    """A fleet, its server and its clock."""

    def __init__(
        self,
        server: LittleServer,
        *entries: RosterEntry,
        ramp: float = 0.0,
        websocket: bool = False,
    ) -> None:
        self.clock = ManualClock(START)
        self.server = server
        self.fleet = Fleet(
            entries, "127.0.0.1", server.port, clock=self.clock, random=Random(1),  # noqa: S311
            ramp=ramp, names={"server": "test"}, websocket=websocket,
        )  # fmt: skip

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, a second at a turn; what is on the wire arrives."""
        for _ in range(max(1, int(seconds))):
            self.clock.advance(1)
            await self.fleet.turn()
            await settle()

    async def until_up(self, count: int, most: int = 300) -> None:
        """Let time pass until so many cars are connected."""
        for _ in range(most):
            await self.pass_time(1)
            if self.fleet.connected == count:
                return
        raise AssertionError(f"{self.fleet.connected} of {count}")


async def settle() -> None:
    """Let the loopback carry what was written."""
    for _ in range(30):
        await asyncio.sleep(0)


def entry(name: str, proof: str = "right", scenario: str = "parked") -> RosterEntry:
    """Make a car of the list."""
    return RosterEntry(name, proof, 1, scenario, 0.0, Units.KILOMETRES)


@pytest.fixture
async def server() -> LittleServer:
    """Return a server that listens."""
    made = LittleServer()
    await made.open()
    return made


@pytest.mark.parametrize("websocket", [False, True])
async def test_all_come_up_each_as_itself(server: LittleServer, websocket: bool) -> None:
    """Cars begin one after the other, and each tells everything with a VIN of its own."""
    entries = [entry(f"CAR{at}") for at in range(10)]
    rig = FleetRig(server, *entries, ramp=10, websocket=websocket)
    await rig.pass_time(5)
    assert 3 <= rig.fleet.connected <= 6
    await rig.until_up(10)
    assert server.pumps.keys() == {one.vehicle for one in entries}
    told = {name: m.data.split(b",")[1].decode() for name, m in server.heard if m.code == "F"}
    assert told == {one.vehicle: one.vin for one in entries}
    assert len(set(told.values())) == 10
    assert all((pump._codec is not None) is websocket for pump in server.pumps.values())
    await leave(rig)


async def test_a_command_is_answered_at_once(server: LittleServer) -> None:
    """A car obeys while its timer still waits, and shows the change soon."""
    rig = FleetRig(server, entry("CAR"))
    await rig.until_up(1)
    server.heard.clear()
    server.say("CAR", Message("C", b"22,1234"))
    await settle()
    assert [m.data for _, m in server.heard if m.code == "c"] == [b"22,0"]
    assert "D" in [m.code for _, m in server.heard]
    server.say("CAR", Message("A"))
    await settle()
    assert server.heard[-1][1].code == "a"
    await leave(rig)


async def test_all_come_back_when_the_server_does(server: LittleServer) -> None:
    """Lost cars call again and again, each after its own pause, until the server is back."""
    rig = FleetRig(server, *(entry(f"CAR{at}") for at in range(20)))
    await rig.until_up(20)
    server.close()
    await rig.pass_time(40)
    assert rig.fleet.connected == 0
    assert rig.fleet.trouble
    failed = rig.fleet.count().failed
    assert 60 < failed < 140
    await server.open()
    await rig.until_up(20)
    assert rig.fleet.trouble == ""
    assert (rig.fleet.tally.logins, rig.fleet.tally.lost) == (40, 20)
    await leave(rig)


async def test_the_refused_call_seldom(server: LittleServer) -> None:
    """A wrong secret is counted and tried again minutes later; others do not notice."""
    rig = FleetRig(server, entry("GOOD"), entry("BAD", "wrong"))
    await rig.pass_time(50)
    assert rig.fleet.connected == 1
    assert rig.fleet.tally.refused == 1
    await rig.pass_time(100)
    assert rig.fleet.tally.refused == 2
    await leave(rig)


async def test_a_server_that_stays_silent_is_left(server: LittleServer) -> None:
    """No welcome within the time that cars wait is no refusal: the car calls again soon."""
    server.is_silent = True
    rig = FleetRig(server, entry("CAR"))
    await rig.pass_time(WELCOME_TIMEOUT - 2)
    assert rig.fleet.members[0].stage is Stage.GREETING
    server.is_silent = False
    await rig.until_up(1, most=10)
    assert (rig.fleet.tally.refused, rig.fleet.tally.failed) == (0, 1)
    await leave(rig)


async def test_a_server_that_does_not_speak_first_is_told_nothing(server: LittleServer) -> None:
    """An overheard welcome is not enough: the car is silent, hangs up in time and calls again."""
    server.speaks_first = False
    rig = FleetRig(server, entry("CAR"))
    await rig.pass_time(PROOF_TIMEOUT - 2)
    assert rig.fleet.members[0].stage is Stage.PROVING
    await rig.pass_time(3)
    assert server.heard == []
    assert "says nothing" in rig.fleet.trouble
    server.speaks_first = True
    await rig.until_up(1, most=10)
    assert (rig.fleet.tally.refused, rig.fleet.tally.failed) == (0, 1)
    await leave(rig)


async def test_a_welcome_that_was_seen_is_refused(
    server: LittleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that repeats its welcome, on whichever car's call, is told nothing."""
    monkeypatch.setattr("tests.car.fleet.test_fleet.make_token", lambda random: "a" * 22)
    rig = FleetRig(server, entry("CAR0"), entry("CAR1"), ramp=10)
    await rig.pass_time(12)
    assert rig.fleet.connected == 1
    assert "seen before" in rig.fleet.trouble
    assert {name for name, _ in server.heard} == {"CAR0"}
    assert rig.fleet.tally.refused == 0
    await leave(rig)


async def test_a_link_without_life_is_made_anew(server: LittleServer) -> None:
    """After long silence the server is pinged, then given up."""
    rig = FleetRig(server, entry("CAR"))
    await rig.until_up(1)
    member = rig.fleet.members[0]
    server.heard.clear()
    rig.clock.advance(TIMING.ping_after)
    member.look(rig.fleet.now)
    await settle()
    assert [m.code for _, m in server.heard].count("A") == 1
    rig.clock.advance(TIMING.dead_after - TIMING.ping_after)
    member.look(rig.fleet.now)
    await settle()
    assert member.stage is Stage.RESTING
    await leave(rig)


async def test_a_server_that_does_not_read_is_left(server: LittleServer) -> None:
    """A connection whose other end takes nothing is ended, and made anew."""
    rig = FleetRig(server, entry("CAR"))
    await rig.until_up(1)
    member: FleetMember = rig.fleet.members[0]
    assert member._pump is not None
    member.stalled(member._pump)
    await settle()
    assert not member.is_connected
    await rig.until_up(1)
    await leave(rig)


async def test_driving_cars_report_and_asleep_ones_are_let_be(server: LittleServer) -> None:
    """A commuter tells that it leaves; one that sleeps is looked at once a minute only."""
    rig = FleetRig(server, entry("ASLEEP"), entry("GOES", scenario="commute"))
    await rig.until_up(2)
    await rig.pass_time(10)
    server.heard.clear()
    looks = dict.fromkeys(("ASLEEP", "GOES"), 0)
    for _ in range(300):
        rig.clock.advance(1)
        due = rig.fleet.wheel.turn(rig.fleet.now)
        for member in due:
            looks[member.entry.vehicle] += 1
            member.look(rig.fleet.now)
    await settle()
    assert looks["ASLEEP"] <= 6
    assert 30 < looks["GOES"] < 120
    codes = [m.code for name, m in server.heard if name == "GOES"]
    assert codes.count("D") >= 5
    assert rig.fleet.count().bytes_sent > 1000
    await leave(rig)


async def test_the_summary_is_one_line(
    server: LittleServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once a minute one line says how the fleet does, without a car's name or secret."""
    from ovms.base import logs

    logs.configure("info", "text")
    rig = FleetRig(server, *(entry(f"CAR{at}") for at in range(5)))
    await rig.until_up(5)
    await rig.pass_time(61)
    lines = capsys.readouterr().err.splitlines()
    sums = [line for line in lines if "messages_a_second" in line]
    assert len(sums) == 1
    assert "connected=5" in sums[0]
    assert not any("CAR1" in line or "right" in line for line in lines)
    await leave(rig)


async def leave(rig: FleetRig) -> None:
    """Run the fleet for a moment, and end it: all its connections are closed."""
    task = asyncio.create_task(rig.fleet.run())
    await settle()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not any(member.is_connected for member in rig.fleet.members)
    rig.server.close()
    await settle()
