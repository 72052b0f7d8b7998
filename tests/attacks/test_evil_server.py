"""A server that is the right one and evil: it knows the secret, and says whatever does harm."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from random import Random

import pytest

from tests.attacks.conversations import CODES, COMMANDS, FIELDS
from tests.attacks.test_impostor_server import Impostor, Visit
from tests.conformance.client import Stream
from tests.programs.conftest import SECRET, Program, Start

SHORT, LONG = 1_500, 100_000
"""Messages in the short form and in the long one."""

ESCAPES = (b"\x1b[2J", b"\x1b]0;title\x07", b"\x9b31m", b"\x07", b"\x08\x08", b"\x00", b"\x7f")
"""What would clear a terminal, name it, colour it or ring its bell."""


class EvilServer:
    """Welcomes every caller, pings it, and says odd things to it."""

    def __init__(self, messages: int, seed: int) -> None:
        self._messages = messages
        self._chance = Random(seed)  # noqa: S311
        self._place = Impostor()
        self.served = threading.Semaphore(0)
        """One for each caller that was told everything and answered a ping behind it."""
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Where it is."""
        return self._place.address

    def close(self) -> None:
        """Serve nobody any more. The programs that called must have ended."""
        self._place.hang_up()
        self._thread.join()
        self._place.close()

    def _serve(self) -> None:
        with suppress(OSError, AssertionError):
            while True:
                visit = self._place.visit()
                with suppress(OSError, AssertionError):
                    self._torment(visit)

    def _torment(self, visit: Visit) -> None:
        out, into = visit.streams()
        visit.wire.say(out.seal(b"MP-0 A"))
        for _ in range(self._messages):
            visit.wire.say(out.seal(b"MP-0 " + self._message()))
        visit.wire.say(out.seal(b"MP-0 PAlast words"))
        visit.wire.say(out.seal(b"MP-0 A"))
        self._hear_end(visit, into)

    def _hear_end(self, visit: Visit, into: Stream) -> None:
        """Read what the caller says to the answer of the second ping."""
        pongs = 0
        while pongs < 2:
            line = visit.wire.hear()
            if line is None:
                return
            pongs += into.open(line).startswith(b"MP-0 a")
        self.served.release()

    def _message(self) -> bytes:
        chance = self._chance
        data = b",".join(chance.choices((*FIELDS, *ESCAPES), k=chance.randrange(30)))
        match chance.randrange(4):
            case 0:
                code = chance.choice(COMMANDS)
                return b"C5x" if code == 5 else b"C%d,%b" % (code, data)
            case 1:
                return chance.choice(b"SDLFWVTPpHhgfZYcGE").to_bytes() + data
            case 2:
                return b"EM" + bytes([chance.choice(CODES)]) + data
        code = chance.choice(CODES)
        return b"x" if code == ord("A") else bytes([code]) + chance.randbytes(chance.randrange(300))


@pytest.fixture
def make() -> Iterator[list[EvilServer]]:
    """Keep the servers of a test, and close them."""
    servers: list[EvilServer] = []
    yield servers
    for server in servers:
        server.close()


def survives(program: Program, server: EvilServer, code: int) -> None:
    """Wait until a program has been told everything; it must go on, and print no control."""
    assert server.served.acquire(timeout=120)
    assert program.process.poll() is None
    assert program.stop() == code
    output = program.output()
    assert "Traceback" not in output
    assert "unexpected error" not in output
    assert not set(output) & set("\x00\x07\x08\x1b\x7f\x9b")
    assert SECRET not in output


@pytest.mark.parametrize("count", [SHORT, pytest.param(LONG, marks=pytest.mark.soak)])
def test_a_car_survives(start: Start, make: list[EvilServer], count: int) -> None:
    """Whatever the server says, the car goes on, answers, and stops in order."""
    server = EvilServer(count, 1)
    make.append(server)
    program = start(
        "car", "--server", server.address, "--vehicle", "CAR1", "--secret", SECRET, "--seed", "1"
    )
    survives(program, server, 0)


@pytest.mark.parametrize("count", [SHORT, pytest.param(LONG, marks=pytest.mark.soak)])
@pytest.mark.parametrize("command", ["log", "watch"])
def test_an_app_survives(start: Start, make: list[EvilServer], count: int, command: str) -> None:
    """Whatever the server says, the app goes on, and no control reaches the terminal."""
    server = EvilServer(count, 2)
    make.append(server)
    program = start(
        "app", command, "--server", server.address, "--vehicle", "CAR1", "--secret", SECRET
    )
    if command == "log":
        program.wait_for("last words")
    survives(program, server, -signal.SIGTERM)
