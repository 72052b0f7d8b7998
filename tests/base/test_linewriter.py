"""The writer of lines: order, bounds, and streams that take nothing."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

import pytest

from ovms.base import linewriter
from ovms.base.linewriter import WAITING_LIMIT, LineWriter
from tests.waiting import wait_until


@contextmanager
def pipe() -> Iterator[tuple[int, TextIO]]:
    """Make a pipe; yield what reads and what writes."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream, os.fdopen(reader, "rb", buffering=0) as opened:
        yield opened.fileno(), stream


def lost(count: int) -> str:
    """Return the line about lost lines."""
    return f"lost {count}"


def test_lines_come_in_order() -> None:
    """A stream that is no file gets all lines, each with its end."""
    with LineWriter(out := io.StringIO()) as writer:
        assert all(writer.put(f"line {number}") for number in range(1000))
    assert out.getvalue() == "".join(f"line {number}\n" for number in range(1000))


def test_a_file_gets_what_it_can_take() -> None:
    """Characters that the stream's encoding lacks are escaped, and half characters too."""
    reader, file = os.pipe()
    with os.fdopen(file, "w", encoding="ascii") as stream, LineWriter(stream) as writer:
        writer.put("caf\xe9 \udcff")
    with os.fdopen(reader, "rb") as opened:
        assert opened.read() == b"caf\\xe9 \\udcff\n"


def test_a_full_queue_loses_lines_and_says_how_many() -> None:
    """While nobody reads lines wait within the bound; then the count comes behind them."""
    with pipe() as (reader, stream):
        writer = LineWriter(stream, note=lost)
        writer.start()
        line = "x" * 999
        assert writer.put("y" * (256 * 1024))  # more than a pipe holds
        wait_until(lambda: not writer._lines)
        kept = sum(writer.put(line) for _ in range(2000))
        assert kept == WAITING_LIMIT // 1000
        assert not writer.put(line)
        text = b""
        while not text.endswith(b"lost %d\n" % (2001 - kept)):
            text += os.read(reader, 65536)
        assert text.count(b"x" * 999) == kept
        assert writer.put("goes on")
        assert writer.close()
        assert os.read(reader, 65536) == b"goes on\n"


def test_minor_lines_leave_room_for_others() -> None:
    """What is minor fills half of the room only."""
    writer = LineWriter(io.StringIO())
    while writer.put("x" * 99, is_minor=True):
        pass
    assert writer._size <= WAITING_LIMIT // 2
    assert sum(writer.put("x" * 99) for _ in range(10_000)) >= WAITING_LIMIT // 200


def test_closing_does_not_wait_for_a_reader() -> None:
    """A stream that took nothing for long is left alone at once, and later lines are lost."""
    now = [0.0]
    with pipe() as (reader, stream):
        writer = LineWriter(stream, clock=lambda: now[0])
        writer.start()
        writer.put("x" * (256 * 1024))
        wait_until(lambda: writer._writing_since is not None)
        os.read(reader, 1)
        now[0] = linewriter.STALL_TIMEOUT
        assert not writer.close()
        assert not writer.put("too late")
        assert not writer.close()
        while writer._thread.is_alive():  # let the thread end
            os.read(reader, 65536)
            writer._thread.join(0.01)
        assert writer.close()


@pytest.mark.parametrize("stream", [None, io.StringIO()])
def test_without_a_stream_nothing_fails(stream: io.StringIO | None) -> None:
    """A stream that is closed, or none, takes nothing and stops nobody."""
    if stream is not None:
        stream.close()
    with LineWriter(stream, note=lost) as writer:
        writer.put("into the void")


class Disk:
    """Writes in place of the system: after ``free`` bytes the disk is full."""

    def __init__(self, free: int) -> None:
        self.free = free
        self.written = b""

    def write(self, file: int, data: bytes) -> int:
        """Write what there is room for."""
        if self.free <= 0:
            raise OSError(errno.ENOSPC, "full")
        part = bytes(data[: self.free])
        self.free -= len(part)
        self.written += part
        return len(part)


def test_a_full_disk_loses_lines_until_it_has_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once there is room again a new line begins, and the count of lost ones is told."""
    disk = Disk(free=8)
    with pipe() as (_, stream):
        writer = LineWriter(stream, note=lost)
        monkeypatch.setattr(os, "write", disk.write)
        writer._lines = ["one", "two", "three"]
        assert writer._write_waiting()  # "two" fits, "three" does not
        assert (disk.written, writer._lost) == (b"one\ntwo\n", 1)
        disk.free = 2
        writer._lines = ["four"]
        writer._write_waiting()
        assert (disk.written, writer._lost) == (b"one\ntwo\nfo", 2)
        disk.free = 100
        writer._lines = ["five"]
        writer._write_waiting()
    assert disk.written == b"one\ntwo\nfo\nfive\nlost 2\n"
    assert writer._lost == 0


def test_a_file_that_does_not_block_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """If another program has made the file non-blocking, nothing is lost."""
    with pipe() as (reader, stream):
        os.set_blocking(stream.fileno(), False)
        with LineWriter(stream, note=lost) as writer:
            writer.put("x" * (256 * 1024))
            text = b""
            while not text.endswith(b"\n"):
                text += os.read(reader, 65536)
    assert text == b"x" * (256 * 1024) + b"\n"


def test_the_thread_gives_turns() -> None:
    """Who wants a turn now and then gets one although nothing is written."""
    turns: list[None] = []
    add: Callable[[], None] = lambda: turns.append(None)  # noqa: E731
    with LineWriter(io.StringIO(), on_turn=add):
        wait_until(lambda: turns)


def test_one_writer_settles_before_another() -> None:
    """Lines of a second writer come behind those that the first has already."""
    out = io.StringIO()
    with LineWriter(out) as first, LineWriter(out, before=first.settle) as second:
        first.put("log")
        second.put("output")
        second.settle()
    assert out.getvalue() == "log\noutput\n"
