"""What a connection has cost: the bytes that a carrier counts, which are more than those of lines.

Linux counts the bytes and packets of each TCP connection in both directions (``TCP_INFO``) from the
first packet on. That includes TLS with its handshake, acknowledgements and retransmissions. Each
packet has an IP header (20 bytes, 40 in version 6) and a TCP header (20 bytes, and 12 with
timestamps). Not included are the longer options of the first packet, packets of connections that
failed, name look-ups, and everything below IP.
"""

from __future__ import annotations

import socket
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

IP_HEADER: Final = {socket.AF_INET: 20, socket.AF_INET6: 40}
TCP_HEADER: Final = 20
TIMESTAMPS: Final = 12
"""Bytes of the timestamps in each packet, with padding."""

_HAS_TIMESTAMPS: Final = 1
_OPTIONS, _RECEIVED, _PACKETS, _SENT = 5, 128, 136, 200
"""Offsets in the kernel's ``struct tcp_info``: options, bytes received, packets sent and received,
and bytes sent (since Linux 4.19)."""

INFO_SIZE: Final = _SENT + 8


try:
    from fcntl import ioctl
    from termios import FIONREAD, TIOCOUTQ
except ImportError:  # Windows; only a server asks for it
    ioctl = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Traffic:
    """Bytes of a connection so far, seen from the caller."""

    sent: int = 0
    received: int = 0
    is_whole: bool = True
    """Whether headers and TLS are included; otherwise it is only what was handed to the system."""


class Socket(Protocol):
    """What is needed of a socket."""

    @property
    def family(self) -> int:
        """The address family."""
        ...

    def getsockopt(self, level: int, option: int, size: int, /) -> bytes:
        """Return the value of an option."""
        ...


def measure(connection: Socket) -> Traffic | None:
    """Return what a connection has cost; ``None`` if the system does not know."""
    header = IP_HEADER.get(socket.AddressFamily(connection.family))
    if sys.platform != "linux" or header is None:
        return None
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, INFO_SIZE)
    except OSError:
        return None
    return read_info(info, header)


def unacknowledged(connection: socket.socket) -> int:
    """Return how many bytes are on the way: given to the system, not acknowledged by the other end.

    0 if the system does not count them, or the socket is closed.
    """
    return 0 if ioctl is None else _ask(connection, TIOCOUTQ)


def unread(connection: socket.socket) -> int:
    """Return how many bytes have come that nobody has read yet, 0 as above."""
    return 0 if ioctl is None else _ask(connection, FIONREAD)


def _ask(connection: socket.socket, question: int) -> int:
    with suppress(OSError, ValueError):
        return int(struct.unpack("i", ioctl(connection.fileno(), question, bytes(4)))[0])
    return 0


def read_info(info: bytes, ip_header: int) -> Traffic | None:
    """Parse the kernel's answer; return ``None`` if it is too short."""
    if len(info) < INFO_SIZE:
        return None
    header = ip_header + TCP_HEADER + TIMESTAMPS * bool(info[_OPTIONS] & _HAS_TIMESTAMPS)
    (received,) = struct.unpack_from("=Q", info, _RECEIVED)
    packets_sent, packets_received = struct.unpack_from("=II", info, _PACKETS)
    (sent,) = struct.unpack_from("=Q", info, _SENT)
    return Traffic(sent + header * packets_sent, received + header * packets_received)
