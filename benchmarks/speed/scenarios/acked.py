"""Records that are acknowledged when they are on disk."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Sequence
from functools import partial

import uvloop

from benchmarks.speed import wire
from benchmarks.speed.bench import ROUNDS, Bench
from benchmarks.speed.callers import Caller, Countdown, Transcript, call_all, close_all
from benchmarks.speed.figures import SETTLE, Figure, Run, clock, middle, rate_figure, settled
from benchmarks.speed.processes import Target

CARS = 50
OPEN = 20

MANY_CARS = 1000
MANY_OPEN = 10
RATE = 10_000
"""Records a second of all of those cars."""

TICK = 0.005
"""Seconds from one look to the next at whose turn it is to send a record."""


class RecordingCar(asyncio.Protocol):
    """Takes a car's place: sends a record for each that was acknowledged, and answers pings.

    It knows acknowledgements by their length. What it sends next it enciphers then, a few records
    at a time: a ping, whose answer would move all that follows, may come in between.

    With ``singly`` each line goes out by itself, as modules send what they record; else those of a
    moment together.
    """

    def __init__(
        self,
        car: Caller,
        first: int,
        records: int,
        ended: Countdown,
        *,
        singly: bool = False,
    ) -> None:
        assert car.cipher_out is not None
        self._cipher = car.cipher_out
        self._transport = car.transport
        # Past the event loop, which would gather them.
        self._socket = car.transport.get_extra_info("socket").fileno() if singly else None
        self._lines = [wire.record(each) for each in range(first, first + records)]
        self._at = 0
        self._missing = records
        self._ended = ended
        car.transport.set_protocol(self)

    def send(self, count: int) -> None:
        """Send the next records, as many as are left."""
        lines = self._lines[self._at : self._at + count]
        self._at += count
        if lines:
            self._write(lines)

    def _write(self, lines: list[bytes]) -> None:
        written = wire.encipher(self._cipher, lines)
        if self._socket is None:
            self._transport.write(b"".join(written))
            return
        for line in written:
            os.write(self._socket, line)

    def data_received(self, data: bytes) -> None:
        """Send one for each that is acknowledged."""
        count = data.count(b"\n")
        if len(data) != count * wire.ACK_LENGTH:
            count = self._acknowledged(data)
        self._missing -= count
        self.acknowledged(count)
        if not self._missing:
            self._ended()

    def acknowledged(self, count: int) -> None:
        """Go on after so many acknowledgements."""
        self.send(count)

    def _acknowledged(self, data: bytes) -> int:
        """Return how many acknowledgements end here; answer pings."""
        lengths = [len(line) + 2 for line in data.split(b"\r\n")[:-1]]
        for _ in range(lengths.count(wire.PING_LENGTH)):
            self._write([wire.PONG])
        return len(lengths) - lengths.count(wire.PING_LENGTH)


async def acked(
    target: Target, number: int, *, records: int, first: int = 0, singly: bool = False
) -> Run:
    """Have cars send records, with so many open each; the clock stops when all are acknowledged.

    ``first`` is the number of the first car.
    """
    ids = [wire.vehicle_id(each) for each in range(first, first + CARS)]
    cars = await call_all(target, "C", ids)
    ended = Countdown(CARS)
    recording = [RecordingCar(car, number * records, records, ended, singly=singly) for car in cars]
    transcript = Transcript(cars[0], recording[0])
    run = Run(units=CARS * records)
    with clock(target, run):
        for each in recording:
            each.send(OPEN)
        await ended.wait()
    await asyncio.sleep(SETTLE)
    settled(target, run)
    codes = range(wire.FIRST_ACK + number * records, wire.FIRST_ACK + (number + 1) * records)
    acks = [b"MP-0 h%d" % code for code in codes]
    transcript.check(acks, without=wire.PING, in_order=False)
    close_all(cars)
    return run


class PacedCar(RecordingCar):
    """A car that makes records at its pace, and holds them back while too many are open."""

    def __init__(
        self, car: Caller, first: int, records: int, ended: Countdown, waits: list[float]
    ) -> None:
        super().__init__(car, first, records, ended)
        self._made: deque[float] = deque()
        """When those were made that are not acknowledged."""
        self._held = 0
        self._waits = waits

    def make(self, when: float) -> None:
        """Make a record."""
        self._made.append(when)
        if len(self._made) > MANY_OPEN:
            self._held += 1
        else:
            self.send(1)

    def acknowledged(self, count: int) -> None:
        """Note how long they took since they were made; send what was held back."""
        now = time.perf_counter()
        for _ in range(count):
            self._waits.append(now - self._made.popleft())
        ready = min(count, self._held)
        self._held -= ready
        self.send(ready)


async def paced(target: Target, *, records: int) -> list[Run]:
    """Have many cars send records at a rate, in turn; how long each waits is measured."""
    cars = await call_all(target, "C", [wire.vehicle_id(each) for each in range(MANY_CARS)])
    runs = [await _paced(target, cars, number, records) for number in range(ROUNDS)]
    close_all(cars)
    return runs


async def _paced(target: Target, cars: Sequence[Caller], number: int, records: int) -> Run:
    ended = Countdown(MANY_CARS)
    run = Run(units=MANY_CARS * records)
    waits = run.waits
    recording = [PacedCar(car, number * records, records, ended, waits) for car in cars]
    with clock(target, run):
        start, made = time.perf_counter(), 0
        while made < run.units:
            due = min(run.units, int((time.perf_counter() - start) * RATE))
            for each in range(made, due):
                recording[each % MANY_CARS].make(start + each / RATE)
            made = due
            await asyncio.sleep(TICK)
        await ended.wait()
    await asyncio.sleep(SETTLE)
    return settled(target, run)


def acked_50(bench: Bench) -> list[Figure]:
    """Measure the records of 50 cars with 20 open each."""
    together = partial(acked, records=bench.size(2000, 400))
    singly = partial(together, singly=True)
    with bench.both(CARS) as targets:
        runs, burst = (bench.in_turns(targets, each) for each in (singly, together))
    what = f"records acknowledged, {CARS} cars with {OPEN} open each"
    return [
        rate_figure("acked", what, "records/s", *runs, goal=0.25),
        rate_figure("acked-burst", f"{what}, sent together", "records/s", *burst),
    ]


def acked_1000(bench: Bench) -> list[Figure]:
    """Measure how long a record waits, of 1000 cars at 10,000 a second."""
    measure = partial(paced, records=bench.size(50, 10))
    with bench.both(MANY_CARS) as targets:
        ours, floor = (uvloop.run(measure(each)) for each in targets)
    what = f"wait of a record, {MANY_CARS} cars at {RATE:,}/s"
    median, late = (sorted(run.wait(part) for run in ours)[1] for part in (0.5, 0.99))
    base = sorted(run.wait(0.5) for run in floor)[1]
    costs = middle(ours, "cost"), middle(floor, "cost")
    return [
        Figure("acked-1000", f"{what}, median", "ms", median, base, median / base, "< 100 ms",
               median < 100, costs[1] / costs[0],
               details={"ours_us": costs[0], "floor_us": costs[1]}),
        Figure("acked-1000-p99", f"{what}, p99", "ms", late,
               sorted(run.wait(0.99) for run in floor)[1]),
    ]  # fmt: skip
