"""What somebody may do with a vehicle: its owner everything, others what is shared with them."""

from __future__ import annotations

from enum import Flag, auto
from typing import Final


class VehicleRight(Flag):
    """A right on a vehicle, or several of them."""

    VIEW = auto()
    """See what it reports, but not where it is."""
    LOCATION = auto()
    """See where it is and was."""
    COMMAND = auto()
    """Send commands that need no PIN."""
    PIN = auto()
    """Send those that do: lock, unlock, valet."""
    MANAGE = auto()
    """Change how it is called, how long its data is kept, who is told of it, and delete records."""


NO_RIGHT: Final = VehicleRight(0)

ALL_RIGHTS: Final = ~NO_RIGHT
"""What an owner has."""

RIGHT_WORDS: Final = {right.name.lower(): right for right in VehicleRight if right.name}
"""The rights by the words that people and the API use."""

_INCLUDED: Final = {
    VehicleRight.LOCATION: VehicleRight.VIEW,
    VehicleRight.COMMAND: VehicleRight.VIEW,
    VehicleRight.PIN: VehicleRight.VIEW | VehicleRight.COMMAND,
    VehicleRight.MANAGE: VehicleRight.VIEW,
}
"""What a right is worth nothing without."""


def with_included(rights: VehicleRight) -> VehicleRight:
    """Return rights with those that they include: who may send commands may see the vehicle."""
    for right, included in _INCLUDED.items():
        if right in rights:
            rights |= included
    return rights


def parse_rights(text: str) -> VehicleRight:
    """Return rights from their words, with commas between, and what they include.

    Raises ``ValueError`` for another word, or for none.
    """
    rights = NO_RIGHT
    for word in text.split(","):
        right = RIGHT_WORDS.get(word.strip().lower())
        if right is None:
            known = ", ".join(RIGHT_WORDS)
            raise ValueError(f"there is no right {word.strip()!r}: use some of {known}")
        rights |= right
    return with_included(rights)


def format_rights(rights: VehicleRight) -> str:
    """Return rights as words with commas between; ``""`` for none."""
    return ",".join(right_words(rights))


def right_words(rights: VehicleRight) -> list[str]:
    """Return rights as words, in their order."""
    return [word for word, right in RIGHT_WORDS.items() if right in rights]
