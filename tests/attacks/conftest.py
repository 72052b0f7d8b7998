"""A server that is attacked: a real process, attackers with sockets and ciphers of their own.

An attack knows what an attacker knows: the wire, what it overheard, never a secret that it was not
told. `make test` runs each attack in its short form, `make soak` in its long one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conformance.client import Caller, Transport, Wire, dial, trusting
from tests.programs.conftest import SECRET, Server, Start, run_ovms, start

__all__ = ["start"]

NO_PORTS = ("--host", "127.0.0.1", "--port", "0", "--no-tls", "--no-http")
"""Options of a server that is not called."""

CARS = ("CAR1", "CAR2", "CAR3")


class Target(Server):
    """The server under attack. Its vehicles belong to ``tester`` and share :data:`SECRET`."""

    def __init__(
        self, start: Start, data: Path, cars: tuple[str, ...] = CARS, database: str | None = None
    ) -> None:
        super().__init__(start, data, cars, database)
        self._wires: list[Wire] = []

    def dial(self, transport: Transport = Transport.TCP) -> Wire:
        """Connect and say nothing."""
        context = trusting(str(self.data / "tls" / "cert.pem")) if transport.is_tls else None
        wire = dial(transport, self.tls_port if transport.is_tls else self.port, context)
        self.keep(wire)
        return wire

    def keep(self, wire: Wire) -> None:
        """Hang a connection up at the end."""
        self._wires.append(wire)

    def call(
        self,
        role: str,
        vehicle: str = "CAR1",
        transport: Transport = Transport.TCP,
        token: str | None = None,
    ) -> Caller:
        """Connect one of the owner's own programs, and wait for the server's welcome."""
        caller = Caller(self.dial(transport), SECRET, token)
        caller.send_welcome(role, vehicle)
        caller.be_welcomed()
        return caller

    def ovms(self, *words: str) -> str:
        """Run a command of the operator beside the server; return what it prints."""
        done = run_ovms(*words, *self.where)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def hang_up(self) -> None:
        """Close every connection that was made."""
        for wire in self._wires:
            wire.close()


Aim = Callable[..., Target]


@pytest.fixture
def aim(start: Start, tmp_path: Path) -> Iterator[Aim]:
    """Run servers that are attacked; at the end nothing unexpected may stand in their logs."""
    targets: list[Target] = []

    def run(cars: tuple[str, ...] = CARS, database: str | None = None) -> Target:
        targets.append(Target(start, tmp_path / "data", cars, database))
        return targets[-1]

    yield run
    for target in targets:
        target.hang_up()
        if target.program.process.poll() is None:
            assert target.program.stop() == 0
        assert "Traceback" not in target.program.output()


@pytest.fixture
def target(aim: Aim) -> Target:
    """Run the server that is attacked."""
    return aim()


Tell = Callable[[str], None]


@pytest.fixture
def tell(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Tell:
    """Print what a long test measured, though it passes."""

    def show(line: str) -> None:
        if request.node.get_closest_marker("soak"):
            with capsys.disabled():
                sys.stdout.write(f"\n{line}")

    return show
