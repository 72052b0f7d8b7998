"""What the commands of ``ovms app`` share: whom they call, and how they stay connected."""

from __future__ import annotations

import asyncio
import random
import ssl
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from ovms.app.client import App, NoAnswer, open_app
from ovms.app.listings import CommandFailed
from ovms.app.paranoid import Opener, PasswordNeeded
from ovms.app.snapshot import Snapshot
from ovms.base.backoff import Backoff
from ovms.cli.common import fail
from ovms.cli.link import find_paranoid, find_place, find_secret
from ovms.net.client import ConnectFailed, ConnectionLost, NetError, Untrusted
from ovms.protocol import Message, Role
from ovms.protocol.paranoid import WrongPassword

CONNECT_TIMEOUT = 20.0
"""Seconds a person waits for the server."""

LONGEST_PAUSE = 30.0
"""Seconds between tries to get a lost connection back."""

OnMessage = Callable[[Message], None]
OnOpen = Callable[[App], None]


class Target:
    """Which vehicle on which server, and the way to call it."""

    def __init__(
        self,
        server: str,
        vehicle: str,
        secret: str | None,
        secret_file: str | None,
        tls: ssl.SSLContext | None,
        paranoid: str | None = None,
        paranoid_file: str | None = None,
    ) -> None:
        self.tls = tls
        self.host, self.port = find_place(server, tls)
        self.vehicle = vehicle
        password = find_paranoid(paranoid, paranoid_file, secret_file)
        self.secret = find_secret(secret, secret_file)
        self.snapshot = Snapshot(vehicle.upper(), opener=Opener(password))

    async def open(
        self, on_message: OnMessage = lambda message: None, role: Role = Role.BATCH
    ) -> App:
        """Connect, and take in what the server has stored.

        By default as a batch client, which the car is not told of: while an app watches, it
        reports ten times as often, and that costs its owner money.
        """
        return await open_app(
            self.host,
            self.port,
            self.vehicle,
            self.secret,
            role=role,
            timeout=CONNECT_TIMEOUT,
            snapshot=self.snapshot,
            on_message=on_message,
            tls=self.tls,
        )


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a command's work; what goes wrong with the connection is its one line."""
    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(work)
    except Untrusted as error:
        fail(f"{error}; trust it with --ca FILE (the server keeps its own in DIR/tls/cert.pem), "
             "or take any with --insecure")  # fmt: skip
    except (NetError, NoAnswer, CommandFailed, WrongPassword, PasswordNeeded) as error:
        fail(str(error))


async def stay(target: Target, on_message: OnMessage, on_open: OnOpen = lambda app: None) -> None:
    """Stay connected: a lost connection is told and made again, a refused one ends it.

    A wrong paranoid password is told once. ``on_open`` is called with each connection.
    """
    backoff = Backoff(1.0, LONGEST_PAUSE, random=random.Random())  # noqa: S311 (only spreads load)
    hear = _Listener(target.snapshot, on_message)
    while True:
        try:
            app = await target.open(hear, Role.APP)
            backoff.reset()
            async with app:
                on_open(app)
                await app.lost()
            raise ConnectionLost("the connection to the server is lost")
        except Untrusted:
            raise
        except (ConnectFailed, ConnectionLost) as error:
            pause = backoff.next()
            print(f"ovms: {error}; trying again in {pause:.0f} s", file=sys.stderr, flush=True)
            await asyncio.sleep(pause)


class _Listener:
    """Passes messages on, and says once that the paranoid password is wrong."""

    def __init__(self, snapshot: Snapshot, on_message: OnMessage) -> None:
        self._snapshot = snapshot
        self._on_message = on_message
        self._has_told = False

    def __call__(self, message: Message) -> None:
        if self._snapshot.opener.is_wrong and not self._has_told:
            self._has_told = True
            print(f"ovms: {WrongPassword()}", file=sys.stderr, flush=True)
        self._on_message(message)
