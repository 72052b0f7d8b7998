"""Strangers who say nothing, or not enough, and hold every place: a car finds one all the same."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from ovms.net.pump import CLOSE_TIMEOUT
from ovms.server.acceptor import LEAVING_TIMEOUT, WELCOME_TIMEOUT
from ovms.server.strangers import PATIENCE as STRANGER_PATIENCE
from tests.attacks.conftest import Target
from tests.attacks.crowd import Crowd
from tests.conformance.client import Transport, WebWire
from tests.programs.conftest import Start
from tests.programs.test_soak import allow_files
from tests.server.hellos import client_hello
from tests.waiting import wait_until

FILES = 300
"""Open files of the server: some 225 places."""

CROWD = 400
"""Strangers: more than there are places."""

STATUS = b"S80,K,220,13,charging,standard,280,270,16,75,27,124,3,1,0,1,60,1,160,90"
"""A line that is long enough to prove its car."""

HELLO = client_hello()
HEAD = b"GET /apiv2 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"

CALL = b"POST /api/token HTTP/1.1\r\nContent-Length: 9\r\n\r\n"

KINDS: dict[str, tuple[bytes, str]] = {
    "silent": (b"", "port"),
    "silent over TLS": (b"", "tls_port"),
    "half a line": (b"MP-C 0 half a wel", "port"),
    "half a hello": (HELLO[:-1], "tls_port"),
    "a hello and no more": (HELLO, "tls_port"),
    "half a head": (HEAD, "port"),
    "a WebSocket and no more": (HEAD + b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                                b"Sec-WebSocket-Version: 13\r\n\r\n", "port"),
    "silent by HTTP": (b"", "http_port"),
    "half a head of a call": (CALL[:-2], "http_port"),
    "half a call": (CALL, "http_port"),
    "a call and no more": (CALL + b"x" * 9, "http_port"),
    "half a hello of HTTPS": (HELLO[:-1], "https_port"),
}  # fmt: skip
"""What strangers say, and at which port."""


@pytest.fixture
def small(start: Start, tmp_path: Path) -> Iterator[Target]:
    """Run a server with few places."""
    allow_files(4096)
    target = Target(partial(start, files=FILES), tmp_path / "data")
    yield target
    target.hang_up()
    if target.program.process.poll() is None:
        assert target.program.stop() == 0
    assert "Traceback" not in target.program.output()


@pytest.mark.parametrize("kind", KINDS)
def test_a_car_finds_a_place(small: Target, kind: str) -> None:
    """While a crowd that is larger than the server comes again and again, cars and apps get in."""
    said, port = KINDS[kind]
    app = small.call("A", "CAR1", Transport.TLS)
    with Crowd(getattr(small, port), CROWD, said) as crowd:
        wait_until(lambda: crowd.turned_away > 50)
        for vehicle, transport in (("CAR1", Transport.TCP), ("CAR2", Transport.TLS)):
            car = small.call("C", vehicle, transport)
            car.say(STATUS)
        assert app.hear_code(b"S") == STATUS
        before = crowd.turned_away
        wait_until(lambda: crowd.turned_away > before + 50)
        assert small.call("A", "CAR2").hear_code(b"S") == STATUS
        car.settle()
        app.settle()


def test_the_busiest_network_goes_first(small: Target) -> None:
    """Who has another address than the crowd has its ten seconds, though it says nothing."""
    began = time.monotonic()
    with Crowd(small.port, 20, hosts=2) as few:
        wait_until(lambda: few.came == 20)
        with Crowd(small.port, CROWD) as crowd:
            wait_until(lambda: crowd.turned_away > 100)
            small.call("C")
        turned_away = few.turned_away
        assert turned_away == 0 or time.monotonic() - began > STRANGER_PATIENCE


def test_half_a_welcome_at_a_stop(target: Target) -> None:
    """It buys ten seconds, and not the time of a welcome."""
    with ExitStack() as stack:
        for kind in ("half a line", "half a hello", "a hello and no more"):
            said, port = KINDS[kind]
            crowd = stack.enter_context(Crowd(getattr(target, port), 20, said))
            wait_until(lambda crowd=crowd: crowd.came == 20)  # type: ignore[misc]
        target.call("C").settle()
        began = time.monotonic()
        assert target.program.stop() == 0
        assert time.monotonic() - began < WELCOME_TIMEOUT - LEAVING_TIMEOUT


def test_nobody_drips_into_a_hello(target: Target) -> None:
    """A hello that comes byte by byte has ten seconds, however many bytes it gets done."""
    with Crowd(target.tls_port, 20, HELLO, step=1) as crowd:
        wait_until(lambda: crowd.turned_away >= 20)
        target.call("C", transport=Transport.TLS).settle()


def test_what_follows_a_broken_websocket(target: Target) -> None:
    """Nothing of it is read: the sender soon finds no place for it any more."""
    wire = target.dial(Transport.WS)
    assert isinstance(wire, WebWire)
    wire.connection.settimeout(2 * CLOSE_TIMEOUT)
    wire.connection.sendall(b"\xff" * 20)
    with pytest.raises((ConnectionError, TimeoutError)):
        wire.connection.sendall(b"x" * 100_000_000)
    target.call("C").settle()


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
def test_as_many_as_the_machine_allows(start: Start, tmp_path: Path, kind: str) -> None:
    """17,700 strangers hold their places for a minute, come again, and cars come and go."""
    said, port = KINDS[kind]
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    allow_files(hard)
    target = Target(start, tmp_path / "data")
    size = min(17_700, hard - 1000)
    with Crowd(getattr(target, port), size, said) as crowd:
        wait_until(lambda: crowd.turned_away > 100)
        over = time.monotonic() + 60
        stays = target.call("C", "CAR3")
        stays.say(STATUS)
        while time.monotonic() < over:
            for transport in (Transport.TCP, Transport.TLS):
                car = target.call("C", transport=transport)
                car.say(STATUS)
                car.settle()
                car.wire.close()
        stays.settle()
    target.hang_up()
    assert target.program.stop() == 0
    assert "Traceback" not in target.program.output()
