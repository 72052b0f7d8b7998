from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import pytest

from ovms.base.statussocket import telling_status
from ovms.server.data_folder import data_lock
from ovms.server.http.monitor.status import (
    SOCKET,
    BackupStatus,
    LastMinute,
    LoggedProblem,
    Queues,
    ServerStatus,
    StorageStatus,
)
from tests.programs.conftest import run_ovms
from tests.waiting import PATIENCE

MIB = 1024 * 1024

WELL = ServerStatus(
    state="running", troubles=[], version="1.2.3", pid=812, data="/srv/ovms",
    since="2026-03-01T06:00:11Z", seconds=7300.0, ports={"mp": 6867, "mp_tls": None, "http": 6868},
    cars_online=41, vehicles=44, waiting_for_proof=0,
    connections={"car": 41, "app": 9, "stranger": 0},
    last_minute=LastMinute(60.0, 6.25, 8.0, 171, 2.125), queues=Queues(0, 0, 0, 0, 0, 0, 0, 0, 0),
    storage=StorageStatus(212 * MIB, 4 * MIB, 1500 * MIB), outbox={}, deliveries_failed=0,
    logins_failed={}, refused={}, certificate_days={"default": 61}, last_error=None,
    backup=BackupStatus("/b", 24.0, "2026-03-01T03:00:00Z", 12 * MIB, is_failing=False),
)  # fmt: skip

ILL = msgspec.structs.replace(
    WELL, state="stopping", troubles=["The disk is nearly full.", "The server is stopping."],
    vehicles=None, waiting_for_proof=2, connections={}, storage=None, outbox=None,
    last_minute=LastMinute(3.0, 0.0, 0.0, 0, None),
    queues=Queues(12, 3, 0, 1, 0, 0, 0, 0, 0), logins_failed={"0x31": 4},
    refused={"wrong_secret": 12}, certificate_days={},
    last_error=LoggedProblem("2026-03-12T03:10:00Z", "cannot save: \x1b[31mdisk full"),
    backup=None,
)  # fmt: skip


@contextmanager
def telling(folder: Path, answer: bytes) -> Iterator[None]:
    """Be a server that gives this status, in a thread of its own."""
    is_open, is_over = threading.Event(), threading.Event()

    async def tell() -> bytes:
        return answer

    async def run() -> None:
        async with telling_status(folder, SOCKET, tell):
            is_open.set()
            await asyncio.to_thread(is_over.wait, PATIENCE)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        assert is_open.wait(PATIENCE)
        yield
    finally:
        is_over.set()
        thread.join()


def lines_of(text: str) -> dict[str, str]:
    """Return the lines by their names; of several with one name the last."""
    return {line[:13].strip(): line[13:] for line in text.splitlines()}


def test_a_server_that_is_well(tmp_path: Path) -> None:
    """Each line says one thing, and what there is none of is said in words."""
    with telling(tmp_path, msgspec.json.encode(WELL)):
        done = run_ovms("serve", "status", "--data", str(tmp_path), "--healthy")
    assert (done.returncode, done.stderr) == (0, "")
    assert lines_of(done.stdout) == {
        "well": "nothing is wrong",
        "server": "running for 2 h, since 2026-03-01T06:00:11Z",
        "": "ovms 1.2.3, pid 812, data in /srv/ovms",
        "ports": "mp 6867, http 6868",
        "cars": "41 of 44 vehicles online",
        "connections": "car 41, app 9",
        "messages": "6.2 a second came, 8.0 were sent, in the last 60 s",
        "commits": "171 in that time, 2.1 ms each",
        "waiting": "nothing",
        "outbox": "no alert waits",
        "disk": "database 212.0 MiB, its log 4.0 MiB, free 1,500 MiB",
        "backup": "last 2026-03-01T03:00:00Z, 12.0 MiB, every 24 hours into /b",
        "certificates": "default 61 days",
        "logins": "failed since the start: none",
        "refused": "nobody since the start",
        "last error": "none",
    }


