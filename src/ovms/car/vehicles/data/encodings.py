"""Frames to send: written in hexadecimal, with places for a command's parameters.

``"0B 02 00 00 {pin:pin28}"`` are four bytes and a PIN. A place names the parameter and its
encoding, one of :data:`ENCODINGS`, by default a byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

MOST_BYTES = 8
"""Data bytes of a frame."""

MINUTES_A_DAY = 1440

_BYTE = re.compile(r"[0-9A-Fa-f]{2}", re.ASCII)
_PLACE = re.compile(r"\{([a-z_]+)(?::(\w+))?\}", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,8}", re.ASCII)


class EncodingError(ValueError):
    """The text is not a frame."""


class ValueRefused(ValueError):
    """The command cannot be sent; the text says why, without repeating a secret."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding of a parameter. ``most`` is the largest number; ``None`` if it packs digits."""

    size: int
    most: int | None
    pack: Callable[[str], bytes]
    meaning: str


def _whole(size: int, order: str) -> Callable[[str], bytes]:
    return lambda text: int(text).to_bytes(size, "little" if order == "little" else "big")


def _minutes_before(text: str) -> bytes:
    return ((int(text) - 1) % MINUTES_A_DAY).to_bytes(2, "big")


def _pin28(text: str) -> bytes:
    if not _DIGITS.fullmatch(text):
        raise ValueRefused("the PIN must be 1 to 8 digits")
    return (int(text) | len(text) << 28).to_bytes(4, "little")


ENCODINGS = {
    "byte": Encoding(1, 0xFF, _whole(1, "little"), "one byte"),
    "low_high": Encoding(2, 0xFFFF, _whole(2, "little"), "two bytes, the low one first"),
    "high_low": Encoding(2, 0xFFFF, _whole(2, "big"), "two bytes, the high one first"),
    "minutes_before": Encoding(
        2, MINUTES_A_DAY - 1, _minutes_before,
        "minutes after midnight less one (midnight is 1439), two bytes, the high one first"),
    "pin28": Encoding(
        4, None, _pin28,
        "a PIN of 1 to 8 digits: 28 bits, low byte first, above them how many digits it has"),
}  # fmt: skip
"""The ways to pack a parameter, by name."""


@dataclass(frozen=True, slots=True)
class ParameterPosition:
    """The place of a parameter."""

    parameter: str
    encoding: Encoding


@dataclass(frozen=True, slots=True)
class Template:
    """A frame's data: bytes, and places for parameters."""

    parts: tuple[bytes | ParameterPosition, ...]

    @property
    def size(self) -> int:
        """Its size in bytes when it is filled."""
        return sum(
            part.encoding.size if isinstance(part, ParameterPosition) else len(part)
            for part in self.parts
        )

    @property
    def places(self) -> tuple[ParameterPosition, ...]:
        """The places for parameters."""
        return tuple(part for part in self.parts if isinstance(part, ParameterPosition))

    def fill(self, parameters: Mapping[str, str]) -> bytes:
        """Return the data with the parameters in it. Raise :class:`ValueRefused`."""
        return b"".join(
            part.encoding.pack(parameters[part.parameter])
            if isinstance(part, ParameterPosition)
            else part
            for part in self.parts
        )


def parse_template(text: str, most: int = MOST_BYTES, what: str = "a frame") -> Template:
    """Parse a frame's data. Raise :class:`EncodingError`."""
    template = Template(tuple(_part(word) for word in text.split()))
    if not 1 <= template.size <= most:
        raise EncodingError(f"{what} has 1 to {most} data bytes, not {template.size}")
    return template


def _part(word: str) -> bytes | ParameterPosition:
    if _BYTE.fullmatch(word):
        return bytes.fromhex(word)
    found = _PLACE.fullmatch(word)
    if found is None:
        raise EncodingError(f"{word[:20]!r} is neither a byte such as 0B nor a {{parameter}}")
    name = found[2] or "byte"
    if name not in ENCODINGS:
        raise EncodingError(f"no encoding {name!r}: use one of {', '.join(ENCODINGS)}")
    return ParameterPosition(found[1], ENCODINGS[name])
