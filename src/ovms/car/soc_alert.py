"""Feature 9, the alert for a low battery: once below the minimum, again after a rise. Pure."""

from __future__ import annotations

from ovms.car.alert_limits import DEFAULTS, ChargeLevelLimits
from ovms.car.latch import Latch


class SocWatch:
    """Watches the state of charge in %. A car that starts below the minimum alerts, too."""

    def __init__(self, limits: ChargeLevelLimits = DEFAULTS.soc) -> None:
        self._limits = limits
        self._minimum: int | None = None
        self._low = Latch()

    @property
    def told(self) -> int | None:
        """The minimum that it is told to be below, if it is."""
        return self._minimum if self._low.is_on else None

    def resume(self, told: object) -> None:
        """Go on from what :attr:`told` was before a restart. Ignore anything else."""
        if isinstance(told, int):
            self._minimum, self._low.is_on = told, True

    def look(
        self, soc: float | None, minimum: int | None, now: float, read: float | None = None
    ) -> bool:
        """Return whether to send an alert now. Another minimum starts over.

        ``read`` is when the charge was read last, where that is known.
        """
        if minimum != self._minimum:
            self._minimum, self._low = minimum, Latch()
        if soc is None or minimum is None:
            return False
        limits = self._limits
        return self._low.look(
            now, begins=soc < minimum, ends=soc > minimum + limits.margin,
            lasting=limits.lasting, gone=limits.lasting, read=read, readings=limits.readings,
        )  # fmt: skip
