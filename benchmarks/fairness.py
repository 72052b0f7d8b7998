"""How long a car's message takes to its app while other connections send as fast as they can.

A server runs as a process of its own, and so do the floods: four connections of other vehicles
that never stop. A car sends fifty messages a second beside them, on a schedule that does not wait
for anything. The time of each, from the car's socket to its app's, is measured without floods and
with them, in one run. ``--help`` tells the kinds.
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import uvloop

from ovms.net.client import connect
from ovms.net.tls import client_context
from ovms.protocol import Message, Party, Role, Session, State

SECRET = "benchmark"  # noqa: S105
FLOODS = 4
A_SECOND = 50
CHUNK = 400
TRANSPORTS = ("tcp", "tls", "ws")

KINDS: dict[str, tuple[Role, str, Callable[[int], bytes]]] = {
    "status": (Role.CAR, "short S", lambda n: b"S1"),
    "malformed": (Role.CAR, "malformed h", lambda n: b"hx"),
    "records": (Role.CAR, "new h", lambda n: b"h%d,0,*-X,%d,9999,1" % (n, n)),
    "alerts": (Role.CAR, "new P", lambda n: b"PAnews %d" % n),
    "refused": (Role.APP, "refused p", lambda n: b"pA%d,expo,production,NONE,x,key" % n),
    "pings": (Role.APP, "A, answered with a", lambda n: b"A"),
    "commands": (Role.APP, "C of a car that is away", lambda n: b"C5"),
    "long": (Role.CAR, "S of 45,000 bytes", lambda n: b"S" + b"1" * 45_000),
    "tokens": (Role.CAR, "ET, each with another token", lambda n: b"ET%022d" % n),
    "frames": (Role.CAR, "pings of a WebSocket, and empty lines elsewhere", lambda n: b""),
}
MIXED = ("status", "malformed", "alerts", "refused")

HANDSHAKE = (
    b"GET /apiv2 HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
NO_MASK = bytes(4)


class Flood:
    """One connection that never stops."""

    def __init__(self, at: int, kind: str, transport: str) -> None:
        self.at = at
        self.is_web = transport == "ws"
        self.is_tls = transport == "tls"
        self.role, _, self._make = KINDS[kind]
        self.kind = kind
        self.sent = 0
        self._session = Session(Party.CALLER, f"{at:x}" * 22)

    def _line(self, line: bytes) -> bytes:
        if not self.is_web:
            return line
        text = line.removesuffix(b"\r\n")
        length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2)
        return b"\x81" + length + NO_MASK + text

    def _next(self, number: int) -> bytes:
        if self.kind == "frames":
            return b"\x89\x80" + NO_MASK if self.is_web else b"\r\n"
        payload = self._make(number).decode()
        return self._line(self._session.send(Message(payload[0], payload[1:].encode())))

    async def run(self, port: int, tls_port: int) -> None:
        """Log in, and send."""
        tls = client_context(insecure=True) if self.is_tls else None
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", tls_port if self.is_tls else port, ssl=tls
        )
        if self.is_web:
            writer.write(HANDSHAKE)
            await reader.readuntil(b"\r\n\r\n")
        welcome = self._session.send_welcome(self.role, f"FLOOD{self.at}", SECRET.encode())
        writer.write(self._line(welcome))
        while self._session.state is not State.OPEN:
            data = await reader.read(65536)
            if self.is_web:  # the server's frames are not masked: two bytes, and a short line
                data = data[2 : 2 + data[1]] + b"\r\n"
            list(self._session.receive_data(data))
        asyncio.get_running_loop().create_task(self._discard(reader)).add_done_callback(bool)
        at_once = 4 if self.kind == "long" else CHUNK
        for number in count(0, at_once):
            writer.write(b"".join(map(self._next, range(number, number + at_once))))
            await writer.drain()
            self.sent += at_once

    async def _discard(self, reader: asyncio.StreamReader) -> None:
        while await reader.read(1 << 20):
            pass


async def flood(kinds: list[str], transport: str, port: int, tls_port: int) -> None:
    """Run floods until standard input ends; print how much they sent."""
    floods = [Flood(at, kind, transport) for at, kind in enumerate(kinds)]
    tasks = [asyncio.create_task(each.run(port, tls_port)) for each in floods]
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    done, _ = await asyncio.wait([*tasks, ended], return_when=asyncio.FIRST_COMPLETED)
    sent = sum(each.sent for each in floods)
    for task in tasks:
        task.cancel()
    cut = sum(task in done for task in tasks)
    print(json.dumps({"sent": sent, "cut": cut}), flush=True)


async def measure(port: int, seconds: float) -> list[float]:
    """Return how many seconds each message took from its car to its app."""
    async with (
        await connect("127.0.0.1", port, Role.APP, "CAR", SECRET.encode()) as app,
        await connect("127.0.0.1", port, Role.CAR, "CAR", SECRET.encode()) as car,
    ):
        car.send(Message("F", b"5.0,VIN,0,1,sim"))
        total = int(seconds * A_SECOND)
        start = time.perf_counter() + 0.5

        async def send() -> None:
            for number in range(total):
                await asyncio.sleep(max(0.0, start + number / A_SECOND - time.perf_counter()))
                car.send(Message("D", b"%d,%r" % (number, time.perf_counter())))

        sending = asyncio.create_task(send())
        took: list[float] = []
        async for message in app:
            number, _, sent = message.data.partition(b",")
            if message.code == "D" and float(sent) >= start:  # others were stored before
                took.append(time.perf_counter() - float(sent))
                if int(number) == total - 1:
                    break
        await sending
        return took


def ovms(*arguments: str) -> None:
    """Run a command."""
    subprocess.run([sys.executable, "-m", "ovms", *arguments], check=True, capture_output=True)


@contextmanager
def server(options: list[str]) -> Iterator[dict[str, int]]:
    """Run a server whose log is read; yield what it says of itself."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [f"b,{name},{SECRET}\n" for name in ("CAR", *(f"FLOOD{n}" for n in range(FLOODS)))]
        (Path(folder) / "cars.csv").write_text("owner,id,secret\n" + "".join(rows))
        ovms("vehicle", "import", f"{folder}/cars.csv", "--data", folder)
        program = subprocess.Popen(
            [sys.executable, "-m", "ovms", "serve", "--data", folder, "--host", "127.0.0.1",
             "--port", "0", "--tls-port", "0", "--http-port", "0", "--https-port", "0", *options],
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
def flooding(kinds: list[str], transport: str, facts: dict[str, int]) -> Iterator[dict[str, int]]:
    """Run floods; at the end the yielded figures hold how much they sent."""
    figures: dict[str, int] = {}
    program = subprocess.Popen(
        [sys.executable, __file__, "flood", transport, str(facts["mp"]), str(facts["mp_tls"]),
         *kinds],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield figures
    finally:
        output, _ = program.communicate(b"")
        with suppress(ValueError):
            figures.update(json.loads(output))


def told(took: list[float]) -> str:
    """Return the median, the 99th percentile and the longest, in milliseconds."""
    took = sorted(took)
    at = [took[len(took) // 2], took[len(took) * 99 // 100], took[-1]]
    return "p50 {:7.1f}  p99 {:7.1f}  max {:7.1f} ms".format(*(1000 * each for each in at))


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    kinds = "; ".join(f"{name}: {what}" for name, (_, what, _) in KINDS.items())
    made = argparse.ArgumentParser(
        description="Time a car's messages to its app, beside no flood and beside four.",
        epilog=f"Kinds of floods: {kinds}; mixed: one of each of {', '.join(MIXED)}.",
    )
    every = [*KINDS, "mixed"]
    made.add_argument("--kind", action="append", choices=every, help="flood so; all unless given")
    made.add_argument("--transport", action="append", choices=TRANSPORTS,
                      help="flood over it; tcp for each kind and the others for mixed"
                      " and frames unless given")  # fmt: skip
    made.add_argument("--seconds", type=float, default=8.0, help="of each measurement (8)")
    made.add_argument("options", nargs="*", help="options of ovms serve, behind --")
    return made


def chosen(arguments: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Yield each kind of flood and its transport."""
    for kind in arguments.kind or [*KINDS, "mixed"]:
        usual = TRANSPORTS if kind in ("mixed", "frames") else TRANSPORTS[:1]
        for transport in arguments.transport or usual:
            yield kind, transport


def main() -> None:
    """Measure, and print."""
    match sys.argv[1:]:
        case ["flood", transport, port, tls_port, *kinds]:
            uvloop.run(flood(kinds, transport, int(port), int(tls_port)))
            return
    arguments = parser().parse_args()
    for kind, transport in chosen(arguments):
        kinds = list(MIXED) if kind == "mixed" else [kind] * FLOODS
        with server(arguments.options) as facts:
            quiet = uvloop.run(measure(facts["mp"], min(4.0, arguments.seconds)))
            with flooding(kinds, transport, facts) as figures:
                loud = uvloop.run(measure(facts["mp"], arguments.seconds))
        ratio = sorted(loud)[len(loud) * 99 // 100] / sorted(quiet)[len(quiet) * 99 // 100]
        print(f"{kind:<9} {transport}  alone:  {told(quiet)}")
        print(f"{'':<9} {'':<3}  beside: {told(loud)}  p99 {ratio:.1f} times as long; "
              f"the floods sent {figures.get('sent', 0):,}, {figures.get('cut', 0)} ended",
              flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
