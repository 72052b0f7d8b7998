"""Writes lines to a stream in a thread of its own: the program never waits for whoever reads them.

A pipe that nobody reads, a terminal that is stopped (Ctrl-S), a full disk or a closed pipe cost
lines, and nothing else. How many were lost is written as soon as the stream takes lines again.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final, Self, TextIO

WAITING_LIMIT: Final = 1024 * 1024
"""Characters of lines that wait to be written; further lines are lost, and counted."""

CHUNK: Final = 16 * 1024
"""Bytes that are written at once."""

STALL_TIMEOUT: Final = 1.0
"""Seconds that a stream may take nothing while the writer is closed; the rest is lost then."""

DRAIN_TIMEOUT: Final = 5.0
"""Seconds in which the closed writer must have written everything."""

TURN: Final = 1.0
"""Seconds after which the thread looks around when there is nothing to write."""


def _no_note(lost: int) -> str:
    return ""


def _nothing() -> None:
    pass


class LineWriter:
    """Writes lines in order. Use it as a context, which drains it for a bounded time at its end.

    ``note`` returns a line that says how many lines were lost. ``on_turn`` is called from the
    thread at least once a second while the stream takes lines, and may put some. Both must not
    raise. ``before`` is called from the thread before it writes. Without a stream all lines are
    lost.
    """

    def __init__(
        self,
        stream: TextIO | None,
        *,
        note: Callable[[int], str] = _no_note,
        on_turn: Callable[[], None] = _nothing,
        before: Callable[[], None] = _nothing,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._file = _file_of(stream)
        self._encoding = getattr(stream, "encoding", None) or "utf-8"
        self._note = note
        self._on_turn = on_turn
        self._before = before
        self._clock = clock
        # Its lock is reentrant: the collection of garbage may log in the middle of a call.
        self._changed = threading.Condition()
        self._lines: list[str] = []
        self._size = 0
        self._lost = 0
        self._writing_since: float | None = None
        """When the write began that has not returned yet."""
        self._is_cut = False
        """Only the beginning of the last line was written."""
        self._is_busy = False
        self._is_closing = False
        self._is_done = False
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def put(self, line: str, *, is_minor: bool = False) -> bool:
        """Write a line soon; return whether it waits. Never blocks, and never raises.

        Minor lines get half of the room, so that they cannot push out the others.
        """
        limit = WAITING_LIMIT // 2 if is_minor else WAITING_LIMIT
        with self._changed:
            if self._is_closing or self._size + len(line) >= limit:
                self._lost += 1
                return False
            self._lines.append(line)
            self._size += len(line) + 1
            self._changed.notify_all()
            return True

    def settle(self) -> None:
        """Wait until what has been put is written, or until that takes too long."""
        with self._changed:
            self._changed.wait_for(lambda: not (self._lines or self._is_busy), STALL_TIMEOUT)

    def close(self) -> bool:
        """Write what waits, within the time-outs; return whether all was written.

        Lines that come later are lost. May be called again.
        """
        began = self._clock()
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
            while self._thread.is_alive() and not self._is_done:
                since = began if self._writing_since is None else self._writing_since
                left = min(since + STALL_TIMEOUT, began + DRAIN_TIMEOUT) - self._clock()
                if left <= 0:
                    return False
                self._changed.wait(left)
            return self._is_done

    # -- the thread -------------------------------------------------------------------------

    def _run(self) -> None:
        while self._write_waiting():
            self._on_turn()
        with self._changed:
            self._is_done = True
            self._changed.notify_all()

    def _write_waiting(self) -> bool:
        """Wait for lines and write them; return false after the last ones."""
        with self._changed:
            if not self._lines and not self._is_closing:
                self._changed.wait(TURN)
            lines, self._lines, self._size = self._lines, [], 0
            lost, self._lost = self._lost, 0
            is_last = self._is_closing
            self._is_busy = True
        if lines:
            self._before()
        failed = self._write(lines)
        if lost or failed:
            note = self._note(lost + failed)
            if note and self._write([note]):
                with self._changed:
                    self._lost += lost + failed  # told once the stream takes lines again
        with self._changed:
            self._is_busy = False
            self._changed.notify_all()
        return not is_last

    def _write(self, lines: Sequence[str]) -> int:
        """Write lines; return how many could not be written."""
        if not lines:
            return 0
        text = "".join(f"{line}\n" for line in lines)
        try:
            if self._file is not None:
                return min(len(lines), self._write_file(self._file, text))
            if self._stream is not None:
                self._stream.write(text)
                self._stream.flush()
                return 0
        except (OSError, ValueError):  # ValueError: closed
            pass
        return len(lines)

    def _write_file(self, file: int, text: str) -> int:
        """Write to the file itself: the stream's lock would block the interpreter's exit."""
        data = text.encode(self._encoding, "backslashreplace")
        if self._is_cut:
            data = b"\n" + data
        written = 0
        try:
            while written < len(data):
                if self._writing_since is None:
                    self._writing_since = self._clock()
                try:
                    written += os.write(file, data[written : written + CHUNK])
                except BlockingIOError:  # another program has made it non-blocking
                    _wait_until_writable(file)
                else:
                    self._writing_since = None
        except OSError:
            return data.count(b"\n", written)
        finally:
            self._writing_since = None
            if written:
                self._is_cut = data[written - 1 : written] != b"\n"
        return 0


def _file_of(stream: TextIO | None) -> int | None:
    """Return the file of a stream after all that was printed to it; ``None`` if it has none."""
    try:
        if stream is None:
            return None
        stream.flush()
        return stream.fileno()
    except (OSError, ValueError):
        return None


def _wait_until_writable(file: int) -> None:
    poll = select.poll()
    poll.register(file, select.POLLOUT)
    poll.poll(TURN * 1000)
