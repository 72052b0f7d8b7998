"""Whole programs as real processes, on free ports, with data in a folder of their own."""

from __future__ import annotations

import atexit
import json
import logging
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from unittest.mock import patch

import pytest
from typer.testing import CliRunner

from ovms.base import logs
from ovms.cli.main import cli
from tests.programs.forked import Forked
from tests.waiting import PATIENCE

SECRET = "a secret of the tests"

RECORDINGS = Path(__file__).parents[3] / "shared" / "data" / "roadster"
DRIVE = RECORDINGS / "20120218.drive.a.csv"
CHARGE = RECORDINGS / "20120218.charge.done.csv"

needs_recordings = pytest.mark.skipif(
    not RECORDINGS.is_dir(), reason="the recordings of shared/ are not on this machine"
)


class Program:
    """An `ovms` process whose output can be waited for, line by line.

    It has the imports behind it, unless it is to be executed as a user would.
    """

    def __init__(
        self,
        *arguments: str,
        env: dict[str, str] | None = None,
        to_journal: bool = False,
        files: int | None = None,
        executed: bool = False,
    ) -> None:
        variables = {**os.environ, **(env or {}), "PYTHONUNBUFFERED": "1"}
        self.process: Forked | subprocess.Popen[str]
        if executed:
            assert not to_journal
            assert files is None
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ovms", *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=variables,
                text=True,
            )
        else:
            self.process = Forked(arguments, variables, to_journal=to_journal, files=files)
        self.lines: list[str] = []
        self._news: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self._news.put(line.rstrip("\n"))
        self._news.put(None)

    def wait_for(self, pattern: str) -> str:
        """Wait for a line, not seen by an earlier call, that the pattern is found in."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                line = self._news.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                raise AssertionError(f"no line like {pattern!r} in:\n" + "\n".join(self.lines))
            self.lines.append(line)
            if re.search(pattern, line):
                return line

    def output(self) -> str:
        """Return all that was printed so far."""
        while not self._news.empty():
            line = self._news.get()
            if line is not None:
                self.lines.append(line)
        return "\n".join(self.lines)

    def end(self) -> int:
        """Wait until the program ends by itself; its exit code."""
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def stop(self) -> int:
        """Ask the program to stop, and wait; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.end()

    def kill(self) -> None:
        """Pull the plug."""
        self.process.kill()
        self.process.wait()
        self._reader.join(PATIENCE)


Start = Callable[..., Program]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start programs that do not outlive the test."""
    programs: list[Program] = []

    def run(
        *arguments: str,
        env: dict[str, str] | None = None,
        to_journal: bool = False,
        files: int | None = None,
        executed: bool = False,
    ) -> Program:
        program = Program(
            *arguments, env=env, to_journal=to_journal, files=files, executed=executed
        )
        programs.append(program)
        return program

    yield run
    for program in programs:
        if program.process.poll() is None:
            program.kill()


def run_ovms(
    *arguments: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end in this process, which has all imports behind it."""
    with patch.dict(os.environ, env or {}):
        try:
            done = CliRunner().invoke(cli, arguments, catch_exceptions=False)
        finally:
            logs._configure(logging.WARNING, "text", None)  # as in tests/conftest.py
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def run_program(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end as a process of its own, with nothing on standard input."""
    return subprocess.run(
        [sys.executable, "-m", "ovms", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
        check=False,
    )


@cache
def data_with(vehicles: tuple[str, ...]) -> Path:
    """Return a data folder in which the owner ``tester`` has these vehicles, made once."""
    folder = Path(tempfile.mkdtemp(prefix="ovms-data-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _fill(folder, vehicles)
    return folder


def _fill(folder: Path, vehicles: tuple[str, ...], *where: str) -> None:
    listed = folder / "vehicles.csv"
    listed.write_text("owner,id,secret\n" + "".join(f"tester,{id_},{SECRET}\n" for id_ in vehicles))
    for command in (("owner", "add", "tester"), ("vehicle", "import", str(listed))):
        done = run_ovms(*command, "--data", str(folder), *where)
        assert done.returncode == 0, done.stderr
    listed.unlink()


class Server:
    """An `ovms serve` with one owner and some vehicles, which can be killed and started again.

    Its database is a file in its data folder, unless ``database`` is another's URL.
    """

    def __init__(
        self, start: Start, data: Path, vehicles: tuple[str, ...], database: str | None = None
    ) -> None:
        self.data = data
        self.database = database
        self._start = start
        assert not (data / "ovms.db").exists()
        if database is None:
            shutil.copytree(data_with(vehicles), data, dirs_exist_ok=True)
        else:
            data.mkdir(mode=0o700)
            _fill(data, vehicles, "--database", database)
        self.port = self.tls_port = self.http_port = self.https_port = 0
        self.program = self.run()

    def run(self) -> Program:
        """Start it, on the same ports as before."""
        self.program = self._start(
            "serve", *self.where, "--host", "127.0.0.1",
            "--port", str(self.port), "--tls-port", str(self.tls_port),
            "--http-port", str(self.http_port), "--https-port", str(self.https_port),
        )  # fmt: skip
        self.program.wait_for("^ovms ready:")
        facts = json.loads((self.data / "ready.json").read_text())
        self.port, self.tls_port = facts["mp"], facts["mp_tls"]
        self.http_port, self.https_port = facts["http"], facts["https"]
        return self.program

    @property
    def where(self) -> list[str]:
        """Return the options of commands beside it."""
        where = ["--data", str(self.data)]
        return where if self.database is None else [*where, "--database", self.database]

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    def link(self, vehicle: str = "CAR1", address: str | None = None) -> list[str]:
        """Return the options of whoever calls it."""
        return ["--server", address or self.address, "--vehicle", vehicle, "--secret", SECRET]

    def secure(self, vehicle: str = "CAR1") -> list[str]:
        """Return the options of whoever calls it over TLS, and trusts nobody else."""
        address = f"127.0.0.1:{self.tls_port}"
        return [*self.link(vehicle, address), "--tls", "--ca", str(self.data / "tls" / "cert.pem")]


@pytest.fixture
def server(start: Start, tmp_path: Path) -> Server:
    """Run a server that knows CAR1 and CAR2."""
    return Server(start, tmp_path / "data", ("CAR1", "CAR2"))


def status_of(server: Server, vehicle: str = "CAR1") -> dict[str, object]:
    """Return what `ovms app status --json` prints."""
    shown = run_ovms("app", "status", "--json", *server.link(vehicle))
    assert shown.returncode == 0, shown.stderr
    result: dict[str, object] = json.loads(shown.stdout)
    return result
