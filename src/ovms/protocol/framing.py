"""Lines out of a byte stream, within a bound.

Lines end with CR LF, or with LF alone (the Android app). Empty lines carry nothing and are left
out: one module sends one instead of an answer.
"""

from __future__ import annotations

from ovms.protocol.errors import LineTooLong

WELCOME_LINE_LIMIT = 1024
"""Bytes a line may have before the welcome. A welcome has about 100; strangers get no more room."""

LINE_LIMIT = 65536
"""Bytes a line may have after the welcome: far above what a module sends, small enough to hold."""

LINE_END = b"\r\n"


class LineReader:
    """Cuts a byte stream into lines; holds at most ``limit`` bytes of an unfinished one."""

    __slots__ = ("_held", "_lines", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._held = bytearray()
        self._lines: list[bytes] = []

    def feed(self, data: bytes) -> None:
        """Take in what came. Complete lines wait for :meth:`next_line`."""
        if b"\n" not in data:
            self._held += data
            return
        first, *middle, rest = data.split(b"\n")
        # Lines wait in reverse order, so that the next one is at the cheap end of the list.
        self._lines[:0] = reversed([bytes(self._held + first), *middle])
        self._held = bytearray(rest)

    def next_line(self) -> bytes | None:
        """Return the next line without its end, or ``None`` until more bytes come.

        Raises :class:`LineTooLong` as soon as a line, finished or not, is over the limit.
        """
        while self._lines:
            line = self._lines.pop()
            if len(line) >= self.limit:
                raise LineTooLong(self.limit)
            line = line.removesuffix(b"\r")
            if line:
                return line
        if len(self._held) >= self.limit:
            raise LineTooLong(self.limit)
        return None

    @property
    def waiting(self) -> int:
        """Bytes held, in finished and unfinished lines."""
        return len(self._held) + sum(len(line) + 1 for line in self._lines)
