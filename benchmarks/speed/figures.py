"""What is measured of a server, and what follows of ours and the floor's."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

from benchmarks.speed.processes import Target

SETTLE = 0.3
"""Seconds after the end of the clock in which what the server still does is counted as processor
time of what it was sent: its writer commits later."""


@dataclass(slots=True)
class Run:
    """One measurement: so many units in so many seconds, and the processor time of the server."""

    units: int = 0
    seconds: float = 0.0
    processor: float = 0.0
    load: float = 0.0
    """The share of a core that the load took."""
    waits: list[float] = field(default_factory=list, repr=False)
    """Seconds that single units took, where they were measured."""

    @property
    def rate(self) -> float:
        """Units a second."""
        return self.units / self.seconds

    @property
    def cost(self) -> float:
        """Microseconds of the server's processor time for a unit."""
        return self.processor / self.units * 1e6

    def wait(self, part: float) -> float:
        """Return the milliseconds that ``part`` of the units did not take longer than."""
        return percentile(self.waits, part)


def percentile(waits: Sequence[float], part: float) -> float:
    """Return the milliseconds that ``part`` of the waits, in seconds, were not longer than."""
    ordered = sorted(waits)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] * 1000


@contextmanager
def clock(target: Target, run: Run) -> Iterator[None]:
    """Measure what is done inside. Let the server settle afterwards with :func:`settled`."""
    gc.collect()
    gc.disable()
    run.processor = -target.processor
    own, start = time.process_time(), time.perf_counter()
    try:
        yield
        run.seconds = time.perf_counter() - start
        run.load = (time.process_time() - own) / run.seconds
    finally:
        gc.enable()


def settled(target: Target, run: Run) -> Run:
    """Count what the server did after the clock, too."""
    run.processor += target.processor
    return run


@dataclass(slots=True)
class Figure:
    """One line of the table.

    ``ours`` and ``floor`` are in ``unit``; ``ratio`` is of them, whichever way round the goal has
    it. ``checked`` is the ratio that is recorded and must not fall: higher is better.
    """

    name: str
    what: str
    unit: str
    ours: float
    floor: float | None = None
    ratio: float | None = None
    goal: str = ""
    reached: bool | None = None
    checked: float | None = None
    note: str = ""
    details: dict[str, float] = field(default_factory=dict)


def middle(runs: Sequence[Run], of: str) -> float:
    """Return the median of a property of several runs."""
    values: list[float] = [getattr(run, of) for run in runs]
    return median(values)


def rate_figure(
    name: str,
    what: str,
    unit: str,
    ours: Sequence[Run],
    floor: Sequence[Run],
    goal: float | None = None,
) -> Figure:
    """Return the figure of two rates: by the clock, and by the processor time of a unit."""
    rates = middle(ours, "rate"), middle(floor, "rate")
    costs = middle(ours, "cost"), middle(floor, "cost")
    ratio = rates[0] / rates[1]
    loads = middle(ours, "load"), middle(floor, "load")
    busy = [f"load {share:.0%} of its core at {who}" for share, who in
            zip(loads, ("ours", "the floor"), strict=True) if share > 0.9]  # fmt: skip
    return Figure(
        name, what, unit, *rates, ratio, f"≥ {goal:g}" if goal else "",
        ratio >= goal if goal else None, costs[1] / costs[0],
        "; ".join(busy),
        {"ours_us": costs[0], "floor_us": costs[1], "ours_load": loads[0], "floor_load": loads[1]},
    )  # fmt: skip
