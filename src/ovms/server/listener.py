"""Listening sockets: the same port on every address, bound before anything else is started.

Before they close, every connection that the system has made is accepted. A closing listener would
reset those, and new module firmware takes a reset for a wrong password.
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import math
import os
import re
import socket
import ssl
import struct
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ovms.base.logs import get_logger
from ovms.net.sockets import set_up
from ovms.server.doorstep import Doorstep
from ovms.server.strangers import Stranger, crowd_of, crowding, patient

BACKLOG = 4096
"""Connections that the system holds until they are accepted: after a restart all cars call, and
whom it cannot hold tries again after 1, 3, 7 and 15 seconds. Linux allows no more by default."""

ALL_ADDRESSES = ("0.0.0.0", "::")  # noqa: S104 (cars call from anywhere)

FREE_PORT_TRIES = 20
"""How many ports are tried: one that is free on one address may be taken on the next."""

ACCEPTS_A_TURN: Final = 500
"""Connections that one listener accepts before others have their turn."""

ACCEPT_PAUSE: Final = 0.1
"""Seconds until accepting is tried again for which there was no open file."""

QUIET = 0.1
"""Seconds without a connecting caller after which a listener is closed."""

LOOK = 0.02
"""Seconds between two looks for connecting callers."""

CLOSING_TIMEOUT = 10.0
"""Seconds after which a listener is closed even if a caller is still connecting."""

OTHER_FILES = 256
"""Open files that a server needs beside its connections; a generous number."""

TIGHT: Final = 0.9
"""Share of all places that are taken when strangers must leave who have had their time."""

RELAXED: Final = 0.85
"""Share of all places below which they are no longer scarce."""

FULL: Final = 0.95
"""Share of all places that are taken when those of a crowd must leave whatever their time."""

BATCH: Final = 0.02
"""Share of all places that is freed at once: to choose whose costs some time."""

LOOK_AGAIN: Final = 0.1
"""Seconds until strangers are looked through again, unless all places are taken before."""

SO_ATTACH_FILTER: Final = 26
SO_DETACH_FILTER: Final = 27

NO_NEW_CALLERS: Final = (
    (0x30, 0, 0, 13),  # load the byte of a TCP segment that holds its flags
    (0x54, 0, 0, 0x12),  # of them, SYN and ACK
    (0x15, 0, 1, 0x02),  # SYN alone?
    (0x06, 0, 0, 0),  # drop it
    (0x06, 0, 0, 0xFFFFFFFF),  # pass
)
"""A classic BPF program: drop new connections, let those complete that have begun."""

TABLES: Final = ("/proc/self/net/tcp", "/proc/self/net/tcp6")
"""Where the system shows all connections."""

TCP_SYN_RECV: Final = 3
"""State of a connection whose caller has not yet confirmed it."""

log = get_logger("ovms.listener")


class CannotListen(Exception):
    """A port cannot be listened on; the text says which and why."""


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


@contextmanager
def bound(hosts: Sequence[str], port: int) -> Iterator[list[socket.socket]]:
    """Bind as :func:`bind`, and close the sockets at the end."""
    sockets = bind(hosts, port)
    try:
        yield sockets
    finally:
        for each in sockets:
            each.close()


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports that a server listens on; ``None`` for one that is not open."""

    mp: int | None
    mp_tls: int | None
    http: int | None = None
    https: int | None = None
    metrics: int | None = None


