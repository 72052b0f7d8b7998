"""The module's link to its server: calls, keeps the link alive, calls again when it is lost.

One task drives the car (:mod:`~ovms.car.drivers`), one keeps the link. Both talk to the pure
:class:`~ovms.car.module.Module` and share the one connection there is, so nothing is locked.
All waiting here is in real time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Protocol

from ovms.base.backoff import Backoff
from ovms.base.clock import SystemClock
from ovms.base.logs import get_logger
from ovms.base.tasks import run_until_first_ends
from ovms.car.drivers import Driver
from ovms.car.linkstate import LinkState
from ovms.car.module import Module
from ovms.car.usage import DataUse
from ovms.net.client import ConnectFailed, ConnectionLost, Untrusted, WelcomeRefused
from ovms.net.traffic import Traffic
from ovms.protocol import Message

log = get_logger("ovms.car")

PING, PONG = "A", "a"

SAYS_WHAT_ARRIVED = frozenset("ah")
"""What is still taken from a server while the module is about to restart: no further orders."""


class RestartRequested(Exception):
    """The module was told to restart its program, and the answer has arrived."""


class ModuleConnection(Protocol):
    """A connection to the server: :class:`ovms.net.client.ClientConnection`."""

    @property
    def traffic(self) -> Traffic:
        """What it has cost so far."""
        ...

    def send_all(self, messages: Iterable[Message]) -> None:
        """Send in one piece, or raise :class:`ConnectionLost`."""

    async def drain(self) -> None:
        """Wait until there is room, or raise :class:`ConnectionLost`."""

    async def receive(self) -> Message:
        """Return the next message, or raise :class:`ConnectionLost`."""
        ...

    async def close(self) -> None:
        """End it."""


@dataclass(frozen=True, slots=True)
class LinkTiming:
    """Real seconds."""

    first_wait: float = 1.0
    most_wait: float = 60.0
    """Between calls while the server cannot be reached: doubling, with jitter."""
    refused_wait: float = 120.0
    most_refused_wait: float = 900.0
    """The same while it refuses us (jitter halves it at most): the vehicle may be added yet."""
    steady: float = 10.0
    """A link that lasted as long was a good one: the waits begin anew."""
    ping_after: float = 900.0
    """Silence of the server after which we ping; it pings us about as often."""
    dead_after: float = 990.0
    """Silence after which the link counts as dead: a server is never silent for 16 minutes."""
    answer: float = 60.0
    """Until the ping that ends a recording must be answered, or the link is made anew."""
    delivery: float = 0.2
    """Between looks at what is to be delivered yet, at the end of a recording."""
    close: float = 5.0
    """Until a connection that does not end is left alone."""


PASSING_REFUSALS = 3
"""Refusals in a row that may be a server's passing trouble, if it has welcomed us before."""


class _Call:
    """One connection, the pings on it, and what it costs."""

    def __init__(self, connection: ModuleConnection, usage: DataUse) -> None:
        self.connection = connection
        self._usage = usage
        self._counted = Traffic()
        self.over = asyncio.Event()
        self._open_pings = 0
        self._news = asyncio.Event()

    def send(self, messages: Sequence[Message]) -> None:
        """Send messages, or raise :class:`ConnectionLost`."""
        self.connection.send_all(messages)
        pings = sum(message.code == PING for message in messages)
        if pings:
            self._open_pings += pings
            self._news.clear()
        self.count()

    def count(self) -> None:
        """Note what it has cost since it was counted last."""
        before, self._counted = self._counted, self.connection.traffic
        self._usage.note_sent(self._counted.sent - before.sent)
        self._usage.note_received(self._counted.received - before.received)
        self._usage.is_whole &= self._counted.is_whole

    def pong(self) -> None:
        """Learn that a ping was answered; they are answered in order."""
        self._open_pings = max(0, self._open_pings - 1)
        if not self._open_pings:
            self._news.set()

    @property
    def has_open_pings(self) -> bool:
        """A ping waits for its answer."""
        return self._open_pings > 0

    def end(self) -> None:
        """Learn that it is over."""
        self.over.set()
        self._news.set()

    async def answered(self) -> None:
        """Wait until all pings are answered, or raise :class:`ConnectionLost`."""
        await self._news.wait()
        if self._open_pings:
            raise ConnectionLost("the link was lost before the server had everything")


