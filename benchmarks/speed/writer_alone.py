"""The writer alone: records become durable beside an event loop that does nothing else.

``python -m benchmarks.speed.writer_alone FOLDER RECORDS OPEN ROUND FIRST [DATABASE]`` stores
so many records of 50 vehicles from the first on, with so many open, the next when one is on disk,
and prints what that took as JSON. What is stored is what :func:`.wire.record` says.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

import uvloop

from benchmarks.speed import wire
from benchmarks.speed.processes import processor_time
from ovms.protocol.records.history import AckedRecord, KeptRecord
from ovms.server.storage.opening import open_database
from ovms.server.storage.store import Store

VEHICLES = 50


def kept(number: int, now: float) -> KeptRecord:
    """Return a record as the server keeps it that gets it now."""
    acked = AckedRecord.parse(wire.record(number)[len(b"MP-0 h") :])
    assert acked is not None
    record, made = acked.record, int(now)
    expires = made + record.lifetime
    return KeptRecord(record.type, record.number, made, expires, record.data, acked.ack, now)


async def write(
    folder: Path, records: int, at_once: int, number: int, first: int, url: str | None
) -> None:
    """Store records, and print what it took."""
    database = open_database(folder, url)
    store = await Store.open(database, time.time)
    done = asyncio.get_running_loop().create_future()
    each = records // VEHICLES
    now = time.time()
    rows = [
        (wire.vehicle_id(vehicle), kept(number * each + of_vehicle, now))
        for of_vehicle in range(each)
        for vehicle in range(first, first + VEHICLES)
    ]
    waiting = iter(rows)
    missing = len(rows)

    def put() -> None:
        row = next(waiting, None)
        if row is not None:
            store.put_history(*row, saved)

    def saved() -> None:
        nonlocal missing
        missing -= 1
        put()
        if not missing:
            done.set_result(None)

    used, start = processor_time(os.getpid()), time.perf_counter()
    for _ in range(at_once):
        put()
    await done
    seconds = time.perf_counter() - start
    used = processor_time(os.getpid()) - used
    print(json.dumps({"units": len(rows), "seconds": seconds, "processor": used}))
    await store.close(60.0)
    await database.close()


def main() -> None:
    """Store records of a data folder."""
    folder, *counts = sys.argv[1:6]
    url = sys.argv[6] if len(sys.argv) > 6 else None
    records, at_once, number, first = map(int, counts)
    uvloop.run(write(Path(folder), records, at_once, number, first, url))


if __name__ == "__main__":
    main()
