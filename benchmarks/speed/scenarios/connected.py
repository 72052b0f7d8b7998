"""Cars that are connected: what memory they take, and whether they make messages dearer."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from functools import partial

import uvloop

from benchmarks.speed import wire
from benchmarks.speed.bench import ROUNDS, Bench
from benchmarks.speed.callers import Caller, Countdown, LineCounter, call_all, close_all
from benchmarks.speed.figures import SETTLE, Figure, Run, clock, middle, settled
from benchmarks.speed.processes import Target
from ovms.net.tls import client_context

WARM = 500
"""Cars that connect before memory is measured: what is made once is there then."""

SENDING = 50
"""Cars that send while the others are connected."""

BURST = 9
"""Messages that a car sends at once when all send in turn: status, doors and place three times."""

MARGIN = 3000
"""Bytes that a car may take beyond the floor's."""

TLS_GOAL = 30_000

NAMES = {"plain": "memory-plain", "TLS 1.3": "memory-tls", "TLS 1.2": "memory-tls12"}
"""The figures by how a car is connected. The modules of the field speak TLS 1.2."""


async def taken(
    target: Target, ids: Sequence[str], tls: ssl.SSLContext | None, connected: list[Caller]
) -> float:
    """Connect cars, and return the bytes of memory that a silent one takes."""
    connected += await call_all(target, "C", ids[:WARM], tls)
    await asyncio.sleep(1)
    before = target.memory
    connected += await call_all(target, "C", ids[WARM:], tls)
    await asyncio.sleep(1)
    return (target.memory - before) / (len(ids) - WARM)


async def taken_each(
    target: Target, ways: Sequence[tuple[int, ssl.SSLContext | None]]
) -> list[float]:
    """Return the bytes of a silent car, of so many each way; all stay until the end."""
    connected: list[Caller] = []
    found = []
    for count, context in ways:
        numbers = range(len(connected), len(connected) + WARM + count)
        ids = [wire.vehicle_id(each) for each in numbers]
        found.append(await taken(target, ids, context, connected))
    close_all(connected)
    return found


def memory(bench: Bench) -> list[Figure]:
    """Measure the memory of a silent car: plain, and over both versions of TLS."""
    plain, ciphered = bench.size(5000, 2000), bench.size(3000, 400)  # a handshake takes long
    kinds = {"plain": plain, "TLS 1.3": ciphered, "TLS 1.2": ciphered}
    with bench.both(len(kinds) * WARM + sum(kinds.values()), tls=True) as targets:
        newer, older = client_context(targets[0].ca), client_context(targets[0].ca)
        older.maximum_version = ssl.TLSVersion.TLSv1_2
        ways = [*zip(kinds.values(), (None, newer, older), strict=True)]
        sizes = [uvloop.run(taken_each(target, ways)) for target in targets]
    found = []
    for ours, floor, kind in zip(*sizes, kinds, strict=True):
        is_plain = kind == "plain"
        goal = f"≤ floor + {MARGIN / 1000:g} kB" if is_plain else f"< {TLS_GOAL / 1000:g} kB"
        reached = ours <= floor + MARGIN if is_plain else ours < TLS_GOAL
        what = f"memory of a silent car, {kinds[kind]:,} cars, {kind}"
        found.append(
            Figure(NAMES[kind], what, "kB", ours / 1000, floor / 1000,
                   ours / floor, goal, reached, floor / ours)
        )  # fmt: skip
    return found


async def streamed(target: Target, cars: Sequence[Caller], number: int, *, messages: int) -> Run:
    """Have cars that are connected send messages, each all of its own at once, and a ping."""
    first = number * messages
    lines = [wire.report(each) for each in range(first, first + messages)]
    streams = [b"".join(car.encipher([*lines, wire.PING])) for car in cars]
    run = Run(units=len(cars) * messages)
    answered = Countdown(len(cars))
    for car in cars:
        LineCounter(car, 1, answered)
    with clock(target, run):
        for car, text in zip(cars, streams, strict=True):
            car.transport.write(text)
        await answered.wait()
    await asyncio.sleep(SETTLE)
    return settled(target, run)


class BurstingCar(asyncio.Protocol):
    """Takes a car's place: sends some messages and a ping, then it is another's turn."""

    def __init__(self, car: Caller, turns: asyncio.Queue[BurstingCar], ended: Countdown) -> None:
        self._car = car
        self._turns = turns
        self._ended = ended
        self._number = 0
        car.transport.set_protocol(self)

    def send(self) -> None:
        """Send the next messages."""
        lines = [wire.report(self._number + each) for each in range(BURST)]
        self._number += BURST
        self._car.say(*lines, wire.PING)

    def data_received(self, data: bytes) -> None:
        """Have the next car send."""
        self._turns.put_nowait(self)
        self._turns.get_nowait().send()
        self._ended()


async def in_bursts(target: Target, cars: Sequence[Caller], *, bursts: int) -> Run:
    """Have all cars send in turn, some at a time."""
    run = Run(units=bursts * BURST)
    ended = Countdown(bursts)
    turns: asyncio.Queue[BurstingCar] = asyncio.Queue()
    bursting = [BurstingCar(car, turns, ended) for car in cars]
    for each in bursting[SENDING:]:
        turns.put_nowait(each)
    with clock(target, run):
        for each in bursting[:SENDING]:
            each.send()
        await ended.wait()
    await asyncio.sleep(SETTLE)
    return settled(target, run)


async def rounds(target: Target, cars: int, messages: int, bursts: int) -> list[list[Run]]:
    """Return the runs of what few of the connected send, and of what all do in turn."""
    connected = await call_all(target, "C", [wire.vehicle_id(each) for each in range(cars)])
    few = [
        await streamed(target, connected[:SENDING], number, messages=messages)
        for number in range(ROUNDS)
    ]
    every = [await in_bursts(target, connected, bursts=bursts) for _ in range(ROUNDS)]
    close_all(connected)
    return [few, every]


def many(bench: Bench) -> list[Figure]:
    """Measure what a message costs while few cars are connected, and while many are."""
    cars = bench.size(5000, 600)
    measure = partial(rounds, messages=bench.size(3000, 1000), bursts=bench.size(10_000, 3000))
    with bench.both(cars) as (ours, _):
        crowd = uvloop.run(measure(ours, cars))
    with bench.both(SENDING) as (ours, _):
        alone = uvloop.run(measure(ours, SENDING))
    found = []
    for name, how, goal, runs in (
        ("many", f"{SENDING} of them send", "≤ 1.25", (crowd[0], alone[0])),
        ("many-all", "all send in turn", "", (crowd[1], alone[1])),
    ):
        costs = middle(runs[0], "cost"), middle(runs[1], "cost")
        ratio = costs[0] / costs[1]
        what = f"cost of a message, {cars:,} cars connected over {SENDING}, {how}"
        reached, checked = (ratio <= 1.25, 1 / ratio) if goal else (None, None)
        found.append(Figure(name, what, "µs", *costs, ratio, goal, reached, checked,
                            f"floor: {SENDING} cars connected"))  # fmt: skip
    return found
