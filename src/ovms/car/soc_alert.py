"""Feature 9, the alert for a low battery: once below the minimum, again after it rose. Pure."""

from __future__ import annotations

MARGIN = 2
"""% above the minimum that the charge must exceed before there is another alert, as in the field:
a reading that sways by one does not make two."""


class SocWatch:
    """Watches the state of charge, %. A car that starts below the minimum is told of, too."""

    def __init__(self) -> None:
        self._minimum: int | None = None
        self._is_told = False

    def look(self, soc: float | None, minimum: int | None) -> bool:
        """Take a look; tell whether there is to be an alert now. Another minimum begins anew."""
        if minimum != self._minimum:
            self._minimum, self._is_told = minimum, False
        if soc is None or minimum is None:
            return False
        if self._is_told:
            self._is_told = soc <= minimum + MARGIN
            return False
        self._is_told = soc < minimum
        return self._is_told
