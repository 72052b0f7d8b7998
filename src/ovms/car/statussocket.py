"""The socket on which a running car tells its status: ``car.sock`` in its folder.

Whoever connects gets one JSON object and the end of the stream; nothing that he says is read. A
socket costs an SD card nothing, and tells a process that lives from one that was killed: nobody
listens at what that has left behind.

A folder's path may be longer than the 107 bytes that an address of a socket has room for, so the
socket is named by way of ``/proc/self/fd``, which is short.
"""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final

from ovms.base.logs import get_logger

log = get_logger("ovms.car")

NAME: Final = "car.sock"

CLIENTS_LIMIT: Final = 8
"""Who is told at a time; more are sent away, with nothing."""

TELLING_TIMEOUT: Final = 5.0
"""Seconds in which somebody who has connected must take the status."""

ASKING_TIMEOUT: Final = 10.0
"""Seconds in which a running car must have told it."""

STATUS_LIMIT: Final = 64 * 1024
"""Bytes that whoever asks takes; a status has about one thousand."""


class NotRunning(Exception):
    """Nobody tells a status there; the text says why."""


class _Client(asyncio.Protocol):
    """Somebody who is told the status."""

    def __init__(self, tell: Callable[[], bytes], clients: set[_Client]) -> None:
        self._tell = tell
        self._clients = clients
        self._transport: asyncio.Transport | None = None
        self._alarm: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if len(self._clients) >= CLIENTS_LIMIT:
            transport.abort()
            return
        self._clients.add(self)
        self._alarm = asyncio.get_running_loop().call_later(TELLING_TIMEOUT, transport.abort)
        transport.write(self._tell())
        transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._clients.discard(self)
        if self._alarm is not None:
            self._alarm.cancel()

    def abort(self) -> None:
        """Send it away."""
        if self._transport is not None:
            self._transport.abort()


@asynccontextmanager
async def telling_status(folder: Path, tell: Callable[[], bytes]) -> AsyncIterator[None]:
    """Tell on the socket of a folder, which only this process uses, what ``tell`` gives.

    The socket of a process that was killed is replaced. Where there can be none, as on some file
    systems, that is logged, and the car does without.
    """
    clients: set[_Client] = set()
    with _opened(folder) as descriptor:
        server = None
        try:
            listener = _listen(descriptor)
        except OSError as error:
            reason = error.strerror or str(error)
            log.error("no status to be asked for", file=str(folder / NAME), reason=reason)
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
                with suppress(OSError):
                    os.unlink(NAME, dir_fd=descriptor)


def ask(folder: Path) -> bytes:
    """Ask the car that runs with a folder for its status.

    Raises :class:`NotRunning` when none does, and :class:`OSError` when it may not be asked, or
    does not answer.
    """
    try:
        with _opened(folder) as descriptor, socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(ASKING_TIMEOUT)
            asking.connect(_address(descriptor))
            return b"".join(_read(asking))
    except FileNotFoundError as error:
        raise NotRunning("no car runs there") from error
    except ConnectionRefusedError as error:
        raise NotRunning("no car runs there any more: it did not end in order") from error
    except ConnectionError as error:
        raise NotRunning("the car that ran there has just ended") from error


def _read(asking: socket.socket) -> Iterator[bytes]:
    left = STATUS_LIMIT
    while left > 0 and (data := asking.recv(left)):
        left -= len(data)
        yield data


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _address(descriptor: int) -> str:
    return f"/proc/self/fd/{descriptor}/{NAME}"


def _listen(descriptor: int) -> socket.socket:
    """Bind the socket, for its owner only; one that is there is of a process that was killed."""
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.stat(NAME, dir_fd=descriptor, follow_symlinks=False).st_mode):
            raise FileExistsError(0, "something else has that name")
        os.unlink(NAME, dir_fd=descriptor)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    before = os.umask(0o177)
    try:
        listener.bind(_address(descriptor))
    except BaseException:
        listener.close()
        raise
    finally:
        os.umask(before)
    return listener
