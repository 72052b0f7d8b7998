"""Programs that have the imports of ovms behind them, which are most of the time of a start.

A forkserver of the standard library imports them once for all tests of a worker, and each program
is a fork of it: a process with its own id, files, signals and environment, as an executed one.
"""

from __future__ import annotations

import io
import os
import resource
import signal
import subprocess
import sys
from importlib.util import find_spec
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import BinaryIO, TextIO, cast

_forks = get_context("forkserver")
_forks.set_forkserver_preload(["tests.programs.preloaded"])


class Forked:
    """An ``ovms`` process, with what tests use of :class:`subprocess.Popen`.

    It takes its output for systemd's journal if told so, and has at most so many open files.
    """

    def __init__(
        self,
        arguments: tuple[str, ...],
        env: dict[str, str],
        *,
        to_journal: bool = False,
        files: int | None = None,
    ) -> None:
        reader, writer = _forks.Pipe(duplex=False)
        given = (arguments, env, writer, to_journal, files)
        self._process = _forks.Process(target=_run, args=given, daemon=True)
        self._process.start()
        writer.close()
        self.stdout: TextIO = os.fdopen(os.dup(reader.fileno()))
        reader.close()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """Return the exit code, if it has ended."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; return the exit code."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired("ovms", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to stop."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Pull the plug."""
        self.send_signal(signal.SIGKILL)


def _run(
    arguments: tuple[str, ...],
    env: dict[str, str],
    output: Connection,
    to_journal: bool,
    files: int | None,
) -> None:
    """Become ``python -m ovms`` with these arguments, unbuffered, with all output in one pipe."""
    for number in (1, 2):
        os.dup2(output.fileno(), number)
    output.close()
    sys.stdout, sys.stderr = _stream(1, "strict"), _stream(2, "backslashreplace")
    os.environ.clear()
    os.environ.update(env)
    if to_journal:
        state = os.fstat(1)
        os.environ["JOURNAL_STREAM"] = f"{state.st_dev}:{state.st_ino}"
    if files is not None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    program = find_spec("ovms.__main__")
    assert program is not None
    sys.argv = [str(program.origin), *arguments]
    sys.orig_argv = [sys.executable, "-m", "ovms", *arguments]

    from ovms.cli.main import main

    main()


def _stream(number: int, errors: str) -> TextIO:
    """Return a standard stream that keeps nothing back."""
    raw = cast("BinaryIO", os.fdopen(number, "wb", 0, closefd=False))
    return io.TextIOWrapper(raw, errors=errors, write_through=True)
