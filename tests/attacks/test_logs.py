"""The log: whoever makes the server log floods no disk, and whoever reads no log stops nobody."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.attacks.conftest import Target
from tests.conformance.client import digest_of, make_token
from tests.programs.conftest import SECRET
from tests.waiting import PATIENCE, wait_until

FLOOD = 400
"""Lines that one connection makes the server log, if it could."""

BATCH = 50
"""Strangers that call at once."""

CROWD = 3 * BATCH
"""Strangers of one kind; each makes the server log a line, if it could."""

SMALL_PIPE = 4096
"""Bytes that the pipe of a log takes while nobody reads it."""

LINES_AT_ONCE = 250
"""Lines that attacks may bring into the log at once: a hundred of each of two kinds, and more."""

LINES_A_SECOND = 25
"""Lines that they may bring there in each second."""


def counted(log: str, event: str) -> int:
    """Return how many lines of an event there were, those left out included."""
    lines = [line for line in log.splitlines() if event in line]
    told = [re.search(r"left_out=(\d+)", line) for line in lines]
    return sum(int(found[1]) if found else 1 for found in told)


def ended(target: Target, began: float) -> str:
    """Stop the server, and return its whole log, which is small for the time since the attack."""
    target.hang_up()
    assert target.program.stop() == 0
    log = target.program.output()
    seconds = time.monotonic() - began
    assert len(log.splitlines()) < LINES_AT_ONCE + seconds * LINES_A_SECOND
    assert max(map(len, log.splitlines())) < 500
    return log


FLOODS = (
    ("C", b"h7,0,T", "malformed history record"),
    ("C", b"Hjunk", "malformed history record"),
    ("A", b"pjunk", "subscription"),
)
"""Who says what, and what that makes the server log."""


@pytest.mark.parametrize("flood", [FLOOD, pytest.param(30_000, marks=pytest.mark.soak)])
def test_a_flood_on_one_connection_is_some_lines_and_a_count(target: Target, flood: int) -> None:
    """What one connection makes the server log is some lines, and none is lost uncounted."""
    began = time.monotonic()
    for role, message, _ in FLOODS:
        caller = target.call(role)
        for _ in range(flood // 100):
            caller.say(*[message] * 100)
            caller.settle()
    log = ended(target, began)
    assert counted(log, "malformed history record") == 2 * flood
    assert 1 <= counted(log, "subscription") <= flood  # it is refused further ones unread
    assert "mostly=CAR1" in log


def wrong_secret() -> bytes:
    """Return a welcome with a wrong secret."""
    token = make_token()
    return f"MP-C 0 {token} {digest_of('a guess', token)} X{secrets.token_hex(9)}\r\n".encode()


def no_such_owner() -> bytes:
    """Return a welcome of an owner who does not exist, with a name of any length."""
    return f"MP-A 1 {secrets.token_hex(200)} password *\r\n".encode()


def no_welcome() -> bytes:
    """Return a first line that is no welcome, with what could forge a line of the log."""
    return b"hello\x1b[2J\x08 2026 [error] forged %s\r\n" % secrets.token_hex(400).encode()


def no_record() -> bytes:
    """Return a request for provisioning that has no record."""
    return b"AP-C 0 %s x\r\n" % secrets.token_hex(8).encode() + no_welcome()


def no_web_socket() -> bytes:
    """Return a request for a WebSocket that is none."""
    return b"GET /apiv2 HTTP/1.1\r\nHost: x\r\nUpgrade: %s\r\n\r\n" % secrets.token_hex(99).encode()


def broken_web_socket() -> bytes:
    """Return a request for a WebSocket, and frames that break its rules."""
    head = (
        b"GET /apiv2 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    return head + b"\xff" * 20


def no_tls() -> bytes:
    """Return what is no TLS."""
    return b"\x00" + secrets.token_bytes(200)


def broken_tls() -> bytes:
    """Return the beginning of a TLS handshake, and an alert that ends it."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).wrap_bio(incoming, outgoing, False, "x")
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read() + b"\x15\x03\x03\x00\x02\x02\x30"


PLAIN = (wrong_secret, no_such_owner, no_welcome, no_record, no_web_socket, broken_web_socket)
SECURE = (no_tls, broken_tls)


