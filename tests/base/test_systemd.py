"""sd_notify, against real datagram sockets."""

from __future__ import annotations

import asyncio
import io
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from ovms.base.systemd import (
    LONGEST_STATUS,
    SystemdNotifier,
    is_journal,
    notifier,
    signs_of_life,
    watchdog_interval,
)
from tests.waiting import PATIENCE


@contextmanager
def manager(address: str) -> Iterator[socket.socket]:
    """Be a service manager that listens."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listener:
        listener.bind("\0" + address[1:] if address[0] == "@" else address)
        listener.settimeout(PATIENCE)
        yield listener


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_the_manager_hears_one_message(tmp_path: Path, kind: str) -> None:
    """Names and values come as lines of one datagram, at a path and at an abstract name."""
    name = f"@ovms-{secrets.token_hex(8)}" if kind == "abstract" else str(tmp_path / "notify")
    with manager(name) as listener:
        notifier({"NOTIFY_SOCKET": name}).tell(READY=1, STATUS="all\nis  well")
        assert listener.recv(4096) == b"READY=1\nSTATUS=all is well"


def test_a_status_is_bounded(tmp_path: Path) -> None:
    """A long reason is cut."""
    with manager(str(tmp_path / "notify")) as listener:
        SystemdNotifier(str(tmp_path / "notify")).tell(STATUS="x" * (LONGEST_STATUS + 1))
        assert listener.recv(4096) == b"STATUS=" + b"x" * LONGEST_STATUS


@pytest.mark.parametrize(
    "address", [None, "", "vsock:2:1", "relative", "/does/not/exist", "/" * 200]
)
def test_without_a_manager_nothing_happens(address: str | None) -> None:
    """No address, one of another kind, and one without a listener are no error."""
    SystemdNotifier(address).tell(READY=1)


def test_a_manager_that_does_not_listen_holds_nobody_up(tmp_path: Path) -> None:
    """When its queue is full the message is dropped, and the next one too."""
    with manager(str(tmp_path / "notify")) as listener:
        told = SystemdNotifier(str(tmp_path / "notify"))
        for number in range(5000):
            told.tell(STATUS=number)
        assert listener.recv(4096) == b"STATUS=0"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 10.0),
        ({"WATCHDOG_USEC": "3", "WATCHDOG_PID": str(os.getpid())}, 1e-6),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid() + 1)}, None),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "x"}, None),
        ({}, None),
        *[({"WATCHDOG_USEC": wrong}, None) for wrong in ("", "0", "-1", "1.5", "x", "٣", "9" * 20)],
    ],
)
def test_the_watchdog_wants_to_hear_thrice(
    variables: dict[str, str], expected: float | None
) -> None:
    """A third of the time that is granted, if it is granted to this process at all."""
    assert watchdog_interval(variables) == expected


def test_a_journal_is_known_by_its_file(tmp_path: Path) -> None:
    """Only the very stream that the variable names goes to the journal."""
    with (tmp_path / "a").open("w") as journal, (tmp_path / "b").open("w") as other:
        state = os.fstat(journal.fileno())
        variables = {"JOURNAL_STREAM": f"{state.st_dev}:{state.st_ino}"}
        assert is_journal(journal, variables)
        assert not is_journal(other, variables)
        assert not is_journal(journal, {})
        assert not is_journal(io.StringIO(), variables)
    assert not is_journal(journal, variables)
    assert not is_journal(None, variables)


async def test_signs_of_life(tmp_path: Path) -> None:
    """They come as long as the loop runs what is inside, and none without an interval."""
    address = str(tmp_path / "notify")
    with manager(address) as listener:
        listener.setblocking(False)
        loop = asyncio.get_running_loop()
        with signs_of_life(SystemdNotifier(address), 0.01):
            for _ in range(3):
                assert await loop.sock_recv(listener, 100) == b"WATCHDOG=1"
        with signs_of_life(SystemdNotifier(address), None):
            SystemdNotifier(address).tell(READY=1)
        found = await loop.sock_recv(listener, 100)
        while found == b"WATCHDOG=1":  # on its way at the end
            found = await loop.sock_recv(listener, 100)
        assert found == b"READY=1"
