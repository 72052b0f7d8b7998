"""How many calls of the field's HTTP API a second, beside a bare Starlette route in the same run.

The bare route answers as many bytes, made beforehand, on the same protocol class of uvicorn and the
same event loop, in a process of its own. So do the server, the cars, and whoever calls: all of it
shares this machine's cores. Each call is compared with the bare route of the same round, and the
median of the rounds counts: a machine that others use too is a third slower at times. All is
measured twice: while the cars are silent, and while they send, some of them to apps, which time
each message from its car's socket to theirs. ``--help`` tells the options.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from statistics import median
from typing import Any, cast

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from ovms.net.client import ClientConnection, connect
from ovms.protocol import Message, Role

PASSWORD = "benchmark"  # noqa: S105
STATUS = (
    b"64.4,K,231,15.9,charging,standard,169,172,16,3720,0,41,7,1,0,0,0,0,66.40,95,80,0,80,-1,0,0,0"
    b",-1,95,263,0,3.66,397.00,98,3.80,96.30,9.21,380.5,4.6,1204.7,27.20"
)
ENVIRONMENT = b"92,8,5,44,42,28,103,149220,0,248032,32,2,1,1,12.47,6,12.82,16,38,0.4,31"
WITHOUT_LIMITS = {"OVMS_LIMIT_CALLS": "100000", "OVMS_LIMIT_CALLS_BURST": "1000000"}
"""Settings: an account may call as often as it can."""
GOAL = 0.4
"""Of the bare route's calls a second."""
PATIENCE = 0.050
"""Seconds that 99 of 100 messages may take from their car to their app."""


# -- the bare route -------------------------------------------------------------------------------


async def serve_bare(length: int) -> None:
    """Answer every call of ``/bare`` with so many bytes until standard input ends."""
    body = b'{"bare":"' + b"x" * (length - 12) + b'"}\n'

    async def bare(request: Request) -> Response:
        return Response(body, media_type="application/json")

    config = uvicorn.Config(Starlette(routes=[Route("/bare", bare)]), log_level="error",
                            access_log=False, lifespan="off")  # fmt: skip
    config.load()
    state = ServerState()
    state.default_headers = [(b"date", formatdate(usegmt=True).encode())]
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: HttpToolsProtocol(config, state, app_state={}), "127.0.0.1", 0
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


# -- whoever calls --------------------------------------------------------------------------------


class Caller(asyncio.Protocol):
    """One connection that is kept alive and asks again as soon as it is answered."""

    def __init__(self, request: bytes, until: float) -> None:
        self._request = request
        self._until = until
        self._buffer = b""
        self.calls = 0
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the first time."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Ask again if the answer is whole."""
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        if not head.startswith(b"HTTP/1.1 200 "):
            self._end(head.partition(b"\r\n")[0].decode() + " " + body.decode().strip())
        elif len(body) == int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]):
            self._buffer = b""
            self.calls += 1
            if time.perf_counter() < self._until:
                self._transport.write(self._request)
            else:
                self._end(None)

    def connection_lost(self, error: Exception | None) -> None:
        """Notice an end that nobody asked for."""
        self._end(f"the connection ended: {error}")

    def _end(self, why: str | None) -> None:
        if not self.ended.done():
            self.ended.set_result(why)
        self._transport.close()


async def call(port: int, path: str, headers: str, seconds: float, connections: int) -> None:
    """Call as fast as the answers come, and print calls a second."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n".encode()
    loop = asyncio.get_running_loop()
    start = time.perf_counter()
    made = [
        await loop.create_connection(lambda: Caller(request, start + seconds), "127.0.0.1", port)
        for _ in range(connections)
    ]
    callers = [caller for _, caller in made]
    reasons = {reason for reason in [await caller.ended for caller in callers] if reason}
    took = time.perf_counter() - start
    calls = sum(caller.calls for caller in callers)
    print(json.dumps({"calls": calls, "rate": calls / took, "failed": sorted(reasons)}))


# -- cars and their apps --------------------------------------------------------------------------


@dataclass
class Cars:
    """Cars that send in turn, and the apps of some of them."""

    took: list[float] = field(default_factory=list)
    """Seconds from a car's socket to its app's, of each message since :meth:`tell`."""
    sent: int = 0

    async def run(self, port: int, count: int, interval: float, watched: int) -> None:
        """Connect all; send from the first line of input on, and answer each further one."""
        cars: list[ClientConnection] = []
        tasks = []
        for at in range(count):
            name, secret = f"CAR{at}", b"%d" % at
            cars.append(await connect("127.0.0.1", port, Role.CAR, name, secret))
            cars[-1].send(Message("S", STATUS))
            cars[-1].send(Message("D", ENVIRONMENT))
            cars[-1].send(Message("L", b"52.520008,13.404954,41,34,1,1,0"))
            tasks.append(asyncio.create_task(self._discard(cars[-1])))
            if at % max(1, count // watched) == 0:
                app = await connect("127.0.0.1", port, Role.APP, name, secret)
                tasks.append(asyncio.create_task(self._time(app)))
        print("up", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        sending = asyncio.create_task(self._send(cars, interval))
        while await asyncio.to_thread(sys.stdin.readline):
            self.tell()
        for task in (sending, *tasks):
            task.cancel()

    async def _send(self, cars: list[ClientConnection], interval: float) -> None:
        start, turn = time.perf_counter(), 0
        while True:
            for car in cars:
                turn += 1
                at = start + turn * interval / len(cars)
                await asyncio.sleep(max(0.0, at - time.perf_counter()))
                car.send(Message("D", ENVIRONMENT + b",%r" % time.perf_counter()))
                self.sent += 1

    async def _time(self, app: ClientConnection) -> None:
        async for message in app:
            now = time.perf_counter()
            if message.code == "D" and message.data.count(b",") == 21:
                self.took.append(now - float(message.data.rpartition(b",")[2]))

    async def _discard(self, car: ClientConnection) -> None:
        async for _ in car:
            pass

    def tell(self) -> None:
        """Print how long messages took, and begin anew."""
        print(json.dumps({"took": self.took, "sent": self.sent}), flush=True)
        self.took, self.sent = [], 0


# -- the run --------------------------------------------------------------------------------------


def ovms(*arguments: str) -> str:
    """Run a command, and return what it prints."""
    words = [sys.executable, "-m", "ovms", *arguments]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


@contextmanager
def helper(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run a part of this benchmark in a process of its own, until the end of its input."""
    words = [sys.executable, __file__, *map(str, arguments)]
    program = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        yield program
    finally:
        program.communicate("")