@pytest.mark.parametrize("crowd", [CROWD, pytest.param(5000, marks=pytest.mark.soak)])
def test_a_crowd_of_strangers_is_some_lines_and_a_count(target: Target, crowd: int) -> None:
    """Strangers with a connection each bring few lines into the log, and hide no car's."""
    began = time.monotonic()
    for attack in (*PLAIN, *SECURE):
        port = target.tls_port if attack in SECURE else target.port
        for _ in range(crowd // BATCH):
            call_at_once(port, [attack() for _ in range(BATCH)])
    target.call("C").settle()
    log = ended(target, began)
    assert counted(log, "refused") == crowd * len(PLAIN)
    assert re.search(r"\] connected .*vehicle=CAR1", log)
    assert "] stopped" in log
    assert "\x1b" not in log


def call_at_once(port: int, greetings: list[bytes]) -> None:
    """Connect for each of the greetings, say it, and wait until all are closed."""
    connections = [socket.create_connection(("127.0.0.1", port), PATIENCE) for _ in greetings]
    for connection, greeting in zip(connections, greetings, strict=True):
        with suppress(OSError):  # it may be closed already
            connection.sendall(greeting)
            connection.shutdown(socket.SHUT_WR)
    for connection in connections:
        with closing(connection), suppress(ConnectionResetError):
            while connection.recv(4096):
                pass


class Unread:
    """A program whose output goes into a small pipe that nobody reads, unless it is asked for."""

    def __init__(self, *arguments: str) -> None:
        self._reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, SMALL_PIPE)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ovms", *arguments], stdout=writer, stderr=writer
        )
        os.close(writer)

    def read(self) -> str:
        """Read until the program closes the pipe; return what came."""
        with os.fdopen(self._reader, "rb") as reader:
            return reader.read().decode()

    def stop(self) -> int:
        """Ask the program to stop; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self.process.wait()
        with suppress(OSError):
            os.close(self._reader)


@pytest.fixture
def unread() -> Iterator[Callable[..., Unread]]:
    """Start programs whose output nobody reads."""
    programs: list[Unread] = []

    def run(*arguments: str) -> Unread:
        programs.append(Unread(*arguments))
        return programs[-1]

    yield run
    for program in programs:
        program.close()


@pytest.fixture
def deaf(target: Target, unread: Callable[..., Unread]) -> Unread:
    """Run the target's server anew, its pipe full of lines about strangers."""
    assert target.program.stop() == 0
    program = unread(
        "serve", "--data", str(target.data), "--host", "127.0.0.1", "--log-level", "debug",
        "--port", str(target.port), "--tls-port", str(target.tls_port),
    )  # fmt: skip
    wait_until((target.data / "ready.json").exists)
    for _ in range(CROWD // BATCH):  # more lines than the pipe holds
        call_at_once(target.port, [no_welcome() for _ in range(BATCH)])
    return program


def talk(target: Target) -> None:
    """Let a car make the server log, and report to its app."""
    car, app = target.call("C"), target.call("A")
    car.say(*[b"h7,0,T"] * 100, b"S42,K")
    assert app.hear_code(b"S") == b"S42,K"
    app.say(b"C3")
    assert car.hear_code(b"C") == b"C3"
    target.hang_up()


def test_a_server_whose_log_nobody_reads_serves_and_stops(target: Target, deaf: Unread) -> None:
    """With its output full, cars and apps are served, and the server stops in order."""
    for _ in range(3):
        talk(target)
    assert deaf.stop() == 0
    assert not (target.data / "ready.json").exists()


def test_a_log_that_is_read_late_is_whole(target: Target, deaf: Unread) -> None:
    """What waited is written once somebody reads, in order, and what was left out is told."""
    app = target.call("A")
    for _ in range(FLOOD // 100):  # messages that are ignored, each a line at DEBUG
        app.say(*[b"T1"] * 100)
        app.settle()
    target.hang_up()
    deaf.process.send_signal(signal.SIGTERM)
    log = deaf.read()
    assert deaf.process.wait(PATIENCE) == 0
    assert counted(log, "ignored") == FLOOD
    assert counted(log, "refused") % BATCH == 0
    events = [log.index(event) for event in ("] ready", "] connected", "] stopping", "] stopped")]
    assert events == sorted(events)


@pytest.mark.parametrize("output", ["closed pipe", "full disk", "nothing"])
def test_where_nothing_can_be_written_the_server_serves(
    target: Target, tmp_path: Path, output: str
) -> None:
    """A log that goes nowhere costs the log, and nothing else."""
    assert target.program.stop() == 0
    place = "/dev/full" if output == "full disk" else "/dev/null"
    words = [
        sys.executable, "-m", "ovms", "serve", "--data", str(target.data), "--host", "127.0.0.1",
        "--port", str(target.port), "--tls-port", str(target.tls_port),
    ]  # fmt: skip
    if output == "nothing":
        words = ["sh", "-c", 'exec "$@" >&- 2>&-', "sh", *words]
    with Path(place).open("wb") as file:
        reader, writer = os.pipe()
        os.close(reader)
        target_file = writer if output == "closed pipe" else file.fileno()
        process = subprocess.Popen(words, stdout=target_file, stderr=target_file)
        os.close(writer)
    try:
        wait_until((target.data / "ready.json").exists)
        call_at_once(target.port, [no_welcome() for _ in range(BATCH)])
        talk(target)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()


def test_a_car_whose_log_nobody_reads_goes_on(
    target: Target, unread: Callable[..., Unread]
) -> None:
    """A car with a full pipe for its log goes on to report and to obey."""
    link = ("--server", f"127.0.0.1:{target.port}", "--vehicle", "CAR1", "--secret", SECRET)
    car = unread("car", *link, "--log-level", "debug")
    app = target.call("A")
    app.hear_code(b"S")
    for _ in range(SMALL_PIPE // 50):  # each is a line at DEBUG
        app.say(b"C26")
        assert app.hear_code(b"c").startswith(b"c26")
    assert car.stop() == 0
