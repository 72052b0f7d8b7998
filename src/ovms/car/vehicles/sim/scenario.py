"""What a scenario is: a round of acts, which the simulated car goes through again and again.

A scenario is data. What an act does stands in :mod:`~ovms.car.vehicles.sim.car`; how long it takes
is drawn by the car's own seed.
"""

from __future__ import annotations

from dataclasses import dataclass

from ovms.car.vehicles.sim.charging import Plug
from ovms.car.vehicles.sim.route import Route, RoutePoint

Span = tuple[float, float]
"""The least and the most of what is drawn by chance."""


@dataclass(frozen=True, slots=True)
class Stay:
    """Stand, off and locked."""

    seconds: Span
    plug: Plug | None = None
    """The cable that the driver puts in."""
    until_charged: bool = False
    """It ends when the charge does, if that comes first."""
    wakes_every: float = 0.0
    """Seconds after which the car wakes by itself for a little; 0 never."""
    drain: float = 0.0
    """A that something takes from the 12 V battery, beside what a sleeping car takes."""


@dataclass(frozen=True, slots=True)
class Go:
    """Drive a way: somebody opens, gets in, drives, parks, gets out and locks."""

    route: Route


@dataclass(frozen=True, slots=True)
class Tow:
    """Be carried a way, switched off."""

    route: Route


@dataclass(frozen=True, slots=True)
class Valet:
    """Set valet mode, or end it: the key changes hands."""

    is_on: bool


@dataclass(frozen=True, slots=True)
class Alarm:
    """Let the alarm sound, with the door broken open; or let it fall silent."""

    is_on: bool


Act = Stay | Go | Tow | Valet | Alarm
Way = Go | Tow


@dataclass(frozen=True, slots=True)
class Scenario:
    """A round of acts, which begins with a stay; a way is followed by a stay.

    ``first`` are the seconds that the first stay still takes at the very beginning, unplugged.
    """

    name: str
    meaning: str
    acts: tuple[Act, ...]
    first: Span
    soc: Span = (62, 78)
    """% of charge at the beginning."""
    charge_12v: Span = (1.0, 1.0)
    """Part of the 12 V battery's charge at the beginning."""

    def __post_init__(self) -> None:
        """Check that the acts make a round."""
        if not isinstance(self.acts[0], Stay):
            raise ValueError(f"{self.name} does not begin with a stay")
        for at, act in enumerate(self.acts):
            if isinstance(act, Way) and not isinstance(self.next_long(at), Stay):
                raise ValueError(f"{self.name}: act {at} leads to no stay")

    def act(self, at: int) -> Act:
        """Return act number ``at`` of however many rounds."""
        return self.acts[at % len(self.acts)]

    def next_long(self, at: int) -> Act:
        """Return the next act behind ``at`` that takes time."""
        following = (self.act(at + step) for step in range(1, len(self.acts) + 1))
        return next(act for act in following if not isinstance(act, Valet | Alarm))

    def place_at(self, at: int) -> RoutePoint:
        """Return where the car stands at act ``at``: the end of the way before it."""
        before = (self.act(at - step) for step in range(1, len(self.acts) + 1))
        way = next(act for act in before if isinstance(act, Way))
        return way.route.place(way.route.length)

    def cut(self, phase: float) -> tuple[int, float]:
        """Return the act that ``phase`` (0 to 1) of a round lies in, and the part of it behind."""
        lengths = [_seconds(act) for act in self.acts]
        rest = phase * sum(lengths)
        for at, length in enumerate(lengths):
            if rest < length:
                return at, rest / length
            rest -= length
        return 0, 0.0

    def flags_at(self, at: int) -> tuple[bool, bool]:
        """Return whether valet mode is on at act ``at``, and whether the alarm sounds."""
        past = self.acts[: at % len(self.acts)]
        valet = [act.is_on for act in past if isinstance(act, Valet)]
        alarm = [act.is_on for act in past if isinstance(act, Alarm)]
        return bool(valet and valet[-1]), bool(alarm and alarm[-1])


def _seconds(act: Act) -> float:
    """Return about how long an act takes."""
    match act:
        case Stay():
            return sum(act.seconds) / 2
        case Go() | Tow():
            return 60 + act.route.seconds
    return 0.0
