"""What journeys cost: a year of a car made anew, and a message to a server that makes them.

A rebuild is timed for half a year and for a whole one of a car that drives twice a day and charges
each night: it must be linear in the records, and no transaction may hold others up. Then two
servers run side by side, one with ``journeys = false``. As many cars drive at each of them, half an
hour a trip, and say something new each second, as a car does that is watched. What the first server
spends more, of a core for a message, is what journeys cost: it must be under a tenth of what the
other spends for it. Trips and stops begin and end in the span as often as they do in the half hour.

    python benchmarks/journeys.py [CARS] [SECONDS]
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import uvloop
from sqlalchemy import insert

from ovms.net.client import ClientConnection, connect
from ovms.protocol import Message, Role
from ovms.server.storage import queries
from ovms.server.storage.database import Database
from ovms.server.storage.journey_rebuild import SETTLE, Rebuild
from ovms.server.storage.opening import open_database
from ovms.server.storage.schema import history, history_counts

START = 1_750_032_000
DAY = 86400
GOAL = 0.1
"""Of what a message costs without journeys."""

HALF_HOUR = 1800.0
STOP = 240.0
"""Seconds of it in which a car stands: long enough to end its trip."""
PHASES = 20
"""So many groups of cars begin one after another, so that any span has its share of each moment."""
WARM = 330.0
"""Seconds until all cars are known, and their journeys were written once."""

Row = tuple[int, str, str]


def doors(odometer: float, speed: int, parked: int = 0, *, charges: bool = False) -> str:
    """Return the data of a ``D``."""
    first = 0x20 | (0x80 if speed else 0x40) | (0x1C if charges else 0)
    return f"{first},8,4,30,30,25,0,{odometer * 10:.0f},{speed},{parked},15,1,1,1,12.8,0,12.8,0"


def status(soc: float, state: str = "stopped", energy: float = 0.0) -> str:
    """Return the data of an ``S``."""
    current = 16 if state == "charging" else 0
    ranges = f"{soc * 3:.0f},{soc * 3:.0f}"
    return f"{soc:.1f},K,230,{current},{state},standard,{ranges},16,0,0,{energy * 10:.0f}"


def place(kilometres: float, speed: int) -> str:
    """Return the data of an ``L``."""
    return f"{52 + kilometres / 111.2:.6f},13.000000,0,50,1,1,{speed},0,0,0,0,0,0,0"


def day(midnight: int, odometer: float) -> Iterator[Row]:
    """Yield what a car reports in a day, once a minute a message, each ten minutes while parked."""
    for minute in range(24 * 60):
        time_ = midnight + 60 * minute
        way = next((minute - at for at in (480, 1080) if at <= minute < at + 40), None)
        if way is not None:
            gone = 40 * (minute >= 1080) + way
            yield time_, "D", doors(odometer + gone, 60)
            yield time_, "L", place(40 - way if minute >= 1080 else way, 60)
            yield time_, "S", status(80 - gone / 4)
        elif minute < 180:
            yield time_, "S", status(60 + minute / 9, "charging", minute / 15)
            if minute == 0:
                yield time_, "D", doors(odometer, 0, 3600, charges=True)
        elif minute % 10 == 0:
            driven = 80 if minute > 1080 else 40 if minute > 480 else 0
            yield time_, "D", doors(odometer + driven, 0, 60 * (minute % 480))
            if minute in (180, 520, 1120):
                yield time_, "S", status(80 - driven / 4)


def fill(database: Database, vehicle_id: str, days: int) -> int:
    """Put so many days of a car into the history; return how many records that were."""
    rows = [row for n in range(days) for row in day(START + n * DAY, 80.0 * n + 1000)]
    with database.writing() as connection:
        bob = queries.find_owner(connection, "bob") or queries.add_owner(connection, "bob", 1.0)
        queries.add_vehicle(connection, vehicle_id, bob, "x", 1.0)
        shared = {"vehicle_id": vehicle_id, "number": 0, "expires": 2**40}
        connection.execute(
            insert(history),
            [
                {**shared, "time": at, "type": code, "data": data.encode()}
                for at, code, data in rows
            ],
        )
        for code in "DLS":
            count = sum(row[1] == code for row in rows)
            counts = {"vehicle_id": vehicle_id, "type": code, "number": 0, "records": count}
            connection.execute(insert(history_counts).values(**counts, bytes=100 * count))
    return len(rows)


def measure_rebuilds() -> None:
    """Time rebuilds of two sizes."""
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(Path(folder))
        database.upgrade()
        rates = []
        for days in (182, 364):
            records = fill(database, f"CAR{days}", days)
            longest, began = 0.0, time.perf_counter()
            work = Rebuild(f"CAR{days}", START + days * DAY - SETTLE)
            with database.reading() as connection:
                work.begin(connection)
            is_more = True
            while is_more:
                with database.reading() as connection:
                    is_more = work.read(connection)
            folded = time.perf_counter() - began
            is_more = True
            while is_more:
                start = time.perf_counter()
                with database.writing() as connection:
                    is_more = work.write(connection)
                longest = max(longest, time.perf_counter() - start)
            took = time.perf_counter() - began
            rates.append(took / records)
            print(f"{days} days, {records} records: {took:.1f} s, {folded:.1f} s of it reading and"
                  f" folding; longest transaction {1000 * longest:.0f} ms")  # fmt: skip
        print(f"a record of the whole year costs {rates[1] / rates[0]:.2f} of one of the half")
        asyncio.run(database.close())


@contextmanager
def server(cars: int, journeys: str) -> Iterator[tuple[int, int]]:
    """Run a server with so many vehicles; yield its process and its port."""
    with tempfile.TemporaryDirectory() as folder:
        rows = "".join(f"b,CAR{at},{at}\n" for at in range(cars))
        (Path(folder) / "cars.csv").write_text("owner,id,secret\n" + rows)
        ovms = [sys.executable, "-m", "ovms"]
        words = [*ovms, "vehicle", "import", f"{folder}/cars.csv", "--data", folder]
        subprocess.run(words, check=True, capture_output=True)
        program = subprocess.Popen(
            [*ovms, "serve", "--data", folder, "--host", "127.0.0.1", "--port", "0",
             "--tls-port", "0", "--no-http", "--log-level", "error"],
            stdout=subprocess.PIPE, text=True, env=os.environ | {"OVMS_JOURNEYS": journeys},
        )  # fmt: skip
        try:
            assert program.stdout is not None
            while not program.stdout.readline().startswith("ovms ready"):
                pass
            ports = json.loads((Path(folder) / "ready.json").read_text())
            yield program.pid, ports["mp"]
        finally:
            program.terminate()
            program.wait()


def spent(pid: int) -> float:
    """Return the seconds of a core that a process has spent."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def discard(car: ClientConnection) -> None:
    """Read what a car is told."""
    async for _ in car:
        pass


