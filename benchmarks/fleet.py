"""A fleet of simulated cars against a real server on loopback: what a car costs either of them.

Run ``python benchmarks/fleet.py [cars] [seconds] [cars a second] [speed]``. The cars are brought
up, then watched for so many seconds at their usual reporting: processor time as parts of one core,
resident memory a car, messages and bytes a second, and the costs of server and fleet as ratios.
With a speed of 10 the cars live and report ten times as fast.
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

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
                   "--tls-port", "0", "--log-level", "error")  # fmt: skip
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


def main() -> None:
    """Make the vehicles, and watch them."""
    cars = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60
    pace = float(sys.argv[3]) if len(sys.argv) > 3 else 100
    speed = float(sys.argv[4]) if len(sys.argv) > 4 else 1
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = "".join(f"b,CAR{at},benchmark secret {at}\n" for at in range(cars))
        (folder / "cars.csv").write_text(f"owner,id,secret\n{rows}")
        ovms("vehicle", "import", str(folder / "cars.csv"), "--data", name)
        watch(folder, cars, seconds, pace, speed)


if __name__ == "__main__":
    main()
