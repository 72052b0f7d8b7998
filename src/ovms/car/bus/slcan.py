"""An slcan adapter on a pseudo-terminal: a bus for two programs on a machine without any hardware.

Lawicel's lines, as python-can's interface ``slcan`` and many USB adapters speak them: ``O`` opens,
``L`` opens to listen only, ``C`` closes; ``tIIIL…`` is a frame, ``TIIIIIIIIL…`` one with 29 bits.
While it is closed nothing comes out, and in listen-only mode nothing goes in.
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
"""Bytes of a line; the longest frame has 26. More is no frame."""

READ_SIZE = 4096

DONE, WRONG = b"\r", b"\a"

_STANDARD = re.compile(rb"t([0-7][0-9A-Fa-f]{2})([1-8])((?:[0-9A-Fa-f]{2})*)")
_EXTENDED = re.compile(rb"T([01][0-9A-Fa-f]{7})([1-8])((?:[0-9A-Fa-f]{2})*)")


def parse_frame(line: bytes) -> Frame | None:
    """Read a line with a frame; ``None`` for anything else."""
    found = _STANDARD.fullmatch(line) or _EXTENDED.fullmatch(line)
    if found is None or len(found[3]) != 2 * int(found[2]):
        return None
    return Frame(0.0, int(found[1], 16), bytes.fromhex(found[3].decode()), line[:1] == b"T")


def frame_line(frame: Frame) -> bytes:
    """Write a frame as a line, with its end."""
    head = f"T{frame.id:08X}" if frame.is_extended else f"t{frame.id:03X}"
    return f"{head}{len(frame.data)}{frame.data.hex().upper()}\r".encode()


class Adapter:
    """What the adapter makes of the bytes that come. Pure."""

    def __init__(self) -> None:
        self.is_open = False
        self._may_send = False
        self._rest = b""

    def receive(self, data: bytes) -> Iterator[Frame | bytes]:
        """Take in bytes; give frames for the bus, and what to answer."""
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
    """The adapter on its pseudo-terminal; ``take`` gets the frames that are put on the bus."""

    def __init__(self, take: Callable[[Frame], None], link: Path | None = None) -> None:
        """Make it, reachable by ``link`` too. Raises :class:`OSError`."""
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
        """Begin to serve, on the running event loop."""
        asyncio.get_running_loop().add_reader(self._master, self._read)

    def close(self) -> None:
        """End it."""
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)
        if self._link is not None and self._is_ours(self._link):
            self._link.unlink()

    def _is_ours(self, link: Path) -> bool:
        """Return whether nobody else has taken the name since."""
        return link.is_symlink() and str(link.readlink()) == self.path

    def send(self, frame: Frame) -> None:
        """Put a frame on the bus; lost if nobody listens, or not fast enough."""
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
