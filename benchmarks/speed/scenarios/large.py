"""What is in the database for long must cost little: millions of records, many vehicles."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import uvloop

from benchmarks.speed import fill
from benchmarks.speed.bench import ROUNDS, Bench
from benchmarks.speed.figures import Figure, Run, middle
from benchmarks.speed.processes import ovms, serving, start_serving, stop, wait_ready
from benchmarks.speed.scenarios import acked

STARTS = 120.0
"""Seconds that a server with a large database may take to start until it counts as failed."""


def alone(folder: Path, records: int, number: int, first: int, url: str | None = None) -> Run:
    """Have the writer alone store records, and return what that took."""
    command = [sys.executable, "-m", "benchmarks.speed.writer_alone", str(folder), str(records),
               str(acked.CARS * acked.OPEN), str(number), str(first)]  # fmt: skip
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        command + ([url] if url else []), cwd=root, check=True, capture_output=True
    )
    return Run(**json.loads(done.stdout))


def beside_writer(
    name: str, what: str, bench: Bench, folder: Path, first: int, url: str | None = None
) -> Figure:
    """Measure records acknowledged by the server over those of its writer alone.

    ``first`` is the first vehicle of the cars. Both have as many records open.
    """
    records = bench.size(20_000, 5000)
    options = ("--database", url) if url else ()
    measure = partial(acked.acked, records=records // acked.CARS, first=first, singly=True)
    ours, writer = [], []
    with serving(folder, *options, patience=STARTS, tls=False) as target:
        for number in range(0, 2 * ROUNDS, 2):  # what one has stored the other would not again
            writer.append(alone(folder, records, number, first, url))
            ours.append(uvloop.run(measure(target, number + 1)))
    rates = middle(ours, "rate"), middle(writer, "rate")
    costs = middle(ours, "cost"), middle(writer, "cost")
    ratio = rates[0] / rates[1]
    return Figure(
        name, f"{what}, over the writer alone", "records/s", *rates, ratio, "≥ 0.8", ratio >= 0.8,
        costs[1] / costs[0], "floor: the writer alone",
        {"ours_us": costs[0], "floor_us": costs[1]},
    )  # fmt: skip


def writer(bench: Bench) -> list[Figure]:
    """Measure how much of its writer's speed the server reaches."""
    what = f"records acknowledged, {acked.CARS} cars with {acked.OPEN} open each"
    return [beside_writer("writer", what, bench, bench.data(acked.CARS), 0)]


def acked_large(bench: Bench) -> list[Figure]:
    """Measure the same with five million records in the table."""
    what = f"records acknowledged, {acked.CARS} cars, 5 million records in the table"
    folder = bench.large(5)
    return [beside_writer("acked-5m", what, bench, folder, fill.OTHERS.first)]


@contextmanager
def postgres() -> Iterator[str]:
    """Run PostgreSQL as it is used, every commit synced; yield the URL of a database."""
    from tests.postgres import PostgresServer

    server = PostgresServer(fsync="on", full_page_writes="on", shared_buffers="256MB")
    try:
        yield server.url(server.create())
    finally:
        server.remove()


def acked_postgres(bench: Bench) -> list[Figure]:
    """Measure the same on PostgreSQL: an empty table, and five million records."""
    what = f"records acknowledged, {acked.CARS} cars, PostgreSQL"
    found: list[Figure] = []
    from tests.postgres import MISSING, has_postgres  # its drivers are an extra

    if not has_postgres():
        bench.say(MISSING)
        return found
    with postgres() as url:
        folder = bench.empty()
        vehicles = bench.vehicle_file(1000)
        ovms("vehicle", "import", str(vehicles), "--data", str(folder), "--database", url)
        found.append(beside_writer("postgres", what, bench, folder, 0, url))
        fill.fill_postgres(url, [fill.MANY_OF_ONE, fill.SHORT_LIVED, fill.OTHERS])
        found.append(
            beside_writer("postgres-5m", f"{what}, 5 million records in the table", bench, folder,
                          fill.OTHERS.first, url)
        )  # fmt: skip
    return found


def start(bench: Bench) -> list[Figure]:
    """Measure how long a server takes to be ready, with much in its database and with nothing."""
    full, empty = (_start(folder) for folder in (bench.large(10), bench.data(1)))
    what = "start with 100,000 vehicles and 10 million records, until ready"
    return [
        Figure("start", what, "s", full, empty, full / empty, "≤ 2 s", full <= 2, empty / full,
               "floor: one vehicle, no records")
    ]  # fmt: skip


def _start(folder: Path) -> float:
    """Return the seconds that a server takes until it is ready."""
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        started = start_serving(folder, tls=False)
        try:
            wait_ready(folder, started, STARTS)
            took.append(time.perf_counter() - began)
        finally:
            stop(started)
    return statistics.median(took)
