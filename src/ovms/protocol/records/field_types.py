"""The types of a record's fields: values, and their text on the wire.

Text that is not of the type is read as ``None``. So a bad field never spoils its record, and the
record keeps the text for whoever forwards it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import IntFlag
from typing import Any, Protocol

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,15}", re.ASCII)  # so that a float holds it exactly
_HEX = re.compile(r"[0-9a-fA-F]{1,15}", re.ASCII)


class FieldType(Protocol):
    """How a value is written in a field."""

    def parse(self, text: str) -> Any:
        """Return the value of a field; ``None`` if its text is empty or not of this type."""
        ...

    def encode(self, value: Any) -> str:
        """Return the text of a value that is not ``None``. :meth:`parse` returns the same value."""
        ...

    def describe(self) -> str:
        """Return the type in a few words, for the reference."""
        ...


@dataclass(frozen=True, slots=True)
class TextField:
    """Text, kept as it came.

    A comma or a line end in it would break the record. Newer modules write ``;`` and CR instead,
    and so do we.
    """

    values: tuple[str, ...] = ()
    """The words in use, if there is a list of them. Other text is kept, too."""

    def parse(self, text: str) -> str | None:
        """Return the text; ``None`` for an empty one."""
        return text or None

    def encode(self, value: str) -> str:
        """Return the text without commas and line ends."""
        return value.replace(",", ";").replace("\r\n", "\r").replace("\n", "\r")

    def describe(self) -> str:
        """Return the type in a few words."""
        return "text: " + " ".join(self.values) if self.values else "text"


@dataclass(frozen=True, slots=True)
class NumberField:
    """A number in decimal.

    ``scale`` is the number of wire units in one of ours: 10 for a field in tenths. ``places`` is
    the number of digits that are written behind the point.
    """

    scale: int = 1
    places: int = 0

    def parse(self, text: str) -> float | None:
        """Return an ``int`` for a whole number, else a finite ``float``."""
        if self.scale == 1 and _INTEGER.fullmatch(text):
            return int(text)
        if not _NUMBER.fullmatch(text):
            return None
        value = float(text) / self.scale
        return value if math.isfinite(value) else None

    def encode(self, value: float) -> str:
        """Return the number as text, rounded to ``places``."""
        text = f"{value * self.scale:.{self.places}f}"
        return text.removeprefix("-") if not text.strip("-0.") else text

    def describe(self) -> str:
        """Return the type in a few words."""
        return f"number in 1/{self.scale}" if self.scale > 1 else "number"


@dataclass(frozen=True, slots=True)
class HexField:
    """A whole number in hexadecimal, without a prefix."""

    def parse(self, text: str) -> int | None:
        """Return the number."""
        return int(text, 16) if _HEX.fullmatch(text) else None

    def encode(self, value: int) -> str:
        """Return the number in upper case."""
        return f"{value:X}"

    def describe(self) -> str:
        """Return the type in a few words."""
        return "hexadecimal number"


@dataclass(frozen=True, slots=True)
class FlagField:
    """Yes or no: 1 or 0. Any other whole number above 0 is read as yes."""

    def parse(self, text: str) -> bool | None:
        """Return whether it is yes."""
        return int(text) > 0 if _INTEGER.fullmatch(text) else None

    def encode(self, value: bool) -> str:
        """Return 1 or 0."""
        return "1" if value else "0"

    def describe(self) -> str:
        """Return the type in a few words."""
        return "0 or 1"


class BitSet(IntFlag):
    """A byte of bits, each with a name and a meaning: ``NAME = bit, "meaning"``.

    Bits without a name are kept. A member of several bits is set if one of them is.
    """

    meaning: str

    def __new__(cls, value: int, meaning: str = "") -> BitSet:
        """Return a member. Its meaning goes into the reference."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    @classmethod
    def names(cls) -> dict[str, BitSet]:
        """Return all named bits, by their names in lower case."""
        return {name.lower(): member for name, member in cls.__members__.items()}


@dataclass(frozen=True, slots=True)
class BitField:
    """A byte of named bits, written as a decimal number."""

    names: type[BitSet]

    def parse(self, text: str) -> BitSet | None:
        """Return the bits; ``None`` for a number that is no byte."""
        if not _INTEGER.fullmatch(text) or not 0 <= int(text) <= 0xFF:
            return None
        return self.names(int(text))

    def encode(self, value: BitSet) -> str:
        """Return the byte as text."""
        return str(int(value))

    def describe(self) -> str:
        """Return the type in a few words."""
        return "byte of bits"
