"""Many simulated cars in one process, for load: one task looks at them, few others connect.

A car has no task and no timer of its own. Sleeping cars are looked at once a minute, others every
few seconds, and each when the server says something.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from random import Random

from ovms.base.clock import Clock
from ovms.base.logs import get_logger
from ovms.car.calling import is_verifying
from ovms.car.command_handler import failure_log
from ovms.car.fleet.member import FleetMember
from ovms.car.fleet.roster import RosterEntry
from ovms.car.fleet.tally import Tally
from ovms.car.fleet.wheel import Wheel
from ovms.car.tokens import TokenMemory
from ovms.net.websocket import ClientSocket

log = get_logger("ovms.car")

TICK = 0.1
"""Seconds of the wheel's ticks."""

A_TURN = 50
"""Cars that are looked at before the event loop runs other tasks: some milliseconds."""

CALLS_AT_ONCE = 100
"""Connections that are being made at a time."""

CONNECT_TIMEOUT = 30.0
"""Seconds until a connection must be there, TLS included."""

SUMMARY_EVERY = 60.0
"""Seconds between two summaries in the log."""

LEAVE_TIMEOUT = 5.0
"""Seconds that connections have to end in order."""


class Fleet:
    """Cars that call one server, the first now and the last after ``ramp`` seconds.

    ``speed`` are the cars' seconds in each real one.
    """

    def __init__(
        self,
        entries: Sequence[RosterEntry],
        host: str,
        port: int,
        *,
        clock: Clock,
        random: Random,
        tls: ssl.SSLContext | None = None,
        websocket: bool = False,
        ramp: float = 0.0,
        speed: float = 1.0,
        pin: str = "1234",
        group: str = "",
        names: Mapping[str, str] | None = None,
    ) -> None:
        self.random, self.speed, self.pin, self.group = random, speed, pin, group
        self.tally = Tally()
        self.failures = failure_log()
        self.trouble = ""
        """The latest reason why a car has no link; empty once all are connected."""
        self._place = host, port
        self.tokens = TokenMemory()
        """Of all members, as they call one server."""
        self.is_verified = is_verifying(tls)
        """Whether TLS checks the server's certificate."""
        self._tls = tls
        self._websocket = websocket
        self._names = dict(names or {})
        self.clock = clock
        self._began, self._start = clock.monotonic(), clock.time()
        self._summed, self._last = self._began, Tally()
        self._connected = 0
        self._is_leaving = False
        self._to_call: deque[FleetMember] = deque()
        self._calls: set[asyncio.Task[None]] = set()
        self.wheel: Wheel[FleetMember] = Wheel(TICK, self._began)
        self.members = [FleetMember(entry, self) for entry in entries]
        for at, member in enumerate(self.members):
            self.wheel.set(member, self._began + ramp * at / len(self.members))

    @property
    def now(self) -> float:
        """Real seconds of a clock that never goes back."""
        return self.clock.monotonic()

    @property
    def car_time(self) -> float:
        """The cars' time, Unix seconds."""
        return self._start + (self.now - self._began) * self.speed

    @property
    def connected(self) -> int:
        """Cars that are welcomed and connected."""
        return self._connected

    async def run(self) -> None:
        """Run for ever; cancel it to leave, and all connections are closed in order."""
        log.info("the fleet starts", cars=len(self.members), **self._names)
        try:
            while True:
                await self.turn()
                await asyncio.sleep(TICK)
        finally:
            await self._leave()

    async def turn(self) -> None:
        """Look at the cars that are due, and log a summary if it is time."""
        for count, member in enumerate(self.wheel.turn(self.now), 1):
            member.look(self.now)
            if count % A_TURN == 0:
                await asyncio.sleep(0)
        if self.now - self._summed >= SUMMARY_EVERY:
            self._sum_up()

    def codec(self) -> ClientSocket | None:
        """Return the WebSocket of a new connection, if it has one."""
        if not self._websocket:
            return None
        return ClientSocket(*self._place, is_secure=self._tls is not None)

    # -- calls from members -----------------------------------------------------------------

    def call(self, member: FleetMember) -> None:
        """Make a connection for a member once few enough others are being made."""
        if self._is_leaving:
            return
        self._to_call.append(member)
        if len(self._calls) < CALLS_AT_ONCE:
            task = asyncio.get_running_loop().create_task(self._call_all())
            self._calls.add(task)
            task.add_done_callback(self._calls.discard)

    def rest(self, member: FleetMember, seconds: float, reason: str) -> None:
        """Let a member call again after so many seconds; ``reason`` is why it has to."""
        if not self._is_leaving:
            self.trouble = reason
            self.wheel.set(member, self.now + seconds)

    def up(self, member: FleetMember) -> None:
        """Count a member that was welcomed."""
        self._connected += 1
        if self._connected == len(self.members):
            self.trouble = ""
            log.info("all cars are connected", cars=self._connected, **self._names)

    def down(self, member: FleetMember) -> None:
        """Count a member whose connection is gone."""
        self._connected -= 1

    # -- connecting -------------------------------------------------------------------------

    async def _call_all(self) -> None:
        while self._to_call:
            await self._call(self._to_call.popleft())

    async def _call(self, member: FleetMember) -> None:
        host, port = self._place
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                _, pump = await asyncio.get_running_loop().create_connection(
                    member.make_pump, host, port, ssl=self._tls,
                    server_hostname=None if self._tls is None else host.partition("%")[0],
                )  # fmt: skip
        except TimeoutError:
            member.failed(f"no connection within {CONNECT_TIMEOUT:g} s")
        except (OSError, ValueError) as error:
            member.failed(str(error))
        else:
            member.send_welcome(pump, self.now)

    # -- summary and end --------------------------------------------------------------------

    def count(self) -> Tally:
        """Return the counts as of now, the present connections included."""
        tally = self.tally.copy()
        for member in self.members:
            sent, received = member.traffic
            tally.bytes_sent += sent
            tally.bytes_received += received
        return tally

    def _sum_up(self) -> None:
        tally, now = self.count(), self.now
        facts: dict[str, object] = dict(tally.line(self._last, now - self._summed))
        if self.trouble:
            facts["trouble"] = self.trouble
        log.info("fleet", connected=self._connected, cars=len(self.members), **facts, **self._names)
        self._last, self._summed = tally, now

    async def _leave(self) -> None:
        """Log a summary, and end all calls and connections."""
        self._is_leaving = True
        self._sum_up()
        calls = list(self._calls)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        for member in self.members:
            member.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_TIMEOUT):
                while any(member.is_connected for member in self.members):  # noqa: ASYNC110
                    await asyncio.sleep(TICK)