class Link:
    """Keeps a module connected while a driver moves its car.

    ``connect`` makes a connection, or raises :class:`ConnectFailed` or :class:`WelcomeRefused`;
    ``names`` say in the log who calls whom. How it stands is noted in ``state``.
    """

    def __init__(
        self,
        module: Module,
        driver: Driver,
        connect: Callable[[], Awaitable[ModuleConnection]],
        *,
        random: Random,
        timing: LinkTiming | None = None,
        names: Mapping[str, str] | None = None,
        state: LinkState | None = None,
    ) -> None:
        self.state = state or LinkState(SystemClock())
        self._module = module
        self._driver = driver
        self._connect = connect
        self._timing = timing = timing or LinkTiming()
        self._names = dict(names or {})
        self._waits = Backoff(timing.first_wait, timing.most_wait, random=random)
        self._slow = Backoff(timing.refused_wait, timing.most_refused_wait, random=random)
        self._call: _Call | None = None
        self._up = asyncio.Event()
        self._was_welcome = False
        self._refusals = 0
        self._trusts = True
        self._told = ("", "")
        """Why there is no link, as it was last logged."""

    @property
    def module(self) -> Module:
        """The module that it keeps connected."""
        return self._module

    async def run(self) -> None:
        """Run until the driver is done and the server has everything.

        Cancel it to leave earlier; the connection is closed in order either way. What the driver
        raises comes through. Raises :class:`RestartRequested` when a client wants the program to be
        started anew.
        """
        try:
            await run_until_first_ends(self._work(), self._keep())
        finally:
            self._tell_usage()

    def _tell_usage(self) -> None:
        usage = self._module.usage
        used = {row.condition.value: str(row) for row in usage.table()}
        if used:
            log.info("data used", **used, headers=usage.is_whole, **self._names)

    # -- the driver's task ------------------------------------------------------------------

    async def wait_until_up(self) -> None:
        """Wait until there is a link."""
        if self._call is None:
            await self._up.wait()

    async def tell(self, messages: Sequence[Message]) -> None:
        """Send messages, and wait for room; without a link they are dropped.

        Nothing of the state is lost: at the next login the car tells all of it.
        """
        if messages and self._call is not None:
            with suppress(ConnectionLost):  # the keeper hears of it, too
                self._call.send(messages)
                await self._call.connection.drain()

    async def _work(self) -> None:
        await self._driver.run(self._module, self)
        while not await self._settle():
            pass
        log.info("the server has everything", **self._names)

    async def _settle(self) -> bool:
        """Send the last state; tell whether the server has answered a ping behind it."""
        await self._up.wait()
        call = self._call
        if call is None:  # lost again already
            return False
        try:
            await self._deliver(call)
            call.send(self._module.report_all(self._driver.now))
            call.send([self._module.ping(self._driver.now)])
            async with asyncio.timeout(self._timing.answer):
                await call.answered()
        except (ConnectionLost, TimeoutError):
            await self._close(call)
            await call.over.wait()
            return False
        return True

    async def _deliver(self, call: _Call) -> None:
        """Wait until nothing waits for its delivery, or raise :class:`ConnectionLost`."""
        while self._module.delivery:
            if call.over.is_set():
                raise ConnectionLost("the link was lost before the server had everything")
            await self.tell(self._module.poll(self._driver.now))
            await asyncio.sleep(self._timing.delivery)

    # -- the keeper's task ------------------------------------------------------------------

    async def _keep(self) -> None:
        while True:
            try:
                connection = await self._connect()
            except ConnectFailed as error:
                self.state.lose(str(error))
                self._tell_untrusted(error)
                await self._wait(self._waits, "no connection", str(error))
            except WelcomeRefused as error:
                await self._wait_refused(error)
            else:
                await self._serve(_Call(connection, self._module.usage))

    def _tell_untrusted(self, error: ConnectFailed) -> None:
        """Say once what to do about a certificate; a renewed one may be right again."""
        trusts = not isinstance(error, Untrusted)
        if self._trusts and not trusts:
            hint = "name the server's certificate with --ca, or take any with --insecure"
            log.error("no trust in the server", reason=str(error), hint=hint, **self._names)
        self._trusts = trusts

    async def _wait_refused(self, error: WelcomeRefused) -> None:
        self.state.refuse(str(error))
        self._refusals += 1
        may_pass = self._was_welcome and self._refusals <= PASSING_REFUSALS
        if not may_pass and self._refusals in (1, PASSING_REFUSALS + 1):
            hint = "check --vehicle and --secret, and that the vehicle exists on the server"
            log.error("refused by the server", reason=str(error), hint=hint, **self._names)
        await self._wait(self._waits if may_pass else self._slow, "no welcome", str(error))

    async def _wait(self, waits: Backoff, event: str, reason: str) -> None:
        """Wait until the next call. The same trouble is told once, as it may last for days."""
        seconds = waits.next()
        self.state.wait(seconds)
        tell = log.debug if self._told == (event, reason) else log.info
        self._told = event, reason
        tell(event, reason=reason, again_in=round(seconds, 1), **self._names)
        await asyncio.sleep(seconds)

    async def _serve(self, call: _Call) -> None:
        """Use a connection until it is lost."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        self._was_welcome, self._refusals = True, 0
        self._slow.reset()
        self._told = ("", "")
        self.state.connect()
        log.info("connected", **self._names)
        reason = "connection lost"
        try:
            call.send(self._module.connect(self._driver.now))
            self._call = call
            self._up.set()
            reason = await self._listen(call)
        except ConnectionLost as error:
            reason = str(error)
        finally:
            self._call = None
            self._up.clear()
            self._module.disconnect()
            call.count()
            self.state.lose(reason)
            call.end()
            await self._close(call)
        if self._module.restart_requested:
            log.info("restarting on command", **self._names)
            raise RestartRequested
        if loop.time() - began >= self._timing.steady:
            self._waits.reset()
        await self._wait(self._waits, "disconnected", reason)

    async def _listen(self, call: _Call) -> str:
        """Serve what the server sends; give the reason to leave, or raise :class:`ConnectionLost`.

        After a long silence the server is pinged; after a little more the link counts as dead.
        """
        timing = self._timing
        is_pinged = False
        while True:
            patience = timing.dead_after - timing.ping_after if is_pinged else timing.ping_after
            try:
                async with asyncio.timeout(patience):
                    message = await call.connection.receive()
                    self._process_message(call, message)
                    await call.connection.drain()
                if self._module.restart_requested:
                    await self._see_off(call)
                    return "restarting"
                is_pinged = False
            except TimeoutError:
                if is_pinged:
                    return "the server is silent"
                call.send([self._module.ping(self._driver.now)])
                is_pinged = True

    def _process_message(self, call: _Call, message: Message) -> None:
        self.state.hear()
        log.debug("received", code=message.code)
        if message.code == PONG:
            call.pong()
        call.send(self._module.receive(message, self._driver.now))

    async def _see_off(self, call: _Call) -> None:
        """Wait until what was sent has arrived: a ping behind it is answered, or never will be."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timing.close):
                call.send([self._module.ping(self._driver.now)])
                while call.has_open_pings:
                    message = await call.connection.receive()
                    if message.code in SAYS_WHAT_ARRIVED:
                        self._process_message(call, message)

    async def _close(self, call: _Call) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timing.close):
                await call.connection.close()
