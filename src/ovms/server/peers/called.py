"""Servers that call ours: records are sent to them, and the messages of cars go both ways.

A server of the field answers pings and says nothing else for hours, and its answers have no line
end: the session reads them (:mod:`ovms.protocol.session`). Any byte of a proven server is a sign of
life.

So its proof is a token that was never seen before: a copy of an old welcome is refused before it
comes here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

from ovms.base.clock import Clock
from ovms.base.logs import get_logger
from ovms.base.tasks import end
from ovms.net.client import ClientConnection, ConnectionLost
from ovms.net.pump import Pump
from ovms.protocol import Message
from ovms.protocol.times import parse_wire_time
from ovms.server.hub.hub import Hub
from ovms.server.peers.exchange import PeerExchange
from ovms.server.peers.initial_sync import last_heard, tell_all
from ovms.server.peers.link import WAITING_LIMIT, PeerLink
from ovms.server.peers.records import LeftOutLog, RecordSender
from ovms.server.storage.peers import PeerStore
from ovms.server.storage.shared_records import ANY_SERVER
from ovms.server.values import VehicleChange

PING_INTERVAL: Final = 300.0
"""Seconds of silence after which a server is pinged."""

SILENCE_LIMIT: Final = 900.0
"""Seconds of silence, whole intervals of pings, after which a server is closed."""

log = get_logger("ovms.server.peers")


class Replaced(Exception):
    """A newer connection of the same server took over."""

    def __str__(self) -> str:
        """Return the reason."""
        return "another connection of this server took over"


class ServerRemoved(Exception):
    """The server's record was removed, or its secret changed, or it takes TLS only now."""

    def __str__(self) -> str:
        """Return the reason."""
        return "the server's record was removed or its secret changed"


def times_of(words: Sequence[str]) -> tuple[int, int]:
    """Return the two times behind a server's id; one that is missing or malformed is 0."""
    pairs = (" ".join(words[:2]), " ".join(words[2:4]))
    return parse_wire_time(pairs[0]) or 0, parse_wire_time(pairs[1]) or 0


