"""Commands: from an app to its car, and the answer back."""

from __future__ import annotations

import asyncio
import time
from functools import partial

from benchmarks.speed import wire
from benchmarks.speed.bench import Bench
from benchmarks.speed.callers import Caller, Countdown, Transcript, call_all, close_all
from benchmarks.speed.figures import SETTLE, Figure, Run, clock, rate_figure, settled
from benchmarks.speed.processes import Target

PAIRS = 50


class AnsweringCar(asyncio.Protocol):
    """Takes a car's place, and answers each line."""

    def __init__(self, car: Caller, commands: int) -> None:
        self._lines = iter(car.encipher([wire.ANSWER] * commands))
        self._write = car.transport.write
        car.transport.set_protocol(self)

    def data_received(self, data: bytes) -> None:
        """Answer: there is one command at a time."""
        self._write(next(self._lines))


class AskingApp(asyncio.Protocol):
    """Takes an app's place: sends a command when the one before was answered."""

    def __init__(self, app: Caller, commands: int, run: Run, ended: Countdown) -> None:
        self._lines = iter(app.encipher([wire.COMMAND] * commands))
        self._write = app.transport.write
        self._waits = run.waits
        self._ended = ended
        self._asked = 0.0
        app.transport.set_protocol(self)

    def ask(self) -> None:
        """Send a command."""
        line = next(self._lines, None)
        if line is None:
            self._ended()
            return
        self._asked = time.perf_counter()
        self._write(line)

    def data_received(self, data: bytes) -> None:
        """Note how long the answer took, and ask again."""
        self._waits.append(time.perf_counter() - self._asked)
        self.ask()


async def asked(target: Target, number: int, *, commands: int) -> Run:
    """Have apps ask their cars."""
    ids = [wire.vehicle_id(each) for each in range(PAIRS)]
    cars = await call_all(target, "C", ids)
    apps = await call_all(target, "A", ids)
    for car in cars:
        await car.ping()  # it was told that an app watches
    for app in apps:
        await app.ping()
    run = Run(units=PAIRS * commands)
    ended = Countdown(PAIRS)
    for car in cars:
        AnsweringCar(car, commands)
    asking = [AskingApp(app, commands, run, ended) for app in apps]
    transcript = Transcript(apps[0], asking[0])
    with clock(target, run):
        for each in asking:
            each.ask()
        await ended.wait()
    await asyncio.sleep(SETTLE)
    settled(target, run)
    transcript.check([wire.ANSWER] * commands)
    close_all([*cars, *apps])
    return run


def commands(bench: Bench) -> list[Figure]:
    """Measure round trips of 50 apps at a time: how many, and how long the slow ones take."""
    measure = partial(asked, commands=bench.size(400, 150))
    with bench.both(PAIRS) as targets:
        ours, floor = bench.in_turns(targets, measure)
    what = f"command round trips, {PAIRS} at a time"
    late, base = (sorted(run.wait(0.99) for run in runs)[1] for runs in (ours, floor))
    return [
        rate_figure("commands", what, "round trips/s", ours, floor, goal=0.5),
        Figure("commands-p99", f"{what}, p99", "ms", late, base, late / base, "≤ 2.5",
               late <= 2.5 * base),
    ]  # fmt: skip
