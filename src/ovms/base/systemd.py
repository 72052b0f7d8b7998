"""Messages to systemd about a service's state, and whether our output goes to its journal.

The service manager receives lines of ``NAME=value`` on a datagram socket that the environment names
(sd_notify). Sending never waits, and without such a socket nothing is sent.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final, TextIO

LONGEST_STATUS: Final = 200
"""Characters of a status line; it is shown in one."""


class SystemdNotifier:
    """Sends the program's state to the service manager; without an address, to nobody."""

    def __init__(self, address: str | None = None) -> None:
        """Use an address: a path, or an abstract name behind ``@``; others are ignored."""
        self._address = address if address and address[0] in "/@" else None

    def tell(self, **values: object) -> None:
        """Send names and values in one message. A manager that is busy or gone misses it."""
        if self._address is None:
            return
        text = "\n".join(f"{name}={_one_line(str(value))}" for name, value in values.items())
        address = "\0" + self._address[1:] if self._address[0] == "@" else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(text.encode(), address)


@contextmanager
def signs_of_life(notifier: SystemdNotifier, interval: float | None) -> Iterator[None]:
    """Send a sign of life every ``interval`` seconds, none without.

    The event loop's own timer does so, so a loop that hangs sends none, and the service manager
    restarts the program. Call it on that loop.
    """
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle | None = None

    def live() -> None:
        nonlocal timer
        assert interval is not None
        notifier.tell(WATCHDOG=1)
        timer = loop.call_later(interval, live)

    if interval is not None:
        live()
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()


def _one_line(text: str) -> str:
    return " ".join(text.split())[:LONGEST_STATUS]


def notifier(environment: Mapping[str, str] = os.environ) -> SystemdNotifier:
    """Return the notifier for the socket that the environment names."""
    return SystemdNotifier(environment.get("NOTIFY_SOCKET"))


def watchdog_interval(environment: Mapping[str, str] = os.environ) -> float | None:
    """Return the seconds between two heartbeats, a third of the watchdog's; ``None`` without one.

    A value that is for another process, or not a number of microseconds, is ignored.
    """
    granted = environment.get("WATCHDOG_USEC", "")
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    if not (granted.isascii() and granted.isdigit() and len(granted) < 20 and int(granted)):
        return None
    return int(granted) / 3e6


def is_journal(stream: TextIO | None, environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether a stream goes to the journal, which adds the time itself; none does not."""
    if stream is None:
        return False
    try:
        state = os.fstat(stream.fileno())
    except (OSError, ValueError):  # closed, or no file at all
        return False
    return environment.get("JOURNAL_STREAM") == f"{state.st_dev}:{state.st_ino}"
