"""The simulated battery: energy in and out, what it accepts, its voltage."""

from __future__ import annotations

from dataclasses import dataclass

ACCEPTED = 50.0
"""kW the battery takes while it is not nearly full."""

TAPER_FROM = 80.0
"""% of charge from which it takes less, down to nothing when full."""

LEAST_ACCEPTED = 0.7
"""kW it takes to the end, so that a charge does end."""

CELLS_EMPTY, CELLS_FULL = 320.0, 400.0
"""V at 0 and 100 %."""


@dataclass(slots=True)
class Pack:
    """A battery: capacity and energy in kWh."""

    capacity: float
    energy: float

    @property
    def soc(self) -> float:
        """%."""
        return 100 * self.energy / self.capacity

    @property
    def voltage(self) -> float:
        """V."""
        return CELLS_EMPTY + (CELLS_FULL - CELLS_EMPTY) * self.energy / self.capacity

    def move(self, power: float, seconds: float) -> float:
        """Take ``power`` kW out (negative: put it in); give the kWh that did move."""
        before = self.energy
        wanted = before - power * seconds / 3600
        self.energy = min(max(wanted, 0.0), self.capacity)
        return before - self.energy

    def accepts(self, soc: float | None = None) -> float:
        """Give the kW it takes at ``soc``, now unless told."""
        at = self.soc if soc is None else soc
        return max(LEAST_ACCEPTED, ACCEPTED * min(1.0, (100 - at) / (100 - TAPER_FROM)))

    def minutes_to(self, target: float, offered: float) -> float:
        """Estimate the minutes until ``target`` % with ``offered`` kW."""
        minutes, at, step = 0.0, self.soc, 2.0
        while at < target and offered > 0:
            gain = min(step, target - at)
            kwh = gain / 100 * self.capacity
            minutes += 60 * kwh / min(offered, self.accepts(at + gain / 2))
            at += gain
        return minutes
