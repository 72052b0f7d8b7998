"""All cars call again after a restart, at the same moment."""

from __future__ import annotations

import errno
import resource
import select
import socket
import time
from dataclasses import dataclass

from benchmarks.speed import wire
from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure
from benchmarks.speed.processes import Target, floor, serving

CARS = 20_000
PLACES = 3 / 4 * 0.9
"""Of the files that are allowed, those for cars: a server keeps a quarter for those that come next,
and has strangers leave when nine tenths of the rest are taken."""

PATIENCE = 60.0
WITHIN = 10.0
"""Seconds in which all must be in; fewer cars have less."""

STARTS = 120.0


@dataclass
class Storm:
    """What came of many calls at once."""

    seconds: float = 0.0
    closed: int = 0
    welcomed: int = 0


def storm(target: Target, cars: int) -> Storm:
    """Have cars call all at once, and wait until each was welcomed or closed; close them then."""
    calls = {}
    poll = select.epoll()
    found = Storm()
    welcomes = [wire.welcome("C", wire.vehicle_id(number))[1] for number in range(cars)]
    start = time.perf_counter()
    for welcome in welcomes:
        connection = socket.socket()
        connection.setblocking(False)
        begun = connection.connect_ex(("127.0.0.1", target.port))
        if begun not in (0, errno.EINPROGRESS):
            raise OSError(begun, "cannot call")
        calls[connection.fileno()] = connection, welcome
        poll.register(connection, select.EPOLLOUT)
    while found.closed + found.welcomed < cars and time.perf_counter() < start + PATIENCE:
        for number, event in poll.poll(1):
            connection, welcome = calls[number]
            if event & (select.EPOLLHUP | select.EPOLLERR):
                poll.unregister(number)
                found.closed += 1
            elif event & select.EPOLLOUT:
                connection.send(welcome)
                poll.modify(number, select.EPOLLIN)
            else:
                poll.unregister(number)
                if connection.recv(4096).startswith(b"MP-S"):
                    found.welcomed += 1
                else:
                    found.closed += 1
    found.seconds = time.perf_counter() - start
    for connection, _ in calls.values():
        connection.close()
    poll.close()
    return found


def restart(bench: Bench) -> list[Figure]:
    """Measure how long it takes until all cars are in again."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    cars = min(CARS, int(files * PLACES))
    data = bench.data(cars)
    with serving(data, patience=STARTS, tls=False) as target:
        storm(target, cars)
    with serving(data, patience=STARTS, tls=False) as target:
        ours = storm(target, cars)
    with floor() as target:
        base = storm(target, cars)
    lost = cars - ours.welcomed
    is_all = not lost
    note = "" if is_all else f"{ours.closed:,} closed, {lost - ours.closed:,} without an answer"
    if cars < CARS:
        note += f"{'; ' if note else ''}more files than {files:,} are not allowed here"
    what = f"{cars:,} cars call again after a restart, until all are in"
    return [
        Figure("restart", what, "s", ours.seconds, base.seconds, ours.seconds / base.seconds,
               f"≤ {WITHIN * cars / CARS:.3g} s, none closed",
               ours.seconds <= WITHIN * cars / CARS and is_all,
               base.seconds / ours.seconds, note)
    ]  # fmt: skip
