"""A fleet of simulated cars against a real server on loopback: what a car costs either of them.

Run ``python benchmarks/fleet.py [cars] [seconds] [cars a second] [speed]``. The cars are brought
up, then watched for so many seconds at their usual reporting: processor time as parts of one core,
resident memory a car, messages and bytes a second, and the costs of server and fleet as ratios.
With a speed of 10 the cars live and report ten times as fast.

``python benchmarks/fleet.py compare [cars] [seconds]`` runs the same cars three times, each time in
a process of its own: as members of a fleet; as links of their own, like the one of ``ovms car``, in
one event loop; and as links whose cars are looked at only when the fleet would. It prints what a
car costs in each way, also as a ratio to what it costs as a member.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

import uvloop

from ovms.base import logs
from ovms.base.clock import SystemClock
from ovms.car.drivers import ClockDriver, Listener
from ovms.car.fleet.fleet import Fleet
from ovms.car.fleet.roster import Defaults, RosterEntry, parse_roster
from ovms.car.link import Link
from ovms.car.module import Module
from ovms.car.reports import Units
from ovms.car.vehicles.sim import SCENARIOS, SimCar
from ovms.net.client import connect
from ovms.protocol import Role

TICKS = os.sysconf("SC_CLK_TCK")


def ovms(*arguments: str) -> None:
    """Run a command."""
    subprocess.run([sys.executable, "-m", "ovms", *arguments], check=True, capture_output=True)


@dataclass(frozen=True)
class Usage:
    """A process's seconds of processor time, and its resident bytes."""

    seconds: float
    memory: int

    @classmethod
    def of(cls, pid: int) -> Usage:
        """Look at a process."""
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        spent = (int(fields[11]) + int(fields[12])) / TICKS
        return cls(spent, pages * os.sysconf("SC_PAGE_SIZE"))


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start a program."""
    return subprocess.Popen(
        [sys.executable, "-m", "ovms", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def wait_for(program: subprocess.Popen[str], pattern: str) -> str:
    """Read its lines up to one that fits."""
    assert program.stdout is not None
    for line in program.stdout:
        if re.search(pattern, line):
            return line
        print("  ", line.strip(), file=sys.stderr)
    raise RuntimeError(f"it ended without {pattern!r}")


def number(line: str, name: str) -> float:
    """Read a number out of a log line."""
    found = re.search(rf"\b{name}=([\d.]+)", line)
    assert found is not None, line
    return float(found[1])


def watch(folder: Path, cars: int, seconds: float, pace: float, speed: float) -> None:
    """Bring the cars up, watch them, and print what they cost."""
    server = start("serve", "--data", str(folder), "--host", "127.0.0.1", "--port", "0",
                   "--tls-port", "0", "--no-http", "--log-level", "error")  # fmt: skip
    fleet = None
    try:
        wait_for(server, "^ovms ready:")
        facts = json.loads((folder / "ready.json").read_text())
        empty, began = Usage.of(facts["pid"]), time.monotonic()
        fleet = start("car", "--fleet", str(folder / "cars.csv"), "--ramp", str(cars / pace),
                      "--speed", str(speed),
                      "--server", f"127.0.0.1:{facts['mp']}")  # fmt: skip
        wait_for(fleet, "the fleet starts")
        bare = Usage.of(fleet.pid)
        wait_for(fleet, "all cars are connected")
        print(f"{cars} cars connected after {time.monotonic() - began:.1f} s")
        up = Usage.of(facts["pid"]), Usage.of(fleet.pid)
        print(f"  coming up took {up[0].seconds - empty.seconds:.1f} s of the server's core, "
              f"{up[1].seconds:.1f} s of the fleet's")  # fmt: skip
        wait_for(fleet, " fleet ")  # the first summary holds the coming up
        before = Usage.of(facts["pid"]), Usage.of(fleet.pid), time.monotonic()
        lines = []
        while time.monotonic() - before[2] < seconds:
            lines.append(wait_for(fleet, " fleet "))
        spent = time.monotonic() - before[2]
        report(
            cars, spent, (empty, bare), before, (Usage.of(facts["pid"]), Usage.of(fleet.pid)), lines
        )
    finally:
        for program in filter(None, (fleet, server)):
            program.terminate()
            program.wait()


def report(
    cars: int,
    spent: float,
    empty: tuple[Usage, Usage],
    before: tuple[Usage, Usage, float],
    after: tuple[Usage, Usage],
    lines: list[str],
) -> None:
    """Print what was seen."""
    served, drove = (
        now.seconds - then.seconds for now, then in zip(after, before[:2], strict=True)
    )
    rate = sum(number(line, "messages_a_second") for line in lines) / len(lines)
    data = sum(number(line, "bytes_a_second") for line in lines) / len(lines)
    print(f"watched {spent:.0f} s: {rate:.0f} messages/s, {data / 1000:.1f} kB/s from the cars")
    print(f"  processor: server {100 * served / spent:.1f} %, fleet {100 * drove / spent:.1f} % "
          "of a core")  # fmt: skip
    memory = [(now.memory - then.memory) / cars for now, then in zip(after, empty, strict=True)]
    print(f"  memory a car: server {memory[0] / 1000:.1f} kB, fleet {memory[1] / 1000:.1f} kB")
    print(f"ratios fleet / server: processor {drove / served:.2f}, "
          f"memory {memory[1] / memory[0]:.2f}")  # fmt: skip
    print(f"cars that one core carries at this rate: fleet {cars * spent / drove:.0f}, "
          f"server {cars * spent / served:.0f}")  # fmt: skip


# -- members of a fleet against links of their own ------------------------------------------


class CalmDriver(ClockDriver):
    """Looks at a simulated car when something may have changed, as a fleet does."""

    def __init__(self, car: SimCar) -> None:
        super().__init__(clock=SystemClock())
        self._car = car

    async def run(self, module: Module, link: Listener) -> None:
        """Live for ever."""
        await link.wait_until_up()
        while True:
            await link.tell(module.poll(self.now))
            await asyncio.sleep(1.0 if module.delivery else self._car.calm_for)


def make_link(entry: RosterEntry, port: int, way: str) -> Link:
    """Make a car with a link of its own."""
    clock = SystemClock()
    car = SimCar(
        start=clock.time(), seed=entry.seed, vin=entry.vin, scenario=SCENARIOS[entry.scenario],
        phase=entry.phase,
    )  # fmt: skip
    call = partial(connect, "127.0.0.1", port, Role.CAR, entry.vehicle, entry.secret.encode())
    driver = CalmDriver(car) if way == "calm" else ClockDriver(clock=clock)
    return Link(
        Module(car, entry.units, entry.vehicle), driver, call,
        random=Random(),  # noqa: S311 (jitter)
    )  # fmt: skip


async def drive(way: str, port: int, entries: list[RosterEntry]) -> None:
    """Be all cars until killed; print a line at the start and when all are connected."""
    pace = 0.01
    works: list[asyncio.Task[None]] = []
    gc.collect()
    print("bare", flush=True)
    if way == "fleet":
        fleet = Fleet(
            entries, "127.0.0.1", port, clock=SystemClock(), random=Random(),  # noqa: S311
            ramp=pace * len(entries),
        )  # fmt: skip
        works.append(asyncio.create_task(fleet.run()))
        while fleet.connected < len(entries):  # noqa: ASYNC110 (a fleet does not tell)
            await asyncio.sleep(0.1)
    else:
        links: list[Link] = []
        for entry in entries:
            links.append(make_link(entry, port, way))
            works.append(asyncio.create_task(links[-1].run()))
            await asyncio.sleep(pace)
        for link in links:
            await link.wait_until_up()
    print("up", flush=True)
    await asyncio.gather(*works)


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    """Run a server, and yield its port."""
    server = start("serve", "--data", str(folder), "--host", "127.0.0.1", "--port", "0",
                   "--tls-port", "0", "--no-http", "--log-level", "error")  # fmt: skip
    try:
        wait_for(server, "^ovms ready:")
        yield json.loads((folder / "ready.json").read_text())["mp"]
    finally:
        server.terminate()
        server.wait()


def cost(way: str, folder: Path, cars: int, seconds: float) -> Usage:
    """Return what a car costs in a way: seconds of processor time a minute, and bytes."""
    with serving(folder) as port:
        words = [sys.executable, __file__, "drive", way, str(port), str(folder / "cars.csv")]
        program = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        try:
            wait_for(program, "bare")
            bare = Usage.of(program.pid)
            wait_for(program, "up")
            time.sleep(10)  # what the login has started is over
            before, began = Usage.of(program.pid), time.monotonic()
            time.sleep(seconds)
            after, spent = Usage.of(program.pid), time.monotonic() - began
        finally:
            program.kill()
            program.wait()
    used = (after.seconds - before.seconds) / spent * 60
    return Usage(used / cars, (after.memory - bare.memory) // cars)


def compare(folder: Path, cars: int, seconds: float) -> None:
    """Print what a car costs in each way, and the ratios."""
    costs = {way: cost(way, folder, cars, seconds) for way in ("fleet", "links", "calm")}
    member = costs["fleet"]
    for way, each in costs.items():
        print(f"{way:<6} {1000 * each.seconds:7.3f} ms of processor time a car and minute, "
              f"{each.memory / 1000:5.1f} kB a car; in terms of the fleet's "
              f"{each.seconds / member.seconds:5.2f} and {each.memory / member.memory:4.2f}"
        )  # fmt: skip


def raise_limit() -> None:
    """Let this process and its children have as many connections as they may."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextmanager
