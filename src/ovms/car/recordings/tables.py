"""Tables with a line of names above: GVRET's CSV, of SavvyCAN, and that of python-can.

::

    Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8
    166064000,0000021A,false,Rx,0,8,FE,36,12,FE,69,05,07,AD,

    timestamp,arbitration_id,extended,remote,error,dlc,data
    1.0,0x201,0,0,0,6,WgM8kAEQ

Columns are found by their names, whatever their case and order. They are separated by commas,
semicolons or tabs.
"""

from __future__ import annotations

import binascii
import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ovms.car.frames import Frame
from ovms.car.recordings.lines import Lines
from ovms.car.recordings.parsing import (
    MOST_FD_DATA,
    MOST_STANDARD,
    make_frame,
    parse_hex,
    parse_id,
    parse_run,
    parse_seconds,
    take_bytes,
)

_NAMES = {
    "time": ("timestamp", "time"),
    "id": ("id", "arbitrationid", "canid"),
    "extended": ("extended", "isextended", "ide", "ext"),
    "remote": ("remote", "isremote", "rtr"),
    "error": ("error", "iserror"),
    "length": ("len", "dlc", "length"),
    "data": ("data",),
    "bus": ("bus", "channel"),
}
"""What a column may be called, without blanks and underscores."""

_SEPARATORS = re.compile(r"[\s.:-]|0x", re.IGNORECASE)
_BYTE = re.compile(r"d(?:ata)?(\d{1,2})")

_GVRET = "Time Stamp,ID,Extended,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8"
_GVRET_DIR = _GVRET.replace("Bus", "Dir,Bus")
"""The names of GVRET's columns, old and new, for files that have lost theirs."""
_BARE = re.compile(r"\d+,[0-9A-F]{1,8},(?:true|false|0|1),(?:([RT]x),)?\d+,\d+,", re.IGNORECASE)

_YES, _NO = frozenset({"1", "true", "yes", "x"}), frozenset({"0", "false", "no", ""})


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a line each value is."""

    separator: str
    places: dict[str, int]
    first_byte: int | None
    """Where the first data byte is, if each has a column; the others follow."""

    @property
    def count(self) -> int:
        """How many columns a frame must have, apart from those of data bytes."""
        return 1 + max(self.places.values())


def find_columns(line: str) -> Columns | None:
    """Return the columns that a line of names describes; ``None`` for another line."""
    for separator in (",", ";", "\t"):
        names = [re.sub(r"[\s_\"]", "", cell).lower() for cell in line.split(separator)]
        places = {
            key: place
            for key, known in _NAMES.items()
            for place, name in reversed(list(enumerate(names)))
            if name in known
        }
        numbered = [place for place, name in enumerate(names) if _BYTE.fullmatch(name)]
        if {"time", "id"} <= places.keys() and ("data" in places or numbered):
            return Columns(separator, places, numbered[0] if numbered else None)
    return None


def _columns_of_bare(line: str) -> Columns | None:
    """Return GVRET's columns for a line of values."""
    found = _BARE.match(line)
    return find_columns(_GVRET_DIR if found[1] else _GVRET) if found is not None else None


class Table:
    """See :class:`~ovms.car.recordings.formats.TextFormat`."""

    name = "CSV"
    suffix = ".csv"

    def recognises(self, line: str) -> bool:
        """Return whether a line names columns, or is a frame of GVRET."""
        return (find_columns(line) or _columns_of_bare(line)) is not None

    def read(self, lines: Lines, head: Sequence[str]) -> Iterator[Frame]:
        """Yield the frames. What stands above the names is skipped."""
        del head
        columns: Columns | None = None
        names = ""
        for line in lines:
            if columns is None:
                columns = find_columns(line)
                if columns is not None:
                    names = line
                    continue
                columns = _columns_of_bare(line)
            if columns is None or not line or line == names or line.startswith("#"):
                continue
            frame = _frame(_cells(line, columns.separator), columns, lines)
            if frame is not None:
                yield frame
        if columns is None:
            raise ValueError("no line names the columns: a time, an id and data")


def _cells(line: str, separator: str) -> list[str]:
    if '"' not in line:
        return [cell.strip() for cell in line.split(separator)]
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]
    except csv.Error as error:
        raise ValueError(str(error)) from None


def _frame(cells: list[str], columns: Columns, lines: Lines) -> Frame | None:
    places = columns.places
    if len(cells) < columns.count:
        raise ValueError(f"{columns.count} columns are expected, {len(cells)} are there")
    if _flag(cells, places.get("remote")) or _flag(cells, places.get("error")):
        return None
    time = _time(cells[places["time"]], in_microseconds=columns.first_byte is not None)
    text = cells[places["id"]].removeprefix("0x").removeprefix("0X")
    is_extended = _flag(cells, places.get("extended")) or len(text.lstrip("0")) > 3
    frame_id = parse_id(text.lstrip("0") or text[-1:], is_extended or _is_long(text))
    data = _data(cells, columns, lines)
    bus = cells[places["bus"]] if "bus" in places else ""
    return make_frame(time, frame_id, data, is_extended or frame_id > MOST_STANDARD, bus)


def _is_long(text: str) -> bool:
    """Return whether an id needs 29 bits, whatever another column says."""
    return parse_hex(text[-8:], 0xFFFFFFFF) > MOST_STANDARD


def _flag(cells: list[str], place: int | None) -> bool:
    if place is None:
        return False
    word = cells[place].lower()
    if word not in _YES and word not in _NO:
        raise ValueError(f"{cells[place][:20]!r} is neither 0 nor 1")
    return word in _YES


def _time(text: str, *, in_microseconds: bool) -> float:
    """Return a time in seconds. GVRET counts microseconds, unless there are decimals."""
    if in_microseconds and text.isascii() and text.isdigit():
        return parse_seconds(f"{int(text[:20]) / 1e6}")
    return parse_seconds(text)


def _data(cells: list[str], columns: Columns, lines: Lines) -> bytes:
    place = columns.places.get("length")
    length = None if place is None else _length(cells[place])
    if columns.first_byte is not None:
        words = cells[columns.first_byte :]
        while words and not words[-1]:
            words.pop()
        count = len(words) if length is None else length
        return take_bytes(words, count, is_cut=lines.is_cut)
    text = cells[columns.places["data"]]
    data = _in_base64(text) if length is not None else None
    if data is None or len(data) != length:
        data = parse_run(_SEPARATORS.sub("", text), MOST_FD_DATA)
    if length is not None and len(data) != length:
        raise ValueError(f"{length} data bytes are announced, {len(data)} are there")
    return data


def _length(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:9]) <= MOST_FD_DATA):
        raise ValueError(f"{text[:20]!r} is no number of data bytes")
    return int(text)


def _in_base64(text: str) -> bytes | None:
    try:
        return binascii.a2b_base64(text, strict_mode=True) if text else b""
    except binascii.Error:
        return None