class CalledPeer:
    """A server that has called and was welcomed. Made by :meth:`PeerService.admit`."""

    def __init__(
        self, service: PeerService, server_id: str, secret: str, pump: Pump, times: tuple[int, int]
    ) -> None:
        self.server_id = server_id
        self.secret = secret
        self.pump = pump
        self.inbox = ClientConnection()
        self.inbox.opened(pump)
        self.inbox.welcomed.set_result(None)
        self._service = service
        self._link = PeerLink(self.inbox, server_id, service.hub, self._shares)
        self._sender = RecordSender(
            service.store,
            server_id,
            times,
            service.clock,
            self._link.send,
            self._link.drained,
            service.left_out,
        )
        self._heard = service.clock.time()
        """When bytes last came, up to an interval of pings too late: what was sent since may be
        lost, and is told again on the next link."""
        self._received = 0
        """Bytes that had come by then."""
        self._work: list[asyncio.Task[None]] = []
        self._task = asyncio.create_task(self._run())

    @property
    def is_answering(self) -> bool:
        """Return false: a server that says nothing more is gone."""
        return False

    def receive(self, message: Message) -> None:
        """Handle a message that came: it is taken in order, and reading stops if too much waits."""
        self.inbox.received(self.pump, message)

    def closed(self, error: Exception | None) -> None:
        """Handle the end of the connection."""
        self.inbox.closed(self.pump, error)

    async def ended(self) -> None:
        """Wait until nothing of it runs any more."""
        await asyncio.wait([self._task])

    def unlink(self) -> None:
        """Leave all rooms. May be called again."""
        self._service.exchange.links.discard(self._link)
        self._link.close()

    async def _run(self) -> None:
        try:
            await self._begin()
            await self._listen()
        except ConnectionLost:
            pass
        except Exception as error:
            log.error("a server's connection failed", server=self.server_id, reason=repr(error))
            self.pump.close(error)
        finally:
            await self._end()

    async def _listen(self) -> None:
        while True:
            message = await self._next()
            if message.code == "A":
                self.inbox.send(Message("a"))
            elif message.code == "r":
                await self._link.receive(message.data)

    async def _next(self) -> Message:
        """Return the next message; a silent server is pinged, a dead one closed."""
        silent, received = 0.0, self.pump.received
        while silent < SILENCE_LIMIT:
            try:
                async with asyncio.timeout(PING_INTERVAL):
                    return await self.inbox.receive()
            except TimeoutError:
                self.pump.send(Message("A"))
                await self._note()
            silent = 0.0 if self.pump.received > received else silent + PING_INTERVAL
            received = self.pump.received
        error = ConnectionLost("silent for too long")
        self.pump.close(error)
        raise error

    async def _begin(self) -> None:
        """Begin to send records and to exchange messages of cars."""
        self.pump.write_limit = WAITING_LIMIT
        heard = await last_heard(self._service.store, self.server_id, "called")
        self._service.exchange.links.add(self._link)
        store, clock = self._service.store, self._service.clock
        begun = partial(tell_all, self._link, store, heard, clock)
        pushed = partial(self._link.tell_again, store, clock)
        self._work = [asyncio.create_task(self._sender.run(begun, pushed))]
        await self._note(connected=True, error="")

    async def _end(self) -> None:
        for task in self._work:
            await end(task)
        self.unlink()
        if self._service.release(self):
            await self._note(connected=False)

    def _shares(self, server: str) -> bool:
        return server in (ANY_SERVER, self.server_id)

    async def _note(self, **values: object) -> None:
        """Store the state of the link; a database in trouble is no reason to end it."""
        now = self._service.clock.time()
        if self.pump.received > self._received:
            self._heard, self._received = now, self.pump.received
        if "connected" in values:
            values = {**values, "address": self.pump.peer, "since": now}
        values |= {"vehicles": self._sender.vehicles, "owners": self._sender.owners}
        try:
            await self._service.store.note(self.server_id, "called", heard=self._heard, **values)
        except Exception as error:
            log.warning("the state of a link was not kept", reason=str(error))


class PeerService:
    """Servers that have called, one connection each."""

    def __init__(self, hub: Hub, exchange: PeerExchange, store: PeerStore, clock: Clock) -> None:
        self.hub = hub
        self.exchange = exchange
        self.store = store
        self.clock = clock
        self.left_out = LeftOutLog()
        self._peers: dict[str, CalledPeer] = {}
        self._all: set[CalledPeer] = set()

    def admit(self, server_id: str, secret: str, pump: Pump, words: Sequence[str]) -> CalledPeer:
        """Handle a server that was welcomed, in place of an older connection of it.

        ``words`` followed its id in the welcome.
        """
        peer = CalledPeer(self, server_id, secret, pump, times_of(words))
        self._all.add(peer)
        old = self._peers.get(peer.server_id)
        self._peers[peer.server_id] = peer
        if old is not None:
            old.unlink()
            old.pump.close(Replaced())
        return peer

    def release(self, peer: CalledPeer) -> bool:
        """Forget a connection; return whether it was its server's."""
        self._all.discard(peer)
        if self._peers.get(peer.server_id) is not peer:
            return False
        del self._peers[peer.server_id]
        return True

    def refresh(self, changes: Iterable[VehicleChange]) -> None:
        """Close servers whose record was removed, has another secret, or takes TLS only now."""
        for change in changes:
            for peer in [each for each in self._all if each.server_id == change.id]:
                is_bare = change.tls_only and not peer.pump.is_tls
                if peer.secret != change.secret or is_bare:
                    peer.pump.close(ServerRemoved())

    async def close(self) -> None:
        """Wait until all have ended; their connections must have been closed."""
        for peer in tuple(self._all):
            await peer.ended()
