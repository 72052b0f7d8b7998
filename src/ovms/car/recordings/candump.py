"""What candump writes to a file (``-l``, ``-L``) and what it prints on a console.

::

    (1605793322.823716) can0 201#5A033C900110
    (1605793322.823716)  can0  RX - -  201   [6]  5A 03 3C 90 01 10

The time may be a date (``-t A``), count from the start (``-t z``) or from the frame before
(``-t d``), or be missing. Remarks begin with ``#``, ``;`` or ``//``, on lines of their own or
behind a frame.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from ovms.car.frames import Frame
from ovms.car.recordings.lines import Lines
from ovms.car.recordings.parsing import (
    MOST_DATA,
    MOST_EXTENDED,
    MOST_FD_DATA,
    are_steps,
    make_frame,
    parse_hex,
    parse_id,
    parse_run,
    parse_seconds,
    take_bytes,
)

NAME = "candump"

STEP = 0.001
"""Seconds between two frames of a recording without times."""

_LINE = re.compile(
    r"""\s*(?:\(\s*(?:(?P<date>\d{4}-\d\d-\d\d)[ T](?P<clock>[\d:.]+)|(?P<time>[\d.]+))\s*\)\s*)?
    (?P<bus>[^\s()#\[\]]+)\s+
    (?:[RT]X\s+(?:[-B]\s+[-E]\s+)?)?
    (?P<id>[0-9A-Fa-f]+)
    (?:\#(?P<log>\S*)|\s+[\[{](?P<count>\d+)[\]}]\s*(?P<data>.*?))
    \s*(?P<rest>(?:(?<=\s)(?:\#|;|//|[RT]$).*)?)""",
    re.VERBOSE | re.ASCII,
)
_REMARK = re.compile(r"\s*(?:[#;$]|//|\^C|DROPCOUNT)|\t[a-z-]+(?:\{.*)?$|$")
"""Lines without a frame. Those with a tab explain the error frame before them."""
_SECONDS = re.compile(r"\s*\(\s*(\d+\.\d+)\)", re.ASCII)
_PADDED = re.compile(r"0\d\d\.\d+")
"""A time of ``-t z`` or ``-t d``, of which other times can be no steps."""
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_XL_ID = re.compile(r"[0-9A-Fa-f]{5}")
_BITS = re.compile(r"[01]{8}")

_ERROR_FLAG, _REMOTE_FLAG = 0x20000000, 0x40000000


class Candump:
    """See :class:`~ovms.car.recordings.formats.TextFormat`."""

    name = NAME
    suffix = ".log"

    def recognises(self, line: str) -> bool:
        """Return whether a line is a frame of this format."""
        return _LINE.fullmatch(_COLOUR.sub("", line)) is not None

    def read(self, lines: Lines, head: Sequence[str]) -> Iterator[Frame]:
        """Yield the frames."""
        counts_steps = _are_steps(head)
        now = 0.0
        for line in lines:
            plain = _COLOUR.sub("", line) if "\x1b" in line else line
            found = _LINE.fullmatch(plain)
            if found is None:
                if _REMARK.match(plain):
                    continue
                raise ValueError(_problem(plain, lines))
            time = _time(found)
            if time is None:
                now += STEP
            else:
                now = now + time if counts_steps else time
            frame = _frame(found, now, lines)
            if frame is not None:
                yield frame


def _are_steps(head: Sequence[str]) -> bool:
    texts = [found[1] for line in head if (found := _SECONDS.match(line))]
    is_padded = 2 * sum(bool(_PADDED.fullmatch(text)) for text in texts) > len(texts)
    return is_padded and are_steps([float(text) for text in texts])


def _problem(line: str, lines: Lines) -> str:
    """Return why a line is no frame."""
    what = "it ends in half a line" if lines.is_cut else "no frame as candump writes it"
    return f"{what}: {line.strip()[:30]!r}"


def _time(found: re.Match[str]) -> float | None:
    if found["date"] is None:
        return None if found["time"] is None else parse_seconds(found["time"])
    try:
        day = datetime.fromisoformat(f"{found['date']} {found['clock']}")
    except ValueError:
        raise ValueError(f"{found['date']} {found['clock'][:20]} is no time") from None
    return max(0.0, day.replace(tzinfo=UTC).timestamp())


def _frame(found: re.Match[str], time: float, lines: Lines) -> Frame | None:
    text, log = found["id"], found["log"]
    if log is not None and _XL_ID.fullmatch(text):  # CAN XL: a priority and a virtual network
        return None
    is_extended = len(text) > 3
    if is_extended:
        number = parse_hex(text, 0xFFFFFFFF)
        if number & (_ERROR_FLAG | _REMOTE_FLAG):
            return None
        if number & 0x80000000:
            text = f"{number & MOST_EXTENDED:X}"
    frame_id = parse_id(text, is_extended)
    if log is None:
        data = _columns(found["data"], found["count"], lines)
    else:
        data = _run(log)
        if not data and lines.is_cut and log[:1] not in ("R", "r"):
            raise ValueError("the line ends before the data")
    return make_frame(time, frame_id, data, is_extended, found["bus"])


def _run(text: str) -> bytes:
    """Return the data behind ``#``; none for a remote frame."""
    if text[:1] in ("R", "r"):
        return b""
    if text.startswith("#"):  # CAN FD: a digit of flags
        parse_hex(text[1:2], 0xF)
        return parse_run(text[2:].replace(".", ""), MOST_FD_DATA)
    data, _, length = text.partition("_")
    if length:
        parse_hex(length, 0xF)
    return parse_run(data.replace(".", ""), MOST_DATA)


def _columns(text: str, announced: str, lines: Lines) -> bytes:
    """Return the data behind ``[n]``; none for a remote or error frame."""
    words = text.split()
    if words[:1] == ["remote"] or words[-1:] == ["ERRORFRAME"]:
        return b""
    count = int(announced)
    if words[:count] and all(_BITS.fullmatch(word) for word in words[:count]):
        words = [f"{int(word, 2):02X}" for word in words[:count]]
    return take_bytes(words, count, is_cut=lines.is_cut, are_padded=True)
