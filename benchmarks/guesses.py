"""How long a car's message takes to its app while fifty clients guess passwords by HTTP.

A server runs as a process of its own, and so do the guessers: fifty connections, each from an
address of its own, which ask again as soon as they are answered, by names that do not exist or by
the name of the car's owner. A car sends fifty messages a second beside them, on a schedule that
does not wait for anything. The time of each, from the car's socket to its app's, is measured
without guessers and with them, in one run. So is the time of calls of the owner: with a cookie, and
with name and password in the URL, from an address that has logged in before.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvloop

from ovms.net.client import connect
from ovms.protocol import Message, Role

SECRET = PASSWORD = "benchmark"  # noqa: S105
GUESSERS = 50
A_SECOND = 50
CALLS_A_SECOND = 10
P99 = 0.05
"""Seconds within which 99 of 100 messages must come."""

KINDS = {
    "names": lambda at, number: f"name{at}x{number}",
    "name": lambda at, number: "owner",
}
"""Whom a guesser tries: another name each time, or always the owner of the car."""


async def guess(kind: str, port: int) -> None:
    """Guess until standard input ends; print how many tries were answered how."""
    answers: Counter[str] = Counter()

    async def run(at: int) -> None:
        address = (f"127.0.{at}.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=address)
        number = 0
        while True:
            number += 1
            user = KINDS[kind](at, number)
            writer.write(
                f"GET /api/vehicles?username={user}&password=guess{at}x{number} HTTP/1.1\r\n"
                "Host: here\r\n\r\n".encode()
            )
            head = await reader.readuntil(b"\r\n\r\n")
            fields = head.lower().split(b"content-length:")
            await reader.readexactly(int(fields[1].split()[0]))
            answers[head.split()[1].decode()] += 1

    tasks = [asyncio.create_task(run(at)) for at in range(1, GUESSERS + 1)]
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    done, _ = await asyncio.wait([*tasks, ended], return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    print(json.dumps(answers | {"cut": len(done & {*tasks})}), flush=True)


async def messages(port: int, seconds: float) -> list[float]:
    """Return how many seconds each message took from its car to its app."""
    async with (
        await connect("127.0.0.1", port, Role.APP, "CAR", SECRET.encode()) as app,
        await connect("127.0.0.1", port, Role.CAR, "CAR", SECRET.encode()) as car,
    ):
        car.send(Message("F", b"5.0,VIN,0,1,sim"))
        start = time.perf_counter() + 0.5
        took: list[float] = []

        async def send(number: int) -> None:
            car.send(Message("D", b"%d,%r" % (number, time.perf_counter())))

        sending = asyncio.create_task(on_time(send, A_SECOND, start, seconds))
        async for message in app:
            number, _, sent = message.data.partition(b",")
            if message.code == "D" and float(sent) >= start:  # others were stored before
                took.append(time.perf_counter() - float(sent))
                if int(number) == int(seconds * A_SECOND) - 1:
                    break
        await sending
        return took


async def on_time(
    work: Callable[[int], Awaitable[None]], a_second: int, start: float, seconds: float
) -> None:
    """Do something so many times a second."""
    for number in range(int(seconds * a_second)):
        await asyncio.sleep(max(0.0, start + number / a_second - time.perf_counter()))
        await work(number)


async def calls(port: int, seconds: float) -> dict[str, list[float]]:
    """Return how many seconds calls of the owner took, by the kind of their credentials."""
    named = {"username": "owner", "password": PASSWORD}
    took: dict[str, list[float]] = {"cookie": [], "password": []}
    base = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=base, timeout=30) as client:
        answer = await client.get("/api/cookie", params=named)
        client.cookies.clear()
        cookie = {"cookie": answer.headers["set-cookie"]}

        async def call(number: int) -> None:
            by_cookie = number % 2 == 0
            began = time.perf_counter()
            answer = await client.get(
                "/api/status/CAR", params=None if by_cookie else named,
                headers=cookie if by_cookie else None,
            )  # fmt: skip
            answer.raise_for_status()
            took["cookie" if by_cookie else "password"].append(time.perf_counter() - began)

        await on_time(call, CALLS_A_SECOND, time.perf_counter(), seconds)
    return took


async def measure(mp: int, http: int, seconds: float) -> dict[str, list[float]]:
    """Return the times of messages and calls."""
    found, took = await asyncio.gather(calls(http, seconds), messages(mp, seconds))
    return {"message": took} | found


def ovms(*arguments: str, **files: str) -> None:
    """Run a command."""
    subprocess.run([sys.executable, "-m", "ovms", *arguments], check=True, capture_output=True)


@contextmanager
def server(options: list[str]) -> Iterator[dict[str, int]]:
    """Run a server whose log is read; yield what it says of itself."""
    with tempfile.TemporaryDirectory() as folder:
        cars = Path(folder) / "cars.csv"
        cars.write_text(f"owner,id,secret,password\nowner,CAR,{SECRET},{PASSWORD}\n")
        ovms("vehicle", "import", str(cars), "--data", folder)
        program = subprocess.Popen(
            [sys.executable, "-m", "ovms", "serve", "--data", folder, "--host", "127.0.0.1",
             "--port", "0", "--http-port", "0", "--no-tls", *options],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        output = program.stdout
        assert output is not None
        while not (line := output.readline()).startswith(b"ovms ready"):
            assert line, "the server does not start"
        threading.Thread(target=lambda: all(output), daemon=True).start()
        try:
            yield json.loads((Path(folder) / "ready.json").read_text())
        finally:
            program.terminate()
            program.wait()


@contextmanager
def guessing(kind: str, port: int) -> Iterator[dict[str, int]]:
    """Run the guessers; at the end the yielded figures hold how they were answered."""
    figures: dict[str, int] = {}
    program = subprocess.Popen(
        [sys.executable, __file__, "guess", kind, str(port)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield figures
    finally:
        output, _ = program.communicate(b"")
        figures.update(json.loads(output))


def at_99(took: list[float]) -> float:
    """Return the 99th percentile."""
    return sorted(took)[len(took) * 99 // 100]


def told(took: list[float]) -> str:
    """Return the median, the 99th percentile and the longest, in milliseconds."""
    took = sorted(took)
    at = [took[len(took) // 2], at_99(took), took[-1]]
    return "p50 {:6.1f}  p99 {:6.1f}  max {:6.1f} ms".format(*(1000 * each for each in at))


def main() -> int:
    """Measure, and print; return 1 if messages took too long."""
    if sys.argv[1:2] == ["guess"]:
        uvloop.run(guess(sys.argv[2], int(sys.argv[3])))
        return 0
    parser = argparse.ArgumentParser(
        description="Time a car's messages and an owner's calls, beside nobody and beside fifty"
        " who guess passwords by HTTP. Exit code 1 if a car's p99 is 50 ms or more."
    )
    parser.add_argument(
        "--kind", action="append", choices=[*KINDS], help="guess so; both unless given"
    )
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement (10)")
    parser.add_argument("options", nargs="*", help="options of ovms serve, behind --")
    arguments = parser.parse_args()
    is_late = False
    for kind in arguments.kind or KINDS:
        with server(arguments.options) as facts:
            mp, http = facts["mp"], facts["http"]
            quiet = uvloop.run(measure(mp, http, arguments.seconds))
            with guessing(kind, http) as figures:
                loud = uvloop.run(measure(mp, http, arguments.seconds))
        is_late |= at_99(loud["message"]) >= P99
        print(f"{kind}: answers to guesses {figures}")
        for what, took in loud.items():
            ratio = at_99(took) / at_99(quiet[what])
            print(f"  {what:<9} alone: {told(quiet[what])}")
            print(f"  {'':<9} beside: {told(took)}  p99 {ratio:.1f} times as long", flush=True)
    return int(is_late)


if __name__ == "__main__":
    sys.exit(main())
