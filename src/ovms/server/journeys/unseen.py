"""Charges that nobody saw: the state of charge, or what the grid gave in total, has risen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ovms.server.journeys.charging import CounterReadings
from ovms.server.journeys.values import Charge, CurvePoint, JourneyEnd

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAST_RISE: Final = 3.0
"""Percent; a smaller one is a reading that flaps, or a battery that has become warm."""
LEAST_GRID: Final = 0.3
"""kWh from the grid that are a charge, however little the state of charge has risen."""
RISE_LIMIT: Final = 3600
"""Seconds without a rise after which a charge that nobody says is over."""
USUAL_POWER: Final = 7.0
"""kW, of a charge of which only its energy is known."""


@dataclass(slots=True)
class SocRun:
    """A state of charge that rises while the car says nothing of charging."""

    start: JourneyEnd
    """Before the first rise."""
    end: JourneyEnd
    """At the last rise."""
    before: CounterReadings
    after: CounterReadings
    gap: int = 0
    """The longest silence in it, seconds."""
    capacity: float | None = None
    """Of the battery, as the car says it, kWh."""
    was_plugged: bool = False
    was_moved: bool = False
    """It was driven meanwhile, too."""

    @property
    def gained(self) -> float:
        """Percent."""
        return (self.end.soc or 0.0) - (self.start.soc or 0.0)

    @property
    def grid_gained(self) -> float:
        """KWh, by the counter that is never reset."""
        before, after = self.before.total, self.after.total
        return 0.0 if before is None or after is None else after - before

    def rises(self) -> bool:
        """Return whether something has risen since its start."""
        has_soc = self.start.soc is not None and self.end.soc is not None
        return (has_soc and self.gained > 0) or self.grid_gained > 0

    def extend(
        self, here: JourneyEnd, readings: CounterReadings, gap: int, *, is_plugged: bool | None
    ) -> None:
        """Take in a later report."""
        has_risen = here.soc is not None and here.soc > (self.end.soc or 0.0)
        more = (readings.total or 0.0) > (self.after.total or 0.0)
        is_first = self.end is here
        if has_risen or more or is_first:
            self.gap = max(self.gap, gap)
            self.end, self.after = here, readings
        self.was_plugged = self.was_plugged or bool(is_plugged)

    def is_over(self, here: JourneyEnd) -> bool:
        """Return whether it rises no more."""
        has_fallen = here.soc is not None and here.soc < (self.end.soc or 0.0) - 1
        return has_fallen or here.time - self.end.time > RISE_LIMIT


def made_unseen(run: SocRun, learned: float | None, closed: int | None) -> Charge | None:
    """Return the charge that a rise is; ``None`` if it is none."""
    grid = run.grid_gained if run.grid_gained >= LEAST_GRID else None
    if run.gained < LEAST_RISE and grid is None:
        return None
    capacity = run.capacity or learned
    by_soc = run.gained * capacity / 100 if capacity and run.gained > 0 else None
    estimated = {"start", "end"}
    energy = _counted(run.before.energy, run.after.energy, grid or by_soc)
    if energy is None and by_soc is not None:
        energy = by_soc
        estimated.add("energy")
    if grid is None:
        grid = _counted(run.before.grid, run.after.grid, energy)
    start, end = _times(run, energy or grid, estimated)
    return Charge(
        start=start, end=end, closed=closed, has_gaps=run.gap > 0 and run.gap > 900,
        estimated=tuple(sorted(estimated)), energy=_rounded(energy), grid_energy=_rounded(grid),
        capacity=run.capacity, curve=tuple(_curve(start, end, energy, grid)),
    )  # fmt: skip


def _counted(before: float | None, after: float | None, expected: float | None) -> float | None:
    """Return what a counter says of a charge of which only its end was seen."""
    if after is None or after <= 0 or after == before or expected is None:
        return None
    found = after - before if before is not None and after > before else after
    best = min((after, found), key=lambda each: abs(each - expected))
    return best if 0.5 <= best / expected <= 2 else None


def _times(run: SocRun, energy: float | None, estimated: set[str]) -> tuple[JourneyEnd, JourneyEnd]:
    """Return its start and end, as the car tells them afterwards, else by its reports."""
    start, end, after = run.start, run.end, run.after
    told, duration = after.end_time, after.duration
    is_new = told is not None and told != run.before.end_time
    if told is not None and is_new and start.time - 60 <= told <= end.time + 60:
        end = replace(end, time=max(start.time, min(told, end.time)))
        estimated.discard("end")
        if duration and duration != run.before.duration and start.time - 60 <= told - duration:
            start = replace(start, time=max(start.time, int(told - duration)))
            estimated.discard("start")
    if run.was_moved and "start" in estimated:
        span = int(3600 * energy / USUAL_POWER) if energy else 3600
        start = replace(start, time=max(start.time, end.time - span))
    if run.was_moved:
        start = replace(start, position=None, altitude=None, odometer=None)
        end = replace(end, position=None, altitude=None, odometer=None)
    return start, end


def _curve(
    start: JourneyEnd, end: JourneyEnd, energy: float | None, grid: float | None
) -> Iterator[CurvePoint]:
    for share, each in ((0.0, start), (1.0, end)):
        yield CurvePoint(
            time=each.time,
            soc=each.soc,
            energy=None if energy is None else _rounded(share * energy),
            grid_energy=None if grid is None else _rounded(share * grid),
        )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
