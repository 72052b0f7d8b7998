"""An slcan adapter on a pseudo-terminal: a bus for two programs without any hardware.

It uses Lawicel's lines, like python-can's interface ``slcan`` and many USB adapters: ``O`` opens,
``L`` opens to listen only, ``C`` closes; ``tIIIL…`` is a frame, ``TIIIIIIIIL…`` one with 29 bits.
While the adapter is closed nothing comes out, and in listen-only mode nothing goes in.
"""

from __future__ import annotations

import asyncio
import os
import re
import tty
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from ovms.car.frames import Frame

LONGEST_LINE = 64
"""Bytes of a line. The longest frame has 26."""

READ_SIZE = 4096

DONE, WRONG = b"\r", b"\a"

_STANDARD = re.compile(rb"t([0-7][0-9A-Fa-f]{2})([1-8])((?:[0-9A-Fa-f]{2})*)")
_EXTENDED = re.compile(rb"T([01][0-9A-Fa-f]{7})([1-8])((?:[0-9A-Fa-f]{2})*)")


def parse_frame(line: bytes) -> Frame | None:
    """Return the frame in a line; ``None`` for anything else."""
    found = _STANDARD.fullmatch(line) or _EXTENDED.fullmatch(line)
    if found is None or len(found[3]) != 2 * int(found[2]):
        return None
    return Frame(0.0, int(found[1], 16), bytes.fromhex(found[3].decode()), line[:1] == b"T")


def frame_line(frame: Frame) -> bytes:
    """Return a frame as a line, with its end."""
    head = f"T{frame.id:08X}" if frame.is_extended else f"t{frame.id:03X}"
    return f"{head}{len(frame.data)}{frame.data.hex().upper()}\r".encode()


class Adapter:
    """Interprets the bytes that an adapter receives. Pure."""

    def __init__(self) -> None:
        self.is_open = False
        self._may_send = False
        self._rest = b""

    def receive(self, data: bytes) -> Iterator[Frame | bytes]:
        """Handle received bytes. Return frames for the bus, and the bytes of the answer."""
        *lines, rest = (self._rest + data).split(b"\r")
        self._rest = rest[:LONGEST_LINE]
        for line in lines:
            yield from self._obey(line)

    def _obey(self, line: bytes) -> Iterator[Frame | bytes]:
        match line[:1]:
            case b"O" | b"L":
                self.is_open, self._may_send = True, line[:1] == b"O"
                yield DONE
            case b"C":
                self.is_open = self._may_send = False
                yield DONE
            case b"S" | b"s" | b"Y" | b"Z":
                yield DONE
            case b"t" | b"T":
                frame = parse_frame(line) if self._may_send else None
                if frame is not None:
                    yield frame
                yield WRONG if frame is None else DONE
            case b"":
                pass
            case _:
                yield WRONG


class SlcanPort:
    """The adapter on its pseudo-terminal. ``take`` is called with each frame that it receives."""

    def __init__(self, take: Callable[[Frame], None], link: Path | None = None) -> None:
        """Create the pseudo-terminal, and ``link`` to it. Raise :class:`OSError`."""
        self._take = take
        self._adapter = Adapter()
        self._link = link
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        if link is not None:
            if link.is_symlink():
                link.unlink()
            link.symlink_to(self.path)

    def open(self) -> None:
        """Start to serve on the running event loop."""
        asyncio.get_running_loop().add_reader(self._master, self._read)

    def close(self) -> None:
        """Close the pseudo-terminal."""
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)
        if self._link is not None and self._is_ours(self._link):
            self._link.unlink()

    def _is_ours(self, link: Path) -> bool:
        """Return whether the link still leads here."""
        return link.is_symlink() and str(link.readlink()) == self.path

    def send(self, frame: Frame) -> None:
        """Send a frame. It is lost if nobody reads, or not fast enough."""
        if self._adapter.is_open:
            self._write(frame_line(frame))

    def _read(self) -> None:
        with suppress(OSError):
            for each in self._adapter.receive(os.read(self._master, READ_SIZE)):
                if isinstance(each, Frame):
                    self._take(each)
                else:
                    self._write(each)

    def _write(self, data: bytes) -> None:
        with suppress(BlockingIOError):
            os.write(self._master, data)
