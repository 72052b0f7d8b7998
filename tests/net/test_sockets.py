from __future__ import annotations

import socket

from ovms.net.sockets import expect_life, set_up


def test_options() -> None:
    """What is written leaves at once, and a lost network is noticed within the time."""
    with socket.socket() as connection:
        set_up(connection)
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        expect_life(connection, 60)
        options = socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT
        idle, interval, count = (
            connection.getsockopt(socket.IPPROTO_TCP, option) for option in options
        )
        assert idle + interval * count <= 60
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000


def test_what_a_listener_accepts() -> None:
    """It has the options of its listener, without a call for each connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        set_up(listener)
        with socket.create_connection(listener.getsockname()), listener.accept()[0] as accepted:
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
