"""The module's link to its server: calls, keeps the link alive, calls again when it is lost.

One task drives the car (:mod:`~ovms.car.drivers`), one keeps the link. Both talk to the pure
:class:`~ovms.car.module.Module` and share the one connection there is, so nothing is locked.
All waiting here is in real time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from ovms.base.clock import SystemClock
from ovms.base.logs import get_logger
from ovms.base.tasks import run_until_first_ends
from ovms.car.calling import UnprovenServer
from ovms.car.drivers import Driver
from ovms.car.linkstate import LinkState
from ovms.car.module import Module
from ovms.car.usage import DataUse
from ovms.net.client import (
    ClientConnection,
    ConnectFailed,
    ConnectionLost,
    Untrusted,
    WelcomeRefused,
)
from ovms.net.reconnect import Reconnector, ReconnectTiming
from ovms.net.traffic import Traffic
from ovms.protocol import Message
from ovms.protocol.codes import CODES

log = get_logger("ovms.car")

PING, PONG = "A", "a"

UNTRUSTED, REFUSED = "no trust in the server", "refused by the server"
UNPROVEN = "somebody may pose as the server"

HINTS = {
    UNTRUSTED: "name the server's certificate with --ca, or take any with --insecure",
    REFUSED: "check --vehicle and --secret, and that the vehicle exists on the server",
    UNPROVEN: "call over TLS (--tls), where the certificate proves the server",
}
"""What to do about each trouble."""


class RestartRequested(Exception):
    """The module was told to restart its program, and the answer has arrived."""

    known: bytes = b""
    """What the car knows, for the program that replaces this one."""


@dataclass(frozen=True, slots=True)
class LinkTiming:
    """Real seconds."""

    calls: ReconnectTiming = field(default_factory=ReconnectTiming)
    """Between calls."""
    ping_after: float = 900.0
    """Silence of the server after which we ping; it pings us about as often."""
    dead_after: float = 990.0
    """Silence after which the link counts as dead: a server is never silent for 16 minutes."""
    answer: float = 60.0
    """Until the ping that ends a recording must be answered, or the link is made anew."""
    delivery: float = 0.2
    """Between looks at what is still to be delivered, at the end of a recording."""
    close: float = 5.0
    """Until a connection that does not end is left alone."""


class _Call:
    """One connection, the pings on it, and what it costs."""

    def __init__(self, connection: ClientConnection, usage: DataUse) -> None:
        self.connection = connection
        self.over = asyncio.Event()
        self._usage = usage
        self._counted = Traffic()
        self._open_pings = 0
        self._news = asyncio.Event()

    def send(self, messages: Sequence[Message]) -> None:
        """Send messages. Raises :class:`ConnectionLost`."""
        self.connection.send_all(messages)
        pings = sum(message.code == PING for message in messages)
        if pings:
            self._open_pings += pings
            self._news.clear()
        self.count()

    def count(self) -> None:
        """Add what it has cost since the last count to the account."""
        before, self._counted = self._counted, self.connection.traffic
        self._usage.note_sent(self._counted.sent - before.sent)
        self._usage.note_received(self._counted.received - before.received)
        self._usage.is_whole &= self._counted.is_whole

    def pong(self) -> None:
        """Note the answer to a ping; they are answered in order."""
        self._open_pings = max(0, self._open_pings - 1)
        if not self._open_pings:
            self._news.set()

    @property
    def has_open_pings(self) -> bool:
        """Whether a ping waits for its answer."""
        return self._open_pings > 0

    def end(self) -> None:
        """Wake up everybody who waits for its end or its pongs."""
        self.over.set()
        self._news.set()

    async def answered(self) -> None:
        """Wait until all pings are answered. Raises :class:`ConnectionLost`."""
        await self._news.wait()
        if self._open_pings:
            raise ConnectionLost("the link was lost before the server had everything")


class Link:
    """Keeps a module connected while a driver moves its car.

    ``connect`` makes a connection to a proven server (:func:`~ovms.car.calling.call_server`), or
    raises :class:`ConnectFailed` or :class:`WelcomeRefused`. ``is_verified`` says whether TLS has
    checked the server's certificate.
    ``names`` say in the log who calls whom. ``state`` holds how the link stands.
    """

    def __init__(
        self,
        module: Module,
        driver: Driver,
        connect: Callable[[], Awaitable[ClientConnection]],
        *,
        random: Random,
        timing: LinkTiming | None = None,
        names: Mapping[str, str] | None = None,
        state: LinkState | None = None,
        is_verified: bool = False,
    ) -> None:
        self.module = module
        self._is_verified = is_verified
        self.state = state or LinkState(SystemClock())
        self._driver = driver
        self._connect = connect
        self._timing = timing or LinkTiming()
        self._names = dict(names or {})
        self._reconnector = Reconnector(self._timing.calls, random=random, clock=SystemClock())
        self._call: _Call | None = None
        self._up = asyncio.Event()
        self._told = ("", "")
        """Why there is no link, as it was last logged."""
        self._trouble: str | None = None
        """Which of :data:`HINTS` was logged last, until that trouble is over."""

    async def run(self) -> None:
        """Run until the driver is done and the server has everything.

        Cancel it to leave earlier; the connection is closed in order either way. Raises what the
        driver raises, and :class:`RestartRequested` when a client wants the program to be started
        anew.
        """
        try:
            await run_until_first_ends(self._work(), self._keep())
        finally:
            self._log_usage()

    async def _keep(self) -> None:
        await self._reconnector.run(self._call_once, self._note_pause)

    def _log_usage(self) -> None:
        usage = self.module.usage
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
            with suppress(ConnectionLost):  # the other task handles it
                self._call.send(messages)
                await self._call.connection.drain()

    async def _work(self) -> None:
        await self._driver.run(self.module, self)
        self.module.finish(self._driver.now)
        while not await self._settle():
            pass
        log.info("the server has everything", **self._names)

    async def _settle(self) -> bool:
        """Send the last state; return whether the server has answered a ping behind it."""
        await self._up.wait()
        call = self._call
        if call is None:  # lost again already
            return False
        try:
            await self._deliver(call)
            call.send(self.module.report_all(self._driver.now))
            call.send([self.module.ping(self._driver.now)])
            async with asyncio.timeout(self._timing.answer):
                await call.answered()
        except (ConnectionLost, TimeoutError):
            await self._close(call)
            await call.over.wait()
            return False
        return True

    async def _deliver(self, call: _Call) -> None:
        """Wait until everything is delivered. Raises :class:`ConnectionLost`."""
        while self.module.delivery:
            if call.over.is_set():
                raise ConnectionLost("the link was lost before the server had everything")
            await self.tell(self.module.poll(self._driver.now))
            await asyncio.sleep(self._timing.delivery)

    # -- the keeper's task ------------------------------------------------------------------

    async def _call_once(self) -> None:
        """Connect and serve until the connection is lost. Raises why there is none any more."""
        connection = await self._connect()
        self._reconnector.welcomed()
        await self._serve(_Call(connection, self.module.usage))

    async def _note_pause(self, error: Exception, seconds: float) -> None:
        """Log why there is no link. The same trouble is told once, as it may last for days."""
        reason = str(error)
        match error:
            case WelcomeRefused():
                event = "no welcome"
                self.state.refuse(reason)
            case ConnectFailed():
                event = "no connection"
                self.state.lose(reason)
            case _:
                event = "disconnected"
                self.state.lose(reason)
        self.state.wait(seconds)
        self._log_hint(error)
        tell = log.debug if self._told == (event, reason) else log.info
        self._told = event, reason
        tell(event, reason=reason, again_in=round(seconds, 1), **self._names)

    def _log_hint(self, error: Exception) -> None:
        """Say once what to do about trouble that seldom passes by itself."""
        before, self._trouble = self._trouble, None
        if isinstance(error, Untrusted):
            self._trouble = UNTRUSTED
        elif isinstance(error, UnprovenServer):
            self._trouble = UNPROVEN
        elif self._reconnector.is_refused:
            self._trouble = REFUSED
        if self._trouble not in (None, before):
            log.error(self._trouble, reason=str(error), hint=HINTS[self._trouble], **self._names)

    async def _serve(self, call: _Call) -> None:
        """Use a connection until it is lost. Raises :class:`ConnectionLost`."""
        self._told = ("", "")
        self.state.connect()
        log.info("connected", **self._names)
        try:
            call.send(self.module.connect(self._driver.now, is_verified=self._is_verified))
            self._call = call
            self._up.set()
            await self._listen(call)
        except ConnectionLost as error:
            self.state.lose(str(error))
            if not self.module.restart_requested:
                raise
        finally:
            self._call = None
            self._up.clear()
            self.module.disconnect()
            call.count()
            call.end()
            await self._close(call)
        log.info("restarting on command", **self._names)
        raise RestartRequested

    async def _listen(self, call: _Call) -> None:
        """Serve what the server sends until a restart is requested.

        After a long silence the server is pinged; after a little more the link counts as dead.
        Raises :class:`ConnectionLost`.
        """
        timing = self._timing
        is_pinged = False
        while not self.module.restart_requested:
            patience = timing.dead_after - timing.ping_after if is_pinged else timing.ping_after
            try:
                async with asyncio.timeout(patience):
                    message = await call.connection.receive()
                    self._process_message(call, message)
                    await call.connection.drain()
                is_pinged = False
            except TimeoutError:
                if is_pinged:
                    raise ConnectionLost("the server is silent") from None
                call.send([self.module.ping(self._driver.now)])
                is_pinged = True
        await self._wait_until_arrived(call)

    def _process_message(self, call: _Call, message: Message) -> None:
        self.state.hear()
        log.debug("received", code=message.code)
        if message.code == PONG:
            call.pong()
        call.send(self.module.receive(message, self._driver.now))

    async def _wait_until_arrived(self, call: _Call) -> None:
        """Wait until the server answers a ping behind what was sent, for a short time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timing.close):
                call.send([self.module.ping(self._driver.now)])
                while call.has_open_pings:
                    message = await call.connection.receive()
                    if CODES[message.code].is_receipt:  # and no further commands
                        self._process_message(call, message)

    async def _close(self, call: _Call) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timing.close):
                await call.connection.close()
