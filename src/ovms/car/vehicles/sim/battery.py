"""The simulated main battery: energy in, out and lost, the power that it accepts, its voltage.

It keeps books: the stored energy is the initial energy, plus what was put in at its terminals, less
what was taken out there, less what its inner resistance turned into heat.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from ovms.car.vehicles.sim.curve import Curve

ACCEPTED = Curve((0, 40), (10, 70), (35, 70), (50, 50), (80, 32), (90, 14), (97, 4), (100, 0.7))
"""kW that a warm battery accepts, by % of charge: ever less when it is nearly full."""

LEAST_ACCEPTED = 0.7
"""kW that it always accepts, so that every charge ends."""

WARMTH = Curve((-15, 0.2), (0, 0.45), (15, 1.0))
"""The fraction of that power that it accepts, by its °C."""

CELLS_EMPTY, CELLS_FULL = 320.0, 400.0
"""V at 0 and 100 % without current."""

RESISTANCE = 0.08
"""Ω."""


@dataclass(slots=True)
class Pack:
    """A battery: capacity and energy in kWh, temperature in °C; books in kWh."""

    capacity: float
    energy: float
    temperature: float = 20.0
    put_in: float = 0.0
    taken_out: float = 0.0
    lost: float = 0.0
    begin: float = field(init=False)
    """kWh stored at the start."""

    def __post_init__(self) -> None:
        """Start the books."""
        self.begin = self.energy

    @property
    def soc(self) -> float:
        """%."""
        return 100 * self.energy / self.capacity

    @property
    def voltage(self) -> float:
        """V without current."""
        return CELLS_EMPTY + (CELLS_FULL - CELLS_EMPTY) * self.energy / self.capacity

    def current(self, power: float) -> float:
        """Return the A (negative: into it) with which ``power`` kW passes its terminals."""
        volts = self.voltage
        root = volts * volts - 4000 * RESISTANCE * power
        return (volts - math.sqrt(max(root, 0.0))) / (2 * RESISTANCE)

    def move(self, power: float, seconds: float) -> float:
        """Take ``power`` kW out (negative: put it in). Return the kWh that moved.

        It is less if the battery is empty or full before the time is over.
        """
        hours = seconds / 3600
        inside = self.voltage * self.current(power) / 1000
        if 4000 * RESISTANCE * power > self.voltage**2:
            power = inside / 2  # more than it can deliver: half of the power is lost inside
        wanted = self.energy - inside * hours
        energy = min(max(wanted, 0.0), self.capacity)
        if energy != wanted:
            hours = (self.energy - energy) / inside
        self.energy = energy
        self.lost += (inside - power) * hours
        if power > 0:
            self.taken_out += power * hours
        else:
            self.put_in -= power * hours
        return power * hours

    def accepts(self, soc: float | None = None) -> float:
        """Return the kW that it accepts at ``soc``, by default at its present charge."""
        at = self.soc if soc is None else soc
        return max(LEAST_ACCEPTED, ACCEPTED.at(at) * WARMTH.at(self.temperature))

    def minutes_to(self, target: float, offered: float) -> float:
        """Return an estimate of the minutes until ``target`` % with ``offered`` kW."""
        minutes, at, step = 0.0, self.soc, 2.0
        while at < target and offered > 0:
            gain = min(step, target - at)
            kwh = gain / 100 * self.capacity
            minutes += 60 * kwh / min(offered, self.accepts(at + gain / 2))
            at += gain
        return minutes
