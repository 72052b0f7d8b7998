"""What a connection has cost: the bytes that a carrier counts, which are more than those of lines.

Linux counts for each TCP connection the bytes and the packets of both ways (``TCP_INFO``), from the
first packet on: TLS with its handshake, acknowledgements and what was sent again included. Each
packet has a header of IP (20 bytes, 40 in version 6) and one of TCP (20, and 12 with timestamps).
Not in it are the few longer options of the first packet, packets of a connection that never came
about, names that were looked up, and all that lies below IP.
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
"""Bytes that they take in each packet, padding included."""

_HAS_TIMESTAMPS: Final = 1
_OPTIONS, _RECEIVED, _PACKETS, _SENT = 5, 128, 136, 200
"""Where the kernel's ``struct tcp_info`` has the options, the bytes that were received, the packets
that were sent and received, and the bytes that were sent (since Linux 4.19)."""

INFO_SIZE: Final = _SENT + 8


try:
    from fcntl import ioctl
    from termios import TIOCOUTQ
except ImportError:  # Windows; only a server asks for it
    ioctl = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Traffic:
    """Bytes of a connection so far, from the caller's side."""

    sent: int = 0
    received: int = 0
    is_whole: bool = True
    """With headers and TLS; otherwise only what was handed to the system, before TLS."""


class Socket(Protocol):
    """What is needed of a socket."""

    @property
    def family(self) -> int:
        """The family of addresses."""
        ...

    def getsockopt(self, level: int, option: int, size: int, /) -> bytes:
        """Ask the system."""
        ...


def measure(connection: Socket) -> Traffic | None:
    """Ask the system what a connection has cost; ``None`` if it does not know."""
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

    0 where the system does not tell, or the socket has gone.
    """
    if ioctl is None:
        return 0
    with suppress(OSError, ValueError):
        return int(struct.unpack("i", ioctl(connection.fileno(), TIOCOUTQ, bytes(4)))[0])
    return 0


def read_info(info: bytes, ip_header: int) -> Traffic | None:
    """Read the kernel's answer; ``None`` from one that knows too little."""
    if len(info) < INFO_SIZE:
        return None
    header = ip_header + TCP_HEADER + TIMESTAMPS * bool(info[_OPTIONS] & _HAS_TIMESTAMPS)
    (received,) = struct.unpack_from("=Q", info, _RECEIVED)
    packets_sent, packets_received = struct.unpack_from("=II", info, _PACKETS)
    (sent,) = struct.unpack_from("=Q", info, _SENT)
    return Traffic(sent + header * packets_sent, received + header * packets_received)
