"""How fast records become durable beside a busy event loop, and what reading many costs the loop.

One run, one machine, under twenty seconds. First the event loop handles messages flat out while
acknowledged records come at a rate: by the store's writer, and by a thread that stores each record
in a transaction of its own, copies and counters included. Then 100,000 records of one type are
read, page by page through the store, and in one naive ``SELECT`` in a thread: the longest time that
the event loop could not run meanwhile is what every car and app would have waited.

    python benchmarks/history.py [SECONDS A WAY]
"""

from __future__ import annotations

import asyncio
import hmac
import queue
import sys
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import uvloop

from ovms.server.storage import queries
from ovms.server.storage.batch import Batch
from ovms.server.storage.batch_writing import apply
from ovms.server.storage.history_quota import HistoryQuota
from ovms.server.storage.limits import HistoryLimits
from ovms.server.storage.opening import open_database
from ovms.server.storage.sqlite.connections import connect
from ovms.server.storage.sqlite.writing import SqliteWriter
from ovms.server.storage.store import Store
from ovms.server.values import KeptRecord

VEHICLES = 50
READ = 100_000
PAGE = 500
DATA = b"80,K,220,13,charging,standard,310,290,16,42,0,0,7200,0,0,0,0,1,0,1,0,80,230"

Saved = Callable[[], None]
Put = Callable[[str, KeptRecord, Saved], object]


def make_database(folder: str) -> Path:
    """Make a database with vehicles."""
    database = open_database(Path(folder))
    database.upgrade()
    with database.writing() as connection:
        bob = queries.add_owner(connection, "bob", 1.0)
        for number in range(VEHICLES):
            queries.add_vehicle(connection, f"V{number}", bob, "x", 1.0)
    return Path(database.name)


async def busy(put: Put, rate: float, seconds: float) -> tuple[int, list[float]]:
    """Handle messages flat out while ``rate`` records a second come.

    Returns how many messages, and the seconds after which each record was known to be durable.
    """
    waits: list[float] = []
    handled, sent, start = 0, 0, time.perf_counter()
    while (now := time.perf_counter()) < start + seconds:
        while sent < rate * (now - start):
            record = KeptRecord("*-LOG-Trip", 1, 1000, 2**40, b"%d,%b" % (sent, DATA), sent, 1.0)
            put(f"V{sent % VEHICLES}", record, partial(_note, waits, time.perf_counter()))
            sent += 1
        for _ in range(50):
            hmac.digest(DATA, DATA, "md5")
            handled += 1
        await asyncio.sleep(0)
    return handled, waits[:]


def _note(waits: list[float], put: float) -> None:
    waits.append(time.perf_counter() - put)


async def ours(path: Path, rate: float, seconds: float) -> tuple[int, list[float]]:
    """Measure the store's writer."""
    database = open_database(path.parent)
    store = await Store.open(database, time.time)
    measured = await busy(store.put_history, rate, seconds)
    await store.close(60.0)
    await database.close()
    return measured


async def singly(path: Path, rate: float, seconds: float) -> tuple[int, list[float]]:
    """Measure a thread that stores each record in a transaction of its own."""
    rows: queue.SimpleQueue[tuple[str, KeptRecord, Saved] | None] = queue.SimpleQueue()
    loop = asyncio.get_running_loop()

    def work() -> None:
        connection, quota = connect(path), HistoryQuota(HistoryLimits())
        while (row := rows.get()) is not None and not stop.is_set():
            batch = Batch()
            batch.history.put(row[0], row[1], None)
            apply(SqliteWriter(connection), batch, quota)
            loop.call_soon_threadsafe(row[2])
        connection.close()

    stop = threading.Event()
    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    measured = await busy(lambda *row: rows.put(row), rate, seconds)
    stop.set()
    rows.put(None)
    await asyncio.to_thread(worker.join)
    return measured


async def stall(work: Callable[[], Awaitable[int]]) -> tuple[int, float, float]:
    """Run something; give its count, its seconds, and the loop's longest stall in seconds."""
    longest, last, done = 0.0, time.perf_counter(), False

    async def watch() -> None:
        nonlocal longest, last
        while not done:
            await asyncio.sleep(0.0005)
            now = time.perf_counter()
            longest, last = max(longest, now - last - 0.0005), now

    watcher = asyncio.ensure_future(watch())
    start = time.perf_counter()
    count = await work()
    elapsed = time.perf_counter() - start
    done = True
    await watcher
    return count, elapsed, longest


async def paged(store: Store) -> int:
    """Read all records of a type page by page."""
    seen, after = 0, None
    total, last_id = await store.history_count("V1", "S")
    while page := await store.history_page("V1", "S", None, after, last_id, PAGE):
        seen, after = seen + len(page), page[-1].key
        await asyncio.sleep(0)
    assert seen == total
    return seen


async def naive(path: Path) -> int:
    """Read all records of a type at once, in a thread."""

    def read() -> list[tuple[int, int, int, bytes]]:
        connection = connect(path)
        sql = (
            "SELECT time, number, id, data FROM history "
            "WHERE vehicle_id = 'V1' AND type = 'S' ORDER BY time, number, id"
        )
        found: list[tuple[int, int, int, bytes]] = connection.execute(sql).fetchall()
        connection.close()
        return found

    return len(await asyncio.to_thread(read))


def fill(path: Path) -> None:
    """Store the records that are read."""
    batch = Batch()
    for number in range(READ):
        batch.history.put("V1", KeptRecord("S", 0, number, 2**40, DATA, None, 1.0), None)
    connection = connect(path)
    apply(SqliteWriter(connection), batch, HistoryQuota(HistoryLimits()))
    connection.close()


async def reading(path: Path) -> None:
    """Measure both ways to read, and print them."""
    await asyncio.to_thread(fill, path)
    database = open_database(path.parent)
    store = await Store.open(database, time.time)
    ways: list[tuple[str, Callable[[], Awaitable[int]]]] = [
        (f"pages of {PAGE}", lambda: paged(store)),
        ("one SELECT", lambda: naive(path)),
    ]
    print(f"\n{f'{READ:,} records':24}{'seconds':>10}{'longest stall':>16}{'memory':>11}")
    for name, way in ways:
        _, elapsed, longest = await stall(way)
        tracemalloc.start()
        await way()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(f"{name:24}{elapsed:10.2f}{longest * 1000:13.1f} ms{peak / 2**20:8.1f} MB")
    await store.close()
    await database.close()


def main() -> None:
    """Measure, and print what was found with its ratios."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.5
    print(
        f"{'way, records/s':24}{'durable/s':>10}{'handled/s':>11}{'median':>11}{'p99':>11}{'':>8}"
    )
    rates: dict[float, float] = {}
    for rate in (2000.0, 30_000.0):
        for name, way in (("writer", ours), ("singly", singly)):
            with tempfile.TemporaryDirectory() as folder:
                handled, waits = uvloop.run(way(make_database(folder), rate, seconds))
            durable = len(waits) / seconds
            ratio = rates.setdefault(rate, durable) / max(durable, 1)
            waits = sorted(waits) or [seconds]
            median, late = (waits[int(len(waits) * part)] * 1000 for part in (0.5, 0.99))
            print(f"{f'{name}, {rate:,.0f}':24}{durable:10,.0f}{handled / seconds:11,.0f}", end="")
            print(f"{median:8.1f} ms{late:8.1f} ms{ratio:6.1f} x")
    with tempfile.TemporaryDirectory() as folder:
        uvloop.run(reading(make_database(folder)))


if __name__ == "__main__":
    main()
