"""Vector's ASC, of CANalyzer and many loggers, with classic and CAN FD frames.

::

    0.100000 1  202             Rx   d 1 01
    0.100000 CANFD   1 Rx        202  Locks      0 0 1 1 01   152750  665   307000 a8098166

A header says whether ids and data are hexadecimal, and whether times count from the start or from
the line before. It may be missing. All other lines are events, and are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ovms.car.frames import Frame
from ovms.car.recordings.lines import Lines
from ovms.car.recordings.parsing import (
    MOST_DATA,
    are_steps,
    make_frame,
    parse_id,
    parse_seconds,
    take_bytes,
)

_FD_LENGTHS = (*range(9), 12, 16, 20, 24, 32, 48, 64)

_HEADER = re.compile(
    r"\s*(?:date\s+\w|base\s+(?:hex|dec)\b|begin\s+triggerblock\b|internal events logged)",
    re.IGNORECASE,
)
_BASE = re.compile(r"\s*base\s+(hex|dec)(?:\s+timestamps\s+(absolute|relative))?", re.IGNORECASE)
_EVENT = re.compile(r"\s*(\d+(?:[.,]\d+)?)(?:\s+(.*))?", re.ASCII)
_BEGUN = re.compile(r"(?:CANFD\s+)?\d+(?:\s+(?!ErrorFrame)\w*){0,3}|C?A?N?F?D?\s*", re.ASCII)
"""How a line looks that may have been cut within a frame."""
_CLASSIC = re.compile(r"(\d+)\s+(\S+)\s+(?:Rx|Tx|TxRq)\s+([dr])\b\s*(.*)", re.ASCII | re.IGNORECASE)
_PADDED = re.compile(r"0[0-9A-Fa-f]$", re.ASCII)
_FD = re.compile(r"CANFD\s+(\d+)\s+(?:Rx|Tx|TxRq)\s+(\S+)\s+(.*)", re.ASCII | re.IGNORECASE)
_FD_FLAGS = re.compile(r"(?:\S+\s+)??[01]\s+[01]\s+([0-9A-Fa-f]+)\s+(\d+)(?:\s+(.*))?", re.ASCII)


class Asc:
    """See :class:`~ovms.car.recordings.formats.TextFormat`."""

    name = "ASC"
    suffix = ".asc"

    def recognises(self, line: str) -> bool:
        """Return whether a line is of this format's header, or a frame."""
        return _HEADER.match(line) is not None or _rest_of_frame(line) is not None

    def read(self, lines: Lines, head: Sequence[str]) -> Iterator[Frame]:
        """Yield the frames."""
        is_decimal, are_relative, are_padded = False, _are_relative(head), _are_padded(head)
        now = 0.0
        for line in lines:
            base = _BASE.match(line)
            if base is not None:
                is_decimal = base[1].lower() == "dec"
                continue
            event = _EVENT.fullmatch(line)
            if event is None:
                if lines.is_cut and line.lstrip()[:-1].isdigit():
                    raise ValueError(_cut(line))
                continue
            time = parse_seconds(event[1])
            now = now + time if are_relative else time
            frame = _frame(event[2] or "", now, is_decimal, are_padded, lines)
            if frame is not None:
                yield frame


def _are_relative(head: Sequence[str]) -> bool:
    """Return whether times count from the line before: by the header, else by the times."""
    for line in head:
        base = _BASE.match(line)
        if base is not None and base[2] is not None:
            return base[2].lower() == "relative"
    found = (_EVENT.fullmatch(line) for line in head)
    return are_steps([float(event[1].replace(",", ".")) for event in found if event])


def _are_padded(head: Sequence[str]) -> bool:
    """Return whether all bytes have two digits: some begin with a zero."""
    found = (_CLASSIC.match(_rest_of_frame(line) or "") for line in head)
    return any(_PADDED.match(word) for each in found if each for word in each[4].split()[1:9])


def _rest_of_frame(line: str) -> str | None:
    """Return what follows the time of a frame."""
    event = _EVENT.fullmatch(line)
    rest = event[2] if event is not None else None
    return rest if rest and (_CLASSIC.match(rest) or _FD.match(rest)) else None


def _cut(line: str) -> str:
    return f"the line ends too early: {line.strip()[:30]!r}"


def _frame(
    text: str, time: float, is_decimal: bool, are_padded: bool, lines: Lines
) -> Frame | None:
    """Return the frame in a line; ``None`` for another event."""
    classic = _CLASSIC.fullmatch(text)
    fd = _FD.fullmatch(text) if classic is None else None
    if classic is not None:
        if classic[3] in "rR":
            return None
        (bus, name), rest = classic.group(1, 2), classic[4]
        length, *words = rest.split() or [""]
        count = min(_number(length, is_decimal, 0xF), MOST_DATA)
    elif fd is not None and fd[2].lower() != "errorframe":
        (bus, name), flags = fd.group(1, 2), _FD_FLAGS.fullmatch(fd[3])
        if flags is None:
            raise ValueError(f"the frame has no flags and length: {text[:40]!r}")
        count, words = int(flags[2]), (flags[3] or "").split()
        if count not in _FD_LENGTHS:
            raise ValueError(f"no frame has {count} data bytes")
    elif lines.is_cut and _BEGUN.fullmatch(text):
        raise ValueError(_cut(text))
    else:
        return None
    is_extended = name[-1] in "xX"
    frame_id = _id(name[:-1] if is_extended else name, is_extended, is_decimal)
    if is_decimal:
        words = [f"{_number(word, True, 0xFF):02X}" for word in words[:count]]
    data = take_bytes(words, count, is_cut=lines.is_cut, are_padded=are_padded)
    return make_frame(time, frame_id, data, is_extended, bus)


def _id(text: str, is_extended: bool, is_decimal: bool) -> int:
    """Return an id, which some settings of the program replace by a name."""
    try:
        return parse_id(f"{int(text):X}" if is_decimal else text.removeprefix("0x"), is_extended)
    except ValueError:
        raise ValueError(f"{text[:20]!r} is no id: record with numeric ids") from None


def _number(text: str, is_decimal: bool, most: int) -> int:
    try:
        value = int(text, 10 if is_decimal else 16)
    except ValueError:
        value = -1
    if not 0 <= value <= most:
        raise ValueError(f"{text[:20]!r} is no number up to {most}")
    return value
