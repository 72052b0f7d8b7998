"""What a scrape costs those who are connected: thousands of cars, and one whose pings are timed.

Run ``python benchmarks/scrape.py [count]``. Starts a server, connects as many cars, each to a
vehicle of its own, then times pings of one of them, first alone and then beside scrapes one after
another. Prints how long a scrape takes, how large it is, and the pings' times.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import uvloop

from ovms.net.client import ClientConnection, connect
from ovms.protocol import Message, Role

SECRET = "benchmark-secret"  # noqa: S105 (protects nothing)
SECONDS = 10.0
AT_ONCE = 50


def ovms(*arguments: str) -> None:
    """Run a command."""
    subprocess.run([sys.executable, "-m", "ovms", *arguments], check=True, capture_output=True)


async def cars(port: int, count: int) -> list[ClientConnection]:
    """Connect a car to each vehicle, some at a time; each proves itself."""
    found: list[ClientConnection] = []
    for first in range(0, count, AT_ONCE):
        some = range(first, min(first + AT_ONCE, count))
        secret = SECRET.encode()
        found += await asyncio.gather(
            *(connect("127.0.0.1", port, Role.CAR, f"CAR{n}", secret, timeout=60) for n in some)
        )
    for car in found:
        car.send_all([Message("a"), Message("a"), Message("S", b"80,K,220")])
    return found


async def ping(car: ClientConnection, end: float) -> list[float]:
    """Return the seconds of pings, one after the other, until ``end``."""
    times = []
    while time.perf_counter() < end:
        began = time.perf_counter()
        car.send(Message("A"))
        while (await car.receive()).code != "a":
            pass
        times.append(time.perf_counter() - began)
        await asyncio.sleep(0.005)
    return sorted(times)


async def scrape(port: int, end: float) -> tuple[list[float], int]:
    """Return the seconds of scrapes, a tenth of a second apart, and the bytes of one."""
    times, size = [], 0
    async with httpx.AsyncClient(trust_env=False) as client:
        while time.perf_counter() < end:
            began = time.perf_counter()
            answer = await client.get(f"http://127.0.0.1:{port}/metrics")
            answer.raise_for_status()
            times.append(time.perf_counter() - began)
            size = len(answer.content)
            await asyncio.sleep(0.1)
    return sorted(times), size


def shown(times: list[float]) -> str:
    """Return median, p99 and maximum in milliseconds."""
    picked = (times[len(times) // 2], times[len(times) * 99 // 100], times[-1])
    return "median {:.1f} ms, p99 {:.1f} ms, at most {:.1f} ms".format(*(1000 * t for t in picked))


async def measure(facts: dict[str, int], count: int) -> None:
    """Connect, and measure."""
    connected = await cars(facts["mp"], count)
    await asyncio.sleep(2)
    car = connected[0]
    await scrape(facts["metrics"], time.perf_counter() + 1)  # the first loads what answers
    alone = await ping(car, time.perf_counter() + SECONDS)
    end = time.perf_counter() + SECONDS
    beside, (scrapes, size) = await asyncio.gather(ping(car, end), scrape(facts["metrics"], end))
    print(f"{count} cars; a scrape has {size} bytes: {shown(scrapes)}")
    print(f"pings alone: {shown(alone)}")
    print(f"beside scrapes: {shown(beside)}")
    for each in connected:
        await each.close()


def main() -> None:
    """Start a server, and measure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as folder:
        rows = "".join(f"b,CAR{n},{SECRET}\n" for n in range(count))
        (Path(folder) / "cars.csv").write_text(f"owner,id,secret\n{rows}")
        ovms("vehicle", "import", f"{folder}/cars.csv", "--data", folder)
        (Path(folder) / "ovms.toml").write_text("metrics_port = 0\nhttp = false\n")
        server = subprocess.Popen(
            [sys.executable, "-m", "ovms", "serve", "--data", folder, "--host", "127.0.0.1",
             "--port", "0", "--tls-port", "0", "--log-level", "error"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert server.stdout is not None
        server.stdout.readline()
        facts = json.loads((Path(folder) / "ready.json").read_text())
        try:
            uvloop.run(measure(facts, count))
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
