"""CRTD, the log format of OVMS modules, in its versions 1 to 3.

::

    1605793322.823716 2R11 201 5A 03 3C 90 01 10

A record has a time, a type and its data. ``R`` and ``T`` are frames that were received and sent,
with ids of 11 or 29 bits; before them stands the number of the bus, which is 1 without one. All
other types are comments, events or commands, and new ones may come.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ovms.car.frames import Frame
from ovms.car.recordings.lines import Lines
from ovms.car.recordings.parsing import make_frame, parse_bytes, parse_id, parse_seconds

_RECORD = re.compile(r"\s*([\d.]+)\s+(\d*)([A-Z]\w*)(?:\s+(.*))?", re.ASCII | re.IGNORECASE)
_KNOWN = re.compile(r"\s*\d+\.\d*\s+\d*(?:[RT](?:11|29)\s+[0-9A-F]+|C[A-Z]{2})\b", re.IGNORECASE)
_FRAMES = {"R11": False, "T11": False, "R29": True, "T29": True}
"""Types of records with frames, and whether their ids are extended ones."""


class Crtd:
    """See :class:`~ovms.car.recordings.formats.TextFormat`."""

    name = "CRTD"
    suffix = ".crtd"

    def recognises(self, line: str) -> bool:
        """Return whether a line is a record of this format."""
        return _KNOWN.match(line) is not None

    def read(self, lines: Lines, head: Sequence[str]) -> Iterator[Frame]:
        """Yield the frames."""
        del head
        for line in lines:
            found = _RECORD.fullmatch(line)
            if found is None:
                if not line or line.lstrip().startswith(("#", ";", "//")):
                    continue
                raise ValueError(f"no CRTD record: {line.strip()[:30]!r}")
            is_extended = _FRAMES.get(found[3].upper())
            if is_extended is None:
                if lines.is_cut and found[4] is None:
                    raise ValueError("the line ends before its data")
                continue
            frame_id, *data = (found[4] or "").split() or [""]
            frame = make_frame(
                parse_seconds(found[1]),
                parse_id(frame_id, is_extended),
                parse_bytes(data, is_cut=lines.is_cut),
                is_extended,
                found[2].lstrip("0") or "1",
            )
            if frame is not None:
                yield frame
            elif lines.is_cut:
                raise ValueError("the line ends before its data")
