"""A socket on which a running program gives its status, in a private folder of its own.

A client that connects gets one JSON object and the end of the stream. Nothing is read from it. A
socket costs an SD card no writes, and shows whether the process is alive: nobody listens on the
socket of a process that was killed.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, cast

from ovms.base.logs import get_logger
from ovms.base.private_socket import bind_private, opened_folder, remove_socket, socket_address

log = get_logger("ovms.status")

CLIENTS_LIMIT: Final = 8
"""Clients at a time. Further ones are closed without an answer."""

TELLING_TIMEOUT: Final = 5.0
"""Seconds in which a client is told, and must have read the status."""

ASKING_TIMEOUT: Final = 10.0
"""Seconds in which a running program must have sent its status."""

STATUS_LIMIT: Final = 64 * 1024
"""Bytes of a status that are read. A car's has about 1000, a server's twice as many."""

Tell = Callable[[], Awaitable[bytes]]


class NotRunning(Exception):
    """No program gives a status there; the text says why."""


class _Client(asyncio.Protocol):
    """A client that is sent the status."""

    def __init__(self, tell: Tell, clients: set[_Client]) -> None:
        self._tell = tell
        self._clients = clients
        self._transport: asyncio.Transport | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._telling: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass of asyncio's, only the same in all they do.
        self._transport = made = cast("asyncio.Transport", transport)
        if len(self._clients) >= CLIENTS_LIMIT:
            made.abort()
            return
        self._clients.add(self)
        self._alarm = asyncio.get_running_loop().call_later(TELLING_TIMEOUT, made.abort)
        self._telling = asyncio.create_task(self._answer(made))

    async def _answer(self, transport: asyncio.Transport) -> None:
        try:
            transport.write(await self._tell())
        except Exception as error:
            log.error("the status cannot be told", reason=str(error), exc_info=error)
        transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._clients.discard(self)
        if self._alarm is not None:
            self._alarm.cancel()
        if self._telling is not None:
            self._telling.cancel()

    def abort(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.abort()


@asynccontextmanager
async def telling_status(folder: Path, name: str, tell: Tell) -> AsyncIterator[None]:
    """Serve what ``tell`` returns on a socket in a folder, which only this process uses.

    The socket of a process that was killed is replaced. If there can be no socket, as on some file
    systems, that is logged, and the program runs without.
    """
    clients: set[_Client] = set()
    with opened_folder(folder) as descriptor:
        server = None
        try:
            listener = bind_private(descriptor, name)
        except OSError as error:
            reason = error.strerror or str(error)
            log.error("the status socket cannot be opened", file=str(folder / name), reason=reason)
        else:
            make = asyncio.get_running_loop().create_unix_server
            server = await make(lambda: _Client(tell, clients), sock=listener)
        try:
            yield
        finally:
            if server is not None:
                server.close()
                for client in list(clients):
                    client.abort()
                remove_socket(descriptor, name)


def ask(folder: Path, name: str, party: str) -> bytes:
    """Return the status of the program that runs with a folder; ``party`` is its kind, in words.

    Raise :class:`NotRunning` if none does, and :class:`OSError` if access is denied or the program
    does not answer.
    """
    try:
        with opened_folder(folder) as descriptor, socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(ASKING_TIMEOUT)
            asking.connect(socket_address(descriptor, name))
            return b"".join(_read(asking))
    except FileNotFoundError as error:
        raise NotRunning(f"no {party} runs there") from error
    except ConnectionRefusedError as error:
        raise NotRunning(f"no {party} runs there any more: it did not end in order") from error
    except ConnectionError as error:
        raise NotRunning(f"the {party} that ran there has just ended") from error


def _read(asking: socket.socket) -> Iterator[bytes]:
    left = STATUS_LIMIT
    while left > 0 and (data := asking.recv(left)):
        left -= len(data)
        yield data
