"""A crowd of connections that say little, and come again as soon as they are closed."""

from __future__ import annotations

import errno
import select
import socket
import threading
import time
from collections import Counter
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"
CONNECTING = 20
"""Connections that it makes at a time: more would fill the system's queue and hinder itself."""

GIVE_UP = 0.5
"""Seconds after which it makes one anew that does not come about."""

TURN = 0.02
"""Seconds that it waits for news before it looks whether it is over."""


class Crowd:
    """``size`` connections, from ``hosts`` in turn; each says ``said`` in steps, and then no more.

    A ``step`` of 1 drips: a byte each turn.
    """

    def __init__(
        self, port: int, size: int, said: bytes = b"", *, hosts: int = 1, step: int = 1 << 16
    ) -> None:
        self._address = (HOST, port)
        self._size = size
        self._said = said
        self._hosts = hosts
        self._step = step
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._lines: dict[int, socket.socket] = {}
        self._connecting: dict[int, float] = {}
        self._left: dict[int, bytes] = {}
        self._poll = select.poll()
        self._number = 0
        self.came = 0
        """Connections that came about, so far."""
        self.closed: Counter[str] = Counter()
        """Connections that the server has closed, by the address that they came from."""

    @property
    def turned_away(self) -> int:
        """Return how many connections the server has closed."""
        return self.closed.total()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_over.set()
        self._thread.join()
        for line in self._lines.values():
            line.close()

    def _run(self) -> None:
        while not self._is_over.is_set():
            while len(self._lines) < self._size and len(self._connecting) < CONNECTING:
                self._open()
            for number, event in self._poll.poll(TURN * 1000):
                if number in self._connecting and not event & (select.POLLERR | select.POLLHUP):
                    self._connected(number)
                elif self._is_closed(number):
                    self._close(number)
            for number, began in list(self._connecting.items()):
                if time.monotonic() - began > GIVE_UP:
                    self._drop(number)
            if self._step == 1:
                for number in list(self._left):
                    self._say(number)

    def _open(self) -> None:
        line = socket.socket()
        line.setblocking(False)
        self._number += 1
        if self._hosts > 1:
            line.bind((f"127.0.0.{self._number % self._hosts + 2}", 0))
        code = line.connect_ex(self._address)
        assert code in (0, errno.EINPROGRESS), errno.errorcode[code]
        self._lines[line.fileno()] = line
        self._connecting[line.fileno()] = time.monotonic()
        self._poll.register(line, select.POLLIN | select.POLLOUT)

    def _connected(self, number: int) -> None:
        self.came += 1
        del self._connecting[number]
        self._poll.modify(number, select.POLLIN)
        self._left[number] = self._said
        self._say(number)

    def _say(self, number: int) -> None:
        left = self._left[number]
        try:
            sent = self._lines[number].send(left[: self._step]) if left else 0
        except OSError:
            sent = len(left)  # it is closed: that comes as news of its own
        self._left[number] = left[sent:]
        if sent == len(left):
            del self._left[number]

    def _is_closed(self, number: int) -> bool:
        """Drop what the server says; return whether it was the last."""
        try:
            return not self._lines[number].recv(1 << 16)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _close(self, number: int) -> None:
        if number not in self._connecting:
            self.closed[self._lines[number].getsockname()[0]] += 1
        self._drop(number)

    def _drop(self, number: int) -> None:
        self._connecting.pop(number, None)
        self._left.pop(number, None)
        self._poll.unregister(number)
        self._lines.pop(number).close()
