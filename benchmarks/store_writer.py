"""How fast latest messages become durable beside a busy event loop, our way and the obvious ones.

One run, one machine, about ten seconds: the event loop handles messages flat out (a digest and a
row each), while the rows are written by the store's writer, by a thread that commits each row, and
by a thread that commits batches with ``executemany``. Rows are counted when committed.

    python benchmarks/store_writer.py [SECONDS A WAY]
"""

from __future__ import annotations

import asyncio
import hmac
import queue
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import uvloop

from ovms.server.storage import queries
from ovms.server.storage.batch import Batch
from ovms.server.storage.opening import open_database
from ovms.server.storage.sqlite.connections import connect
from ovms.server.storage.writer import Writer
from ovms.server.values import ImportRow, LatestMessage

VEHICLES = 10_000
CODES = "SDLFVWYXabcdefghijkm"
DATA = b"80,K,220,13,charging,standard,310,290,16,42,0,0,7200,0,0,0,0,1,0,1,0,80,230"
UPSERT = (
    "INSERT INTO messages (vehicle_id, code, data, time, token) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (vehicle_id, code) DO UPDATE "
    "SET data = excluded.data, time = excluded.time, token = excluded.token"
)

Put = Callable[[str, LatestMessage], None]


def make_database(folder: Path) -> Path:
    """Make a database with vehicles."""
    database = open_database(folder)
    database.upgrade()
    with database.writing() as connection:
        rows = [ImportRow(n + 1, "bob", f"V{n}", "x") for n in range(VEHICLES)]
        queries.import_vehicles(connection, rows, 1.0)
    return Path(database.name)


async def busy(put: Put, seconds: float) -> int:
    """Handle messages flat out; returns how many."""
    keys = [(f"V{n}", code) for code in CODES for n in range(VEHICLES)]
    handled, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        for _ in range(50):
            vehicle_id, code = keys[handled % len(keys)]
            hmac.digest(DATA, DATA, "md5")
            put(vehicle_id, LatestMessage(code, DATA, 1.0))
            handled += 1
        await asyncio.sleep(0)
    return handled


class Counting(Writer):
    """The store's writer, which counts."""

    committed = 0

    async def _commit(self, batch: Batch) -> int:
        lost = await super()._commit(batch)
        self.committed += batch.rows()
        return lost


async def ours(path: Path, seconds: float) -> tuple[int, int]:
    """Measure the store's writer: messages handled, rows committed meanwhile."""
    database = open_database(path.parent)
    subject = Counting(database)
    handled = await busy(subject.put_message, seconds)
    meanwhile = subject.committed
    await subject.close()
    await database.close()
    return handled, meanwhile


async def thread(path: Path, seconds: float, limit: int) -> tuple[int, int]:
    """Measure a thread that commits up to ``limit`` rows at a time with ``executemany``."""
    rows: queue.SimpleQueue[tuple[str, str, bytes, float, str]] = queue.SimpleQueue()
    committed, stop = 0, threading.Event()

    def write() -> None:
        nonlocal committed
        connection = connect(path)
        while not stop.is_set():
            batch = [rows.get()]
            while len(batch) < limit and not rows.empty():
                batch.append(rows.get())
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(UPSERT, batch)
            connection.execute("COMMIT")
            committed += len(batch)
        connection.close()

    worker = threading.Thread(target=write, daemon=True)
    worker.start()
    handled = await busy(
        lambda vehicle_id, m: rows.put((vehicle_id, m.code, m.data, m.time, m.token)), seconds
    )
    meanwhile = committed
    stop.set()
    rows.put(("V0", "S", DATA, 1.0, ""))
    worker.join()
    return handled, meanwhile


def main() -> None:
    """Measure the three ways and print them with their ratios."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.5
    ways: list[tuple[str, Callable[[Path], tuple[int, int]]]] = [
        ("the store's writer", lambda path: uvloop.run(ours(path, seconds))),
        ("a commit a row", lambda path: uvloop.run(thread(path, seconds, 1))),
        ("executemany of 1000", lambda path: uvloop.run(thread(path, seconds, 1000))),
    ]
    print(f"{'way':22}{'handled/s':>12}{'durable rows/s':>16}{'writer is':>12}")
    first = 0.0
    for name, way in ways:
        with tempfile.TemporaryDirectory() as folder:
            path = make_database(Path(folder))
            handled, rows = (count / seconds for count in way(path))
        first = first or rows
        print(f"{name:22}{handled:12,.0f}{rows:16,.0f}{first / max(rows, 1):10.1f} x")
    load()


def load() -> None:
    """Measure reading a vehicle with all its messages, as at a car's call."""
    with tempfile.TemporaryDirectory() as folder:
        path = make_database(Path(folder))
        connection = connect(path)
        connection.executemany(UPSERT, [("V1", code, DATA, 1.0, "") for code in CODES])
        connection.close()
        with open_database(Path(folder)).reading() as found:
            start = time.perf_counter()
            for _ in range(1000):
                queries.load_vehicle(found, "V1")
            print(f"load of a vehicle with {len(CODES)} messages: ", end="")
            print(f"{(time.perf_counter() - start) * 1000:.0f} µs, on an open connection")


if __name__ == "__main__":
    main()
