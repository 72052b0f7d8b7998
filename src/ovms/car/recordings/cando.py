"""The CSV dialect of the CANdo tool, in which a Tesla Roadster was recorded.

Frames are the lines ``RD11,TIME,ID,D1..D8`` (seconds from the start; id and data in hexadecimal
without leading zeros). Every other line is a header, a remark or a legend, and is skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ovms.car.frames import Frame
from ovms.car.recordings.lines import Lines
from ovms.car.recordings.parsing import (
    MOST_DATA,
    MOST_STANDARD,
    parse_bytes,
    parse_hex,
    parse_seconds,
)

PREFIX = "RD11,"
"""The first column of a line with a frame: received data, 11-bit id."""


class Cando:
    """See :class:`~ovms.car.recordings.formats.TextFormat`."""

    name = "CANdo"
    suffix = None

    def recognises(self, line: str) -> bool:
        """Return whether a line is a frame of this dialect, or the names of its columns."""
        return line.startswith((PREFIX, "TYPE,TIME,ID"))

    def read(self, lines: Lines, head: Sequence[str]) -> Iterator[Frame]:
        """Yield the frames."""
        del head
        yield from parse_lines(lines)


def parse_lines(lines: Iterable[str]) -> Iterator[Frame]:
    """Yield the frames in lines of the dialect."""
    for line in lines:
        if line.startswith(PREFIX):
            yield _parse_line(line)


def _parse_line(line: str) -> Frame:
    _, time, frame_id, *data = [*line.split(","), "", ""]
    while data and not data[-1]:  # spreadsheets pad short lines with commas
        data.pop()
    if not 1 <= len(data) <= MOST_DATA:
        raise ValueError(f"a frame has 1 to 8 data bytes, not {len(data)}")
    return Frame(parse_seconds(time), parse_hex(frame_id, MOST_STANDARD), parse_bytes(data))


def write_csv(frames: Iterable[Frame], title: str) -> Iterator[str]:
    """Return frames as lines of the dialect, without line ends."""
    yield from (title, "", "TYPE,TIME,ID,D1,D2,D3,D4,D5,D6,D7,D8")
    for frame in frames:
        data = ",".join(f"{byte:X}" for byte in frame.data)
        yield f"{PREFIX}{frame.time:.4f},{frame.id:X},{data}"
