"""Scenarios: rounds of acts that the simulated car goes through again and again.

A scenario is data. :mod:`~ovms.car.vehicles.sim.car` does the acts. How long an act takes is drawn
with the car's own seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from ovms.car.vehicles.sim.charging import Plug
from ovms.car.vehicles.sim.route import Route, RoutePoint

Span = tuple[float, float]
"""The bounds of a random value."""

DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Stay:
    """Park, switched off and locked."""

    seconds: Span
    plug: Plug | None = None
    """The cable that the driver plugs in."""
    until_charged: bool = False
    """Whether the stay ends when the charge ends, if that is earlier."""
    wakes_every: float = 0.0
    """Seconds after which the car wakes up by itself for a while; 0 for never."""
    drain: float = 0.0
    """Additional load on the 12 V battery of a sleeping car, A."""
    leaves: Span | None = None
    """Hours of the day (UTC) between which the stay ends, instead of after ``seconds``."""

    def end(self, now: float, random: Random) -> float:
        """Return when a stay that begins now ends, Unix seconds."""
        if self.leaves is None:
            return now + random.uniform(*self.seconds)
        end = now - now % DAY + 3600 * random.uniform(*self.leaves)
        return end if end > now else end + DAY


@dataclass(frozen=True, slots=True)
class Go:
    """Drive a route: somebody opens, gets in, drives, parks, gets out and locks."""

    route: Route


@dataclass(frozen=True, slots=True)
class Tow:
    """Be towed along a route, switched off."""

    route: Route


@dataclass(frozen=True, slots=True)
class Valet:
    """Start or end valet mode: the key changes hands."""

    is_on: bool


@dataclass(frozen=True, slots=True)
class Alarm:
    """Start the alarm, with a door broken open; or end it."""

    is_on: bool


Act = Stay | Go | Tow | Valet | Alarm
Way = Go | Tow


@dataclass(frozen=True, slots=True)
class Scenario:
    """A round of acts that begins with a stay. Each drive is followed by a stay.

    ``first`` are the remaining seconds of the first stay at the very start, unplugged; ``None`` for
    a whole stay.
    """

    name: str
    meaning: str
    acts: tuple[Act, ...]
    first: Span | None
    soc: Span = (62, 78)
    """% of charge at the start."""
    charge_12v: Span = (1.0, 1.0)
    """Charge of the 12 V battery at the start, 0 to 1."""

    def __post_init__(self) -> None:
        """Check that the acts form a round."""
        if not isinstance(self.acts[0], Stay):
            raise ValueError(f"{self.name} does not begin with a stay")
        for at, act in enumerate(self.acts):
            if isinstance(act, Way) and not isinstance(self.next_long(at), Stay):
                raise ValueError(f"{self.name}: act {at} leads to no stay")

    def act(self, at: int) -> Act:
        """Return act number ``at``, counted through all rounds."""
        return self.acts[at % len(self.acts)]

    def next_long(self, at: int) -> Act:
        """Return the number of the next act after ``at`` that takes time."""
        following = (self.act(at + step) for step in range(1, len(self.acts) + 1))
        return next(act for act in following if not isinstance(act, Valet | Alarm))

    def place_at(self, at: int) -> RoutePoint:
        """Return where the car stands at act ``at``: the end of the drive before it."""
        route = self.way_before(at).route
        return route.place(route.length)

    def way_before(self, at: int) -> Way:
        """Return the drive, or the tow, that led to act ``at``."""
        before = (self.act(at - step) for step in range(1, len(self.acts) + 1))
        return next(act for act in before if isinstance(act, Way))

    def cut(self, phase: float) -> tuple[int, float]:
        """Return the act at ``phase`` (0 to 1) of a round, and the fraction of it that is over."""
        lengths = [_seconds(act) for act in self.acts]
        rest = phase * sum(lengths)
        for at, length in enumerate(lengths):
            if rest < length:
                return at, rest / length
            rest -= length
        return 0, 0.0

    def phase_of(self, at: int, part: float = 0.0) -> float:
        """Return the phase of a round at which ``part`` (0 to 1) of act ``at`` is over."""
        lengths = [_seconds(act) for act in self.acts]
        return (sum(lengths[:at]) + part * lengths[at]) / sum(lengths)

    def flags_at(self, at: int) -> tuple[bool, bool]:
        """Return whether valet mode is on at act ``at``, and whether the alarm sounds."""
        past = self.acts[: at % len(self.acts)]
        valet = [act.is_on for act in past if isinstance(act, Valet)]
        alarm = [act.is_on for act in past if isinstance(act, Alarm)]
        return bool(valet and valet[-1]), bool(alarm and alarm[-1])


def _seconds(act: Act) -> float:
    """Return about how long an act takes, s."""
    match act:
        case Stay():
            return sum(act.seconds) / 2
        case Go() | Tow():
            return 60 + act.route.seconds
    return 0.0
