"""Floods of logins that fail: cars get in all the while, and soon."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.attacks.conftest import Target
from tests.conformance.client import Transport, digest_of, make_token
from tests.programs.conftest import SECRET, run_ovms

FLOODERS = 4
"""Connections that flood at the same time."""

SLOWEST_LOGIN = 0.2
"""Seconds until a car is welcomed beside a flood, 19 times of 20; on a machine of its own."""

PAUSE = 1.0
"""Seconds that a flooder waits for the server to close."""


def welcome(vehicle: str, secret: str) -> bytes:
    """Return the welcome of an app."""
    token = make_token()
    return f"MP-A 0 {token} {digest_of(secret, token)} {vehicle}\r\n".encode()


FLOODS: dict[str, Callable[[], bytes]] = {
    "argon2": lambda: b"MP-A 1 tester guess%d *\r\n" % time.monotonic_ns(),
    "wrong secret": lambda: welcome("CAR2", "a guess"),
    "unknown id": lambda: welcome(f"X{time.monotonic_ns()}", SECRET),
    "garbage": lambda: os.urandom(500) + b"\n",
    "handshake": lambda: b"",
}
"""What each flooder says, before it is closed or hangs up; nothing is a handshake of TLS."""


@contextmanager
def flooding(target: Target, kind: str) -> Iterator[list[int]]:
    """Flood the server, as often as it lets; yields how often so far, a number a flooder."""
    is_over = threading.Event()
    counts = [0] * FLOODERS
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    port = target.tls_port if kind == "handshake" else target.port

    def flood(at: int) -> None:
        while not is_over.is_set():
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), PAUSE) as line:
                if kind == "handshake":
                    context.wrap_socket(line).close()
                else:
                    line.sendall(FLOODS[kind]())
                    line.recv(1)
            counts[at] += 1

    threads = [threading.Thread(target=flood, args=(at,)) for at in range(FLOODERS)]
    for thread in threads:
        thread.start()
    try:
        yield counts
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def log_in(target: Target) -> float:
    """Log a car in; returns the seconds that it took."""
    began = time.monotonic()
    car = target.call("C", transport=Transport.TCP)
    took = time.monotonic() - began
    car.wire.close()
    return took


@pytest.fixture
def password(target: Target) -> None:
    """Give the owner a password, so that wrong ones cost what a right one does."""
    env = {"OVMS_PASSWORD": "a-long-and-good-password"}
    done = run_ovms("owner", "passwd", "tester", "--data", str(target.data), env=env)
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("password")
def test_cars_get_in_beside_every_flood(target: Target) -> None:
    """While others fail without end, each login of a car succeeds."""
    for kind in FLOODS:
        with flooding(target, kind) as counts:
            for _ in range(5):
                log_in(target)
            while not any(counts):
                log_in(target)


@pytest.mark.soak
@pytest.mark.usefixtures("password")
@pytest.mark.parametrize("kind", FLOODS)
def test_cars_get_in_soon(target: Target, kind: str) -> None:
    """Beside half a minute of each flood cars are welcomed within a fifth of a second."""
    with flooding(target, kind):
        until = time.monotonic() + 30
        times = []
        while time.monotonic() < until:
            times.append(log_in(target))
    times.sort()
    assert times[len(times) * 19 // 20] < SLOWEST_LOGIN, times[-10:]