def reserve(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """Bind as :func:`bind`, and listen: another program cannot have the port from now on.

    Of two that have only bound a port, the first to listen has it. Callers wait until somebody
    accepts them. Raises :class:`CannotListen`.
    """
    sockets = bind(hosts, port)
    try:
        for each in sockets:
            each.listen(BACKLOG)
    except OSError as error:
        for each in sockets:
            each.close()
        raise CannotListen(f"cannot listen on port {port}: {_reason(error)}") from error
    return sockets


ProtocolFactory = Callable[[], asyncio.Protocol]
"""Makes the protocol of a connection that is being accepted, before its TLS handshake."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """One port on every address, with the protocol and the TLS that it speaks."""

    sockets: Sequence[socket.socket]
    protocol: ProtocolFactory
    tls: ssl.SSLContext | None = None
    has_proxies: bool = True
    """Proxies that are trusted say here who calls."""
    is_for_modules: bool = False
    """Modules call here."""

    @property
    def port(self) -> int:
        """Its port."""
        return int(self.sockets[0].getsockname()[1])


class Gate:
    """Keeps places for those who come next, out of as many as there are open ``files``.

    When few places are left, strangers who have had their time must leave. When nearly none is
    left, those of a crowd must leave whatever their time. When that does not help, new callers are
    refused at every entrance, before they are connected. Those that the system already holds are
    still accepted. ``count`` returns how many connections there are at all entrances together,
    ``strangers`` returns those of them that may have to leave.
    """

    def __init__(
        self,
        entrances: Sequence[Entrance],
        files: int,
        count: Callable[[], int],
        strangers: Callable[[], Iterable[Stranger]] = tuple,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count = count
        self._strangers = strangers
        self._now = now
        self._listeners = listeners_of(entrances)
        kept = min(files // 4, OTHER_FILES + len(self._listeners) * BACKLOG)
        self._most = files - kept
        self._is_shut = self._is_tight = False
        self._next_look = self._next_crowd = -math.inf
        self.backlog = max(1, (kept - min(OTHER_FILES, kept // 2)) // len(self._listeners))
        """Connections that the system should hold for each listener."""

    @property
    def trouble(self) -> str | None:
        """Return in words that places are scarce; ``None`` while they are not."""
        advice = "Each connection is an open file: the server needs more of them (LimitNOFILE)."
        if self._is_shut:
            return f"No further caller can be taken: all places are taken. {advice}"
        if self._is_tight:
            return f"Nearly all places are taken, and strangers are turned away. {advice}"
        return None

    def check(self) -> None:
        """Make room, shut or open, as the number of connections demands.

        Call it about once a second; :func:`listen` also calls it for each accepted connection.
        """
        connections = self._count()
        if connections >= self._most * TIGHT:
            connections = self._make_room(connections)
        elif self._is_tight and connections < self._most * RELAXED:
            self._is_tight = False
            log.info("places are no longer scarce", connections=connections)
        if not self._is_shut and connections >= self._most:
            self._is_shut = True
            log.warning("new callers are refused: too few open files", connections=connections)
            for each in self._listeners:
                refuse_new_callers(each)
        elif self._is_shut and connections < self._most * 0.98:
            self._is_shut = False
            log.info("new callers are accepted again", connections=connections)
            for each in self._listeners:
                with suppress(OSError):  # there may be none
                    each.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)

    def retire(self) -> None:
        """Leave the entrances as they are from now on, because they are being closed."""
        self._most, self._is_shut = sys.maxsize, False

    def _make_room(self, connections: int) -> int:
        """Turn strangers away; return how many connections are left."""
        now = self._now()
        if now < (self._next_crowd if connections >= self._most * FULL else self._next_look):
            return connections
        strangers = list(self._strangers())
        places = self._most - (connections - len(strangers))
        gone = _turn_away(patient(strangers, self._excess(connections, TIGHT), now))
        if connections - gone >= self._most * FULL:
            excess = self._excess(connections - gone, FULL)
            gone += _turn_away(crowding(strangers, excess, crowd_of(places)))
        if gone and not self._is_tight:
            self._is_tight = True
            log.warning("places are scarce: strangers are turned away", connections=connections)
        self._next_look = now + LOOK_AGAIN
        if connections - gone >= self._most * FULL:
            self._next_crowd = now + LOOK_AGAIN
        return connections - gone

    def _excess(self, connections: int, share: float) -> int:
        """Return how many must leave so that some can come before we look again."""
        return connections - int(self._most * (share - BATCH))


def _turn_away(strangers: Iterable[Stranger]) -> int:
    return sum(each.turn_away() for each in strangers)


def listeners_of(entrances: Sequence[Entrance]) -> list[socket.socket]:
    """Return the sockets of all entrances."""
    return [each for entrance in entrances for each in entrance.sockets]


class Listeners:
    """Accepts callers at every entrance and brings them to the doorstep, until it is closed."""

    def __init__(
        self, entrances: Sequence[Entrance], doorstep: Doorstep, gate: Gate | None
    ) -> None:
        self.entrances = entrances
        self._doorstep = doorstep
        self._gate = gate
        self._is_closed = False
        for entrance in entrances:
            for listener in entrance.sockets:
                self._watch(listener, entrance)

    def close(self) -> None:
        """Stop listening; whoever is not accepted yet is reset."""
        self._is_closed = True
        for each in listeners_of(self.entrances):
            if each.fileno() >= 0:
                asyncio.get_running_loop().remove_reader(each)
                each.close()

    def _watch(self, listener: socket.socket, entrance: Entrance) -> None:
        if not self._is_closed:
            loop = asyncio.get_running_loop()
            loop.add_reader(listener, self._accept, listener, entrance)

    def _accept(self, listener: socket.socket, entrance: Entrance) -> None:
        for _ in range(ACCEPTS_A_TURN):
            try:
                line, address = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                # Whoever is not accepted stays with the system, and is not closed.
                log.debug("cannot accept now", reason=_reason(error))
                loop = asyncio.get_running_loop()
                loop.remove_reader(listener)
                loop.call_later(ACCEPT_PAUSE, self._watch, listener, entrance)
                return
            self._doorstep.arrive(line, address, entrance)
            if self._gate is not None:
                self._gate.check()


def listen(
    entrances: Sequence[Entrance], doorstep: Doorstep | None = None, gate: Gate | None = None
) -> Listeners:
    """Accept callers at every entrance, each with the entrance's own protocol.

    Raises :class:`CannotListen`, and then closes all sockets: if two programs have bound a port,
    only the first to listen has it.
    """
    backlog = gate.backlog if gate is not None else BACKLOG
    for entrance in entrances:
        _start_listening(entrance, entrances, backlog)
    return Listeners(entrances, doorstep or Doorstep(), gate)


def _start_listening(entrance: Entrance, all_entrances: Sequence[Entrance], backlog: int) -> None:
    try:
        for each in entrance.sockets:
            each.listen(backlog)
    except OSError as error:
        port = entrance.port
        for each in listeners_of(all_entrances):
            each.close()
        raise CannotListen(f"cannot listen on port {port}: {_reason(error)}") from error


async def close_gently(listeners: Listeners) -> None:
    """Refuse new callers, accept those that are connecting, then stop listening.

    A caller whose first segment is dropped sends it again a second later, and is refused then.
    """
    sockets = listeners_of(listeners.entrances)
    for each in sockets:
        refuse_new_callers(each)
    loop = asyncio.get_running_loop()
    began = last = loop.time()
    while loop.time() < last + QUIET and loop.time() < began + CLOSING_TIMEOUT:
        await asyncio.sleep(LOOK)
        if are_on_the_way(sockets):
            last = loop.time()
    listeners.close()


def refuse_new_callers(listener: socket.socket) -> bool:
    """Drop new connections to the listener; return whether the system supports that."""
    program = ctypes.create_string_buffer(
        b"".join(struct.pack("HBBI", *instruction) for instruction in NO_NEW_CALLERS)
    )
    head = struct.pack("HL", len(NO_NEW_CALLERS), ctypes.addressof(program))
    try:
        listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, head)
    except OSError:
        return False
    return True


def are_on_the_way(listeners: Sequence[socket.socket]) -> bool:
    """Return whether a caller is connecting, or connected and not yet accepted."""
    # In this order, because a connection goes from the first state to the second.
    ports = {each.getsockname()[1] for each in listeners}
    return _are_connecting(ports) or any(_waiting(each) for each in listeners)


def _are_connecting(ports: set[int]) -> bool:
    ends = "|".join(f"{port:04X}" for port in ports)
    connecting = re.compile(rf":(?:{ends}) [0-9A-F]+:[0-9A-F]{{4}} {TCP_SYN_RECV:02X} ".encode())
    for table in TABLES:
        with suppress(OSError):
            if connecting.search(Path(table).read_bytes()):
                return True
    return False


def _waiting(listener: socket.socket) -> int:
    """Return how many are connected and not yet accepted."""
    info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 28)
    return int(struct.unpack_from("=I", info, 24)[0])  # a listener's tcpi_unacked


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
    """Return an address; ``None`` if it is optional and the machine lacks its family."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if is_optional:
        return (family, (host, port)) if _has_family(family, host) else None
    info = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = info[0]
    return family, (str(address[0]), port)


def _has_family(family: socket.AddressFamily, host: str) -> bool:
    """Return whether the machine has addresses of a family."""
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
        set_up(listener)  # its connections have the same
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError):
        return "an address is not a host name"
    if isinstance(error, socket.gaierror):
        return f"{error.strerror}"
    return os.strerror(error.errno) if error.errno else str(error)
