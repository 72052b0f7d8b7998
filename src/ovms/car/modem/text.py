"""The alphabets of mobile networks (3GPP TS 23.038), and text as it stands in our fields. Pure."""

from __future__ import annotations

import re

GSM = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet, 7 bits a character, by its codes."""

EXTENSION = {
    "\x14": "^", "(": "{", ")": "}", "/": "\\", "<": "[", "=": "~", ">": "]", "@": "|", "e": "€",
}  # fmt: skip
"""What a code means behind an Escape."""

CONTROL = frozenset("ò\n\rΞ\x1b")
"""Characters whose codes mean something else to a modem that is given a text: Backspace, the ends
of lines, Ctrl-Z, Escape. So those of the extension cannot be given in this alphabet either."""

SMS_LIMIT, SMS_LIMIT_UCS2 = 160, 70
"""Characters of one SMS, in the default alphabet and in UCS2."""

_CODES = {character: code for code, character in enumerate(GSM) if character not in CONTROL}
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_HEX_UCS2 = re.compile(r"(?:[0-9A-Fa-f]{4})+")
_LEAST_PACKED = 8
"""Characters in hexadecimal below which a number is taken for a number."""


def to_gsm(text: str) -> bytes | None:
    """Return a text in the default alphabet, a byte a character; ``None`` where it does not fit."""
    codes = [_CODES.get(character) for character in text]
    return bytes(code for code in codes if code is not None) if None not in codes else None


def to_ucs2(text: str) -> str:
    """Return a text as UCS2 in hexadecimal, as modems take it. What is beyond it goes in pairs."""
    return text.encode("utf-16-be").hex().upper()


def from_gsm(text: str) -> str:
    """Read a modem's text (bytes as Latin-1) in the default alphabet."""
    parts = re.split("\x1b(.)", text)  # every second one is what an Escape stood before
    return "".join(
        EXTENSION.get(part, " ") if at % 2 else _plain(part) for at, part in enumerate(parts)
    )


def _plain(text: str) -> str:
    """Read characters; the ends of lines stay, and so does what is no code."""
    return "".join(GSM[ord(c)] if ord(c) < len(GSM) and c not in "\r\n" else c for c in text)


def from_network(text: str, scheme: int | None) -> str:
    """Read a network's answer as a modem gives it: ``scheme`` is its data coding scheme.

    In UCS2 it is hexadecimal. In the default alphabet modems give characters, or what came over the
    air, or UCS2 all the same, in hexadecimal: only what reads well that way is taken for it.
    """
    if _HEX_UCS2.fullmatch(text) and (_is_ucs2(scheme) or _is_latin(text)):
        return bytes.fromhex(text).decode("utf-16-be", "replace")
    if _HEX.fullmatch(text) and len(text) >= _LEAST_PACKED and not text.isdigit():
        unpacked = from_gsm(_unpack(bytes.fromhex(text)))
        if all(c.isprintable() or c in "\r\n" for c in unpacked):
            return unpacked
    return from_gsm(text)


def _is_ucs2(scheme: int | None) -> bool:
    if scheme is None:
        return False
    return scheme == 0x11 or (scheme & 0xC0 == 0x40 and scheme & 0x0C == 0x08)


def _is_latin(text: str) -> bool:
    """Return whether hexadecimal reads as a plain text in UCS2, every other byte being 0."""
    data = bytes.fromhex(text)
    return len(data) >= 4 and not any(data[::2]) and data[1::2].decode("latin-1").isprintable()


def _unpack(data: bytes) -> str:
    """Return the characters, 7 bits each, that came packed; one that only fills up is left out."""
    bits = int.from_bytes(data, "little")
    codes = [bits >> 7 * at & 0x7F for at in range(len(data) * 8 // 7)]
    if len(data) % 7 == 0 and codes[-1:] in ([0], [0x0D]):
        codes.pop()
    return "".join(map(chr, codes))


def field_text(text: str) -> str:
    """Make a text fit for a field: no comma, CR for ends of lines, no other control characters."""
    return lines_text(text).replace(",", ";")


def lines_text(text: str) -> str:
    """Make a text fit for an answer's last field: CR for ends of lines, no control characters."""
    ends = re.sub(r"\r?\n|\r", "\r", text.strip())
    return "".join(c if c.isprintable() or c == "\r" else " " for c in ends)
