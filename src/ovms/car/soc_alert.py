"""Feature 9, the alert for a low battery: once below the minimum, again after a rise. Pure."""

from __future__ import annotations

MARGIN = 2
"""% above the minimum that the charge must exceed before there is another alert, so that a reading
that flickers by 1 % does not cause two. Modules on the road do the same."""


class SocWatch:
    """Watches the state of charge in %. A car that starts below the minimum alerts, too."""

    def __init__(self) -> None:
        self._minimum: int | None = None
        self._is_told = False

    def look(self, soc: float | None, minimum: int | None) -> bool:
        """Return whether to send an alert now. Another minimum starts over."""
        if minimum != self._minimum:
            self._minimum, self._is_told = minimum, False
        if soc is None or minimum is None:
            return False
        if self._is_told:
            self._is_told = soc <= minimum + MARGIN
            return False
        self._is_told = soc < minimum
        return self._is_told
