"""Follow a vehicle: yield what comes, and connect again when the connection is lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Unpack

from ovms.app.access import Access, ConnectOptions, find_access, snapshot_of
from ovms.app.client import App
from ovms.app.errors import ConnectionLost, Error, NetError
from ovms.app.snapshot import Snapshot
from ovms.base.clock import SystemClock
from ovms.net.reconnect import Reconnector, ReconnectTiming
from ovms.protocol import Message
from ovms.protocol.welcome import FIRST_VEHICLE

TIMING = ReconnectTiming(longest_wait=30.0, passing_refusals=2, gives_up=True)
"""A server that has welcomed us may refuse us twice in a row for a passing reason."""

OnConnect = Callable[[App], None]
OnLost = Callable[[Error, float], None]
Sleep = Callable[[float], Awaitable[None]]


class FollowOptions(ConnectOptions, total=False):
    """What :func:`follow` takes beyond :class:`ConnectOptions`."""

    on_connect: OnConnect
    """Called with each new connection, once everything that was stored has come."""
    on_lost: OnLost
    """Called when there is no connection: why, and for how many seconds until the next try."""


@dataclass(frozen=True, slots=True)
class Update:
    """A message that has come, opened if it was sealed and could be opened."""

    message: Message
    app: App
    """The connection that it came by, for commands."""
    is_stored: bool
    """The server had stored it before we connected."""

    @property
    def snapshot(self) -> Snapshot:
        """What is known of the vehicle now."""
        return self.app.snapshot


def follow(
    server: str, vehicle: str, secret: str, **options: Unpack[FollowOptions]
) -> AsyncGenerator[Update, None]:
    """Yield an update for each message of a vehicle, across reconnections, without end.

    Arguments are those of :func:`~ovms.app.access.connect`. After each connection the messages
    that the server has stored come first. No more than :data:`~ovms.app.client.LISTENER_LIMIT`
    messages wait to be taken.

    Raises :class:`InvalidRequest` at once. While it runs it raises only what trying again cannot
    help: :class:`Untrusted`, and :class:`WelcomeRefused` by a server that has never welcomed us, or
    that refuses us three times in a row.
    """
    access = find_access(server, vehicle, secret, None, options)
    return follow_access(access, snapshot_of(access, options), options)


def follow_owner(
    server: str,
    user: str,
    password: str,
    vehicle: str = FIRST_VEHICLE,
    **options: Unpack[FollowOptions],
) -> AsyncGenerator[Update, None]:
    """Follow a vehicle as its owner; see :func:`follow` and :func:`~ovms.app.access.connect_owner`.

    The owner's first vehicle stays the same when the connection is made again.
    """
    access = find_access(server, vehicle, password, user, options)
    return follow_access(access, snapshot_of(access, options), options)


async def follow_access(
    access: Access,
    snapshot: Snapshot,
    options: FollowOptions,
    *,
    sleep: Sleep = asyncio.sleep,
) -> AsyncGenerator[Update, None]:
    """Do as :func:`follow`."""
    on_lost = options.get("on_lost", _ignore)
    reconnector = Reconnector(
        TIMING,
        random=random.Random(),  # noqa: S311 (only spreads load)
        clock=SystemClock(),
    )

    def connected(app: App) -> None:
        reconnector.welcomed()
        if "on_connect" in options:
            options["on_connect"](app)

    while True:
        try:
            async with await access.start(snapshot) as app:
                access = access.pinned_to(snapshot.vehicle_id)
                async with aclosing(_updates(app, access, connected)) as updates:
                    async for update in updates:
                        yield update
            error: NetError = ConnectionLost("the connection to the server is lost")
        except NetError as caught:
            error = caught
        pause = reconnector.pause_after(error)
        on_lost(error, pause)
        await sleep(pause)


async def _updates(app: App, access: Access, connected: OnConnect) -> AsyncGenerator[Update, None]:
    """Yield what comes by one connection. Raises where what was stored does not come in time."""
    loop = asyncio.get_running_loop()
    deadline: float | None = loop.time() + access.timeout
    messages = app.messages()
    while True:
        try:
            async with asyncio.timeout_at(deadline):
                message = await anext(messages, None)
        except TimeoutError:
            raise access.no_replay() from None
        if message is None:
            return
        if message.code == "a" and deadline is not None:  # the answer to our first ping
            deadline = None
            connected(app)
        yield Update(message, app, is_stored=deadline is not None)


def _ignore(error: Error, seconds: float) -> None:
    """Do nothing: nobody asked to be told."""
