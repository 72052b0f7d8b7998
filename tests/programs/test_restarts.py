"""A server that is stopped and started while cars call it without end.

The newest modules take a connection that is closed before its welcome for a wrong password, and
stop calling for good. A connection that does not come about is fine: they try again.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ovms.net.tls import client_context
from ovms.protocol import Party, Role, Session, State
from ovms.protocol.crypto import make_token
from ovms.server.acceptor import LEAVING_TIMEOUT
from tests.conformance.client import Caller, SocketWire
from tests.programs.conftest import Program, Start, run_ovms
from tests.programs.test_soak import allow_files
from tests.waiting import PATIENCE

HOST = "127.0.0.1"
CARS = 200
LATE = LEAVING_TIMEOUT / 2
"""Seconds of silence of a car's own: a busy machine lets it speak too late to be waited for."""

SECRET = "a secret of the tests"


@dataclass
class Crowd:
    """Cars that connect, are welcomed, leave, and come again at once, half of them over TLS."""

    ports: dict[bool, int]
    tls: ssl.SSLContext
    welcomed: Counter[bool] = field(default_factory=Counter)
    refused: int = 0
    early: list[str] = field(default_factory=list)
    """How connections ended that were closed before their welcome."""

    is_over: bool = False

    async def drive(self, number: int) -> None:
        """Be one of the cars, until it is over."""
        is_secure = number % 2 == 1
        while not self.is_over:
            began = time.monotonic()
            with socket.socket() as line:
                line.setblocking(False)
                if await self._is_connected(line, self.ports[is_secure]):
                    await self._call(line, f"CAR{number}", is_secure, began)

    async def _is_connected(self, line: socket.socket, port: int) -> bool:
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.get_running_loop().sock_connect(line, (HOST, port))
        except OSError:  # among them TimeoutError
            self.refused += 1
            await asyncio.sleep(0.02)  # a refusal costs nothing: do not only count these
            return False
        return True

    async def _call(self, line: socket.socket, vehicle: str, is_secure: bool, began: float) -> None:
        spoke = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = await asyncio.open_connection(
                    sock=line, ssl=self.tls if is_secure else None,
                    server_hostname="localhost" if is_secure else None,
                )  # fmt: skip
        except OSError as error:
            self._ended(vehicle, "handshake", error, began, spoke)
            return
        spoke = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE):
                await _greet(vehicle, reader, writer)
            self.welcomed[is_secure] += 1
        except (OSError, EOFError) as error:
            self._ended(vehicle, "welcome", error, began, spoke)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    def _ended(
        self, vehicle: str, stage: str, error: Exception, began: float, spoke: float
    ) -> None:
        if spoke - began > LATE:
            return
        kind, seconds = type(error).__name__, time.monotonic() - began
        self.early.append(f"{vehicle}: no {stage}, {kind} after {seconds:.2f} s")


async def _greet(vehicle: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Be welcomed, or raise ``EOFError``."""
    session = Session(Party.CALLER, make_token(os.urandom))
    writer.write(session.send_welcome(Role.CAR, vehicle, SECRET.encode()))
    while session.state is not State.OPEN:
        if not (data := await reader.read(4096)):
            raise EOFError
        list(session.receive_data(data))


class Serving:
    """The real server on two ports that it keeps."""

    def __init__(self, start: Start, data: Path) -> None:
        self._start = start
        self._data = data
        self.ports = {False: 0, True: 0}
        self.program = self.run()

    def run(self) -> Program:
        """Start it."""
        self.program = self._start(
            "serve", "--data", str(self._data), "--host", HOST, "--log-level", "warning",
            "--port", str(self.ports[False]), "--tls-port", str(self.ports[True]),
        )  # fmt: skip
        self.program.wait_for("^ovms ready:")
        facts = json.loads((self._data / "ready.json").read_text())
        self.ports |= {False: facts["mp"], True: facts["mp_tls"]}
        return self.program

    def restart(self) -> None:
        """Stop it in order, and start it again."""
        assert self.program.stop() == 0
        assert "Traceback" not in self.program.output()
        self.run()


@pytest.fixture
def serving(start: Start, tmp_path: Path) -> Serving:
    """Run a server that knows the cars."""
    data = tmp_path / "data"
    rows = [f"tester,CAR{number},{SECRET}" for number in range(CARS)]
    (tmp_path / "cars.csv").write_text("\n".join(["owner,id,secret", *rows, ""]))
    done = run_ovms("vehicle", "import", str(tmp_path / "cars.csv"), "--data", str(data))
    assert done.returncode == 0, done.stderr
    return Serving(start, data)


@pytest.mark.parametrize(
    "restarts", [2, pytest.param(10, marks=pytest.mark.soak)], ids=["short", "long"]
)
async def test_nobody_is_closed_before_his_welcome(
    serving: Serving, tmp_path: Path, restarts: int
) -> None:
    """However often it restarts under load, whoever connected is welcomed."""
    allow_files(4096)
    context = client_context(tmp_path / "data" / "tls" / "cert.pem")
    crowd = Crowd(serving.ports, context)
    cars = [asyncio.create_task(crowd.drive(number)) for number in range(CARS)]
    try:
        for _ in range(restarts):
            before = crowd.welcomed.copy()
            await gets_through(crowd, before)
            await asyncio.to_thread(serving.restart)
        await gets_through(crowd, crowd.welcomed.copy())
    finally:
        crowd.is_over = True
        await asyncio.gather(*cars)
    assert crowd.early == []
    assert crowd.refused > 0, "nobody came while it was away: this showed nothing"


async def gets_through(crowd: Crowd, before: Counter[bool]) -> None:
    """Wait until as many as there are cars have been welcomed, plain and over TLS."""
    async with asyncio.timeout(PATIENCE):
        while any(crowd.welcomed[kind] < before[kind] + CARS // 2 for kind in (False, True)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    "is_secure", [False, pytest.param(True, marks=pytest.mark.soak)], ids=["plain", "tls"]
)
def test_too_few_open_files(start: Start, tmp_path: Path, is_secure: bool) -> None:
    """Whoever finds no place is not connected; nobody is connected and then closed."""
    data = tmp_path / "data"
    rows = [f"tester,CAR{number},{SECRET}" for number in range(CARS)]
    (tmp_path / "cars.csv").write_text("\n".join(["owner,id,secret", *rows, ""]))
    done = run_ovms("vehicle", "import", str(tmp_path / "cars.csv"), "--data", str(data))
    assert done.returncode == 0, done.stderr
    server = start(
        "serve", "--data", str(data), "--host", HOST, "--port", "0", "--tls-port", "0", files=200
    )
    server.wait_for("^ovms ready:")
    facts = json.loads((data / "ready.json").read_text())
    context = client_context(data / "tls" / "cert.pem")
    cars: list[Caller] = []
    with suppress(TimeoutError):
        while len(cars) < CARS:
            line = socket.create_connection((HOST, facts["mp_tls" if is_secure else "mp"]), 4)
            line.settimeout(PATIENCE)
            if is_secure:
                line = context.wrap_socket(line, server_hostname="localhost")
            cars.append(Caller(SocketWire(line), SECRET))
            cars[-1].send_welcome("C", f"CAR{len(cars) - 1}")
            cars[-1].be_welcomed()
    assert 100 <= len(cars) < CARS
    for car in cars:
        car.settle()
        car.wire.close()