def vehicles(cars: int) -> Iterator[Path]:
    """Yield a server's folder with so many vehicles, and the file of them in it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = "".join(f"b,CAR{at},benchmark secret {at}\n" for at in range(cars))
        (folder / "cars.csv").write_text(f"owner,id,secret\n{rows}")
        ovms("vehicle", "import", str(folder / "cars.csv"), "--data", name)
        yield folder


def filled(words: list[str], *defaults: str) -> list[str]:
    """Return words, and defaults for those that are missing at the end."""
    return [*words, *defaults[len(words) :]]


def main() -> None:
    """Make the vehicles, and watch them."""
    raise_limit()
    match sys.argv[1:]:
        case ["drive", way, port, file]:
            logs.configure("error", "text")
            entries = parse_roster(Path(file).read_bytes(), Defaults("commute", Units.MILES))
            uvloop.run(drive(way, int(port), entries))
        case ["compare", *words]:
            cars, seconds = map(float, filled(words, "1000", "60"))
            with vehicles(int(cars)) as folder:
                compare(folder, int(cars), seconds)
        case words:
            cars, seconds, pace, speed = map(float, filled(words, "2000", "60", "100", "1"))
            with vehicles(int(cars)) as folder:
                watch(folder, int(cars), seconds, pace, speed)


if __name__ == "__main__":
    main()
