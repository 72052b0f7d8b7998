"""The simulated 12 V battery: it feeds a sleeping car, and the main battery charges it."""

from __future__ import annotations

from dataclasses import dataclass

from ovms.car.vehicles.sim.curve import Curve

CAPACITY = 45.0
"""Ah."""

AT_REST = Curve((0, 10.6), (0.08, 11.4), (0.2, 11.75), (0.5, 12.25), (1, 12.75))
"""V without load, by the fraction of its charge that is left."""

FULL_AT_REST = AT_REST.at(1)

FED = 13.9
"""V while the main battery feeds it."""

RESISTANCE = 0.02
"""Ω."""

ASLEEP_LOAD, AWAKE_LOAD = 0.1, 6.0
"""A that the electronics draw from it while nothing charges it."""

MOST_TAKEN, TAKEN_WHEN_EMPTY = 25.0, 80.0
"""A that it takes at most, and when it is empty. The fuller it is, the less it takes."""

HELP_BELOW, HELP_FOR = 11.4, 1800.0
"""V at rest below which the main battery charges it, and for how many seconds."""


@dataclass(slots=True)
class Auxiliary:
    """A 12 V battery; ``charge`` in Ah, ``current`` in A, positive into it."""

    charge: float = CAPACITY
    current: float = 0.0
    is_fed: bool = False

    @property
    def at_rest(self) -> float:
        """V without load."""
        return AT_REST.at(self.charge / CAPACITY)

    @property
    def voltage(self) -> float:
        """V now."""
        return FED if self.is_fed else self.at_rest + RESISTANCE * self.current

    def step(self, load: float, is_fed: bool, seconds: float) -> float:
        """Move forward with a ``load`` in A. Return the kW that charging it costs."""
        self.is_fed = is_fed
        if is_fed:
            room = 1 - self.charge / CAPACITY
            self.current = min(MOST_TAKEN, TAKEN_WHEN_EMPTY * room)
        else:
            self.current = -load if self.charge > 0 else 0.0
        self.charge = min(max(self.charge + self.current * seconds / 3600, 0.0), CAPACITY)
        return FED * self.current / 1000 if is_fed else 0.0
