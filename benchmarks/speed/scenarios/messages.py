"""Messages of cars: stored and answered, and forwarded to apps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from benchmarks.speed import wire
from benchmarks.speed.bench import Bench
from benchmarks.speed.callers import (
    Caller,
    Countdown,
    LineCounter,
    Transcript,
    call_all,
    close_all,
)
from benchmarks.speed.figures import SETTLE, Figure, Run, clock, rate_figure, settled
from benchmarks.speed.processes import Target

CARS = 50

FORWARDING_CARS = 10
APPS = 5
LINES = 2
"""Lines that an app gets for a message of its car: itself, and its age."""


async def stored(target: Target, number: int, *, messages: int) -> Run:
    """Have cars send messages and a ping; the clock stops when all pings are answered."""
    cars = await call_all(target, "C", [wire.vehicle_id(each) for each in range(CARS)])
    streams = [said(car, messages, number) for car in cars]
    answered = Countdown(CARS)
    counters = [LineCounter(car, 1, answered) for car in cars]
    transcript = Transcript(cars[0], counters[0])
    run = Run(units=CARS * messages)
    await send_all(target, run, cars, streams, answered)
    transcript.check([wire.PONG])
    close_all(cars)
    return run


async def send_all(
    target: Target, run: Run, cars: list[Caller], streams: list[bytes], ended: Countdown
) -> None:
    """Have each car send its stream at once; the clock stops when ``ended`` has."""
    with clock(target, run):
        for car, stream in zip(cars, streams, strict=True):
            car.transport.write(stream)
        await ended.wait()
    await asyncio.sleep(SETTLE)
    settled(target, run)


def said(car: Caller, messages: int, number: int) -> bytes:
    """Return what a car sends in a round: ciphered reports, and a ping."""
    return b"".join(car.encipher([*reports(messages, number), wire.PING]))


def reports(messages: int, number: int) -> list[bytes]:
    """Return the messages that each car sends in a round."""
    first = 1 + number * messages
    return [wire.report(each) for each in range(first, first + messages)]


class ForwardingCar:
    """A car that sends its next message when all of its apps have the one before."""

    def __init__(self, car: Caller, lines: list[bytes], on_end: Callable[[], None]) -> None:
        self._write = car.transport.write
        self._lines = iter(lines)
        self._on_end = on_end
        self._missing = 0

    def send_next(self) -> None:
        """Send a message."""
        line = next(self._lines, None)
        self._missing = APPS
        if line is None:
            self._on_end()
        else:
            self._write(line)

    def delivered(self) -> None:
        """Count an app that has it."""
        self._missing -= 1
        if not self._missing:
            self.send_next()


class WatchingApp(asyncio.Protocol):
    """Takes an app's place, and tells its car's each message: a line and the line of its age."""

    def __init__(self, app: Caller, car: ForwardingCar) -> None:
        self._lines = 0
        self._delivered = car.delivered
        app.transport.set_protocol(self)

    def data_received(self, data: bytes) -> None:
        """Count line ends; the next message comes when this one is complete."""
        self._lines += data.count(b"\n")
        if self._lines == LINES:
            self._lines = 0
            self._delivered()


async def joined(target: Target) -> tuple[list[Caller], list[Caller]]:
    """Return cars and their apps; those of the first car are the first, and so on."""
    ids = [wire.vehicle_id(each) for each in range(FORWARDING_CARS)]
    cars = await call_all(target, "C", ids)
    apps = await call_all(target, "A", [each for each in ids for _ in range(APPS)])
    for car in cars:
        await car.ping()  # it was told how many apps watch
    return cars, apps


async def forwarded(target: Target, number: int, *, messages: int) -> Run:
    """Have cars send message by message, each to several apps."""
    cars, apps = await joined(target)
    ended = Countdown(len(cars))
    sending: list[ForwardingCar] = []
    for place, car in enumerate(cars):
        lines = car.encipher(reports(messages, number))
        sending.append(ForwardingCar(car, lines, ended))
        watching = [WatchingApp(app, sending[-1]) for app in apps_of(place, apps)]
    transcript = Transcript(apps[-1], watching[-1])
    run = Run(units=len(apps) * messages)
    with clock(target, run):
        for each in sending:
            each.send_next()
        await ended.wait()
    await asyncio.sleep(SETTLE)
    settled(target, run)
    transcript.check(reports(messages, number), without=wire.UPDATE)
    close_all([*cars, *apps])
    return run


def apps_of(place: int, apps: list[Caller]) -> list[Caller]:
    """Return the apps of a car by its place."""
    return apps[place * APPS : (place + 1) * APPS]


async def forwarded_at_once(target: Target, number: int, *, messages: int) -> Run:
    """Have cars send many messages at once; the clock stops when all apps have all."""
    cars, apps = await joined(target)
    streams = [said(car, messages, number) for car in cars]
    delivered = Countdown(len(apps))
    counters = [LineCounter(app, LINES * messages, delivered) for app in apps]
    transcript = Transcript(apps[0], counters[0])
    run = Run(units=len(apps) * messages)
    await send_all(target, run, cars, streams, delivered)
    transcript.check(reports(messages, number), without=wire.UPDATE)
    close_all([*cars, *apps])
    return run


def messages(bench: Bench) -> list[Figure]:
    """Measure S, D and L of 50 cars, stored and answered."""
    measure = partial(stored, messages=bench.size(4000, 1500))
    with bench.both(CARS) as targets:
        runs = bench.in_turns(targets, measure)
    what = f"messages stored and answered, {CARS} cars"
    return [rate_figure("messages", what, "messages/s", *runs, goal=0.30)]


def forward(bench: Bench) -> list[Figure]:
    """Measure S, D and L of 10 cars, each to 5 apps: one after the other, and many at once."""
    singly = partial(forwarded, messages=bench.size(1500, 400))
    at_once = partial(forwarded_at_once, messages=bench.size(3000, 600))
    with bench.both(FORWARDING_CARS) as targets:
        single, many = bench.in_turns(targets, singly), bench.in_turns(targets, at_once)
    what = f"messages forwarded to {APPS} apps a car"
    unit = "messages/s to apps"
    return [
        rate_figure("forward", what, unit, *single, goal=0.8),
        rate_figure("forward-burst", f"{what}, sent at once", unit, *many),
    ]