def test_a_server_that_is_not(tmp_path: Path) -> None:
    """What is wrong comes first; nothing of it steers the terminal."""
    with telling(tmp_path, msgspec.json.encode(ILL)):
        done = run_ovms("serve", "status", "--data", str(tmp_path))
        asked = run_ovms("serve", "status", "--data", str(tmp_path), "--healthy")
    assert done.returncode == 0
    first, second, *_ = done.stdout.splitlines()
    assert first == "wrong        The disk is nearly full."
    assert second == "wrong        The server is stopping."
    lines = lines_of(done.stdout)
    assert lines["cars"] == "41 online, 2 callers without proof"
    assert lines["backup"] == "none is made by itself (backup_every)"
    assert lines["connections"] == "none"
    assert lines["commits"] == "0 in that time"
    assert lines["waiting"] == "rows 12, records 3, cars paced 1"
    assert lines["outbox"] == "unknown: the database does not answer"
    assert lines["disk"] == "unknown: it does not answer"
    assert lines["certificates"] == "none: no TLS"
    assert lines["logins"] == "failed since the start: 0x31 4"
    assert lines["refused"] == "wrong_secret 12"
    assert lines["last error"] == "2026-03-12T03:10:00Z cannot save: \\x1b[31mdisk full"
    assert (asked.returncode, asked.stdout) == (1, done.stdout)
    assert asked.stderr == f"ovms: {tmp_path}: The disk is nearly full.\n"


def test_json(tmp_path: Path) -> None:
    """Programs get all of it, as it was told."""
    with telling(tmp_path, msgspec.json.encode(WELL)):
        done = run_ovms("serve", "status", "--data", str(tmp_path), "--json")
    assert json.loads(done.stdout) == msgspec.to_builtins(WELL)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (b"", "the server that runs there is busy; try again"),
        (b'{"pid": 1}', "what runs there tells nothing that this version of ovms understands"),
    ],
)
def test_answers_that_are_none(tmp_path: Path, answer: bytes, text: str) -> None:
    """A server that is too busy, or of another version, is told from one that does not run."""
    with telling(tmp_path, answer):
        done = run_ovms("serve", "status", "--data", str(tmp_path))
    assert (done.returncode, done.stderr) == (1, f"ovms: {tmp_path}: {text}\n")


def hold(folder: Path, ready: str | None) -> Callable[[], None]:
    """Hold a data folder as a server does; return what lets it go."""
    stack = ExitStack()
    stack.enter_context(data_lock(folder))
    if ready is not None:
        (folder / "ready.json").write_text(ready)
    return stack.close


@pytest.mark.parametrize(
    ("ready", "text"),
    [
        (None, "a server is starting there, or stopping; ask again in a moment"),
        ('{"pid": 1, "mp": 2}', "a server runs there, and tells nothing: its log says why"),
    ],
)
def test_a_server_without_a_socket(tmp_path: Path, ready: str | None, text: str) -> None:
    """One that is about to start or to end, and one that could make no socket, are told apart."""
    let_go = hold(tmp_path, ready)
    try:
        done = run_ovms("serve", "status", "--data", str(tmp_path))
    finally:
        let_go()
    assert (done.returncode, done.stderr) == (1, f"ovms: {tmp_path}: {text}\n")


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    """A mistyped folder has no server, and is not made."""
    done = run_ovms("serve", "status", "--data", str(tmp_path / "none"))
    assert (done.returncode, done.stderr) == (1, f"ovms: {tmp_path}/none: no server runs there\n")
    assert not (tmp_path / "none").exists()
    (tmp_path / "file").touch()
    done = run_ovms("serve", "status", "--data", str(tmp_path / "file"))
    assert (done.returncode, done.stderr) == (1, f"ovms: {tmp_path}/file: Not a directory\n")
