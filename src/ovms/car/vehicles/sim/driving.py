"""How the simulated car drives: a cautious driver on a route, and the power that this takes."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, field
from random import Random

from ovms.car.vehicles.sim.route import Route

MASS = 1650.0
ROLLING = 0.0095
DRAG_AREA = 0.62
"""Drag coefficient times front area, m²."""
AIR_DENSITY = 1.2
GRAVITY = 9.81
DRIVETRAIN, REGENERATION = 0.9, 0.65
"""The fraction of the battery's power that reaches the wheels, and of the braking power that is
recovered."""
MOST_REGENERATED = 45.0
"""kW."""

ACCELERATION, BRAKING = 1.6, 1.4
"""m/s²."""
AHEAD = 1.0
"""How far the driver looks ahead, km."""
AT_POINT = 0.003
"""The distance at which the car counts as arrived at a point, km."""
CRAWL = 1.5
"""The speed with which it approaches a point where it stops, m/s."""


@dataclass(slots=True)
class Drive:
    """A drive along a route. ``km`` is the distance from its start, ``speed`` is in m/s."""

    route: Route
    random: Random
    km: float = 0.0
    speed: float = 0.0
    power: float = 0.0
    """kW from the battery for the wheels; negative while braking recovers energy."""
    top: float = math.inf
    """The highest speed of the car, whatever the road allows, m/s."""
    _caps: list[float] = field(default_factory=list)
    _waits: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Choose the speed of each leg today, and the red lights.

        A drive that starts at ``km`` on the way starts with the road's speed there.
        """
        for at, point in enumerate(self.route.waypoints):
            self._caps.append(point.limit / 3.6 * self.random.uniform(0.88, 1.0))
            if point.light and self.random.random() < 0.5:
                self._waits[at] = self.random.uniform(5, 35)
        if self.km > 0:
            self.speed = self._wanted(1.0)

    @property
    def is_over(self) -> bool:
        """Whether the car stands at the end."""
        return self.km >= self.route.length - AT_POINT and self.speed == 0

    def step(self, seconds: float) -> float:
        """Drive on for ``seconds`` (about 1). Return the km driven."""
        before_km, before_speed = self.km, self.speed
        wanted = self._wanted(seconds)
        most, least = before_speed + ACCELERATION * seconds, before_speed - 2 * BRAKING * seconds
        self.speed = max(0.0, least, min(wanted, most))
        mean = (before_speed + self.speed) / 2
        self.km = min(before_km + mean * seconds / 1000, self.route.length)
        self.power = self._power(mean, (self.speed - before_speed) / seconds)
        return self.km - before_km

    def _wanted(self, seconds: float) -> float:
        """Return the right speed: the road's, but slow enough for what comes."""
        marks = self.route.marks
        wanted = min(self.top, self._caps[self.route.leg_at(self.km)])
        at = bisect_left(marks, self.km - AT_POINT)
        while at < len(marks) and marks[at] - self.km <= AHEAD:
            wanted = min(wanted, self._allowed(at, marks[at] - self.km, seconds))
            at += 1
        return wanted

    def _allowed(self, at: int, distance: float, seconds: float) -> float:
        """Return the speed at which the car may approach point ``at``, ``distance`` km away."""
        is_end = at == len(self.route.marks) - 1
        must_stop = is_end or self._waits.get(at, 0) > 0
        if not must_stop:
            return math.sqrt(self._caps[at] ** 2 + 2 * BRAKING * 1000 * max(distance, 0))
        if distance > AT_POINT:
            return max(math.sqrt(2 * BRAKING * 1000 * (distance - AT_POINT)) - 1, CRAWL)
        if not is_end and self.speed == 0:
            self._waits[at] -= seconds
        return 0.0

    def _power(self, speed: float, acceleration: float) -> float:
        """Return the kW from the battery at a speed (m/s) and an acceleration (m/s²)."""
        if speed == 0:
            return 0.0
        weight = MASS * GRAVITY * (ROLLING + self.route.slope(self.km))
        force = weight + AIR_DENSITY / 2 * DRAG_AREA * speed**2 + MASS * acceleration
        wheels = force * speed / 1000
        if wheels >= 0:
            return wheels / DRIVETRAIN
        return max(wheels * REGENERATION, -MOST_REGENERATED)
