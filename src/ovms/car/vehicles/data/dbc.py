"""A vehicle's DBC file: its messages and signals, and frames read with them.

Several messages may have one id; a multiplexer tells them apart. Frames may be shorter than in the
file; their missing signals are left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

import cantools.database
from cantools.database import Database, DecodeError, Message
from cantools.database.can import Signal
from cantools.database.errors import UnsupportedDatabaseFormatError
from cantools.errors import Error

from ovms.car.frames import Frame
from ovms.car.vehicles.data.problems import Problem, VehicleTypeError

Codes = dict[str, float]
"""The codes of the signals in one frame by name: the values as they are on the bus, not scaled."""

MOST_BITS = 8 * 4095
"""Bits of the longest message: an answer in many frames (ISO-TP)."""

_ERROR_LINE = re.compile(r"(.*) at line (\d+), column \d+: (.*)", re.DOTALL)
_QUOTED = re.compile(r"The (?:signal|signals) (\w+)")


class BusSignal(NamedTuple):
    """A signal and its message."""

    message: Message
    signal: Signal

    @property
    def name(self) -> str:
        """Its unique name, ``Message.Signal``."""
        return f"{self.message.name}.{self.signal.name}"

    def scale(self, code: float) -> float:
        """Return the value of a code in the file's unit."""
        value = self.signal.conversion.raw_to_scaled(code, decode_choices=False)
        assert isinstance(value, int | float)
        return value

    def is_valid(self, value: float, valid: tuple[float, float] | None = None) -> bool:
        """Return whether a value is in the range, by default the file's.

        Half a step more is accepted, because files round the ends of ranges.
        """
        least, most = valid or self.range
        slack = abs(float(self.signal.scale)) / 2
        return least - slack <= value <= most + slack

    @property
    def range(self) -> tuple[float, float]:
        """The range in the file. By custom ``[0|0]`` means none."""
        least, most = self.signal.minimum, self.signal.maximum
        if least is None or most is None or (least == 0 and most == 0):
            return float("-inf"), float("inf")
        return float(least), float(most)

    @property
    def possible(self) -> tuple[float, float]:
        """The smallest and the largest value that its bits can hold."""
        if self.signal.is_float:
            return float("-inf"), float("inf")
        bits = self.signal.length
        codes = (
            (-(1 << bits - 1), (1 << bits - 1) - 1) if self.signal.is_signed else (0, 2**bits - 1)
        )
        ends = sorted(self.scale(code) for code in codes)
        return ends[0], ends[1]

    def text(self, code: float) -> bytes:
        """Return the bytes of the signal in their order on the bus."""
        size = self.signal.length // 8
        order = self.signal.byte_order
        return int(code).to_bytes(size, "little" if order == "little_endian" else "big")

    def selectors(self) -> dict[str, frozenset[int]]:
        """Return the multiplexers, and the codes that each must have for this signal to exist."""
        found: dict[str, frozenset[int]] = {}
        signal = self.signal
        while signal.multiplexer_signal is not None and signal.multiplexer_ids:
            found[signal.multiplexer_signal] = frozenset(signal.multiplexer_ids)
            signal = self.message.get_signal_by_name(signal.multiplexer_signal)
        return found

    def can_come_with(self, other: BusSignal) -> bool:
        """Return whether one frame can hold both signals."""
        if self.message is not other.message:
            return False
        mine, theirs = self.selectors(), other.selectors()
        return all(mine[name] & theirs[name] for name in mine.keys() & theirs.keys())


