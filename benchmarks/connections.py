"""Memory of a connection: a server process with thousands of idle apps, before and after they come.

Run ``python benchmarks/connections.py [count]``. Prints resident bytes a connection, silent ones
(accepted, no welcome) and welcomed ones, plain and over TLS, and their ratios; then what strangers
cost who have said part of something.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import ssl
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import uvloop

from ovms.net.client import ClientConnection, connect
from ovms.net.tls import client_context
from ovms.protocol import Role

SECRET = b"benchmark"


def ovms(*arguments: str) -> None:
    """Run a command."""
    subprocess.run([sys.executable, "-m", "ovms", *arguments], check=True, capture_output=True)


def resident(pid: int) -> int:
    """Return a process's resident memory, bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def silent(port: int, count: int, said: bytes = b"") -> list[asyncio.StreamWriter]:
    """Open connections that say nothing, or ``said`` and no more."""
    writers = [(await asyncio.open_connection("127.0.0.1", port))[1] for _ in range(count)]
    for writer in writers:
        writer.write(said)
    return writers


def hello() -> bytes:
    """Return the first message of TLS."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        client_context().wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    return outgoing.read()


async def strangers(facts: dict[str, int], count: int) -> dict[str, float]:
    """Return the bytes of a stranger by what it says."""
    kinds = (
        ("silent at the port with TLS", facts["mp_tls"], b""),
        ("half a hello", facts["mp_tls"], hello()[:-1]),
        ("half a head of 4 kB", facts["mp"], b"GET /apiv2 HTTP/1.1\r\nX: " + b"x" * 4000),
        ("a hello and no more", facts["mp_tls"], hello()),
    )
    found, open_ones = {}, []
    for kind, port, said in kinds:
        open_ones += await silent(port, 20, said)
        await asyncio.sleep(0.5)
        before = resident(facts["pid"])
        open_ones += await silent(port, count, said)
        await asyncio.sleep(0.5)
        found[kind] = (resident(facts["pid"]) - before) / count
    for caller in open_ones:
        caller.close()
    return found


async def apps(port: int, count: int, ca: Path | None = None) -> list[ClientConnection]:
    """Connect apps, over TLS if there is a certificate to trust."""
    tls = None if ca is None else client_context(ca)
    return [
        await connect("127.0.0.1", port, Role.APP, "CAR", SECRET, tls=tls) for _ in range(count)
    ]


async def measure(facts: dict[str, int], ca: Path, count: int) -> tuple[float, float, float]:
    """Return the bytes of a silent, of a welcomed, and of a welcomed TLS connection."""
    port, pid = facts["mp"], facts["pid"]
    warm = [*await apps(port, 100), *await apps(facts["mp_tls"], 100, ca)]
    start = resident(pid)
    callers = await silent(port, count)
    await asyncio.sleep(0.5)
    quiet = resident(pid)
    for caller in callers:
        caller.close()
    await asyncio.sleep(0.5)
    before = resident(pid)
    plain = await apps(port, count)
    after = resident(pid)
    secure = await apps(facts["mp_tls"], count, ca)
    end = resident(pid)
    for app in (*warm, *plain, *secure):
        await app.close()
    # What the silent ones left free is used again by the welcomed ones.
    welcomed = (after - before + (before - start)) / count
    return (quiet - start) / count, welcomed, (end - after) / count


def serve(folder: str) -> tuple[dict[str, int], subprocess.Popen[str]]:
    """Start a server; return what it says of itself, and its process."""
    server = subprocess.Popen(
        [sys.executable, "-m", "ovms", "serve", "--data", folder, "--host", "127.0.0.1",
         "--port", "0", "--tls-port", "0", "--no-http", "--log-level", "error"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stdout is not None
    server.stdout.readline()
    return json.loads((Path(folder) / "ready.json").read_text()), server


def main() -> None:
    """Start a server, and measure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as folder:
        ovms("owner", "add", "b", "--data", folder)
        ovms("vehicle", "add", "CAR", "--owner", "b", "--secret", SECRET.decode(), "--data", folder)
        facts, server = serve(folder)
        ca = Path(folder) / "tls" / "cert.pem"
        quiet, welcomed, secure = uvloop.run(measure(facts, ca, count))
        server.terminate()
        server.wait()
        facts, server = serve(folder)
        said = uvloop.run(strangers(facts, min(count, 900)))
        server.terminate()
        server.wait()
    print(
        f"{count} connections: silent {quiet:.0f}, welcomed {welcomed:.0f}, "
        f"welcomed over TLS {secure:.0f} bytes each"
    )
    for kind, size in said.items():
        print(f"{kind}: {size:.0f} bytes")
    print(f"welcomed / silent: {welcomed / quiet:.1f}, TLS / plain: {secure / welcomed:.1f}")


if __name__ == "__main__":
    main()
