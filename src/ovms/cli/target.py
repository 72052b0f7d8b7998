"""What the commands of ``ovms app`` share: whom they call, and what is printed of errors."""

from __future__ import annotations

import asyncio
import inspect
import ssl
import sys
from collections.abc import Callable, Coroutine
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Annotated, Any

import typer

from ovms.app.access import Access
from ovms.app.client import App
from ovms.app.errors import Error, PasswordWrong, Untrusted
from ovms.app.following import FollowOptions, OnConnect, OnLost, follow_access
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
from ovms.protocol import Message, Role

CONNECT_TIMEOUT = 20.0
"""Seconds until a person gives up waiting for the server."""

OnMessage = Callable[[Message], None]

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
    """Which vehicle on which server, how to call it, and what is known of it."""

    def __init__(
        self,
        place: tuple[str, int],
        login: Credentials,
        *,
        tls: ssl.SSLContext | None = None,
        websocket: bool = False,
        paranoid: str | None = None,
    ) -> None:
        self.access = Access(
            *place, login.vehicle, login.password, login.user, tls, websocket, paranoid,
            timeout=CONNECT_TIMEOUT,
        )  # fmt: skip
        self.snapshot = self.access.make_snapshot()

    async def open(self) -> App:
        """Connect as a batch client, and receive what the server has stored.

        The car is not told of a batch client. While an app watches, the car reports ten times as
        often, and that costs its owner money.
        """
        return await self.access.open(self.snapshot)


MakeTarget = Callable[[], Target]
"""Returns the target that the options name, once a command has checked its own options."""


def takes_target(command: Callable[..., None], without: str = "") -> Callable[..., None]:
    """Return the command with the options that say whom it calls, in place of its ``target``.

    ``command`` takes a :data:`MakeTarget` of that name. Typer reads options from a signature, so
    this makes a signature of the command's own options and the shared ones. Shared options whose
    names start with ``without`` are left out.
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
    """Do as :func:`takes_target` for a command that never opens sealed messages."""
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
    """Run a command's work. An error of the connection is printed as one line."""
    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(work)
    except Untrusted as error:
        fail(f"{error}; {TRUST_HINT}")
    except Error as error:
        fail(str(error))


def print_loss(error: Error, pause: float) -> None:
    """Print why there is no connection, and when it is tried again."""
    print(f"ovms: {error}; trying again in {pause:.0f} s", file=sys.stderr, flush=True)


async def stay(
    target: Target,
    on_message: OnMessage,
    on_connect: OnConnect = lambda app: None,
    on_lost: OnLost = print_loss,
) -> None:
    """Follow the vehicle as an app; ``on_lost`` prints each loss of the connection.

    A wrong paranoid password is printed once. ``on_connect`` is called with each connection.
    """
    options: FollowOptions = {"on_connect": on_connect, "on_lost": on_lost}
    access = replace(target.access, role=Role.APP)
    has_told = False
    async with aclosing(follow_access(access, target.snapshot, options)) as updates:
        async for update in updates:
            if update.snapshot.is_password_wrong and not has_told:
                has_told = True
                print(f"ovms: {PasswordWrong()}", file=sys.stderr, flush=True)
            on_message(update.message)
