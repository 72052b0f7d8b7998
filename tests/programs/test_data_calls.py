"""A car that a stranger's client speaks for, and calls by HTTP, byte by byte on a socket."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.conformance.client import Caller, Transport, dial
from tests.programs.conftest import SECRET, Server, run_ovms
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "a-password-of-the-tests"
RECORDS = 1100
"""More than two pages."""


@pytest.fixture
def owned(server: Server) -> Server:
    """Run a server whose owner has a password."""
    options = ["--password", PASSWORD, "--data", str(server.data)]
    assert run_ovms("owner", "passwd", "tester", *options).returncode == 0
    return server


@pytest.fixture
def car(owned: Server) -> Iterator[Caller]:
    """Connect a car."""
    caller = Caller(dial(Transport.TCP, owned.port), SECRET)
    caller.send_welcome("C", "CAR1")
    caller.be_welcomed()
    caller.settle()
    yield caller
    caller.wire.close()


def ask(
    server: Server, path: str, method: str = "GET", *, version: str = "1.1"
) -> tuple[list[str], bytes]:
    """Call as the owner; return the lines of the head, and the body as it came."""
    port = json.loads((server.data / "ready.json").read_text("utf-8"))["http"]
    target = f"{path}?username=tester&password={quote(PASSWORD)}"
    call = f"{method} {target} HTTP/{version}\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        connection.settimeout(PATIENCE)
        connection.sendall(call.encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.decode().split("\r\n"), body


def test_a_record(owned: Server, car: Caller) -> None:
    """What a car says is what a call answers, to the byte."""
    car.say(b"L22.280868,114.160598,274", b"S80,K")
    car.settle()
    head, body = ask(owned, "/api/location/car1")
    assert head[0] == "HTTP/1.1 200 OK"
    assert f"Content-Length: {len(body)}" in head
    assert "Access-Control-Allow-Origin: *" in head
    assert body.startswith(b'{"altitude":null,"direction":"274","drivemode":null,')
    assert body.endswith(b"}\n")
    assert ask(owned, "/api//tpms/CAR1/")[1] == b"{}\n"


def test_a_watch(owned: Server, car: Caller) -> None:
    """A car is told of who watches it by HTTP, once, and of the end; other calls are no watch."""
    ask(owned, "/api/status/CAR1")
    assert json.loads(ask(owned, "/api/vehicle/CAR1")[1])["v_first_peer"] == 1
    ask(owned, "/api/vehicle/CAR1")
    ask(owned, "/api/vehicle/CAR1", "DELETE")
    assert [line for line in car.settle() if line[:1] == b"Z"] == [b"Z1", b"Z0"]


def test_a_changed_secret_ends_a_watch(owned: Server, car: Caller) -> None:
    """No watch outlives its vehicle's secret."""
    ask(owned, "/api/vehicle/CAR1")
    changed = run_ovms("vehicle", "secret", "CAR1", "--new", "--data", str(owned.data))
    assert changed.returncode == 0
    while car.wire.hear() is not None:
        pass
    vehicles = json.loads(ask(owned, "/api/vehicles")[1])
    assert [each["v_apps_connected"] for each in vehicles] == [0, 0]


def test_a_long_history(owned: Server, car: Caller) -> None:
    """Records that do not fit into a page come in chunks, and to old clients until the close."""
    for number in range(RECORDS):
        car.say(b"H*-LOG-Test,%d,86400,record %d" % (number, number))
    car.settle()
    path = "/api/historical/CAR1/*-LOG-Test"
    head, chunked = ask(owned, path)
    assert "Transfer-Encoding: chunked" in head
    head, body = ask(owned, path, version="1.0")
    assert not [line for line in head if line.startswith(("Transfer-", "Content-Length"))]
    assert unchunked(chunked) == body
    records = json.loads(body)
    assert [each["h_recordnumber"] for each in records] == [*range(RECORDS)]
    assert owned.program.stop() == 0
    assert "Traceback" not in owned.program.output()


def unchunked(data: bytes) -> bytes:
    """Return a body that came in chunks; the last one must be there."""
    body = b""
    while True:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        body, data = body + data[:length], data[length + 2 :]
        if not length:
            assert data == b""
            return body
