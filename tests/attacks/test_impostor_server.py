"""Somebody takes the server's place on a plain port, and knows only what was said there before.

Both directions have one key stream. So whatever the car says in known words is key stream for
commands. An impostor that is told nothing can say nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.conftest import Target
from tests.conformance.client import (
    Caller,
    SocketWire,
    Stream,
    Transport,
    digest_of,
    hmac_md5,
    make_token,
)
from tests.programs.conftest import SECRET, Program, Start
from tests.waiting import PATIENCE


class Visit:
    """A car's call to a false server, or to a true one that is played."""

    def __init__(self, wire: SocketWire) -> None:
        self.wire = wire
        welcome = wire.hear()
        assert welcome is not None
        self.token, self.digest = welcome.decode().split()[2:4]

    def welcome(self, token: str, digest: str) -> None:
        """Say a welcome, perhaps one that was overheard."""
        self.wire.say(f"MP-S 0 {token} {digest}".encode())

    def streams(self) -> tuple[Stream, Stream]:
        """Be the true server; returns the streams of what the server says, and the caller."""
        token = make_token()
        self.welcome(token, digest_of(SECRET, token))
        key = hmac_md5(SECRET, token + self.token)
        return Stream(key), Stream(key)

    def prove(self, *messages: bytes) -> Stream:
        """Be the true server, and say messages; returns the stream of what the car says."""
        out, into = self.streams()
        for message in messages:
            self.wire.say(out.seal(b"MP-0 " + message))
        return into

    def everything(self) -> bytes:
        """Return all that the car says until it hangs up."""
        heard = b""
        while data := self.wire.connection.recv(65536):
            heard += data
        return heard


class Impostor:
    """Stands where the car calls."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(PATIENCE)
        self._wires: list[SocketWire] = []

    @property
    def address(self) -> str:
        """Where it is."""
        return f"127.0.0.1:{self.socket.getsockname()[1]}"

    def visit(self) -> Visit:
        """Wait for the next call."""
        connection, _ = self.socket.accept()
        wire = SocketWire(connection)
        self._wires.append(wire)
        return Visit(wire)

    def hang_up(self) -> None:
        """Let nobody call any more; whoever waits for a call is told."""
        self.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close all that was opened."""
        for wire in self._wires:
            wire.close()
        self.socket.close()


@pytest.fixture
def impostor() -> Iterator[Impostor]:
    """Run a false server."""
    made = Impostor()
    yield made
    made.close()


def car(start: Start, address: str, *options: str) -> Program:
    """Start a car that calls an address."""
    return start(
        "car", "--server", address, "--vehicle", "CAR1", "--secret", SECRET, "--seed", "1", *options
    )


def test_an_overheard_welcome_is_told_nothing(start: Start, impostor: Impostor) -> None:
    """Whoever repeats a server's welcome hears not one byte, nor does a guess open anything."""
    program = car(start, impostor.address)
    token = make_token()
    visit = impostor.visit()
    visit.welcome(token, digest_of(SECRET, token))
    visit.wire.say(Stream(b"a guess").seal(b"MP-0 C5"))
    assert visit.everything() == b""
    program.wait_for("somebody may pose as the server .*does not decipher")
    again = impostor.visit()
    again.welcome(token, digest_of(SECRET, token))
    assert again.everything() == b""  # without a word of ours
    program.wait_for("seen before")
    assert program.stop() == 0


@pytest.mark.parametrize("first", [b"A", b"Z0"])
def test_no_welcome_is_good_twice(
    start: Start, impostor: Impostor, tmp_path: Path, first: bytes
) -> None:
    """Both welcomes of a connection are refused afterwards, by the car's next process too."""
    state = ("--state", str(tmp_path / "state"))
    program = car(start, impostor.address, *state)
    true = impostor.visit()
    stream = true.prove(first)
    codes = []
    while "F" not in codes:
        line = true.wire.hear()
        assert line is not None
        codes.append(stream.open(line)[5:6].decode())
    program.kill()
    own = (true.token, true.digest)
    program = car(start, impostor.address, *state)
    for repeated in (own, own):
        false = impostor.visit()
        false.welcome(*repeated)
        assert false.everything() == b""
        program.wait_for("no connection|somebody may pose")
    assert program.stop() == 0
    assert "seen before" in program.output()


def test_whom_a_car_calls_is_not_changed_in_plain(start: Start, target: Target) -> None:
    """Secret, server and vehicle id stay, whoever commands; the answer says why."""
    program = car(start, target.address)
    program.wait_for("connected")
    app = target.call("A", transport=Transport.TLS)
    for command in (
        *(b"4,9,another", b"4,4,evil.example.org", b"4,8,OTHER", b"4,9,", b"4,09,another"),
        *(b"7,config set 9 another", b"7,config set 4 evil.example.org", b"7,config  set 8 OTHER"),
    ):
        answer = order(app, command)
        assert answer.startswith(command.split(b",")[0] + b",1,")
        assert b"only over TLS" in answer
    assert program.stop() == 0


def test_whom_a_car_calls_is_changed_over_tls(start: Start, target: Target) -> None:
    """A car that called over TLS obeys, and shows no password."""
    secure = ("--tls", "--ca", str(target.data / "tls" / "cert.pem"))
    program = car(start, f"127.0.0.1:{target.tls_port}", *secure)
    program.wait_for("connected")
    app = target.call("A", transport=Transport.TLS)
    assert order(app, b"4,9,another") == b"4,0"
    assert order(app, b"7,config get 9").startswith(b"7,0,9 network password: *")
    assert order(app, b"7,config set 8 OTHER").startswith(b"7,0,")
    assert program.stop() == 0
    assert "another" not in program.output()


def order(app: Caller, command: bytes) -> bytes:
    """Send a command; returns the answer."""
    app.say(b"C" + command)
    return app.hear_code(b"c")[1:]
