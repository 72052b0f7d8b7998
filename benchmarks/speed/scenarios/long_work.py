"""Long work of the server, and how long others wait meanwhile."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import uvloop

from benchmarks.speed import fill, wire
from benchmarks.speed.bench import Bench
from benchmarks.speed.callers import PATIENCE, Caller, call, call_all, close_all
from benchmarks.speed.figures import Figure, percentile
from benchmarks.speed.pings import pinging
from benchmarks.speed.processes import Target, serving

STARTS = 120.0
OTHERS = range(500, 520)
"""Vehicles whose apps ping meanwhile."""

ALONE = 3.0
READING = 8.0
"""Seconds of pings with nothing else, and while records are read: no longer, however many there
are."""

EXPIRY = 180.0
"""Seconds within which a million records must have expired."""

CLEAN = 0.020
"""Seconds that nobody may wait for longer while they do."""


class ReadingApp(asyncio.Protocol):
    """Takes an app's place, and counts the rows of answers."""

    def __init__(self, app: Caller) -> None:
        self.rows = 0
        self.first: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        """When the first came."""
        self.transport = app.transport
        app.transport.set_protocol(self)

    def data_received(self, data: bytes) -> None:
        """Count rows."""
        if not self.first.done():
            self.first.set_result(time.perf_counter())
        self.rows += data.count(b"\n")


@dataclass
class Reading:
    """How long what was asked for took, and how long others waited, all in seconds."""

    summary: float = 0.0
    records: float = 0.0
    rate: float = 0.0
    """Rows a second."""
    alone: list[float] = field(default_factory=list)
    meanwhile: list[float] = field(default_factory=list)


async def first_row(app: Caller, command: bytes) -> tuple[float, ReadingApp]:
    """Return the seconds until an answer's first row is there, and the app that goes on reading."""
    lines = app.encipher([command])
    reading = ReadingApp(app)
    asked = time.perf_counter()
    app.transport.write(lines[0])
    first = await asyncio.wait_for(reading.first, PATIENCE)
    return first - asked, reading


async def read_history(target: Target) -> Reading:
    """Ask for what there is of a vehicle with a million records, and for the records."""
    found = Reading()
    others = await call_all(target, "A", [wire.vehicle_id(each) for each in OTHERS])
    summary_app, records_app = await call_all(target, "A", [fill.first_vehicle()] * 2)
    async with pinging(others, found.alone):
        await asyncio.sleep(ALONE)
    async with pinging(others, found.meanwhile):
        found.summary, _ = await first_row(summary_app, b"MP-0 C31")
        command = f"MP-0 C32,{fill.MANY_OF_ONE.type}".encode()
        found.records, reading = await first_row(records_app, command)
        before = reading.rows
        await asyncio.sleep(READING)
        found.rate = (reading.rows - before) / READING
        reading.transport.abort()
    close_all([*others, summary_app, records_app])
    return found


def history(bench: Bench) -> list[Figure]:
    """Measure commands 31 and 32 of a vehicle with a million of ten million records."""
    with serving(bench.large(10), patience=STARTS, tls=False) as target:
        found = uvloop.run(read_history(target))
    alone, meanwhile = (percentile(each, 0.99) for each in (found.alone, found.meanwhile))
    what = "1,000,000 of 10,000,000 records"
    return [
        Figure("history-31", f"command 31, {what}, first row", "ms", found.summary * 1000,
               goal="≤ 50 ms", reached=found.summary <= 0.05),
        Figure("history-32", f"command 32, {what}, first row", "ms", found.records * 1000,
               goal="≤ 50 ms", reached=found.records <= 0.05,
               note=f"then {found.rate:,.0f} rows/s"),
        Figure("history-others", "others' pings meanwhile, p99", "ms", meanwhile, alone,
               meanwhile / alone, "≤ 1.25", meanwhile <= 1.25 * alone,
               note="floor: nobody reads"),
    ]  # fmt: skip


@dataclass
class Expiring:
    """How long all took, and how long pings and records waited meanwhile, in seconds."""

    seconds: float = 0.0
    pings: list[float] = field(default_factory=list)
    records: list[float] = field(default_factory=list)


async def while_expiring(bench: Bench, target: Target) -> Expiring:
    """Wait until all that is over is deleted, while apps ping and a car sends records."""
    found = Expiring()
    start = time.perf_counter()
    folder, portion = bench.large(10), fill.SHORT_LIVED
    apps = await call_all(target, "A", [wire.vehicle_id(each) for each in OTHERS])
    car = await call(target, "C", wire.vehicle_id(OTHERS.stop), None)
    async with pinging(apps, found.pings), pinging([car], found.records, records=True):
        while await asyncio.to_thread(fill.count, folder, portion):
            if time.perf_counter() > start + EXPIRY:
                raise TimeoutError("the records do not expire")
            await asyncio.sleep(0.5)
    found.seconds = time.perf_counter() - start
    close_all([*apps, car])
    return found


def expiry(bench: Bench) -> list[Figure]:
    """Measure how long others wait while a million records expire."""
    folder = bench.large(10)
    fill.expire(folder, fill.SHORT_LIVED)
    with serving(folder, patience=STARTS, tls=False) as target:
        found = uvloop.run(while_expiring(bench, target))
    worst = max(found.pings), max(found.records)
    what = "while 1,000,000 records expire, the longest"
    note = f"all were gone after {found.seconds:.0f} s"
    return [
        Figure("expiry-ping", f"wait of a ping {what}", "ms", worst[0] * 1000,
               goal="≤ 20 ms", reached=worst[0] <= CLEAN, note=note),
        Figure("expiry-record", f"wait of a record {what}", "ms", worst[1] * 1000,
               goal="≤ 20 ms", reached=worst[1] <= CLEAN,
               note="median {:.1f}, p99 {:.1f} ms".format(
                   *(percentile(found.records, part) for part in (0.5, 0.99)))),
    ]  # fmt: skip
