"""The data folder of a running server: its lock, and the file that says where the server is."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from ovms.base.paths import open_private, write_whole

LOCK = "lock"
"""The file that a server locks in its data folder."""

READY = "ready.json"
"""The file that says at which ports the server of a data folder is."""


class AlreadyRunning(Exception):
    """Another server uses the same data folder."""


@contextmanager
def data_lock(data: Path) -> Iterator[None]:
    """Hold the data folder for this process. Raises :class:`AlreadyRunning`."""
    lock = open_private(data / LOCK)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"another ovms server is running on {data}") from None
        yield
    finally:
        os.close(lock)


def running_server(data: Path) -> dict[str, int | None] | None:
    """Return what ``ready.json`` says of the server that runs on a data folder, ``None`` if none.

    Makes no file. A server that is starting or stopping has said nothing: that is an empty answer.
    Raises ``OSError``.
    """
    try:
        with (data / LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        try:
            return msgspec.json.decode((data / READY).read_bytes(), type=dict[str, int | None])
        except (FileNotFoundError, msgspec.DecodeError):
            return {}
    return None


@contextmanager
def ready_file(path: Path, facts: dict[str, int | None]) -> Iterator[None]:
    """Keep ``ready.json``, written whole, for as long as callers are accepted."""
    write_whole(path, msgspec.json.encode(facts) + b"\n", mode=0o644)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
