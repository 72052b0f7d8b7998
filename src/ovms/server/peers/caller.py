"""Our server as the client of another: it calls, keeps the link, and calls again.

Records of vehicles and owners that the other server sends are stored here. The messages of its cars
come here, and those of our cars go there. A server whose welcome is a copy of an earlier one may be
anybody, and is not listened to.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final, Protocol

from ovms.base.clock import Clock
from ovms.base.logs import get_logger
from ovms.base.tasks import end
from ovms.net.client import ClientConnection, ConnectionLost, connect
from ovms.net.reconnect import Reconnector, ReconnectTiming
from ovms.protocol import Message, Role
from ovms.protocol.times import wire_change
from ovms.server.hub.hub import Hub
from ovms.server.peers.exchange import PeerExchange
from ovms.server.peers.initial_sync import last_heard, tell_all
from ovms.server.peers.link import PeerLink
from ovms.server.peers.records import RecordReceiver
from ovms.server.storage.peers import PeerStore
from ovms.server.storage.shared_records import ANY_SERVER
from ovms.server.values import VehicleChange

FIRST_PAUSE: Final = 2.0
LONGEST_PAUSE: Final = 300.0
"""Seconds between two calls while the other server cannot be reached: the field's five minutes."""

REFUSED_PAUSE: Final = 300.0
"""Seconds until a server that has refused us is called again; jitter takes up to half."""

PING_INTERVAL: Final = 60.0
"""Seconds of silence after which the other server is pinged."""

SILENCE_LIMIT: Final = 180.0
"""Seconds of silence after which the link counts as dead."""

STEADY: Final = 30.0
"""A link that lasted so many seconds was a good one: the pauses begin anew."""

log = get_logger("ovms.server.peers")


