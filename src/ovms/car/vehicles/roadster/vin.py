"""The VIN, which the bus tells in three pieces."""

from __future__ import annotations

LENGTHS = (7, 7, 3)
"""Characters of the pieces."""

YEAR_AT = 9
"""Index of the tenth character, the model year."""

YEAR_WITH_OTHER_MODE = "8"
"""The model year whose charger tells its mode elsewhere."""


class Vin:
    """A VIN that is put together; one that was ``told`` is believed more than the bus."""

    def __init__(self, told: str | None = None) -> None:
        self._told = told
        self._pieces: list[str | None] = [None, None, None]

    def put(self, at: int, value: int) -> None:
        """Take piece ``at`` (0 to 2), a number whose lowest byte is the first character.

        Anything but letters and digits is no VIN and is ignored.
        """
        data = value.to_bytes(LENGTHS[at], "little")
        if data.isalnum():
            self._pieces[at] = data.decode("ascii")

    @property
    def whole(self) -> str | None:
        """The VIN, as far as all of it is known."""
        pieces = [piece for piece in self._pieces if piece is not None]
        return self._told or ("".join(pieces) if len(pieces) == len(LENGTHS) else None)

    @property
    def has_other_mode(self) -> bool:
        """Tell whether this car's charge mode stands in the other place."""
        year = (self._told or "")[YEAR_AT:] if self._told else (self._pieces[1] or "")[2:]
        return year[:1] == YEAR_WITH_OTHER_MODE
