"""The curve of a charge, thinned while it grows: bounded, and true to its shape and energies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import msgspec

CURVE_LIMIT: Final = 200
"""Points of a curve. One that would have more is thinned twice as much."""
CURVE_ENERGY: Final = 0.02
"""kWh by which the energy at any time may differ from what was reported: cents stay right."""
CURVE_POWER: Final = 0.05
"""Part by which a power may differ; 0.2 kW of small ones."""
CURVE_STEP: Final = 1.0
"""Percent of charge, and °C, by which those may differ."""


class CurveRow(msgspec.Struct, array_like=True, frozen=True):
    """What a charge's sources say at one time. Energies are since its start, by each source."""

    time: int
    soc: float | None
    power: float | None
    temperature: float | None
    metered: float
    """Into the battery, by the counter; the next by power."""
    flowed: float
    grid_metered: float
    """From the grid, by the charge's counter, by the total one, by power."""
    grid_total: float
    grid_flowed: float


_VALUES: Final = tuple(name for name in CurveRow.__struct_fields__ if name != "time")


@dataclass(slots=True)
class CurveKeeper:
    """Keeps the rows without which a straight line would be too far from one that was dropped."""

    rows: list[CurveRow] = field(default_factory=list)
    latest: CurveRow | None = None
    """Not kept yet."""
    least: list[float] = field(default_factory=list)
    """The slopes, by value, between which a line from the last kept row may go on."""
    most: list[float] = field(default_factory=list)
    factor: float = 1.0
    """Of all tolerances."""

    def add(self, row: CurveRow) -> None:
        """Take a row in."""
        latest = self.latest
        if not self.rows:
            self._keep(row)
        elif latest is None or row.time <= latest.time:
            if row.time > self.rows[-1].time:
                self.latest = row
        elif self._passes(latest, row):
            self.latest = row
        else:
            self._keep(latest)
            self.latest = row
        if len(self.rows) >= CURVE_LIMIT:
            self._thin()

    def all(self) -> list[CurveRow]:
        """Return the rows of the curve, with the last."""
        return [*self.rows, self.latest] if self.latest is not None else [*self.rows]

    def _keep(self, row: CurveRow) -> None:
        self.rows.append(row)
        self.latest = None
        self.least = [-1e12] * len(_VALUES)
        self.most = [1e12] * len(_VALUES)

    def _thin(self) -> None:
        """Drop rows with twice the tolerance until half of the room is free."""
        while len(self.rows) > CURVE_LIMIT // 2:
            rows = self.all()
            thinner = CurveKeeper(factor=2 * self.factor)
            for each in rows:
                thinner.add(each)
            self.rows, self.latest, self.factor = thinner.rows, thinner.latest, thinner.factor
            self.least, self.most = thinner.least, thinner.most

    def _passes(self, dropped: CurveRow, row: CurveRow) -> bool:
        """Narrow the slopes by a row that is to be dropped; return whether the next is between."""
        kept = self.rows[-1]
        before, after = dropped.time - kept.time, row.time - kept.time
        passes = True
        for at, name in enumerate(_VALUES):
            value, here, there = getattr(kept, name), getattr(dropped, name), getattr(row, name)
            if value is None or here is None or there is None:
                passes = passes and (value is None) == (here is None) == (there is None)
                continue
            width = self.factor * _tolerance(at, here)
            least = max(self.least[at], (here - width - value) / before)
            most = min(self.most[at], (here + width - value) / before)
            self.least[at], self.most[at] = least, most
            passes = passes and least <= (there - value) / after <= most
        return passes


def _tolerance(at: int, value: float) -> float:
    """Return by how much a value may differ."""
    if at == 1:
        return max(0.2, abs(value) * CURVE_POWER)
    return CURVE_STEP if at in (0, 2) else CURVE_ENERGY
