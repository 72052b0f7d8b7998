"""A vehicle's DBC file: its messages and signals, and frames read with them.

Several messages may have one id; a multiplexer tells them apart. Frames may be shorter than in the
file; their missing signals are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from cantools.database import DecodeError, Message
from cantools.database.can import Signal

from ovms.car.frames import Frame
from ovms.car.vehicles.data.problems import Problem, VehicleTypeError
from ovms.car.vehicles.data.raw import Flaw
from ovms.car.vehicles.data.reading import DbcContents, read_contents

Codes = dict[str, float]
"""The codes of the signals in one frame by name: the values as they are on the bus, not scaled."""

Id = tuple[int, bool]
"""A frame's id, and whether it is an extended one."""


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
    """A DBC file that was read, with the flaws that were found in it."""

    def __init__(self, contents: DbcContents) -> None:
        self.flaws = contents.flaws
        self.tables = contents.tables
        self._refused: set[Flaw] = set()
        self._messages: dict[Id, list[tuple[Message, frozenset[int] | None]]] = {}
        self._signals: dict[str, list[BusSignal]] = {}
        for message in contents.messages:
            key = (message.frame_id, message.is_extended_frame)
            self._messages.setdefault(key, []).append((message, _variants(message)))
            for signal in message.signals:
                found = BusSignal(message, signal)
                self._signals.setdefault(signal.name, []).append(found)
                self._signals[found.name] = [found]

    def messages_of(self, bus_id: int, is_extended: bool) -> list[Message]:
        """Return the messages with an id. One is expected."""
        return [message for message, _ in self._messages.get((bus_id, is_extended), ())]

    def message(self, name: str) -> Message | None:
        """Return the message of a name; ``None`` if there is none."""
        found = (message for each in self._messages.values() for message, _ in each)
        return next((message for message in found if message.name == name), None)

    @property
    def messages(self) -> list[str]:
        """The names of all messages."""
        return [message.name for each in self._messages.values() for message, _ in each]

    def find(self, name: str) -> list[BusSignal]:
        """Return the signals of a name, which may be ``Message.Signal``. One is expected."""
        return self._signals.get(name, [])

    def refuse(self, name: str) -> list[str]:
        """Return what is wrong with signals of a name, or messages of one, that are left out.

        The flaws count as errors from now on, because somebody needs what they concern.
        """
        flaws = [flaw for flaw in self.flaws if _concerns(flaw, name)]
        self._refused.update(flaws)
        return [flaw.text for flaw in flaws]

    def problems(
        self, file: str, are_apart: Callable[[str, str], bool] | None = None
    ) -> list[Problem]:
        """Return the flaws: errors where something is needed that is left out, else warnings.

        ``are_apart`` says of two messages whether they are of different buses.
        """
        return [
            Problem(file, flaw.line, flaw.text, "error" if flaw in self._refused else "warning")
            for flaw in self.flaws
            if not (flaw.twin and are_apart and are_apart(flaw.message, flaw.twin))
        ]

    @property
    def ids(self) -> frozenset[Id]:
        """The ids of its messages, and whether each is an extended one."""
        return frozenset(self._messages)

    def ids_of(self, messages: Collection[str]) -> frozenset[Id]:
        """Return the ids of some messages."""
        return frozenset(
            key
            for key, found in self._messages.items()
            if any(message.name in messages for message, _ in found)
        )

    @property
    def names(self) -> list[str]:
        """All names of signals."""
        return list(self._signals)

    def decode(self, frame: Frame) -> Iterator[tuple[str, Codes]]:
        """Yield the name of each message with the frame's id, and the codes of its signals.

        ``data`` may also be an answer from several frames. What the file does not describe is left
        out.
        """
        for message, variants in self._messages.get((frame.id, frame.is_extended), ()):
            if frame.data and (variants is None or frame.data[0] in variants):
                codes = _decode(message, frame.data)
                if codes is not None:
                    yield message.name, codes


def _decode(message: Message, data: bytes) -> Codes | None:
    try:
        codes = message.decode(data, decode_choices=False, scaling=False, allow_truncated=True)
    except DecodeError:  # a multiplexer has an unknown value
        return None
    assert isinstance(codes, dict)
    return {
        name: code
        for name, code in codes.items()
        if isinstance(code, int | float) and _is_finite(code)
    }


def _concerns(flaw: Flaw, name: str) -> bool:
    """Return whether something of a name is left out for a flaw."""
    names = (*flaw.left_out, *(f"{flaw.message}.{each}" for each in flaw.left_out))
    return not flaw.is_harmless and name in names


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


def read_dbc(file: str, text: str, needed: Collection[str] = ()) -> BusFile:
    """Return a DBC file, as far as it is understood. Names of signals are ``needed``.

    Raise :class:`VehicleTypeError` for a file with nothing in it that could be read.
    """
    contents = read_contents(text, needed)
    if not contents.is_dbc:
        raise VehicleTypeError([Problem(file, 1, "no DBC: there is nothing of a DBC file in it")])
    if not contents.messages:
        flaws = BusFile(contents).problems(file)
        raise VehicleTypeError([Problem(file, 1, "there is no message (BO_) in it"), *flaws])
    return BusFile(contents)
