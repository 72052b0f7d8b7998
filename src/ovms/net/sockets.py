"""Options of sockets."""

from __future__ import annotations

import socket


def set_up(connection: socket.socket) -> None:
    """Have what is written sent at once, and the system look for a lost network at times.

    Of a listener it holds for all connections that it accepts.
    """
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def expect_life(connection: socket.socket, seconds: int) -> None:
    """Have the system detect a lost network within about ``seconds``."""
    for option, value in (
        (socket.TCP_KEEPIDLE, seconds // 2),
        (socket.TCP_KEEPINTVL, max(1, seconds // 8)),
        (socket.TCP_KEEPCNT, 4),
        (socket.TCP_USER_TIMEOUT, seconds * 1000),
    ):
        connection.setsockopt(socket.IPPROTO_TCP, option, value)
