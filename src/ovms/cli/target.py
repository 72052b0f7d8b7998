"""What the commands of ``ovms app`` share: whom they call, and how they stay connected."""

from __future__ import annotations

import asyncio
import inspect
import random
import ssl
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Annotated, Any

import typer

from ovms.app.client import App, NoAnswer, open_app, open_app_as_owner
from ovms.app.listings import CommandFailed
from ovms.app.paranoid import Opener, PasswordNeeded
from ovms.app.snapshot import Snapshot
from ovms.base.backoff import Backoff
from ovms.cli.common import fail, refuse
from ovms.cli.link import (
    TRUST_HINT,
    CaOption,
    InsecureOption,
    ParanoidFileOption,
    ParanoidOption,
    TlsOption,
    WebSocketOption,
    find_paranoid,
    find_place,
    find_tls,
)
from ovms.cli.login import (
    Credentials,
    PasswordFileOption,
    PasswordOption,
    SecretFileOption,
    SecretOption,
    Shown,
    UserOption,
    warn_in_clear,
)
from ovms.net.client import ConnectionLost, NetError, Untrusted, WelcomeRefused
from ovms.protocol import Message, Role
from ovms.protocol.paranoid import WrongPassword

CONNECT_TIMEOUT = 20.0
"""Seconds a person waits for the server."""

LONGEST_PAUSE = 30.0
"""Seconds between tries to get a lost connection back."""

PASSING_REFUSALS = 2
"""Refusals in a row that may be a server's passing trouble, if it has welcomed us before."""

OnMessage = Callable[[Message], None]
OnOpen = Callable[[App], None]

ServerOption = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="HOST[:PORT]",
        envvar="OVMS_SERVER",
        help="The server; port 6867 unless given, 6870 with --tls.",
    ),
]
VehicleOption = Annotated[
    str | None,
    typer.Option(
        "--vehicle",
        metavar="ID",
        envvar="OVMS_VEHICLE",
        show_default="an owner's first",
        help="The vehicle's id.",
    ),
]


class Target:
    """Which vehicle on which server, and the way to call it."""

    def __init__(
        self,
        place: tuple[str, int],
        login: Credentials,
        *,
        tls: ssl.SSLContext | None = None,
        websocket: bool = False,
        paranoid: str | None = None,
    ) -> None:
        self._place = place
        self._login = login
        self._tls = tls
        self._websocket = websocket
        self._vehicle = login.vehicle
        self.snapshot = Snapshot(login.vehicle.upper(), opener=Opener(paranoid))

    async def open(
        self, on_message: OnMessage = lambda message: None, role: Role = Role.BATCH
    ) -> App:
        """Connect, and take in what the server has stored.

        By default as a batch client, which the car is not told of: while an app watches, it
        reports ten times as often, and that costs its owner money. An owner's first vehicle stays
        the same when the connection is made again.
        """
        options: dict[str, Any] = {
            "role": role,
            "timeout": CONNECT_TIMEOUT,
            "snapshot": self.snapshot,
            "on_message": on_message,
            "tls": self._tls,
            "websocket": self._websocket,
        }
        login = self._login
        if login.user is None:
            return await open_app(*self._place, login.vehicle, login.password, **options)
        app = await open_app_as_owner(
            *self._place, login.user, login.password, self._vehicle, **options
        )
        self._vehicle = self.snapshot.vehicle_id
        return app


MakeTarget = Callable[[], Target]
"""Makes what the options of :func:`takes_target` tell, once a command has checked its own."""


def takes_target(command: Callable[..., None], without: str = "") -> Callable[..., None]:
    """Return a command the options that say whom it calls, and in their place a ``target``.

    ``command`` takes a :data:`MakeTarget` of that name. Typer reads options off a signature, so
    this makes one of the command's own and the shared ones. Those named like ``without`` are left
    out.
    """
    own = inspect.signature(command, eval_str=True).parameters
    shared = {
        name: each
        for name, each in inspect.signature(_make_target, eval_str=True).parameters.items()
        if not without or not name.startswith(without)
    }

    def called(**given: Any) -> None:
        options = {name: given.pop(name) for name in shared}
        command(**given, target=lambda: _make_target(**options))

    parameters = [*shared.values(), *(each for name, each in own.items() if name != "target")]
    parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {each.name: each.annotation for each in parameters}
    called.__name__, called.__doc__ = command.__name__, command.__doc__
    return called


def takes_plain_target(command: Callable[..., None]) -> Callable[..., None]:
    """Do as :func:`takes_target` for a command that opens nothing that a car has sealed."""
    return takes_target(command, without="paranoid")


def _make_target(
    server: ServerOption = None,
    vehicle: VehicleOption = None,
    secret: SecretOption = None,
    secret_file: SecretFileOption = None,
    user: UserOption = None,
    password: PasswordOption = None,
    password_file: PasswordFileOption = None,
    paranoid: ParanoidOption = None,
    paranoid_file: ParanoidFileOption = None,
    tls: TlsOption = False,
    insecure: InsecureOption = False,
    ca: CaOption = None,
    websocket: WebSocketOption = False,
) -> Target:
    if not server:
        refuse("give --server or OVMS_SERVER")
    secure = find_tls(tls, insecure, ca)
    place = find_place(server, secure)
    sealed = find_paranoid(paranoid, paranoid_file, secret_file, password_file)
    login = Shown(secret, secret_file, user, password, password_file).login(vehicle)
    if login.user is not None and secure is None:
        warn_in_clear(place[0])
    return Target(place, login, tls=secure, websocket=websocket, paranoid=sealed)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a command's work; what goes wrong with the connection is its one line."""
    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(work)
    except Untrusted as error:
        fail(f"{error}; {TRUST_HINT}")
    except (NetError, NoAnswer, CommandFailed, WrongPassword, PasswordNeeded) as error:
        fail(str(error))


async def stay(target: Target, on_message: OnMessage, on_open: OnOpen = lambda app: None) -> None:
    """Stay connected: a lost connection is told and made again, a refused one ends it.

    A server that has welcomed us may refuse us in passing, so then it is asked again. A wrong
    paranoid password is told once. ``on_open`` is called with each connection.
    """
    backoff = Backoff(1.0, LONGEST_PAUSE, random=random.Random())  # noqa: S311 (only spreads load)
    hear = _Listener(target.snapshot, on_message)
    refusals_left = 0
    while True:
        try:
            app = await target.open(hear, Role.APP)
            backoff.reset()
            refusals_left = PASSING_REFUSALS
            async with app:
                on_open(app)
                await app.lost()
            raise ConnectionLost("the connection to the server is lost")
        except Untrusted:
            raise
        except NetError as error:
            if isinstance(error, WelcomeRefused):
                if not refusals_left:
                    raise
                refusals_left -= 1
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
