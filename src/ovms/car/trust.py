"""How far the module is trusted with a car's bus."""

from __future__ import annotations

from enum import IntEnum


class Trust(IntEnum):
    """What may be sent to the bus; each level includes those below."""

    LISTEN = 0
    """Nothing."""
    ASK = 1
    """Frames that ask for data."""
    WRITE = 2
    """Commands, too, while feature 15 is on."""

    @property
    def word(self) -> str:
        """Its word on the command line."""
        return self.name.lower()
