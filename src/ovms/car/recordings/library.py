"""Formats that python-can reads: BLF, MF4 and SQLite, which are binary, and TRC."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ovms.car.frames import Frame
from ovms.car.recordings.lines import open_binary
from ovms.car.recordings.parsing import LATEST, make_frame

if TYPE_CHECKING:
    import can

MAGICS = {b"LOGG": "BLF", b"MDF ": "MF4", b"SQLite format 3\0": "SQLite"}
"""How binary files of these formats begin."""


def read_binary(path: Path, name: str) -> Iterator[Frame]:
    """Yield the frames of a file in a format of :data:`MAGICS`."""
    import can  # only here: other formats are read without it

    if name == "SQLite":
        with can.SqliteReader(path) as reader:
            yield from _frames(reader)
        return
    with open_binary(path) as file:
        if name == "BLF":
            yield from _read_blf(file)
        else:
            yield from _frames(can.MF4Reader(file))


def _read_blf(file: BinaryIO) -> Iterator[Frame]:
    """Yield the frames of a BLF file. The library reads one that was cut without a word."""
    import can

    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    reader = can.BLFReader(file)
    announced = reader.file_size  # 0 where the recorder was not stopped in order
    yield from _frames(reader, first=1)
    if size < announced:
        raise ValueError(f"it ends too early: {size} of {announced} bytes are there")


def _frames(messages: Iterable[can.Message], first: int = 0) -> Iterator[Frame]:
    """Yield frames of the library's messages.

    It counts channels from 0 where the file and all tools do so from ``first``.
    """
    for message in messages:
        if message.is_error_frame or message.is_remote_frame:
            continue
        if not (math.isfinite(message.timestamp) and 0 <= message.timestamp <= LATEST):
            raise ValueError(f"{message.timestamp} is no time in seconds")
        channel = message.channel
        if isinstance(channel, int):
            channel += first
        bus = "" if channel is None else str(channel)
        frame = make_frame(
            message.timestamp, message.arbitration_id, bytes(message.data),
            message.is_extended_id, bus,
        )  # fmt: skip
        if frame is not None:
            yield frame
