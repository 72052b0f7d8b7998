"""The running server's connections to other servers: those it calls, and those that call it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from ovms.base.clock import Clock
from ovms.net.address import PLAIN_PORT, TLS_PORT, parse_address
from ovms.net.tls import client_context
from ovms.server.hub.hub import Hub
from ovms.server.peers.called import PeerService
from ovms.server.peers.caller import Called, PeerCaller
from ovms.server.peers.exchange import PeerExchange
from ovms.server.settings import PeerSettings, ServerSettings
from ovms.server.storage.database import Database
from ovms.server.storage.peers import PeerStore
from ovms.server.storage.seen_tokens import SeenTokens
from ovms.server.values import VehicleChange

OnTaken = Callable[[Sequence[VehicleChange], set[int]], None]
"""Called with vehicles, and with owners by our numbers, that another server has changed."""


class BadPeer(Exception):
    """The settings of a server that is to be called are wrong: the text says why."""


def called(settings: PeerSettings, data: Path) -> Called:
    """Return what is needed to call a server; paths are relative to the data folder.

    Raises :class:`BadPeer`.
    """
    address = parse_address(settings.server, TLS_PORT if settings.tls else PLAIN_PORT)
    assert address is not None  # the settings have checked it
    context = None
    if settings.tls:
        ca = data / settings.ca if settings.ca is not None else None
        try:
            context = client_context(ca, insecure=settings.insecure)
        except ssl.SSLError as error:
            raise BadPeer(f"peers: {ca} holds no certificate") from error
        except OSError as error:
            raise BadPeer(f"peers: {ca} cannot be read: {error.strerror}") from error
    return Called(*address, settings.id, settings.secret.get_secret_value(), context)


@asynccontextmanager
async def peering(
    settings: ServerSettings,
    database: Database,
    hub: Hub,
    clock: Clock,
    on_taken: OnTaken,
    tokens: SeenTokens,
) -> AsyncIterator[PeerService]:
    """Call the other servers of the settings, and yield the service for those that call.

    At the end no server is called any more; those that have called must be closed before.
    Raises :class:`BadPeer`.
    """
    others = [called(peer, settings.data) for peer in settings.peers]
    store = PeerStore(database, settings.limit_shared)
    await store.reset([peer.server_id for peer in others])
    exchange = PeerExchange()
    hub.add_observer(exchange)
    random = Random()  # noqa: S311 (spreads retries)
    callers = [
        PeerCaller(other, hub, exchange, store, clock, random, on_taken, tokens) for other in others
    ]
    tasks = [asyncio.create_task(caller.run(), name="peer caller") for caller in callers]
    service = PeerService(hub, exchange, store, clock)
    try:
        yield service
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await service.close()