class BusFile:
    """A DBC file that was read."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._messages = {
            (message.frame_id, message.is_extended_frame): (message, _variants(message))
            for message in database.messages
        }
        self._signals: dict[str, list[BusSignal]] = {}
        for message in database.messages:
            for signal in message.signals:
                found = BusSignal(message, signal)
                self._signals.setdefault(signal.name, []).append(found)
                self._signals[found.name] = [found]

    def message_of(self, bus_id: int, is_extended: bool) -> str | None:
        """Return the name of the message with an id."""
        message, _ = self._messages.get((bus_id, is_extended), (None, None))
        return message.name if message else None

    @property
    def messages(self) -> list[str]:
        """The names of all messages."""
        return [message.name for message, _ in self._messages.values()]

    def find(self, name: str) -> list[BusSignal]:
        """Return the signals of a name, which may be ``Message.Signal``. One is expected."""
        return self._signals.get(name, [])

    @property
    def ids(self) -> frozenset[tuple[int, bool]]:
        """The ids of its messages, and whether each is an extended one."""
        return frozenset(self._messages)

    @property
    def names(self) -> list[str]:
        """All names of signals."""
        return list(self._signals)

    def decode(self, frame: Frame) -> tuple[str, Codes]:
        """Return the message's name and the codes of its signals; none for an unknown message.

        ``data`` may also be an answer from several frames. What the file does not describe is left
        out.
        """
        message, variants = self._messages.get((frame.id, frame.is_extended), (None, None))
        if message is None or not frame.data:
            return "", {}
        if variants is not None and frame.data[0] not in variants:
            return "", {}
        try:
            codes = message.decode(
                frame.data, decode_choices=False, scaling=False, allow_truncated=True
            )
        except DecodeError:  # a multiplexer has an unknown value
            return "", {}
        assert isinstance(codes, dict)
        found = {
            name: code
            for name, code in codes.items()
            if isinstance(code, int | float) and _is_finite(code)
        }
        return message.name, found


def _is_finite(code: float) -> bool:
    """Return whether a code is a usable number: a bus can send NaN, or far too large ones."""
    try:
        return math.isfinite(code)
    except OverflowError:
        return False


def _variants(message: Message) -> frozenset[int] | None:
    """Return the first bytes of a message's variants, if those tell the variants apart.

    This is for speed only: most frames of a bus with many variants are not read.
    """
    if len(message.signal_tree) != 1 or not isinstance(message.signal_tree[0], dict):
        return None
    ((name, values),) = message.signal_tree[0].items()
    signal = message.get_signal_by_name(name)
    is_first_byte = (signal.start, signal.length) == (0, 8) and not signal.is_signed
    return frozenset(values) if is_first_byte and _is_little(signal) else None


def _is_little(signal: Signal) -> bool:
    return signal.byte_order == "little_endian"


def read_dbc(file: str, text: str) -> tuple[BusFile, list[Problem]]:
    """Return a DBC file, and what is wrong with its messages.

    Raise :class:`VehicleTypeError` for a file that cannot be read at all.
    """
    try:
        database = cantools.database.load_string(text, database_format="dbc", strict=False)
    except (Error, ValueError, KeyError, AttributeError) as error:
        raise VehicleTypeError([_broken(file, error)]) from None
    assert isinstance(database, Database)
    rows = text.splitlines()
    problems = [problem for message in database.messages for problem in _check(file, rows, message)]
    if not database.messages:
        problems.append(Problem(file, 1, "there is no message (BO_) in it"))
    return BusFile(database), problems


def _broken(file: str, error: Exception) -> Problem:
    text = str(error)
    if isinstance(error, UnsupportedDatabaseFormatError) and error.e_dbc is not None:
        text = str(error.e_dbc)
    found = _ERROR_LINE.fullmatch(text)
    if found is None:
        return Problem(file, 1, f"no DBC: {' '.join(text.split()) or 'it cannot be read'}")
    near = " ".join(found[3].strip('"').replace(">>!<<", "").split())
    return Problem(file, int(found[2]), f"no DBC: {found[1].lower()} at {near!r}")


def _check(file: str, rows: list[str], message: Message) -> Iterator[Problem]:
    """Yield what is wrong with a message: signals that overlap, do not fit or have bad numbers."""
    at = _line_of(rows, rf"BO_ \d+ {message.name}\b")
    is_sound = True
    for signal in message.signals:
        for text in _faults(signal, BusSignal(message, signal).range):
            yield Problem(file, _line_of(rows, rf"\s*SG_ {signal.name}\b", at), text)
        is_sound &= signal.start + signal.length <= MOST_BITS
    try:
        if is_sound:  # otherwise the library would fill the memory
            message.refresh(strict=True)
    except Error as error:
        named = _QUOTED.match(str(error))
        line = _line_of(rows, rf"\s*SG_ {named[1]}\b", at) if named else at
        yield Problem(file, line, str(error).rstrip("."))


def _faults(signal: Signal, bounds: tuple[float, float]) -> Iterator[str]:
    """Return what is wrong with a signal by itself."""
    least, most = bounds
    if signal.start + signal.length > MOST_BITS:
        yield f"{signal.name} is not within {MOST_BITS} bits"
    if least > most:
        yield f"the range of {signal.name} is no range: [{least:g}|{most:g}]"
    if not (math.isfinite(signal.scale) and math.isfinite(signal.offset) and signal.scale):
        yield f"factor and offset of {signal.name} are of no use: ({signal.scale},{signal.offset})"


def _line_of(rows: list[str], pattern: str, start: int = 1) -> int:
    """Return the number of the first line from ``start`` on that begins with a pattern."""
    matches = re.compile(pattern).match
    return next(
        (number for number, row in enumerate(rows, 1) if number >= start and matches(row)), start
    )