async def drive(cars: list[ClientConnection], begin: float, end: float) -> int:
    """Have each car say something new each second of a span; return how many messages that were."""
    sent, start = 0, time.perf_counter() - begin
    while (now := time.perf_counter() - start) < end:
        for at, car in enumerate(cars):
            data = report(at, now)
            car.send(Message("DLS"[sent // len(cars) % 3], data[sent // len(cars) % 3].encode()))
            sent += 1
        await asyncio.sleep(max(0.0, int(now) + 1 - (time.perf_counter() - start)))
    return sent


def report(car: int, now: float) -> tuple[str, str, str]:
    """Return what a car reports: each drives half an hour, then stands for four minutes."""
    phase = now + HALF_HOUR * (car % PHASES) / PHASES
    way, stood = divmod(phase, HALF_HOUR)
    stood -= HALF_HOUR - STOP
    driven = (way * (HALF_HOUR - STOP) + min(phase % HALF_HOUR, HALF_HOUR - STOP)) / 60
    if stood > 0:
        doors_ = doors(1000 + driven, 0, int(stood) + 1)
        return doors_, place(driven, 0), status(80 - driven / 10)
    return doors(1000 + driven, 60), place(driven, 60), status(80 - driven / 10)


async def measure_live(count: int, seconds: float) -> None:
    """Print what a message costs with and without journeys, in servers side by side."""
    with ExitStack() as stack:
        servers = [stack.enter_context(server(count, each)) for each in ("true", "false")]
        tasks, groups = [], []
        for _, port in servers:
            cars = [
                await connect("127.0.0.1", port, Role.CAR, f"CAR{at}", b"%d" % at)
                for at in range(count)
            ]
            tasks += [asyncio.create_task(discard(car)) for car in cars]
            groups.append(cars)
        await asyncio.gather(*(drive(cars, 0.0, WARM) for cars in groups))
        before = [spent(pid) for pid, _ in servers]
        sent = await asyncio.gather(*(drive(cars, WARM, WARM + seconds) for cars in groups))
        costs = [
            (spent(pid) - then) / messages
            for (pid, _), then, messages in zip(servers, before, sent, strict=True)
        ]
        for task in tasks:
            task.cancel()
    ratio = costs[0] / costs[1] - 1
    print(f"{count} cars, {sent[0]} messages: {1e6 * costs[1]:.0f} µs of a core a message without"
          f" journeys, {1e6 * costs[0]:.0f} µs with them: {100 * ratio:+.1f} %"
          f" ({'as it should be' if ratio < GOAL else 'too much'})")  # fmt: skip


if __name__ == "__main__":
    measure_rebuilds()
    cars_, seconds_ = (*map(int, sys.argv[1:]), *(100, 300)[len(sys.argv) - 1 :])
    uvloop.run(measure_live(cars_, seconds_))
