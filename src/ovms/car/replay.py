"""Frames from a recording: the CSV dialect of the Roadster recordings, or a format of python-can.

The dialect is that of the CANdo tool: frames are the lines ``RD11,TIME,ID,D1..D8`` (seconds from
the start; id and data in hexadecimal without leading zeros). Every other line is a header, a
remark or a legend, and is skipped.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from ovms.car.frames import Frame

PREFIX = "RD11,"
"""The first column of a line with a frame: received data, 11-bit id."""

BLF_MAGIC = b"LOGG"

_HEX = re.compile(r"[0-9A-Fa-f]{1,3}", re.ASCII)


class RecordingError(Exception):
    """A recording that cannot be read.

    ``path`` names it. ``line`` is the number of the line, counted from 1, or ``None``.
    """

    def __init__(self, path: Path, reason: str, line: int | None = None) -> None:
        where = f", line {line}" if line is not None else ""
        super().__init__(f"recording {path}{where}: {reason}")
        self.path = path
        self.line = line


def open_recording(path: Path) -> Iterator[Frame]:
    """Return the frames of a recording, in the order of the file.

    The file's suffix names the format: ``.csv`` is the dialect above (or python-can's own CSV,
    recognised by its header), all others are python-can's. Raise :class:`RecordingError`: at once
    for a file that cannot be opened or holds no frame, and at a damaged frame.
    """
    is_ours = path.suffix.lower() == ".csv" and not _is_python_can_csv(path)
    frames = _read_csv(path) if is_ours else _read_log(path)
    first = next(frames, None)
    if first is None:
        raise RecordingError(path, "there is no frame in it")
    return _chain(first, frames)


def _chain(first: Frame, rest: Iterator[Frame]) -> Iterator[Frame]:
    yield first
    yield from rest


def _is_python_can_csv(path: Path) -> bool:
    return _head(path).startswith(b"timestamp,")


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(16)
    except OSError as error:
        raise RecordingError(path, error.strerror or str(error)) from error


def _read_csv(path: Path) -> Iterator[Frame]:
    try:
        with path.open(encoding="latin-1") as file:
            yield from parse_csv(file, path)
    except OSError as error:
        raise RecordingError(path, error.strerror or str(error)) from error


def parse_csv(lines: Iterable[str], path: Path) -> Iterator[Frame]:
    """Yield the frames in lines of the dialect above. ``path`` is for errors only."""
    for number, line in enumerate(lines, 1):
        if line.startswith(PREFIX):
            try:
                yield _parse_line(line.rstrip())
            except ValueError as error:
                raise RecordingError(path, str(error), number) from None


def _parse_line(line: str) -> Frame:
    _, time, frame_id, *data = [*line.split(","), "", ""]
    while data and not data[-1]:  # spreadsheets pad short lines with commas
        data.pop()
    if not 1 <= len(data) <= 8:
        raise ValueError(f"a frame has 1 to 8 data bytes, not {len(data)}")
    return Frame(_seconds(time), _hex(frame_id, 0x7FF), bytes(_hex(item, 0xFF) for item in data))


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{text[:20]!r} is no time in seconds")
    return value


def _hex(text: str, most: int) -> int:
    if not _HEX.fullmatch(text) or (value := int(text, 16)) > most:
        raise ValueError(f"{text[:20]!r} is no hexadecimal number up to {most:X}")
    return value


def _read_log(path: Path) -> Iterator[Frame]:
    """Yield the frames that python-can reads, with times from the first frame on."""
    if not path.is_file():
        raise RecordingError(path, "there is no such file")
    if path.suffix.lower() == ".blf" and _head(path)[:4] != BLF_MAGIC:
        raise RecordingError(path, "it is no BLF file")  # python-can would leave it open
    import can  # only here: the dialect above is read without it

    start: float | None = None
    try:
        with can.LogReader(path) as reader:
            for message in reader:
                if message.is_error_frame or message.is_remote_frame or not message.data:
                    continue
                start = message.timestamp if start is None else start
                time = max(0.0, message.timestamp - start)
                frame_id, data = message.arbitration_id, bytes(message.data)
                yield Frame(time, frame_id, data, message.is_extended_id)
    except Exception as error:  # python-can's readers fail with whatever the damage causes
        raise RecordingError(path, f"python-can cannot read it: {error}") from error


def write_csv(frames: Iterable[Frame], title: str) -> Iterator[str]:
    """Return frames as lines of the dialect above, without line ends."""
    yield from (title, "", "TYPE,TIME,ID,D1,D2,D3,D4,D5,D6,D7,D8")
    for frame in frames:
        data = ",".join(f"{byte:X}" for byte in frame.data)
        yield f"{PREFIX}{frame.time:.4f},{frame.id:X},{data}"
