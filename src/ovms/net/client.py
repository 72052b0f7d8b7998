"""A caller's connection: connect, send the welcome, then send and receive messages.

::

    NetError
    ├── ConnectFailed     no connection, or no welcome in time, or a reset: try again later
    │   └── Untrusted     the certificate of the server does not verify
    ├── WelcomeRefused    the server closed before its welcome, or does not know the secret
    └── ConnectionLost    the connection ended
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from ovms.base.errors import Error
from ovms.net.address import TLS_PORT
from ovms.net.pump import Pump
from ovms.net.traffic import Traffic
from ovms.protocol import (
    Message,
    OwnerServerWelcome,
    Party,
    Role,
    ServerWelcome,
    Session,
    State,
)
from ovms.protocol.crypto import RandomBytes, make_token
from ovms.protocol.errors import AuthenticationFailed, LocalProtocolError
from ovms.protocol.framing import LINE_END, WELCOME_LINE_LIMIT
from ovms.protocol.session import Event
from ovms.protocol.welcome import (
    FIRST_VEHICLE,
    ProvisionRecord,
    ProvisionRefused,
    ProvisionRequest,
)

if TYPE_CHECKING:
    from ovms.net.websocket import ClientSocket

WELCOME_TIMEOUT = 60.0
"""Seconds until the welcome must have come. A server with passing trouble stays silent."""

INBOX_LIMIT = 1000
"""Messages that may wait for :meth:`ClientConnection.receive`. Then reading stops until half of
them have been received.
"""

PORT_HINT = "is this the right port, with or without TLS?"

DROP_TIMEOUT = 1.0
"""Seconds to wait for the end of a connection that nobody will use.

