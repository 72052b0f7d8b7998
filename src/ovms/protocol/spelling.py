"""Names as they are compared: without case, and however their accents are composed.

The same letter with an accent is one character in what one system types, and two in another's
(Unicode's NFC and NFD). Vehicle ids, owners' names and passwords are compared in NFC.
"""

from __future__ import annotations

from unicodedata import normalize


def composed(text: str) -> str:
    """Return text in NFC."""
    return text if text.isascii() else normalize("NFC", text)


def vehicle_key(text: str) -> str:
    """Return the form in which vehicle ids are stored and compared; never fails."""
    return text.upper() if text.isascii() else composed(composed(text).upper())


def owner_key(text: str) -> str:
    """Return the form in which owners' names are compared; never fails."""
    return composed(composed(text).casefold())