@dataclass(frozen=True, slots=True)
class Called:
    """A server that ours calls, and as whom: ``server_id`` also names it in the database here."""

    host: str
    port: int
    server_id: str
    secret: str = field(repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        """Host and port, as they are written."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


Connect = Callable[[Called, str, Sequence[str]], Awaitable[ClientConnection]]


async def call(called: Called, token: str, words: Sequence[str]) -> ClientConnection:
    """Call a server with a new token; ``words`` follow our id.

    Raises :class:`~ovms.net.client.NetError`.
    """
    secret = called.secret.encode()
    return await connect(
        called.host, called.port, Role.SERVER, called.server_id, secret, tls=called.tls,
        words=words, token=token,
    )  # fmt: skip


class PeerTokens(Protocol):
    """Knows the tokens of welcomes: :class:`ovms.server.storage.seen_tokens.SeenTokens`."""

    def make(self) -> str:
        """Return a token for a welcome of our own."""
        ...

    def remember(self, secret: str, token: str) -> Awaitable[bool]:
        """Remember a token that others could read; return whether it had been seen before."""
        ...


class RepeatedWelcome(Exception):
    """The welcome of the server that we call was said before: whoever says it may be anybody."""

    def __str__(self) -> str:
        """Return the reason."""
        return "its welcome is a copy: its token was seen before"


class PeerCaller:
    """Keeps a link to one server. ``on_taken`` hears of vehicles and owners that changed."""

    def __init__(
        self,
        called: Called,
        hub: Hub,
        exchange: PeerExchange,
        store: PeerStore,
        clock: Clock,
        random: Random,
        on_taken: Callable[[Sequence[VehicleChange], set[int]], None],
        tokens: PeerTokens,
        connect: Connect = call,
    ) -> None:
        self._called = called
        self._hub = hub
        self._exchange = exchange
        self._store = store
        self._clock = clock
        self._on_taken = on_taken
        self._tokens = tokens
        self._connect = connect
        timing = ReconnectTiming(
            FIRST_PAUSE, LONGEST_PAUSE, REFUSED_PAUSE, REFUSED_PAUSE, STEADY, passing_refusals=0
        )
        self._reconnector = Reconnector(timing, random=random, clock=clock)
        self._pings: list[tuple[int, int]] = []
        """What is whole when each open ping is answered."""

    async def run(self) -> None:
        """Call again and again. Cancel it to end."""
        try:
            await self._reconnector.run(self._call, self._note_pause, catch=Exception)
        except asyncio.CancelledError:
            await self._note(connected=False, error="the server was stopped")
            raise

    async def _note_pause(self, error: Exception, seconds: float) -> None:
        reason = str(error) or type(error).__name__
        log.info("no link to a server", server=self._called.address, reason=reason,
                 again_in=round(seconds, 1))  # fmt: skip
        await self._note(connected=False, error=reason)

    async def _call(self) -> None:
        vehicle_time, owner_time = await self._store.newest(self._called.server_id)
        # A time to come, of a clock that was wrong, would have us miss all until then.
        now = int(self._clock.time())
        newest = min(vehicle_time, now), min(owner_time, now)
        words = [word for time in newest for word in wire_change(time).split()]
        connection = await self._connect(self._called, self._tokens.make(), words)
        async with connection:
            if await self._tokens.remember(self._called.secret, connection.server_token):
                raise RepeatedWelcome
            self._reconnector.welcomed()
            await self._serve(connection, newest)

    async def _serve(self, connection: ClientConnection, newest: tuple[int, int]) -> None:
        link = PeerLink(connection, self._called.server_id, self._hub, self._shares)
        receiver = RecordReceiver(
            self._store, self._called.server_id, newest, self._clock, self._on_taken
        )
        self._pings.clear()
        log.info("linked to a server", server=self._called.address)
        heard = await last_heard(self._store, self._called.server_id, "calls")
        self._exchange.links.add(link)
        announcing = asyncio.create_task(tell_all(link, self._store, heard, self._clock))
        await self._note(connected=True, error="", vehicles=0, owners=0)
        try:
            await self._listen(connection, link, receiver)
        finally:
            try:
                await end(announcing)
            finally:
                self._exchange.links.discard(link)
                link.close()

    async def _listen(
        self, connection: ClientConnection, link: PeerLink, receiver: RecordReceiver
    ) -> None:
        self._ping(connection, receiver)  # a server that meets two of us waits for a sign of life
        while True:
            message = await self._next(connection, receiver)
            match message.code:
                case "A":
                    connection.send(Message("a"))
                case "a":
                    await self._ping_answered(receiver)
                case "R":
                    receiver.receive(message.data)
                case "r":
                    await receiver.keep()  # it may be of a vehicle that has just been told
                    await link.receive(message.data)
            if (not connection.waiting or receiver.is_full) and await receiver.keep():
                self._ping(connection, receiver)

    async def _next(self, connection: ClientConnection, receiver: RecordReceiver) -> Message:
        """Return the next message; a silent server is pinged, a dead one given up."""
        for _ in range(round(SILENCE_LIMIT / PING_INTERVAL)):
            try:
                async with asyncio.timeout(PING_INTERVAL):
                    return await connection.receive()
            except TimeoutError:
                self._ping(connection, receiver)
                await self._note(vehicles=receiver.vehicles, owners=receiver.owners)
        raise ConnectionLost("the other server is silent")

    def _ping(self, connection: ClientConnection, receiver: RecordReceiver) -> None:
        connection.send(Message("A"))
        self._pings.append(receiver.seen)

    async def _ping_answered(self, receiver: RecordReceiver) -> None:
        if self._pings:
            await receiver.whole(self._pings.pop(0))
        await self._note(
            heard=self._clock.time(), vehicles=receiver.vehicles, owners=receiver.owners
        )

    def _shares(self, server: str) -> bool:
        return server in (ANY_SERVER, self._called.server_id)

    async def _note(self, **values: object) -> None:
        """Store the state of the link; a database in trouble is no reason to end it."""
        if "connected" in values:
            values = {**values, "address": self._called.address, "since": self._clock.time()}
        try:
            await self._store.note(self._called.server_id, "calls", **values)
        except Exception as error:
            log.warning("the state of a link was not kept", reason=str(error))
