"""Routes of the simulated car, and the usual ones: to town and back."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple

EARTH_RADIUS = 6371.0088
"""km."""

WITH_STOPS = 1.25
"""How many times longer a drive takes than its speed limits allow."""


class Waypoint(NamedTuple):
    """A point of the route: degrees, metres above sea level, and the road that begins there.

    ``limit`` is in km/h. At a ``light`` the car may have to stop.
    """

    latitude: float
    longitude: float
    altitude: float
    limit: float
    light: bool = False


class RoutePoint(NamedTuple):
    """A point on the way: degrees, direction (0 north, 90 east), metres above sea level."""

    latitude: float
    longitude: float
    direction: float
    altitude: float


HOME_TO_TOWN = (
    Waypoint(48.24908, 11.65262, 482, 30),
    Waypoint(48.24815, 11.65610, 482, 50, light=True),
    Waypoint(48.24320, 11.65710, 483, 50),
    Waypoint(48.23655, 11.65148, 484, 80, light=True),
    Waypoint(48.22540, 11.63640, 487, 120),
    Waypoint(48.21110, 11.62260, 493, 120),
    Waypoint(48.19610, 11.61410, 500, 100),
    Waypoint(48.18430, 11.60830, 506, 80),
    Waypoint(48.17640, 11.60290, 509, 60, light=True),
    Waypoint(48.17010, 11.59240, 511, 60, light=True),
    Waypoint(48.16280, 11.58740, 513, 50, light=True),
    Waypoint(48.15730, 11.58450, 514, 50, light=True),
    Waypoint(48.15110, 11.58100, 516, 50, light=True),
    Waypoint(48.14660, 11.57930, 517, 30, light=True),
    Waypoint(48.14290, 11.57770, 518, 30),
)
"""The corners of an invented route. The car parks at the last point."""


@dataclass(frozen=True, slots=True)
class Route:
    """A route along waypoints, measured in km from its start."""

    waypoints: tuple[Waypoint, ...]
    marks: tuple[float, ...]
    """km from the start to each waypoint."""

    @classmethod
    def along(cls, waypoints: tuple[Waypoint, ...]) -> Route:
        """Measure a route."""
        legs = [_distance(a, b) for a, b in pairwise(waypoints)]
        return cls(waypoints, tuple(accumulate(legs, initial=0.0)))

    def reversed(self) -> Route:
        """Return the route back. Each road keeps its limit."""
        ends = self.waypoints[::-1]
        limits = [point.limit for point in ends[1:]] + [ends[-1].limit]
        turned = (p._replace(limit=limit) for p, limit in zip(ends, limits, strict=True))
        return Route.along(tuple(turned))

    @property
    def length(self) -> float:
        """The length of the route, km."""
        return self.marks[-1]

    @property
    def seconds(self) -> float:
        """About how long a drive takes, s."""
        legs = zip(self.waypoints, pairwise(self.marks), strict=False)
        return sum(WITH_STOPS * 3600 * (b - a) / point.limit for point, (a, b) in legs)

    def leg_at(self, km: float) -> int:
        """Return the leg that a point lies on, counted from 0."""
        return min(max(bisect_right(self.marks, km) - 1, 0), len(self.marks) - 2)

    def place(self, km: float) -> RoutePoint:
        """Return the point ``km`` from the start, within the ends."""
        leg = self.leg_at(km)
        a, b = self.waypoints[leg], self.waypoints[leg + 1]
        span = self.marks[leg + 1] - self.marks[leg]
        part = min(max((km - self.marks[leg]) / span, 0.0), 1.0)
        return RoutePoint(
            a.latitude + (b.latitude - a.latitude) * part,
            a.longitude + (b.longitude - a.longitude) * part,
            _direction(a, b),
            a.altitude + (b.altitude - a.altitude) * part,
        )

    def slope(self, km: float) -> float:
        """Return the gradient of the road."""
        leg = self.leg_at(km)
        rise = self.waypoints[leg + 1].altitude - self.waypoints[leg].altitude
        return rise / (1000 * (self.marks[leg + 1] - self.marks[leg]))


def _distance(a: Waypoint, b: Waypoint) -> float:
    """Return km on the great circle."""
    p, q = math.radians(a.latitude), math.radians(b.latitude)
    d = math.radians(b.longitude - a.longitude)
    h = math.sin((q - p) / 2) ** 2 + math.cos(p) * math.cos(q) * math.sin(d / 2) ** 2
    return 2 * EARTH_RADIUS * math.asin(math.sqrt(h))


def _direction(a: Waypoint, b: Waypoint) -> float:
    """Return the bearing from a to b in degrees, exact enough within one region."""
    east = (b.longitude - a.longitude) * math.cos(math.radians(a.latitude))
    return math.degrees(math.atan2(east, b.latitude - a.latitude)) % 360


TO_TOWN = Route.along(HOME_TO_TOWN)
TO_HOME = TO_TOWN.reversed()
