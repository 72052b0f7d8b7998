"""Which positions of a GPS receiver can be true. Pure.

Receivers and buses tell zeros before a fix, halves of a frame, and places at the other end of the
world. A position counts if the car can have come there since the last one, or if several readings
in a row tell of the other place.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from ovms.car.alert_limits import PositionLimits
from ovms.car.state import is_place

KM_PER_DEGREE = 111.2
"""Of latitude, and of longitude at the equator."""

Place = tuple[float, float]
"""Latitude and longitude in degrees."""


class Verdict(Enum):
    """What a reading is worth."""

    GOOD = "the car can be there"
    REFUSED = "it cannot, or only once more of them say so"
    ELSEWHERE = "it cannot have come there, and yet readings keep saying that it is there"


def distance(a: Place, b: Place) -> float:
    """Return the distance in km on the shortest way. It is exact enough for alerts."""
    north = math.radians(b[0] - a[0])
    east = math.radians(b[1] - a[1])
    slope = math.cos(math.radians(a[0])) * math.cos(math.radians(b[0]))
    half = math.sin(north / 2) ** 2 + slope * math.sin(east / 2) ** 2
    return KM_PER_DEGREE * math.degrees(2 * math.asin(min(1.0, math.sqrt(half))))


@dataclass(slots=True)
class _Elsewhere:
    """A place that the car cannot have come to, and the readings that tell of it."""

    since: float
    at: Place
    read: float
    readings: int = 1


class PositionCheck:
    """Judges the readings of one receiver, one after the other."""

    def __init__(self, limits: PositionLimits) -> None:
        self._limits = limits
        self._last: tuple[Place, float] | None = None
        self._elsewhere: _Elsewhere | None = None

    def judge(self, here: Place, now: float) -> Verdict:
        """Return what a reading is worth."""
        if not is_place(*here):
            return Verdict.REFUSED
        is_good = self._is_good(here, now)
        if is_good or self._is_believed(here, now):
            verdict = Verdict.GOOD if is_good or self._last is None else Verdict.ELSEWHERE
            self._last, self._elsewhere = (here, now), None
            return verdict
        return Verdict.REFUSED

    def _is_good(self, here: Place, now: float) -> bool:
        if self._last is None:
            return 0 not in here  # one that is exactly 0 is more likely a half of nothing
        return self._is_near(*self._last, here, now)

    def _is_near(self, there: Place, then: float, here: Place, now: float) -> bool:
        """Return whether a car can have come from there to here."""
        reach = self._limits.slack + self._limits.fastest * max(0.0, now - then) / 3600
        return distance(there, here) <= reach

    def _is_believed(self, here: Place, now: float) -> bool:
        """Return whether enough readings in a row tell of one other place.

        One that is exactly 0 is a half of nothing, however often it is read, if the car was
        elsewhere before.
        """
        if 0 in here and self._last is not None:
            self._elsewhere = None
            return False
        found = self._elsewhere
        if found is None or not self._is_near(found.at, found.read, here, now):
            self._elsewhere = found = _Elsewhere(now, here, now)
        else:
            found.at, found.read, found.readings = here, now, found.readings + 1
        limits = self._limits
        return found.readings >= limits.readings and now - found.since >= limits.lasting