uvloop does not report the end of a connection whose making is cancelled in the moment it is made.
"""

T = TypeVar("T")


class NetError(Error):
    """A connection could not be made, or has ended."""


class ConnectFailed(NetError):
    """There is no connection to the server. Trying again later may help."""


class Untrusted(ConnectFailed):
    """The certificate does not prove that this is the server. Trying again seldom helps."""


class WelcomeRefused(NetError):
    """The server refuses us: the vehicle id, the secret or the password is wrong."""


class ConnectionLost(NetError):
    """The connection has ended."""


class ClientConnection:
    """A caller's side of one connection. Made by :func:`connect` and the like.

    Iterating over it yields messages until it is lost. Leaving ``async with`` closes it.
    """

    def __init__(self) -> None:
        self._pump: Pump | None = None
        self._inbox: deque[Message] = deque()
        self._questions: deque[asyncio.Future[ProvisionRecord | None]] = deque()
        self._news = asyncio.Event()
        self._is_full = False
        self._is_over = False
        self._error: Exception | None = None
        self._traffic: Traffic | None = None
        self.shown = "vehicle id or secret"
        """What may be wrong if the server closes the connection instead of welcoming us."""
        self.welcomed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.server_token = ""
        """The token in the welcome of the server, under scheme 0x30."""
        self.login: OwnerServerWelcome | None = None
        """The server's answer to an owner's login: the vehicle, and all vehicles of the owner."""

    @property
    def peer(self) -> str:
        """Address of the other end, for logs; empty before there is one."""
        return self._pump.peer if self._pump is not None else ""

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""
        pump = self._pump
        return pump is not None and not self._is_over and pump.session.state is State.OPEN

    @property
    def waiting(self) -> int:
        """Messages that wait for :meth:`receive`."""
        return len(self._inbox)

    @property
    def unsent(self) -> int:
        """Bytes that wait for the other end to read."""
        return self._pump.unsent if self._pump is not None else 0

    @property
    def traffic(self) -> Traffic:
        """What the connection has cost so far. After its end, the value that was last read.

        Where the system does not count, it is the bytes that we have sent and received.
        """
        pump = self._pump
        if pump is not None:
            self._traffic = pump.traffic or self._traffic
        if self._traffic is not None or pump is None:
            return self._traffic or Traffic()
        return Traffic(pump.sent, pump.received, is_whole=False)

    def send(self, message: Message) -> None:
        """Send a message. Raises :class:`ConnectionLost` if the connection is not open."""
        if self._pump is None or self._is_over or not self._pump.send(message):
            raise self._lost()

    def send_all(self, messages: Sequence[Message]) -> None:
        """Send messages in one piece. Raises :class:`ConnectionLost` if not all could be sent."""
        if self._pump is None or self._is_over or not self._pump.send_all(messages):
            raise self._lost()

    async def drain(self) -> None:
        """Wait until the other end has read enough. Raises :class:`ConnectionLost`."""
        if self._pump is not None:
            await self._pump.drained()
        if self._is_over:
            raise self._lost()

    async def receive(self) -> Message:
        """Return the next message, and wait for it if necessary.

        Raises :class:`ConnectionLost` when the connection has ended and nothing is left.
        """
        await self.ready()
        message = self._inbox.popleft()
        if self._is_full and len(self._inbox) <= INBOX_LIMIT // 2 and self._pump is not None:
            self._is_full = False
            self._pump.resume()
        return message

    async def ready(self) -> None:
        """Wait until there is a message to :meth:`receive`. Raises :class:`ConnectionLost`."""
        while not self._inbox:
            if self._is_over:
                raise self._lost()
            self._news.clear()
            await self._news.wait()

    async def provision(self, key: str) -> ProvisionRecord | None:
        """Return the provisioning record of a key; ``None`` if the server has none for us.

        Raises :class:`ConnectionLost`, and :class:`~ovms.protocol.errors.LocalProtocolError` for a
        key that fits no request.
        """
        request = _request(key)
        if self._pump is None or self._is_over or not self._pump.send_provisioning(request):
            raise self._lost()
        return await self.provision_answer()

    def provision_answer(self) -> asyncio.Future[ProvisionRecord | None]:
        """Return a future for the answer to the last provisioning request."""
        question: asyncio.Future[ProvisionRecord | None] = (
            asyncio.get_running_loop().create_future()
        )
        # Answers come in the order of the requests. A request that was given up keeps its place.
        self._questions.append(question)
        return question

    async def __aiter__(self) -> AsyncIterator[Message]:
        """Yield messages until the connection is lost."""
        while True:
            try:
                message = await self.receive()
            except ConnectionLost:
                return
            yield message

    async def close(self) -> None:
        """Close the connection. May be called again."""
        if self._pump is not None and not self._is_over:
            self._pump.close()
            while not self._is_over:
                self._news.clear()
                await self._news.wait()

    def cut(self, error: Exception | None = None) -> None:
        """End the connection at once. What has not been sent yet is lost."""
        if self._pump is not None:
            self._pump.abort(error)

    async def abort(self) -> None:
        """End the connection at once, and wait until it has ended."""
        self.cut()
        await self.close()

    async def __aenter__(self) -> Self:
        """Use the connection."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection."""
        await self.close()

    def _lost(self) -> ConnectionLost:
        reason = f": {self._error}" if self._error else ""
        lost = ConnectionLost(f"the connection to the server is lost{reason}")
        lost.__cause__ = self._error
        return lost

    # -- the pump's handler -----------------------------------------------------------------

    def opened(self, pump: Pump) -> None:
        """Handle the beginning of the connection."""
        self._pump = pump

    def received(self, pump: Pump, event: Event) -> None:
        """Handle an event: keep a message for :meth:`receive`, and stop reading at the limit."""
        if isinstance(event, Message):
            self._inbox.append(event)
            if len(self._inbox) >= INBOX_LIMIT:
                self._is_full = True
                pump.pause()
            self._news.set()
        elif isinstance(event, ProvisionRecord | ProvisionRefused):
            question = self._questions.popleft() if self._questions else None
            if question is not None and not question.done():
                question.set_result(event if isinstance(event, ProvisionRecord) else None)
        elif isinstance(event, ServerWelcome | OwnerServerWelcome) and not self.welcomed.done():
            if isinstance(event, ServerWelcome):
                self.server_token = event.token
            else:
                self.login = event
            self.welcomed.set_result(None)

    def stalled(self, pump: Pump) -> None:
        """Do nothing: a caller that never drains only fills its own buffer."""

    def half_closed(self, pump: Pump) -> bool:
        """Return false: a server that says nothing more is gone."""
        return False

    def closed(self, pump: Pump, error: Exception | None) -> None:
        """Handle the end of the connection: wake all who wait."""
        self._is_over = True
        self._error = error
        self._news.set()
        if not self.welcomed.done():
            self.welcomed.set_exception(_refusal(error, self.shown))
        for question in self._questions:
            if not question.done():
                question.set_exception(self._lost())


