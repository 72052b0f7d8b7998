"""Memory of a connection: a server process with thousands of idle apps, before and after they come.

Run ``python benchmarks/connections.py [count]``. Prints resident bytes a connection, silent ones
(accepted, no welcome) and welcomed ones, and their ratio.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from ovms.net.client import connect
from ovms.protocol import Role

SECRET = b"benchmark"


def ovms(*arguments: str) -> None:
    """Run a command."""
    subprocess.run([sys.executable, "-m", "ovms", *arguments], check=True, capture_output=True)


def resident(pid: int) -> int:
    """Give a process's resident memory, bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def silent(port: int, count: int) -> list[asyncio.StreamWriter]:
    """Open connections that say nothing."""
    return [(await asyncio.open_connection("127.0.0.1", port))[1] for _ in range(count)]


async def measure(port: int, pid: int, count: int) -> tuple[float, float]:
    """Give the bytes of a silent and of a welcomed connection."""
    warm = [await connect("127.0.0.1", port, Role.APP, "CAR", SECRET) for _ in range(100)]
    start = resident(pid)
    callers = await silent(port, count)
    await asyncio.sleep(0.5)
    quiet = resident(pid)
    for caller in callers:
        caller.close()
    await asyncio.sleep(0.5)
    before = resident(pid)
    apps = [await connect("127.0.0.1", port, Role.APP, "CAR", SECRET) for _ in range(count)]
    after = resident(pid)
    for app in (*warm, *apps):
        await app.close()
    # What the silent ones left free is used again by the welcomed ones.
    return (quiet - start) / count, (after - before + (before - start)) / count


def main() -> None:
    """Start a server, and measure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as folder:
        ovms("owner", "add", "b", "--data", folder)
        ovms("vehicle", "add", "CAR", "--owner", "b", "--secret", SECRET.decode(), "--data", folder)
        server = subprocess.Popen(
            [sys.executable, "-m", "ovms", "serve", "--data", folder, "--host", "127.0.0.1",
             "--port", "0", "--log-level", "error"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert server.stdout is not None
        server.stdout.readline()
        facts = json.loads((Path(folder) / "ready.json").read_text())
        quiet, welcomed = asyncio.run(measure(facts["mp"], facts["pid"], count))
        server.terminate()
        server.wait()
    print(f"{count} connections: silent {quiet:.0f} bytes, welcomed {welcomed:.0f} bytes each")
    print(f"welcomed / silent: {welcomed / quiet:.1f}")


if __name__ == "__main__":
    main()
