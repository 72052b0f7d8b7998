"""A caller's connection: connect, say who we are, then send and receive messages.

::

    NetError
    ├── ConnectFailed     no connection, or no welcome in time: try again later
    │   └── Untrusted     the certificate of the server does not verify
    ├── Refused           the server closed before its welcome, or does not know the secret
    └── ConnectionLost    the connection ended
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Self

from ovms.net.pump import Pump
from ovms.protocol import Message, Party, Role, ServerWelcome, Session, State
from ovms.protocol.crypto import RandomBytes, make_token
from ovms.protocol.errors import AuthenticationFailed, LocalProtocolError
from ovms.protocol.session import Event

WELCOME_TIMEOUT = 60.0
"""Seconds until the welcome must be there. A server in passing trouble stays silent."""

INBOX_LIMIT = 1000
"""Messages that may wait for :meth:`Connection.receive`; then reading stops until half are gone."""


class NetError(Exception):
    """A connection that did not come about, or ended."""


class ConnectFailed(NetError):
    """There is no connection to the server; trying again later may help."""


class Untrusted(ConnectFailed):
    """The certificate does not show that this is the server; trying again seldom helps."""


class Refused(NetError):
    """The server does not take us: the vehicle id or the secret is wrong."""


class ConnectionLost(NetError):
    """The connection has ended."""


class Connection:
    """A caller's side of one connection. Made by :func:`connect`.

    Iterating over it gives messages until it is lost; leaving ``async with`` closes it.
    """

    def __init__(self) -> None:
        self._pump: Pump | None = None
        self._inbox: deque[Message] = deque()
        self._news = asyncio.Event()
        self._is_full = False
        self._is_over = False
        self._error: Exception | None = None
        self.welcomed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def peer(self) -> str:
        """Address of the other end, for logs; empty before there is one."""
        return self._pump.peer if self._pump is not None else ""

    @property
    def waiting(self) -> int:
        """Messages that wait for :meth:`receive`."""
        return len(self._inbox)

    @property
    def unsent(self) -> int:
        """Bytes that wait for the other end to read."""
        return self._pump.unsent if self._pump is not None else 0

    def send(self, message: Message) -> None:
        """Send a message. Raises :class:`ConnectionLost` if the connection is not open."""
        if self._pump is None or self._is_over or not self._pump.send(message):
            raise self._lost()

    async def drain(self) -> None:
        """Wait until the other end has taken enough. Raises :class:`ConnectionLost`."""
        if self._pump is not None:
            await self._pump.drained()
        if self._is_over:
            raise self._lost()

    async def receive(self) -> Message:
        """Wait for the next message.

        Raises :class:`ConnectionLost` once the connection is over and all that came is given out.
        """
        while not self._inbox:
            if self._is_over:
                raise self._lost()
            self._news.clear()
            await self._news.wait()
        message = self._inbox.popleft()
        if self._is_full and len(self._inbox) <= INBOX_LIMIT // 2 and self._pump is not None:
            self._is_full = False
            self._pump.resume()
        return message

    async def __aiter__(self) -> AsyncIterator[Message]:
        """Give messages until the connection is lost."""
        while True:
            try:
                message = await self.receive()
            except ConnectionLost:
                return
            yield message

    def abort(self, error: Exception) -> None:
        """End the connection at once; what has not left yet is lost."""
        if self._pump is not None:
            self._pump.abort(error)

    async def close(self) -> None:
        """End the connection. May be called again."""
        if self._pump is not None and not self._is_over:
            self._pump.close()
            while not self._is_over:
                self._news.clear()
                await self._news.wait()

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
        return ConnectionLost(f"the connection to the server is lost{reason}")

    # -- the pump's owner -------------------------------------------------------------------

    def opened(self, pump: Pump) -> None:
        """Take up the connection."""
        self._pump = pump

    def received(self, pump: Pump, event: Event) -> None:
        """Keep a message for :meth:`receive`; stop reading when too many wait."""
        if isinstance(event, Message):
            self._inbox.append(event)
            if len(self._inbox) >= INBOX_LIMIT:
                self._is_full = True
                pump.pause()
            self._news.set()
        elif isinstance(event, ServerWelcome) and not self.welcomed.done():
            self.welcomed.set_result(None)

    def stalled(self, pump: Pump) -> None:
        """Go on: whoever sends much and never drains fills his own memory."""

    def closed(self, pump: Pump, error: Exception | None) -> None:
        """Wake everybody up who waits."""
        self._is_over = True
        self._error = error
        self._news.set()
        if not self.welcomed.done():
            self.welcomed.set_exception(_refusal(error))


def _refusal(error: Exception | None) -> NetError:
    if isinstance(error, AuthenticationFailed):
        return Refused("the server does not prove to know the secret")
    if error is None or isinstance(error, ConnectionResetError):
        return Refused(
            "the server closed the connection before its welcome: wrong vehicle id or secret?"
        )
    return ConnectFailed(f"no welcome from the server: {error}")


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
    words: Sequence[str] = (),
) -> Connection:
    """Connect to a server and be welcomed, within ``timeout`` seconds.

    ``tls`` is a :func:`~ovms.net.tls.client_context` for a port that speaks TLS.
    Raises :class:`ConnectFailed` or :class:`Refused`.
    """
    connection = Connection()
    session = Session(Party.CALLER, make_token(random_bytes))
    loop = asyncio.get_running_loop()
    try:
        welcome = session.greet(role, vehicle_id, secret, *words)
    except (LocalProtocolError, UnicodeEncodeError) as error:
        raise Refused(f"{vehicle_id!r} cannot be the id of a vehicle") from error
    try:
        async with asyncio.timeout(timeout):
            transport, _ = await loop.create_connection(
                lambda: Pump(session, connection),
                host,
                port,
                ssl=tls,
                server_hostname=None if tls is None else host.partition("%")[0],
            )
            if session.state is State.HELLO:
                transport.write(welcome)
            await connection.welcomed
    except TimeoutError as error:
        await _drop(connection)
        raise ConnectFailed(f"no answer from {host}:{port} within {timeout:g} s") from error
    except ssl.SSLCertVerificationError as error:
        why = f"the certificate of {host}:{port} does not verify: {error.verify_message}"
        raise Untrusted(why.rstrip(".")) from error
    except OSError as error:
        raise ConnectFailed(f"no connection to {host}:{port}: {_reason(error)}") from error
    except UnicodeError as error:
        raise ConnectFailed(f"{host!r} cannot be the name of a host") from error
    except BaseException:
        await _drop(connection)
        raise
    return connection


async def _drop(connection: Connection) -> None:
    """Close a connection that nobody will use; its refusal has been told, or does not matter."""
    connection.welcomed.cancel()
    await connection.close()


def _reason(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return str(error.strerror)
    if isinstance(error, ssl.SSLError):
        return f"no TLS ({str(error.reason).replace('_', ' ').lower()})"
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
