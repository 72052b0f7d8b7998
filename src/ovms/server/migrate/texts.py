"""What the other server's database says, as it was meant.

Its programs write bytes over a connection that is said to be Latin-1, so a database may take each
byte of UTF-8 for a character of its own.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any


def _letters() -> dict[str, int]:
    """Return the bytes of what MySQL calls latin1: Windows-1252, and the five it lacks."""
    found = {chr(byte): byte for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}
    for byte in set(range(256)) - set(found.values()):
        found[bytes([byte]).decode("cp1252")] = byte
    return found


_BYTES = _letters()


def text_of(value: Any) -> str:
    """Return a value as text; ``""`` for none. No database of ours takes a NUL, so there is none.

    UTF-8 that was taken for Latin-1 is put right; what is not UTF-8 is read as Latin-1.
    """
    if value is None:
        return ""
    if isinstance(value, (bytes, bytearray)):
        return _decoded(bytes(value)).replace("\0", "")
    text = str(value)
    if text.isascii():
        return text.replace("\0", "") if "\0" in text else text
    with suppress(KeyError, UnicodeDecodeError):  # then it is what it looks like
        text = bytes(_BYTES[letter] for letter in text).decode()
    return text.encode(errors="replace").decode().replace("\0", "")


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def number_of(value: Any) -> int:
    """Return a value as a whole number; 0 for what is none."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def time_of(value: Any) -> float | None:
    """Return a time in Unix seconds; ``None`` for those that mean never."""
    return float(value) if value is not None and value > 0 else None