def _refusal(error: Exception | None, shown: str) -> NetError:
    """Return the error that an end before the welcome means; ``shown`` is what may be wrong.

    An orderly close is a refusal. A reset is not: a server that restarts resets new connections.
    """
    if isinstance(error, AuthenticationFailed):
        return WelcomeRefused("the server does not prove that it knows the secret")
    if error is None:
        return WelcomeRefused(
            f"the server closed the connection before its welcome: wrong {shown}?"
        )
    reason = _reason(error) if isinstance(error, OSError) else str(error)
    hint = f"; {PORT_HINT}" if isinstance(error, ConnectionResetError) else ""
    return ConnectFailed(f"no welcome from the server: {reason}{hint}")


async def connect(
    host: str,
    port: int,
    role: Role,
    vehicle_id: str,
    secret: bytes,
    *,
    timeout: float = WELCOME_TIMEOUT,
    random_bytes: RandomBytes = os.urandom,
    tls: ssl.SSLContext | None = None,
    websocket: bool = False,
    words: Sequence[str] = (),
    token: str | None = None,
) -> ClientConnection:
    """Connect to a server and wait for its welcome, at most ``timeout`` seconds.

    With ``tls``, a :func:`~ovms.net.tls.client_context`, the server's certificate must be valid for
    ``host``. With ``websocket`` lines are sent through a WebSocket. ``words`` follow the vehicle id
    in the welcome. ``token`` is the caller's, else a new one is made. Raises :class:`ConnectFailed`
    or :class:`WelcomeRefused`.
    """
    endpoint = _Endpoint(host, port, timeout, tls, websocket)
    unfit = f"{vehicle_id!r} cannot be the id of a vehicle"
    return await _open(
        endpoint,
        lambda session: session.send_welcome(role, vehicle_id, secret, *words),
        unfit,
        token or make_token(random_bytes),
    )


async def connect_owner(
    host: str,
    port: int,
    role: Role,
    user: str,
    password: str,
    vehicle_id: str = FIRST_VEHICLE,
    *,
    timeout: float = WELCOME_TIMEOUT,
    tls: ssl.SSLContext | None = None,
    websocket: bool = False,
) -> ClientConnection:
    """Connect as an owner's app or batch client, under scheme 0x31; otherwise as :func:`connect`.

    ``password`` may be an API token. Nothing is enciphered: without ``tls`` everybody on the path
    can read it. :attr:`ClientConnection.login` then has the owner's vehicles.
    """
    endpoint = _Endpoint(host, port, timeout, tls, websocket)
    unfit = "a user, a password or a vehicle id with a blank in it cannot be sent"
    return await _open(
        endpoint,
        lambda session: session.send_owner_welcome(role, user, password, vehicle_id),
        unfit,
        make_token(os.urandom),
        shown="user, password or vehicle id",
    )


async def fetch_provision(
    host: str,
    port: int,
    key: str,
    *,
    tls: ssl.SSLContext | None = None,
    websocket: bool = False,
    timeout: float = WELCOME_TIMEOUT,
) -> ProvisionRecord | None:
    """Return a server's provisioning record of a key, without a welcome; ``None`` if it has none.

    Raises :class:`ConnectFailed`.
    """
    endpoint = _Endpoint(host, port, timeout, tls, websocket)
    connection = ClientConnection()
    connection.welcomed.cancel()
    session = Session(Party.CALLER, "")
    try:
        record = await _ask(
            endpoint,
            session,
            connection,
            session.send_provisioning(_request(key)),
            connection.provision_answer(),
        )
    except (LocalProtocolError, ConnectionLost) as error:
        raise ConnectFailed(str(error)) from error
    await connection.close()
    return record


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """Where a server is, how it is called, and how many seconds that may take."""

    host: str
    port: int
    timeout: float
    tls: ssl.SSLContext | None
    websocket: bool

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def codec(self) -> ClientSocket | None:
        """Return the codec between bytes and lines; ``None`` for plain lines."""
        if not self.websocket:
            return None
        from ovms.net.websocket import ClientSocket

        return ClientSocket(self.host, self.port, is_secure=self.tls is not None)


