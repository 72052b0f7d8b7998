"""Callers that are wrong, broken or hostile: closed, one clear line, everybody else unaffected."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ovms.protocol import Message, Party, Role, Session
from tests.programs.conftest import SECRET, Server, Start, run_ovms
from tests.waiting import PATIENCE


def call(server: Server, data: bytes) -> bytes:
    """Say something to the server, and give all it says until it closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as caller:
        caller.sendall(data)
        answer = b""
        try:
            while got := caller.recv(4096):
                answer += got
        except ConnectionResetError:
            pass
        return answer


def welcome(vehicle: str, secret: str, role: Role = Role.APP) -> bytes:
    """Return the welcome of a caller."""
    session = Session(Party.CALLER, "AbCdEfGhIjKlMnOpQrStUv")
    return session.send_welcome(role, vehicle, secret.encode())


CASES = {
    "wrong secret": (welcome("CAR1", "wrong"), "digest does not prove"),
    "unknown vehicle": (welcome("NOSUCHCAR", SECRET), "unknown vehicle"),
    "garbage": (bytes(range(256)) * 2 + b"\n", "no welcome"),
    "http": (b"POST / HTTP/1.1\r\nHost: x\r\n\r\n", "no welcome"),
    "a long line": (b"M" * 1024, "longer than 1024"),
    "an unknown scheme": (b"MP-C 9 token digest CAR1\r\n", "scheme '9'"),
    "an endless line": (b"MP-C 0 " + b"x" * 200_000, "longer than 1024"),
}


def test_wrong_callers_are_closed_without_an_answer(server: Server) -> None:
    """A caller that cannot be believed is closed at once, with one line in the log."""
    for data, reason in CASES.values():
        assert call(server, data) == b""
        line = server.program.wait_for("refused")
        assert reason in line
        assert SECRET not in line
    assert server.program.stop() == 0
    assert server.program.output().count("refused") == len(CASES)
    assert "Traceback" not in server.program.output()


def test_a_web_page_is_not_found(server: Server) -> None:
    """A browser gets a clear answer, and the log one line."""
    answer = call(server, b"GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert "no WebSocket: HTTP 404" in server.program.wait_for("refused")


def test_half_a_welcome_and_silence_wait(server: Server) -> None:
    """Who says nothing, or half a welcome, is not closed for a good while, and can still go on."""
    line = welcome("CAR1", SECRET)
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as half,
        socket.create_connection(("127.0.0.1", server.port), timeout=1) as silent,
    ):
        half.sendall(line[:20])
        with pytest.raises(TimeoutError):
            silent.recv(1)
        half.sendall(line[20:])
        assert half.recv(4096).startswith(b"MP-S 0 ")


def test_a_flood_of_wrong_callers_costs_no_memory_and_disturbs_nobody(
    server: Server, start: Start
) -> None:
    """Thousands of refused callers leave the memory flat and an app connected."""
    watcher = start("app", "log", *server.link())
    watcher.wait_for(" Z count=0")
    _flood(server, 200)
    before = resident(server)
    _flood(server, 2000)
    assert resident(server) - before < 8_000_000
    status = run_ovms("app", "status", "--json", *server.link())
    assert status.returncode == 0
    assert watcher.process.poll() is None
    assert "trying again" not in watcher.output()


def _flood(server: Server, count: int) -> None:
    payloads = [data for data, _ in CASES.values()]
    for number in range(count):
        call(server, payloads[number % len(payloads)])


def resident(server: Server) -> int:
    """Return the server's resident memory in bytes."""
    status = Path(f"/proc/{server.program.process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def test_what_is_not_understood_never_ends_a_session(server: Server) -> None:
    """Unknown codes, garbage in records and bytes that are not UTF-8 leave a session open."""
    session = Session(Party.CALLER, "AbCdEfGhIjKlMnOpQrStUv")
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as car:
        car.sendall(session.send_welcome(Role.CAR, "CAR1", SECRET.encode()))
        heard = list(session.receive_data(car.recv(4096)))
        for code in range(1, 256):
            for data in (b"", b",,,", b"\xff\xfe\x00,x", b"9" * 5000):
                car.sendall(session.send(Message(bytes([code]).decode("latin-1"), data)))
        car.sendall(session.send(Message("A", b"still there?")))
        while Message("a") not in heard:
            got = car.recv(65536)
            assert got, "the server closed the session"
            heard += session.receive_data(got)
