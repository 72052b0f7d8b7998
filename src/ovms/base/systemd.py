"""What systemd wants to hear from a service, and whether our output goes to its journal.

The service manager listens on a datagram socket that it names in the environment, and takes lines
of ``NAME=value`` (sd_notify). Nobody waits for it, and without one nothing is said.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, TextIO

LONGEST_STATUS: Final = 200
"""Characters of a status line; it is shown in one."""


class SystemdNotifier:
    """Tells the service manager how the program is; one without an address tells nobody."""

    def __init__(self, address: str | None = None) -> None:
        """Take an address: a path, or an abstract name behind ``@``. Other kinds are not heard."""
        self._address = address if address and address[0] in "/@" else None

    def tell(self, **values: object) -> None:
        """Tell names and values in one message. A manager that is busy or gone misses it."""
        if self._address is None:
            return
        text = "\n".join(f"{name}={_one_line(str(value))}" for name, value in values.items())
        address = "\0" + self._address[1:] if self._address[0] == "@" else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(text.encode(), address)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:LONGEST_STATUS]


def notifier(environment: Mapping[str, str] = os.environ) -> SystemdNotifier:
    """Return who is to be told, as the environment says."""
    return SystemdNotifier(environment.get("NOTIFY_SOCKET"))


def watchdog_interval(environment: Mapping[str, str] = os.environ) -> float | None:
    """Return the seconds between two signs of life, a third of what is granted; ``None`` for none.

    What is meant for another process, or is no number of microseconds, is not for us.
    """
    granted = environment.get("WATCHDOG_USEC", "")
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    if not (granted.isascii() and granted.isdigit() and len(granted) < 20 and int(granted)):
        return None
    return int(granted) / 3e6


def is_journal(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether what is written to a stream goes to the journal, which has the time itself."""
    try:
        state = os.fstat(stream.fileno())
    except (OSError, ValueError):  # closed, or no file at all
        return False
    return environment.get("JOURNAL_STREAM") == f"{state.st_dev}:{state.st_ino}"