async def _open(
    endpoint: _Endpoint,
    send_welcome: Callable[[Session], bytes],
    unfit: str,
    token: str,
    shown: str | None = None,
) -> ClientConnection:
    """Connect, send the welcome and wait for the server's.

    ``send_welcome`` returns the welcome line. ``unfit`` is the error text if it cannot be written,
    and ``shown`` what may be wrong if the server refuses it.
    """
    session = Session(Party.CALLER, token)
    try:
        welcome = send_welcome(session)
    except (LocalProtocolError, UnicodeEncodeError) as error:
        raise WelcomeRefused(unfit) from error
    connection = ClientConnection()
    connection.shown = shown or connection.shown
    if endpoint.tls is None:
        who = "port" if endpoint.port == TLS_PORT else "vehicle"
        connection.shown += f", or a {who} that wants TLS"
    await _ask(endpoint, session, connection, welcome, connection.welcomed)
    return connection


async def _ask(
    endpoint: _Endpoint,
    session: Session,
    connection: ClientConnection,
    line: bytes,
    answer: asyncio.Future[T],
) -> T:
    """Connect, send a line and wait for the answer."""
    try:
        async with asyncio.timeout(endpoint.timeout):
            _, pump = await asyncio.get_running_loop().create_connection(
                lambda: Pump(session, connection, endpoint.codec()),
                endpoint.host,
                endpoint.port,
                ssl=endpoint.tls,
                server_hostname=None if endpoint.tls is None else endpoint.host.partition("%")[0],
            )
            pump.write(line)
            return await answer
    except TimeoutError as error:
        await _drop(connection, answer)
        raise ConnectFailed(f"no answer from {endpoint} within {endpoint.timeout:g} s") from error
    except ssl.SSLCertVerificationError as error:
        await _drop(connection, answer)
        why = f"the certificate of {endpoint} does not verify: {error.verify_message}"
        raise Untrusted(why.rstrip(".")) from error
    except OSError as error:
        await _drop(connection, answer)
        raise ConnectFailed(f"no connection to {endpoint}: {_reason(error)}") from error
    except ValueError as error:
        await _drop(connection, answer)
        raise ConnectFailed(f"{endpoint.host!r} cannot be the name of a host") from error
    except BaseException:
        await _drop(connection, answer)
        raise


def _request(key: str) -> ProvisionRequest:
    """Return a request. Raises :class:`LocalProtocolError` for a key that is not one word."""
    request = ProvisionRequest(key)
    try:
        line = request.encode()
    except UnicodeEncodeError:
        line = b""
    if len(line.split()) != 3 or len(line) > WELCOME_LINE_LIMIT - len(LINE_END):
        raise LocalProtocolError(f"{key!r} cannot be the key of a provisioning record")
    return request


async def _drop(connection: ClientConnection, answer: asyncio.Future[Any]) -> None:
    """Abort a connection that nobody will use."""
    if not answer.cancel() and not answer.cancelled():
        answer.exception()  # so that the loop does not report it as never retrieved
    with suppress(TimeoutError):
        async with asyncio.timeout(DROP_TIMEOUT):
            await connection.abort()


def _reason(error: OSError) -> str:
    match error:
        case ssl.SSLError():
            reason = (error.reason or str(error)).replace("_", " ").lower()
            return f"no TLS: {reason}; is this the port for TLS?"
        case socket.gaierror():
            return str(error.strerror)
    text = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
    return text or f"the other end has closed it; {PORT_HINT}"
