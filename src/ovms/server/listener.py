"""Listening sockets: the same port on every address, bound before anything else is started."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable, Sequence

BACKLOG = 1024
"""Connections the system holds until they are accepted: a server that comes back meets all cars."""

ALL_ADDRESSES = ("0.0.0.0", "::")  # noqa: S104 (cars call from anywhere)

FREE_PORT_TRIES = 20
"""A port that is free on one address may be taken on the next: so often another is tried."""


class CannotListen(Exception):
    """A port cannot be listened on; the text says which, and why."""


def bind(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """Bind ``port`` (0 takes a free one) on every address, all addresses of the machine by default.

    They do not listen yet. Raises :class:`CannotListen`.
    """
    for _ in range(FREE_PORT_TRIES if port == 0 else 1):
        try:
            return _bind_all(hosts, port)
        except (OSError, UnicodeError) as error:
            reason = error
            if getattr(error, "errno", None) != errno.EADDRINUSE:
                break
    where = f"port {port}" + (f" of {', '.join(hosts)}" if hosts else "")
    raise CannotListen(f"cannot listen on {where}: {_reason(reason)}") from reason


async def listen(
    sockets: Sequence[socket.socket], answer: Callable[[], asyncio.Protocol]
) -> list[asyncio.Server]:
    """Accept callers on every socket; ``answer`` makes the protocol of each.

    Raises :class:`CannotListen`, and closes all sockets: where two programs have bound a port, only
    the first to listen has it.
    """
    port = sockets[0].getsockname()[1]
    try:
        for each in sockets:
            each.listen(BACKLOG)
    except OSError as error:
        for each in sockets:
            each.close()
        raise CannotListen(f"cannot listen on port {port}: {_reason(error)}") from error
    loop = asyncio.get_running_loop()
    return [await loop.create_server(answer, sock=each, backlog=BACKLOG) for each in sockets]


def _bind_all(hosts: Sequence[str], port: int) -> list[socket.socket]:
    bound: list[socket.socket] = []
    try:
        for host in hosts or ALL_ADDRESSES:
            address = _resolve(host, port, is_optional=not hosts)
            if address is not None:
                bound.append(_bind(*address))
                port = bound[0].getsockname()[1]
    except (OSError, UnicodeError):
        for each in bound:
            each.close()
        raise
    return bound


def _resolve(
    host: str, port: int, *, is_optional: bool
) -> tuple[socket.AddressFamily, tuple[str, int]] | None:
    """Find an address; ``None`` for a family that an all-addresses server can do without."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if is_optional:
        return (family, (host, port)) if _has_family(family, host) else None
    info = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = info[0]
    return family, (str(address[0]), port)


def _has_family(family: socket.AddressFamily, host: str) -> bool:
    """Tell whether the machine has addresses of a family."""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((host, 0))
    except OSError:
        return False
    return True


def _bind(family: socket.AddressFamily, address: tuple[str, int]) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError):
        return "an address is no host name"
    if isinstance(error, socket.gaierror):
        return f"{error.strerror}"
    return os.strerror(error.errno) if error.errno else str(error)
