"""Log-ins: connect, be welcomed, close. Each opens and closes its vehicle's room."""

from __future__ import annotations

import asyncio
import select
import socket
from functools import partial

from benchmarks.speed import wire
from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import SETTLE, Figure, Run, clock, rate_figure, settled
from benchmarks.speed.processes import Target

AT_A_TIME = 50
VEHICLES = 2000
CHECKED = 100
"""Of so many log-ins the server's proof is checked once: it takes the load time."""


class Calls:
    """Calls one after the other, some at a time, with system calls and no event loop."""

    def __init__(self, target: Target, vehicles: list[str]) -> None:
        self._address = ("127.0.0.1", target.port)
        self._calls = iter([(each, *wire.welcome("C", each)) for each in vehicles])
        self._poll = select.epoll()
        self._open: dict[int, tuple[socket.socket, str, str]] = {}
        self._number = 0

    def run(self) -> None:
        """Make all calls."""
        for _ in range(AT_A_TIME):
            self._call()
        while self._open:
            ready = self._poll.poll(60)
            if not ready:
                raise TimeoutError("log-ins are not answered")
            for number, _ in ready:
                self._answered(number)
        self._poll.close()

    def _call(self) -> None:
        vehicle, token, welcome = next(self._calls, ("", "", b""))
        if not vehicle:
            return
        connection = socket.socket()
        connection.connect(self._address)
        connection.send(welcome)
        self._open[connection.fileno()] = connection, vehicle, token
        self._poll.register(connection, select.EPOLLIN)

    def _answered(self, number: int) -> None:
        connection, vehicle, token = self._open.pop(number)
        answer = connection.recv(4096)
        connection.close()
        self._call()
        self._number += 1
        if not answer.startswith(b"MP-S 0 "):
            raise ConnectionError("a log-in was refused")
        if self._number % CHECKED == 0:
            wire.key_of(answer.split(b"\r\n")[0], vehicle, token)


async def logged_in(target: Target, number: int, *, logins: int) -> Run:
    """Log cars in; the clock stops when all have been welcomed."""
    ids = [wire.vehicle_id(each % VEHICLES) for each in range(logins)]
    calls = Calls(target, ids)
    run = Run(units=logins)
    with clock(target, run):
        calls.run()
    await asyncio.sleep(SETTLE)
    return settled(target, run)


def logins(bench: Bench) -> list[Figure]:
    """Measure cars that log in, and go."""
    measure = partial(logged_in, logins=bench.size(4000, 2000))
    with bench.both(VEHICLES) as targets:
        runs = bench.in_turns(targets, measure)
    what = f"log-ins, rooms opened and closed, {AT_A_TIME} at a time"
    return [rate_figure("logins", what, "log-ins/s", *runs, goal=0.4)]
