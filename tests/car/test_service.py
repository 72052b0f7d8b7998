"""What the service manager hears of a car."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ovms.base.clock import ManualClock
from ovms.base.systemd import SystemdNotifier
from ovms.car.linkstate import LinkState
from ovms.car.service import attended
from tests.waiting import PATIENCE


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """Be a service manager that listens."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.setblocking(False)
        yield listener


def heard(manager: socket.socket) -> list[str]:
    """Return what was said so far."""
    messages = []
    while True:
        try:
            messages.append(manager.recv(4096).decode())
        except BlockingIOError:
            return messages


async def test_it_is_ready_once_it_runs(manager: socket.socket) -> None:
    """Not only once it is connected; after that each change of the link is told."""
    link = LinkState(ManualClock())
    with attended(SystemdNotifier(manager.getsockname()), link, None):
        assert heard(manager) == ["READY=1\nSTATUS=calling"]
        link.call("host:1", "CAR")
        link.lose("no way")
        link.wait(5)
        link.connect()
    assert heard(manager) == [
        "STATUS=calling host:1", "STATUS=calling: no way", "STATUS=connected to host:1 as CAR",
    ]  # fmt: skip


async def test_signs_of_life_come_from_the_loop(manager: socket.socket) -> None:
    """They come while the loop turns, none while it hangs, and none when the car has ended."""
    loop = asyncio.get_running_loop()
    with attended(SystemdNotifier(manager.getsockname()), LinkState(ManualClock()), 0.01):
        async with asyncio.timeout(PATIENCE):
            count = 0
            while count < 3:
                await loop.sock_recv(manager, 4096)
                count += 1
        heard(manager)
        hang(0.05)
        assert heard(manager) == []
    hang(0.05)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert heard(manager) == []


def hang(seconds: float) -> None:
    """Let the loop stand still, so that what is due comes at its next turn."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until:
        pass
