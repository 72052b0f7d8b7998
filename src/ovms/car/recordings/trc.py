"""TRC, the format of PEAK's PCAN-View and PCAN-Explorer, in its versions 1.0 to 2.1.

::

    1)      1059.9  Rx         0300  7  00 00 00 00 04 00 00
    1      1059.900 DT 1     0300 Rx -  7    00 00 00 00 04 00 00

Times are in milliseconds. From version 2 on a line of the header (``;$COLUMNS=``) says what each
column is. An id of more than four digits has 29 bits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ovms.car.frames import Frame
from ovms.car.recordings.lines import Lines
from ovms.car.recordings.parsing import make_frame, parse_id, parse_seconds, take_bytes

_HEADER = re.compile(r"\s*;\$(?:FILEVERSION|STARTTIME|COLUMNS)=", re.IGNORECASE)
_COLUMNS = re.compile(r"\s*;\$COLUMNS=([A-Za-z](?:\s*,\s*[A-Za-z])*)\s*")
_NUMBERED = re.compile(
    r"""\s*\d+\)\s+(?P<time>[\d.]+)\s+
    (?:(?:(?P<bus>\d+)\s+)?(?P<kind>Rx|Tx|Warng|Error)\s+)?
    (?P<id>[0-9A-Fa-f]{4,8})\s+(?:-\s+)?(?P<count>\d+)(?:\s+(?P<data>.*))?""",
    re.VERBOSE | re.ASCII,
)
_FRAMES = frozenset({"DT", "FD", "FB", "FE", "BI"})
_FD_LENGTHS = {9: 12, 10: 16, 11: 20, 12: 24, 13: 32, 14: 48, 15: 64}
"""The numbers of bytes that length codes of CAN FD stand for."""
_NO_FRAME = "FFFFFFFF"
"""The id of a line about the bus, in version 1.0."""


class Trc:
    """See :class:`~ovms.car.recordings.formats.TextFormat`."""

    name = "TRC"
    suffix = ".trc"

    def recognises(self, line: str) -> bool:
        """Return whether a line is of this format's header, or a frame of its version 1."""
        return (_HEADER.match(line) or _NUMBERED.fullmatch(line)) is not None

    def read(self, lines: Lines, head: Sequence[str]) -> Iterator[Frame]:
        """Yield the frames."""
        del head
        columns: list[str] = []
        for line in lines:
            found = _COLUMNS.fullmatch(line)
            if found is not None:
                columns = [each.strip() for each in found[1].split(",")]
                continue
            if not line or line.lstrip().startswith(";"):
                continue
            frame = _by_columns(line, columns, lines) if columns else _numbered(line, lines)
            if frame is not None:
                yield frame


def _numbered(line: str, lines: Lines) -> Frame | None:
    """Return the frame in a line of version 1."""
    found = _NUMBERED.fullmatch(line)
    if found is None:
        raise ValueError(f"no frame as TRC has it: {line.strip()[:30]!r}")
    words = (found["data"] or "").split()
    if found["kind"] in ("Warng", "Error") or found["id"] == _NO_FRAME or words[:1] == ["RTR"]:
        return None
    return _make(found["time"], found["id"], found["bus"] or "", int(found["count"]), words, lines)


def _by_columns(line: str, columns: list[str], lines: Lines) -> Frame | None:
    """Return the frame in a line whose columns are named, the data last."""
    words = line.split()
    cells = dict(zip(columns, words, strict=False))
    if cells.get("T", "DT") not in _FRAMES:
        if lines.is_cut and len(words) <= columns.index("T") + 1:
            raise ValueError(_cut(line))
        return None
    if not {"O", "I"} <= cells.keys() or not {"l", "L"} & cells.keys():
        raise ValueError(_cut(line))
    text = cells["l"] if "l" in cells else cells["L"]
    if not (text.isascii() and text.isdigit() and len(text) <= 2):
        raise ValueError(f"{text[:20]!r} is no length")
    count = int(text) if "l" in cells else _FD_LENGTHS.get(int(text), int(text))
    rest = words[columns.index("D") :] if "D" in columns else []
    return _make(cells["O"], cells["I"], cells.get("B", ""), count, rest, lines)


def _cut(line: str) -> str:
    return f"the line ends too early: {line.strip()[:30]!r}"


def _make(
    time: str, frame_id: str, bus: str, count: int, words: list[str], lines: Lines
) -> Frame | None:
    is_extended = len(frame_id) > 4
    data = take_bytes(words, count, is_cut=lines.is_cut, are_padded=True)
    number = parse_id(frame_id, is_extended)
    return make_frame(parse_seconds(time) / 1000, number, data, is_extended, bus)