def read_line(program: subprocess.Popen[str]) -> str:
    """Return the next line that a program prints."""
    assert program.stdout is not None
    line = program.stdout.readline()
    if not line:
        raise RuntimeError(f"{program.args!r} ended")
    return line.strip()


@contextmanager
def server(cars: int, options: list[str]) -> Iterator[tuple[dict[str, int], str]]:
    """Run a server that knows so many vehicles; yield its ports, and a token of CAR0's owner."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [f"{'other' if at else 'b'},CAR{at},{at},{PASSWORD}\n" for at in range(cars)]
        (Path(folder) / "cars.csv").write_text("owner,id,secret,password\n" + "".join(rows))
        ovms("vehicle", "import", f"{folder}/cars.csv", "--data", folder)
        made = ovms("token", "add", "--owner", "b", "--json", "--data", folder)
        program = subprocess.Popen(
            [sys.executable, "-m", "ovms", "serve", "--data", folder, "--host", "127.0.0.1",
             "--port", "0", "--tls-port", "0", "--http-port", "0", "--https-port", "0",
             "--log-level", "error", *options],
            stdout=subprocess.PIPE, text=True, env=os.environ | WITHOUT_LIMITS,
        )  # fmt: skip
        try:
            while not read_line(program).startswith("ovms ready"):
                pass
            ports = json.loads((Path(folder) / "ready.json").read_text())
            yield ports, json.loads(made)["token"]
        finally:
            program.terminate()
            program.wait()


@dataclass
class Target:
    """What is called, and how it went."""

    name: str
    port: int
    path: str
    headers: str = ""
    pid: int = 0
    """Of the process that answers."""
    rates: list[float] = field(default_factory=list)
    """Calls a second, of each round."""
    cores: list[float] = field(default_factory=list)
    """Seconds of a core that the process spent on a call, of each round."""
    took: list[float] = field(default_factory=list)
    """Seconds that messages of cars took meanwhile."""

    def measure(self, seconds: float, connections: int) -> None:
        """Call for a while."""
        before = spent(self.pid)
        with helper("call", self.port, self.path, self.headers, seconds, connections) as program:
            told = json.loads(read_line(program))
        if told["failed"]:
            raise RuntimeError(f"{self.name}: {told['failed']}")
        self.rates.append(told["rate"])
        self.cores.append((spent(self.pid) - before) / told["calls"])

    def beside(self, other: Target) -> float:
        """Return its calls a second as a part of another's, the median of the rounds."""
        return median(rate / beside for rate, beside in zip(self.rates, other.rates, strict=True))


