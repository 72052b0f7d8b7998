"""Calls by HTTP at the ports of a real server."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import time
from contextlib import closing
from pathlib import Path

import pytest

from ovms.server.acceptor import LEAVING_TIMEOUT
from ovms.server.http.service import STOP_TIMEOUT
from tests.conformance.client import Caller, Transport, dial
from tests.programs.conftest import SECRET, Server, Start, run_ovms
from tests.waiting import PATIENCE, wait_until

LOGIN = "username=tester&password=a%2Bpassword"
QUIET = b"GET /api/vehicles HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def owned(server: Server) -> Server:
    """Run a server whose owner has a password."""
    done = run_ovms(
        "owner", "passwd", "tester", "--password", "a+password", "--data", str(server.data)
    )
    assert done.returncode == 0, done.stderr
    return server


def plain(server: Server) -> http.client.HTTPConnection:
    """Call without TLS."""
    return http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=PATIENCE)


def secure(server: Server) -> http.client.HTTPSConnection:
    """Call over TLS, and trust nobody else."""
    trust = ssl.create_default_context(cafile=server.data / "tls" / "cert.pem")
    return http.client.HTTPSConnection(
        "localhost", server.https_port, timeout=PATIENCE, context=trust
    )


def test_calls(owned: Server) -> None:
    """The owner's vehicles are told at both ports, many times on a connection."""
    for connection in (plain(owned), secure(owned)):
        with closing(connection):
            for path in ("/api/vehicles", "//api/vehicles/"):
                connection.request("GET", f"{path}?{LOGIN}")
                answer = connection.getresponse()
                vehicles = json.load(answer)
                assert answer.status == 200
                assert [each["id"] for each in vehicles] == ["CAR1", "CAR2"]
            connection.request("GET", "/api/vehicles")
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (401, b"Authentication failed\n")
    assert "password" not in owned.program.output()


def test_the_websocket(owned: Server) -> None:
    """Apps find it at the ports of HTTP too."""
    data = str(owned.data / "tls" / "cert.pem")
    for port, tls in ((owned.http_port, []), (owned.https_port, ["--tls", "--ca", data])):
        link = owned.link(address=f"127.0.0.1:{port}")
        done = run_ovms("app", "status", *link, *tls, "--websocket")
        assert done.returncode == 0, done.stderr


def test_lines_are_refused(owned: Server) -> None:
    """A module that was set to the port of HTTP is closed at once."""
    done = run_ovms("app", "status", *owned.link(address=f"127.0.0.1:{owned.http_port}"))
    assert done.returncode == 1
    with socket.create_connection(("127.0.0.1", owned.http_port), timeout=PATIENCE) as line:
        line.sendall(b"MP-C 0 aaaaaaaaaaaaaaaaaaaaaa dddddddddddddddddddddd CAR1\r\n")
        assert line.recv(4096).startswith(b"HTTP/1.1 400 Bad Request\r\n")


def test_a_proxy_in_front(start: Start, tmp_path: Path) -> None:
    """Who calls is whom the proxy names, by its own header, and in the call's where both speak."""
    data = tmp_path / "data"
    program = start(
        "serve", "--data", str(data), "--host", "127.0.0.1", "--port", "0", "--log-level", "debug",
        env={"OVMS_PROXY_FROM": "127.0.0.1", "OVMS_FORWARDED_FROM": "192.0.2.0/24"},
    )  # fmt: skip
    program.wait_for("^ovms ready:")
    port = json.loads((data / "ready.json").read_text())["http"]
    forwarded = QUIET[:-2] + b"X-Forwarded-For: 203.0.113.9\r\n\r\n"
    for header, request, peer in (
        (b"PROXY TCP4 192.0.2.7 127.0.0.1 4000 6868\r\n", QUIET, r"192\.0\.2\.7"),
        (b"PROXY TCP4 192.0.2.7 127.0.0.1 4000 6868\r\n", forwarded, r"203\.0\.113\.9"),
        (b"PROXY TCP4 198.51.100.1 127.0.0.1 4000 6868\r\n", forwarded, r"198\.51\.100\.1"),
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as line:
            line.sendall(header + request)
            assert b" 401 " in line.recv(4096)
        program.wait_for(rf" call .*peer={peer} ")
    assert program.stop() == 0


def test_nothing_secret_is_logged(start: Start, tmp_path: Path) -> None:
    """Not even at DEBUG: no query, and no path, which may hold a token."""
    data = tmp_path / "data"
    program = start(
        "serve", "--data", str(data), "--host", "127.0.0.1", "--port", "0", "--log-level", "debug"
    )
    program.wait_for("^ovms ready:")
    port = json.loads((data / "ready.json").read_text())["http"]
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as line:
        for target in (b"GET /api/vehicles", b"DELETE /api/token/hushhush", b"GET /hushhush",
                       b"GET /hush hush"):  # fmt: skip
            line.sendall(target + b"?username=tester&password=hush HTTP/1.1\r\n\r\n")
            assert line.recv(4096).startswith(b"HTTP/1.1 4")
    assert program.stop() == 0
    assert "hush" not in program.output()
    assert len(re.findall(" call ", program.output())) == 3


def test_a_stop(owned: Server) -> None:
    """Idle connections, and callers who have said nothing, are no reason to wait."""
    idle = plain(owned)
    idle.request("GET", "/api/vehicles")
    assert idle.getresponse().read()
    silent = [
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        for port in (owned.http_port, owned.http_port)
    ]
    half = silent[1]
    half.sendall(QUIET[:20])
    car = owned._start("car", *owned.link(), "--scenario", "parked")
    car.wait_for("connected")
    began = time.monotonic()
    assert owned.program.stop() == 0
    assert time.monotonic() - began < LEAVING_TIMEOUT
    for line in silent:
        assert line.recv(1) == b""
        line.close()
    idle.close()


def test_it_starts_as_fast_as_without(owned: Server) -> None:
    """What answers calls is not imported before the first of them."""
    maps = Path(f"/proc/{owned.program.process.pid}/maps")

    def is_imported() -> bool:
        return "httptools" in maps.read_text()

    assert not is_imported()
    with closing(plain(owned)) as connection:
        connection.request("GET", "/api/vehicles")
        assert connection.getresponse().status == 401
    wait_until(is_imported)
    assert SECRET not in owned.program.output()


def test_a_stop_ends_a_call_that_waits_for_a_car(owned: Server) -> None:
    """Its car is closed, so the call is answered: it does not wait for its time to be over."""
    wire = dial(Transport.TCP, owned.port, None)
    car = Caller(wire, SECRET)
    car.send_welcome("C", "CAR1")
    car.be_welcomed()
    car.say(b"S80,K,220,13,charging,standard,280,270,16,75,27,124,3,1,0,1,60,1,160,90")
    car.settle()
    with closing(plain(owned)) as connection:
        connection.request("PUT", f"/api/lock/CAR1?{LOGIN}", body="pin=1234")
        car.hear_code(b"C")
        began = time.monotonic()
        owned.program.process.terminate()
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Connection"]) == (504, "close")
        assert answer.read()
        assert owned.program.end() == 0
        assert time.monotonic() - began < STOP_TIMEOUT + LEAVING_TIMEOUT
    wire.close()
