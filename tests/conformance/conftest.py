"""One running server for all cases, and a vehicle for each."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.client import Caller, Transport, Wire, dial, trusting
from tests.programs.conftest import Program, run_ovms

SECRET = "what all vehicles of the suite share"
OWNER = "conformance"
POOL = 1500
"""Vehicles that wait for their case."""


class SuiteServer:
    """A running server and its vehicles."""

    def __init__(self, data: Path, vehicles: int = 0) -> None:
        self.data = data
        self._numbers = count(1)
        rows = [f"{OWNER},FRESH{number:04},{SECRET}\n" for number in range(1, vehicles + 1)]
        file = data.parent / "fresh.csv"
        file.write_text("owner,id,secret\n" + "".join(rows), "utf-8")
        self.ovms("vehicle", "import", str(file))
        self.program = Program(
            "serve", "--data", str(data), "--host", "127.0.0.1", "--port", "0", "--tls-port", "0",
            "--http-port", "0", "--https-port", "0", executed=True,
        )  # fmt: skip
        self.program.wait_for("^ovms ready:")
        self.ready: dict[str, Any] = json.loads((data / "ready.json").read_text("utf-8"))

    def ovms(self, *arguments: str) -> str:
        """Run a command on the server's data; returns what it prints."""
        done = run_ovms(*arguments, "--data", str(self.data))
        assert done.returncode == 0, f"ovms {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def fresh(self) -> str:
        """Return the id of a vehicle that nobody has used."""
        return f"FRESH{next(self._numbers):04}"

    def port(self, transport: Transport) -> int:
        """Return the port of a transport."""
        port = self.ready.get(transport.port_key)
        assert isinstance(port, int), f"the server offers no {transport.port_key}: {self.ready}"
        return port

    def context(self, newest: ssl.TLSVersion | None = None) -> ssl.SSLContext:
        """Trust the server's certificate."""
        return trusting(str(self.data / "tls" / "cert.pem"), newest=newest)

    def dial(self, transport: Transport) -> Wire:
        """Connect to the server."""
        port = self.port(transport)
        return dial(transport, port, self.context() if transport.is_tls else None)

    def stop(self) -> None:
        """Stop the server in order; nothing went wrong inside it."""
        assert self.program.stop() == 0
        assert "Traceback" not in self.program.output()


@pytest.fixture(scope="session")
def suite_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SuiteServer]:
    """Run the server that all cases call."""
    opened = SuiteServer(tmp_path_factory.mktemp("suite_server") / "data", POOL)
    try:
        yield opened
        opened.stop()
    finally:
        opened.program.kill()


class Case:
    """A vehicle of its own, and callers on one transport that hang up at the end."""

    def __init__(self, suite_server: SuiteServer, transport: Transport) -> None:
        self.suite_server = suite_server
        self.transport = transport
        self.vehicle = suite_server.fresh()
        self._wires: list[Wire] = []

    def wire(self, transport: Transport | None = None) -> Wire:
        """Connect and say nothing."""
        return self.keep(self.suite_server.dial(transport or self.transport))

    def keep(self, wire: Wire) -> Wire:
        """Have a connection closed at the end."""
        self._wires.append(wire)
        return wire

    def stranger(self, secret: str = SECRET, token: str | None = None) -> Caller:
        """Connect somebody who has not said a word yet."""
        return Caller(self.wire(), secret, token)

    def call(self, role: str, vehicle: str | None = None, token: str | None = None) -> Caller:
        """Connect and be welcomed; what comes at once is in ``login``."""
        caller = self.stranger(token=token)
        caller.send_welcome(role, vehicle or self.vehicle)
        caller.be_welcomed()
        caller.login = caller.settle()
        return caller

    def car(self, vehicle: str | None = None) -> Caller:
        """Connect the car."""
        return self.call("C", vehicle)

    def app(self, vehicle: str | None = None) -> Caller:
        """Connect an interactive app."""
        return self.call("A", vehicle)

    def batch(self, vehicle: str | None = None) -> Caller:
        """Connect a batch client."""
        return self.call("B", vehicle)

    def close(self) -> None:
        """Hang up."""
        for wire in self._wires:
            wire.close()


@pytest.fixture(params=list(Transport), ids=lambda transport: transport.value)
def transport(request: pytest.FixtureRequest) -> Transport:
    """Return each of the ways in which lines travel."""
    assert isinstance(request.param, Transport)
    return request.param


@pytest.fixture
def case(suite_server: SuiteServer, transport: Transport) -> Iterator[Case]:
    """Yield a case its vehicle."""
    opened = Case(suite_server, transport)
    yield opened
    opened.close()


@pytest.fixture
def tcp(suite_server: SuiteServer) -> Iterator[Case]:
    """Yield a case its vehicle where only plain TCP is in question."""
    opened = Case(suite_server, Transport.TCP)
    yield opened
    opened.close()


def everything(*callers: Caller) -> list[list[bytes]]:
    """Let callers settle one after the other; returns what each has heard."""
    return [caller.settle() for caller in callers]


def rows_of(app: Caller, command: bytes) -> list[list[str]]:
    """Ask, and give the fields of all rows behind the result, in the order in which they come.

    The number of each row, their count and the type that was asked for are checked and taken away.
    """
    app.say(b"C" + command)
    number, *parameters = command.decode().split(",")
    rows: list[list[str]] = []
    while True:
        code, result, at, count, *fields = app.hear().decode().split(",")
        assert (code, result) == (f"c{number}", "0")
        if number == "32":
            assert fields.pop(0) == parameters[0]
        rows.append(fields)
        assert int(at) == len(rows)
        if at == count:
            return rows
