"""How one field of a record is written: the kinds of values and their text on the wire.

Every kind reads text and writes it. Text that is not of its kind reads as ``None``: a bad field
never spoils its record, and the record keeps the text for whoever passes it on.
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
    """A way to write a value in a field."""

    def parse(self, text: str) -> Any:
        """Read the text of a field; ``None`` if it is empty or not of this kind."""
        ...

    def encode(self, value: Any) -> str:
        """Write a value that is not ``None``. :meth:`parse` reads it back the same."""
        ...

    def describe(self) -> str:
        """Name the kind in a few words, for the reference."""
        ...


@dataclass(frozen=True, slots=True)
class TextField:
    """Words, kept as they came. A comma or a line end in it would break the record.

    Newer modules write ``;`` and CR instead, and so do we.
    """

    values: tuple[str, ...] = ()
    """The words in use, where there is a list of them; others are kept all the same."""

    def parse(self, text: str) -> str | None:
        """Return the text; ``None`` for an empty one."""
        return text or None

    def encode(self, value: str) -> str:
        """Write the text with its commas and line ends made harmless."""
        return value.replace(",", ";").replace("\r\n", "\r").replace("\n", "\r")

    def describe(self) -> str:
        """Name the kind."""
        return "text: " + " ".join(self.values) if self.values else "text"


@dataclass(frozen=True, slots=True)
class NumberField:
    """A number in decimal.

    ``scale`` is how many wire units make one of ours (10 for a field in tenths); ``places`` how
    many digits behind the point are written.
    """

    scale: int = 1
    places: int = 0

    def parse(self, text: str) -> float | None:
        """Return an ``int`` where the text is a whole number, else a finite ``float``."""
        if self.scale == 1 and _INTEGER.fullmatch(text):
            return int(text)
        if not _NUMBER.fullmatch(text):
            return None
        value = float(text) / self.scale
        return value if math.isfinite(value) else None

    def encode(self, value: float) -> str:
        """Write the number, rounded to the kind's places."""
        text = f"{value * self.scale:.{self.places}f}"
        return text.removeprefix("-") if not text.strip("-0.") else text

    def describe(self) -> str:
        """Name the kind."""
        return f"number in 1/{self.scale}" if self.scale > 1 else "number"


@dataclass(frozen=True, slots=True)
class HexField:
    """A whole number in hexadecimal, without prefix."""

    def parse(self, text: str) -> int | None:
        """Return the number."""
        return int(text, 16) if _HEX.fullmatch(text) else None

    def encode(self, value: int) -> str:
        """Write the number in upper case."""
        return f"{value:X}"

    def describe(self) -> str:
        """Name the kind."""
        return "hexadecimal number"


@dataclass(frozen=True, slots=True)
class FlagField:
    """Yes or no: 1 or 0. Any other whole number above 0 reads as yes."""

    def parse(self, text: str) -> bool | None:
        """Return the truth."""
        return int(text) > 0 if _INTEGER.fullmatch(text) else None

    def encode(self, value: bool) -> str:
        """Write 1 or 0."""
        return "1" if value else "0"

    def describe(self) -> str:
        """Name the kind."""
        return "0 or 1"


class BitSet(IntFlag):
    """A byte of bits, each with a name and a meaning: ``NAME = bit, "meaning"``.

    Bits without a name are kept. A member of several bits is set when any of them is.
    """

    meaning: str

    def __new__(cls, value: int, meaning: str = "") -> BitSet:
        """Make a member; its meaning goes into the reference."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    @classmethod
    def names(cls) -> dict[str, BitSet]:
        """All named bits, by their name in lower case."""
        return {name.lower(): member for name, member in cls.__members__.items()}


@dataclass(frozen=True, slots=True)
class BitField:
    """A byte of named bits, as a decimal number."""

    names: type[BitSet]

    def parse(self, text: str) -> BitSet | None:
        """Return the bits; ``None`` for a number that is no byte."""
        if not _INTEGER.fullmatch(text) or not 0 <= int(text) <= 0xFF:
            return None
        return self.names(int(text))

    def encode(self, value: BitSet) -> str:
        """Write the byte."""
        return str(int(value))

    def describe(self) -> str:
        """Name the kind."""
        return "byte of bits"
