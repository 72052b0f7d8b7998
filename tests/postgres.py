"""A PostgreSQL server of a test process's own, started when a test first needs a database.

Where PostgreSQL is not installed these tests are skipped, and say so.
"""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Final

import psycopg
import pytest

USER: Final = "ovms"
DEADLINE: Final = 60.0
"""Seconds that a server may take to start on a busy machine."""

MISSING: Final = "PostgreSQL is not installed (apt-get install postgresql)"

_numbers = count(1)


class PostgresServer:
    """A server with a folder of its own, reached by a socket in it.

    ``settings`` are PostgreSQL's; what is not durable is faster, and enough where nobody kills it.
    """

    def __init__(self, **settings: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ovms-pg-"))
        self.settings = {"fsync": "off", "full_page_writes": "off"} | settings
        self._process: subprocess.Popen[bytes] | None = None
        self._programs = _programs()
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self._run("initdb", "--pgdata", self.folder / "data", "--username", USER, "--auth", "trust",
                  "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")  # fmt: skip
        atexit.register(self.remove)
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        shared = {"shared_buffers": "16MB", "listen_addresses": "", "max_connections": "200",
                  "unix_socket_directories": str(self.folder), "logging_collector": "off",
                  "log_min_messages": "panic", "jit": "off"}  # fmt: skip
        options = [f"--{name}={value}" for name, value in (shared | self.settings).items()]
        command = [*_as_postgres(), self._programs / "postgres", "-D", self.folder / "data"]
        self._process = subprocess.Popen(
            [*map(str, command), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + DEADLINE
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > end:
                    raise
                time.sleep(0.02)

    @property
    def pids(self) -> list[int]:
        """Return its processes: the first starts the others, one for each connection too."""
        assert self._process is not None
        first = self._process.pid
        children = Path(f"/proc/{first}/task/{first}/children").read_text()
        return [first, *map(int, children.split())]

    def kill(self) -> None:
        """Pull the plug of all of them."""
        pids = self.pids
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert self._process is not None
        self._process.wait()
        self._process = None
        while any(Path(f"/proc/{pid}").exists() for pid in pids):
            time.sleep(0.01)

    def stop(self, how: str = "immediate") -> None:
        """Stop the server: ``fast``, or ``immediate``, which is as good as kill -9."""
        if self._process is not None:
            self._run("pg_ctl", "--pgdata", self.folder / "data", "--mode", how, "--wait", "stop")
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        """Stop the server and remove what it had."""
        self.stop()
        atexit.unregister(self.remove)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, name: str) -> str:
        """Return the URL of a database by its name."""
        return f"postgresql://{USER}@/{name}?host={self.folder}"

    def create(self, template: str = "template0") -> str:
        """Make a database and return its name."""
        name = f"test{next(_numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever uses it."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def execute(self, sql: str) -> None:
        """Run a statement of the server's administrator, outside a transaction."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.encode())

    def _run(self, program: str, *arguments: object) -> None:
        command = [*_as_postgres(), self._programs / program, *arguments]
        subprocess.run([*map(str, command)], check=True, capture_output=True, cwd="/")


@cache
def postgres_server() -> PostgresServer:
    """Return the server of this process; skip the test where there is no PostgreSQL."""
    if not has_postgres():
        pytest.skip(MISSING)
    return PostgresServer()


@cache
def durable_server() -> PostgresServer:
    """Return a second one that syncs what is committed, for tests that stop or kill it."""
    if not has_postgres():
        pytest.skip(MISSING)
    return PostgresServer(fsync="on", full_page_writes="on")


def _programs() -> Path:
    """Return the folder of the newest PostgreSQL's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found and (program := shutil.which("initdb")):
        found = [Path(program)]
    return found[-1].parent if found else Path()


@cache
def has_postgres() -> bool:
    """Return whether PostgreSQL is installed."""
    return (_programs() / "initdb").exists()


def _as_postgres() -> list[str]:
    """Return what runs a program as the user of PostgreSQL, which does not run as root.

    It ends with us, however we end.
    """
    dies = ["setpriv", "--pdeathsig", "INT"]
    if os.geteuid() == 0:
        dies += ["--reuid", "postgres", "--regid", "postgres", "--init-groups"]
    return [*dies, "--"]
