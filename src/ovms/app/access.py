"""How a program reaches a vehicle: by the vehicle's secret, or as its owner."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import TypedDict, Unpack, cast

from ovms.app.client import App
from ovms.app.errors import ConnectFailed, InvalidRequest
from ovms.app.paranoid import Opener
from ovms.app.snapshot import Snapshot
from ovms.base.clock import Clock, SystemClock
from ovms.net import client as net
from ovms.net.address import PLAIN_PORT, TLS_PORT, parse_address
from ovms.net.client import WELCOME_TIMEOUT, ClientConnection
from ovms.net.tls import client_context
from ovms.protocol.spelling import vehicle_key
from ovms.protocol.welcome import FIRST_VEHICLE, Role


class ServerOptions(TypedDict, total=False):
    """How a server is called."""

    tls: bool | ssl.SSLContext
    """Use TLS. ``True`` trusts the machine's roots; see :func:`tls_context` for anything else."""
    websocket: bool
    """Connect through a WebSocket at ``/apiv2``."""
    timeout: float
    """Seconds until the server must have welcomed us and sent what it has stored."""


class ConnectOptions(ServerOptions, total=False):
    """What every connection to a vehicle takes."""

    paranoid: str | None
    """The paranoid password of a car that seals what it says."""
    role: Role
    """:attr:`Role.BATCH` by default, which the car is not told of. While there is a
    :attr:`Role.APP`, the car reports ten times as often, which costs its owner data."""
    snapshot: Snapshot
    """Keep the state in this snapshot, which may be from an earlier connection."""


tls_context = client_context


@dataclass(frozen=True, slots=True)
class Access:
    """Which vehicle on which server, and who calls: the holder of its secret or an owner."""

    host: str
    port: int
    vehicle: str
    password: str = field(repr=False)
    """The vehicle's secret; with a ``user``, the password of that owner or an API token."""
    user: str | None = None
    tls: ssl.SSLContext | None = None
    websocket: bool = False
    paranoid: str | None = field(default=None, repr=False)
    role: Role = Role.BATCH
    timeout: float = WELCOME_TIMEOUT

    def make_snapshot(self) -> Snapshot:
        """Return an empty snapshot that has the paranoid password."""
        return Snapshot(vehicle_key(self.vehicle), opener=Opener(self.paranoid))

    def pinned_to(self, vehicle_id: str) -> Access:
        """Return the same access, for the vehicle that the server has chosen."""
        return replace(self, vehicle=vehicle_id)

    async def call(self) -> ClientConnection:
        """Connect, and return the bare connection. Raises :class:`~ovms.net.client.NetError`."""
        if self.user is None:
            return await net.connect(
                self.host, self.port, self.role, self.vehicle, self.password.encode(),
                timeout=self.timeout, tls=self.tls, websocket=self.websocket,
            )  # fmt: skip
        return await net.connect_owner(
            self.host, self.port, self.role, self.user, self.password, self.vehicle,
            timeout=self.timeout, tls=self.tls, websocket=self.websocket,
        )  # fmt: skip

    async def start(self, snapshot: Snapshot, clock: Clock | None = None) -> App:
        """Connect, and return an app that has received nothing yet. Raises as :meth:`call`."""
        connection = await self.call()
        login = connection.login
        snapshot.restart(vehicle_key(self.vehicle if login is None else login.vehicle_id))
        return App(connection, snapshot, clock or SystemClock())

    async def open(self, snapshot: Snapshot, clock: Clock | None = None) -> App:
        """Connect, and return an app that has everything that the server had stored."""
        app = await self.start(snapshot, clock)
        try:
            async with asyncio.timeout(self.timeout):
                await app.replayed()
        except TimeoutError:
            await app.close()
            raise self.no_replay() from None
        except BaseException:
            await app.close()
            raise
        return app

    def no_replay(self) -> ConnectFailed:
        """Return the error of a server that did not send what it had stored in time."""
        place = f"{self.host}:{self.port}"
        return ConnectFailed(f"{place} did not send its messages in {self.timeout:g} s")


class Connecting:
    """A connection that is not made yet: ``await`` it, or use it in ``async with``."""

    def __init__(self, open_app: Callable[[], Awaitable[App]]) -> None:
        self._open = open_app
        self._app: App | None = None

    def __await__(self) -> Generator[object, None, App]:
        """Connect."""
        return self._connect().__await__()

    async def _connect(self) -> App:
        return await self._open()

    async def __aenter__(self) -> App:
        """Connect."""
        self._app = await self._open()
        return self._app

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection."""
        if self._app is not None:
            await self._app.close()


def connect(
    server: str, vehicle: str, secret: str, **options: Unpack[ConnectOptions]
) -> Connecting:
    """Connect to a vehicle by its secret, and receive everything that the server has stored.

    ``server`` is ``HOST`` or ``HOST:PORT``, an IPv6 address in brackets; without a port it is 6867,
    or 6870 with TLS. For ``options`` see :class:`ConnectOptions`. Raises :class:`InvalidRequest`;
    connecting raises :class:`~ovms.net.client.NetError`.
    """
    return open_with(find_access(server, vehicle, secret, None, options), options)


def connect_owner(
    server: str,
    user: str,
    password: str,
    vehicle: str = FIRST_VEHICLE,
    **options: Unpack[ConnectOptions],
) -> Connecting:
    """Connect to a vehicle as its owner; otherwise as :func:`connect`.

    ``password`` is the owner's, or an API token with the right ``v2``. Without TLS everybody on
    the way can read it. ``vehicle`` is one of the owner's; by default the first of them by id.
    """
    return open_with(find_access(server, vehicle, password, user, options), options)


async def list_vehicles(
    server: str, user: str, password: str, **options: Unpack[ServerOptions]
) -> tuple[str, ...]:
    """Return the ids of an owner's vehicles. Arguments and errors as :func:`connect_owner`."""
    access = find_access(server, FIRST_VEHICLE, password, user, cast(ConnectOptions, options))
    async with await access.call() as connection:
        return connection.login.vehicle_ids if connection.login is not None else ()


def open_with(access: Access, options: ConnectOptions) -> Connecting:
    """Return the connection that ``options`` ask for."""
    snapshot = snapshot_of(access, options)
    return Connecting(lambda: access.open(snapshot))


def snapshot_of(access: Access, options: ConnectOptions) -> Snapshot:
    """Return the caller's snapshot with the paranoid password, or a new one."""
    snapshot = options.get("snapshot")
    if snapshot is None:
        return access.make_snapshot()
    snapshot.opener = Opener(access.paranoid)
    return snapshot


def find_access(
    server: str, vehicle: str, password: str, user: str | None, options: ConnectOptions
) -> Access:
    """Return what the arguments of :func:`connect` and the like say. Raises as they do."""
    tls = options.get("tls", False)
    context = tls if isinstance(tls, ssl.SSLContext) else client_context() if tls else None
    place = parse_address(server, PLAIN_PORT if context is None else TLS_PORT)
    if place is None:
        raise InvalidRequest(f"{server!r} is not HOST[:PORT]")
    if options.get("role") not in (None, Role.APP, Role.BATCH):
        raise InvalidRequest("a caller of a vehicle is an app or a batch client")
    if user is None:
        _check_text(password)
    _check_text(options.get("paranoid") or "")
    return Access(
        *place, vehicle, password, user, context,
        websocket=options.get("websocket", False),
        paranoid=options.get("paranoid"),
        role=options.get("role", Role.BATCH),
        timeout=options.get("timeout", WELCOME_TIMEOUT),
    )  # fmt: skip


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidRequest("a secret or a password is not text") from None
