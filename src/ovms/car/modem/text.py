"""The alphabets of mobile networks (3GPP TS 23.038), and text for fields of messages. Pure."""

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
"""The meaning of codes after an Escape."""

CONTROL = frozenset("ò\n\rΞ\x1b")
"""Characters whose codes control the entry of a text at a modem: Backspace, line ends, Ctrl-Z,
Escape. So characters of the extension, which need an Escape, cannot be entered either."""

SMS_LIMIT, SMS_LIMIT_UCS2 = 160, 70
"""Characters of one SMS, in the default alphabet and in UCS2."""

_CODES = {character: code for code, character in enumerate(GSM) if character not in CONTROL}
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_HEX_UCS2 = re.compile(r"(?:[0-9A-Fa-f]{4})+")
_LEAST_PACKED = 8
"""Hexadecimal digits below which an answer is taken for a number."""


def to_gsm(text: str) -> bytes | None:
    """Return a text in the default alphabet, a byte per character; ``None`` if it does not fit."""
    codes = [_CODES.get(character) for character in text]
    return bytes(code for code in codes if code is not None) if None not in codes else None


def to_ucs2(text: str) -> str:
    """Return a text as UCS2 in hexadecimal. Characters beyond UCS2 are surrogate pairs."""
    return text.encode("utf-16-be").hex().upper()


def from_gsm(text: str) -> str:
    """Return a modem's text, which is bytes as Latin-1 in the default alphabet."""
    parts = re.split("\x1b(.)", text)  # every second part follows an Escape
    return "".join(
        EXTENSION.get(part, " ") if at % 2 else _plain(part) for at, part in enumerate(parts)
    )


def _plain(text: str) -> str:
    """Return characters for codes. Line ends, and what is no code, stay as they are."""
    return "".join(GSM[ord(c)] if ord(c) < len(GSM) and c not in "\r\n" else c for c in text)


def from_network(text: str, scheme: int | None) -> str:
    """Return the text of a network's answer. ``scheme`` is its data coding scheme.

    UCS2 comes in hexadecimal. In the default alphabet modems give characters, or in hexadecimal
    the packed codes, or UCS2 in spite of the scheme: it counts as such only if it reads well.
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
    """Return whether hexadecimal reads as plain text in UCS2, with every other byte 0."""
    data = bytes.fromhex(text)
    return len(data) >= 4 and not any(data[::2]) and data[1::2].decode("latin-1").isprintable()


def _unpack(data: bytes) -> str:
    """Return the characters of packed 7-bit codes, without one that is only padding."""
    bits = int.from_bytes(data, "little")
    codes = [bits >> 7 * at & 0x7F for at in range(len(data) * 8 // 7)]
    if len(data) % 7 == 0 and codes[-1:] in ([0], [0x0D]):
        codes.pop()
    return "".join(map(chr, codes))


def field_text(text: str) -> str:
    """Return a text fit for a field: no comma, CR for line ends, no other control characters."""
    return lines_text(text).replace(",", ";")


def lines_text(text: str) -> str:
    """Return a text fit for an answer's last field: CR for line ends, no control characters."""
    ends = re.sub(r"\r?\n|\r", "\r", text.strip())
    return "".join(c if c.isprintable() or c == "\r" else " " for c in ends)