def spent(pid: int) -> float:
    """Return the seconds of a core that a process has spent."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def targets(ports: dict[str, int], token: str, stack: ExitStack) -> list[Target]:
    """Return what is called, the bare route first."""
    port = ports["http"]
    by_password, by_token = (f"username=b&password={word}" for word in (PASSWORD, token))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/cookie?{by_password}") as answer:
        cookie = f"Cookie: {answer.headers['Set-Cookie']}\r\n"
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/status/CAR0?{by_password}") as answer:
        length = len(answer.read())
    bare = stack.enter_context(helper("bare", length))
    pid, status, charge = ports["pid"], "/api/status/CAR0", "/api/charge/CAR0"
    return [
        Target("bare route", int(read_line(bare)), "/bare", pid=bare.pid),
        Target("status, cookie", port, status, cookie, pid),
        Target("status, password", port, f"{status}?{by_password}", pid=pid),
        Target("status, token", port, f"{status}?{by_token}", pid=pid),
        Target("charge, cookie", port, charge, cookie, pid),
        Target("vehicles, cookie", port, "/api/vehicles", cookie, pid),
    ]


def quantile(took: list[float], part: float) -> float:
    """Return the time that so many of all messages took at most."""
    return sorted(took)[min(len(took) - 1, int(len(took) * part))] if took else 0.0


def measure_all(
    made: list[Target], options: argparse.Namespace, cars: subprocess.Popen[str] | None
) -> list[dict[str, Any]]:
    """Measure each target in turn, and return a row for each."""
    for each in made:
        each.rates, each.cores, each.took = [], [], []
    for _ in range(options.rounds):
        for each in made:
            each.measure(options.seconds, options.connections)
            if cars is not None:
                each.took += ask(cars)["took"]
    return [
        {
            "call": each.name,
            "cars": cars is not None,
            "calls_a_second": round(median(each.rates)),
            "of_bare": round(each.beside(made[0]), 3),
            "core_us": round(1e6 * median(each.cores)),
            "p50_ms": round(1000 * quantile(each.took, 0.50), 1) if each.took else None,
            "p99_ms": round(1000 * quantile(each.took, 0.99), 1) if each.took else None,
            "messages": len(each.took),
        }
        for each in made
    ]


def tell(cars: subprocess.Popen[str]) -> None:
    """Have the cars begin to send, or answer."""
    assert cars.stdin is not None
    cars.stdin.write("\n")


def ask(cars: subprocess.Popen[str]) -> dict[str, Any]:
    """Return what the cars have measured since they were last asked."""
    tell(cars)
    told: dict[str, Any] = json.loads(read_line(cars))
    return told


def show(rows: list[dict[str, Any]]) -> None:
    """Print a table."""
    print(f"{'call':<18} {'cars':>5} {'calls/s':>8} {'of bare':>8} {'core µs':>8}"
          f" {'p50 ms':>7} {'p99 ms':>7} {'messages':>9}")  # fmt: skip
    for row in rows:
        cells = ["" if row[key] is None else row[key] for key in ("p50_ms", "p99_ms", "messages")]
        print(f"{row['call']:<18} {'send' if row['cars'] else 'quiet':>5}"
              f" {row['calls_a_second']:>8,} {row['of_bare']:>8.2f} {row['core_us']:>8}"
              f" {cells[0]:>7} {cells[1]:>7} {cells[2]:>9}")  # fmt: skip


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure while the cars are silent, then while they send."""
    with server(options.cars, options.options) as (ports, token), ExitStack() as stack:
        cars = stack.enter_context(
            helper("cars", ports["mp"], options.cars, options.interval, options.watched)
        )
        assert read_line(cars) == "up"
        made = targets(ports, token, stack)
        rows = measure_all(made, options, None)
        tell(cars)
        rows += measure_all(made, options, cars)
        time.sleep(options.seconds)
        ask(cars)
        time.sleep(max(options.seconds, options.interval))
        took = ask(cars)["took"]
        return [*rows, {
            "call": "none", "cars": True, "calls_a_second": 0, "of_bare": 0.0, "core_us": 0,
            "p50_ms": round(1000 * quantile(took, 0.50), 1),
            "p99_ms": round(1000 * quantile(took, 0.99), 1),
            "messages": len(took),
        }]  # fmt: skip


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(description="Calls of the HTTP API a second, beside 1,000 cars.")
    made.add_argument("--cars", type=int, default=1000, help="that send (1000)")
    made.add_argument("--interval", type=float, default=5.0, help="seconds of each car (5)")
    made.add_argument("--watched", type=int, default=200, help="cars that have an app (200)")
    made.add_argument("--connections", type=int, default=16, help="that call at once (16)")
    made.add_argument("--seconds", type=float, default=1.5, help="of each measurement (1.5)")
    made.add_argument("--rounds", type=int, default=7, help="of which the median counts (7)")
    made.add_argument("--json", action="store_true", help="print JSON instead of a table")
    made.add_argument("options", nargs="*", help="options of ovms serve, behind --")
    return made


def main() -> None:
    """Measure, and print; exit 1 if a goal is missed."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    match sys.argv[1:]:
        case ["bare", length]:
            uvloop.run(serve_bare(int(length)))
        case ["call", port, path, headers, seconds, connections]:
            uvloop.run(call(int(port), path, headers, float(seconds), int(connections)))
        case ["cars", port, count, interval, watched]:
            uvloop.run(Cars().run(int(port), int(count), float(interval), int(watched)))
        case _:
            options = parser().parse_args()
            rows = run(options)
            if options.json:
                print(json.dumps(rows))
            else:
                show(rows)
            busy = [
                row for row in rows if row["cars"] and row["call"] not in ("none", "bare route")
            ]
            missed = [
                row["call"]
                for row in busy
                if row["of_bare"] < GOAL or row["p99_ms"] >= 1000 * PATIENCE
            ]
            if missed:
                sys.exit(f"goal missed ({GOAL} of the bare route, p99 under"
                         f" {1000 * PATIENCE:.0f} ms): {', '.join(missed)}")  # fmt: skip


if __name__ == "__main__":
    main()
