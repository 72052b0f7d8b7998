"""Lines out of a byte stream, within a bound.

Lines end with CR LF, or with LF alone (the Android app). Empty lines are skipped, since one module
sends one instead of an answer.
"""

from __future__ import annotations

from itertools import takewhile

from ovms.protocol.errors import LineTooLong

WELCOME_LINE_LIMIT = 1024
"""Bytes of a line before the welcome. A welcome has about 100; strangers get no more room."""

LINE_LIMIT = 65536
"""Bytes of a line after the welcome: far more than a module sends, and small enough to hold."""

LINE_END = b"\r\n"


class LineReader:
    """Cuts a byte stream into lines of less than ``limit`` bytes."""

    __slots__ = ("_ahead", "_held", "_is_begun", "_lines", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._held: bytes | bytearray = b""
        self._is_begun = False
        """The beginning of the next line was taken: its rest is a line even if it is empty."""
        self._lines: list[bytes] = []
        self._ahead = 0
        """How many of them were looked at."""

    def feed(self, data: bytes) -> None:
        """Add bytes that came. Complete lines wait for :meth:`next_line`."""
        if b"\n" not in data:
            if not self._held:
                self._held = bytearray()  # to which bytes are added without copying it
            self._held += data
            return
        if self._held:
            data = bytes(self._held) + data
        lines = data.split(b"\n")
        rest = lines.pop()
        self._held = bytearray(rest) if rest else b""
        # Lines wait in reverse order, so that the next one is at the cheap end of the list.
        lines.reverse()
        self._lines[:0] = lines

    def split_whole(self, data: bytes) -> list[bytes] | None:
        """Return the lines of bytes that came, if all are whole, end with CR LF, and none waits.

        ``None`` for anything else, of which nothing is kept: :meth:`feed` it. A line may have an
        end within, if that is none but LF.
        """
        if self._lines or self._held or self._is_begun or len(data) >= self.limit:
            return None
        lines = data.split(LINE_END)
        return None if lines.pop() or b"" in lines else lines

    def next_line(self) -> bytes | None:
        """Return the next line without its end; ``None`` until more bytes come.

        Raises :class:`LineTooLong` as soon as a line, complete or not, reaches the limit.
        """
        lines = self._lines
        while lines:
            line = lines.pop()
            if len(line) >= self.limit:
                raise LineTooLong(self.limit)
            line = line.removesuffix(b"\r")
            if line or self._is_begun:
                self._is_begun = False
                return line
        if len(self._held) >= self.limit:
            raise LineTooLong(self.limit)
        return None

    def look_ahead(self, limit: int) -> list[bytes]:
        """Return the next lines, at most ``limit``; fewer where one behind them is too long.

        They wait until :meth:`skip`. None when no line has come, or the next one is too long. The
        beginning of a line must not have been taken.
        """
        lines = self._lines
        while lines:
            ahead = lines[: -limit - 1 : -1]
            if max(map(len, ahead)) >= self.limit:
                ahead = list(takewhile(lambda line: len(line) < self.limit, ahead))
            self._ahead = len(ahead)
            found = [line for each in ahead if (line := each.removesuffix(b"\r"))]
            if found or not ahead:
                return found
            self.skip()
        return []

    def skip(self) -> None:
        """Drop the lines that were just looked at."""
        del self._lines[len(self._lines) - self._ahead :]

    def unread(self, rest: bytes) -> None:
        """Have :meth:`next_line` return the rest of its last line again, unless it is empty."""
        if rest:
            self._lines.append(rest)

    def take_begun(self, count: int) -> bytes | None:
        """Return so many bytes of the line that has begun, and drop them; ``None`` if it has less.

        Call it when :meth:`next_line` has returned ``None``. The rest of the line is given as a
        line, even if nothing of it is left.
        """
        if len(self._held) < count:
            return None
        self._is_begun = True
        begun = bytes(self._held[:count])
        self._held = self._held[count:]
        return begun

    @property
    def is_done(self) -> bool:
        """Whether no line waits, and none has begun that is too long."""
        return not self._lines and len(self._held) < self.limit

    @property
    def begun(self) -> bytes:
        """What has come of a line that has not ended, within the limit."""
        return bytes(self._held[: self.limit])

    @property
    def waiting(self) -> int:
        """Bytes that wait, in complete and incomplete lines."""
        return len(self._held) + sum(len(line) + 1 for line in self._lines)
