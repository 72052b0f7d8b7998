"""The servers that are measured, each a process of its own: ours, and the floor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 60.0
"""Seconds that a server may take to start or to end."""


@dataclass(frozen=True)
class Target:
    """A server that runs. ``ca`` is the certificate at its port for TLS."""

    name: str
    pid: int
    port: int
    tls_port: int
    ca: Path | None = None

    @property
    def processor(self) -> float:
        """Return the seconds of processor time that its threads have used."""
        return processor_time(self.pid)

    @property
    def memory(self) -> int:
        """Return its resident bytes."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


def processor_time(pid: int) -> float:
    """Return the seconds of processor time that a process's living threads have used."""
    tasks = Path(f"/proc/{pid}/task")
    spent = 0
    for task in tasks.iterdir():
        try:
            spent += int((task / "schedstat").read_text().split()[0])
        except (FileNotFoundError, ProcessLookupError):  # a thread has ended meanwhile
            continue
    return spent / 1e9


@contextmanager
def serving(
    folder: Path, *options: str, patience: float = PATIENCE, tls: bool = True
) -> Iterator[Target]:
    """Run our server on a data folder, as operators do: with its log, in a file."""
    started = start_serving(folder, *options, tls=tls)
    try:
        yield wait_ready(folder, started, patience)
    finally:
        stop(started, patience)


def start_serving(folder: Path, *options: str, tls: bool = True) -> subprocess.Popen[bytes]:
    """Start our server."""
    (folder / "ready.json").unlink(missing_ok=True)
    tls_options = ("--tls-port", "0") if tls else ("--no-tls",)
    with (folder / "server.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "ovms", "serve", "--data", str(folder), "--host", "127.0.0.1",
             "--port", "0", *tls_options, "--no-http", *options],
            stdout=log, stderr=log,
        )  # fmt: skip


def wait_ready(folder: Path, started: subprocess.Popen[bytes], patience: float) -> Target:
    """Return our server once it is ready."""
    end = time.monotonic() + patience
    while not (folder / "ready.json").exists():
        if started.poll() is not None or time.monotonic() > end:
            said = (folder / "server.log").read_text("utf-8", "replace")[-2000:]
            raise RuntimeError(f"ovms serve did not start:\n{said}")
        time.sleep(0.005)
    facts = json.loads((folder / "ready.json").read_text())
    ca = folder / "tls" / "cert.pem"
    return Target("ovms", facts["pid"], facts["mp"], facts.get("mp_tls") or 0, ca)


def stop(started: subprocess.Popen[bytes], patience: float = PATIENCE) -> None:
    """End a server and wait until it has ended."""
    started.terminate()
    try:
        started.wait(patience)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()


@contextmanager
def floor(certificate: Sequence[Path] = ()) -> Iterator[Target]:
    """Run the floor, with TLS if there are a certificate and its key."""
    started = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.speed.floor", *map(str, certificate)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[2],
    )
    try:
        assert started.stdout is not None
        facts = json.loads(started.stdout.readline())
        ca = certificate[0] if certificate else None
        yield Target("floor", started.pid, facts["mp"], facts["mp_tls"], ca)
    finally:
        started.kill()
        started.wait()
        assert started.stdout is not None
        started.stdout.close()


def ovms(*arguments: str) -> None:
    """Run a command of ours."""
    subprocess.run([sys.executable, "-m", "ovms", *arguments], check=True, capture_output=True)
