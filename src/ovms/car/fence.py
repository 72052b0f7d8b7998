"""Whether a car has left a circle around where it stood. Pure."""

from __future__ import annotations

from ovms.car.alert_limits import AlertLimits, MovedLimits, ValetLimits
from ovms.car.latch import Latch
from ovms.car.positions import Place, PositionCheck, Verdict, distance
from ovms.car.state import CarState, Topic

FLICKER = 5.0
"""Seconds that a switch must keep its new position: power and valet mode are read one by one."""

RECENT = 15.0
"""Seconds since a position was read that still is where the car was switched off."""


class PositionWatch:
    """Finds the new readings of a car's position, and judges them."""

    def __init__(self, limits: AlertLimits) -> None:
        self._check = PositionCheck(limits.position)
        self._seen: tuple[object, ...] = ()

    def look(self, state: CarState, now: float) -> tuple[Place | None, Verdict]:
        """Return a new reading with a fix, and what it is worth; ``None`` without one."""
        latitude, longitude = state.latitude, state.longitude
        reading = (latitude, longitude, state.updated.get(Topic.POSITION))
        if reading == self._seen:
            return None, Verdict.REFUSED
        self._seen = reading
        if latitude is None or longitude is None or state.gps_lock is False:
            return None, Verdict.REFUSED
        here = latitude, longitude
        return here, self._check.judge(here, now)


class Fence:
    """A circle around where a car is when the fence is set.

    It counts as left, once, when several readings over some time are outside. If it cannot have got
    there from its first reading here, and there were no others, that one was wrong: then the circle
    is drawn anew.
    """

    def __init__(self, limits: MovedLimits | ValetLimits) -> None:
        self._limits = limits
        self._switch = Latch()
        self._outside = Latch()
        self._centre: Place | None = None
        self._stands_since = 0.0
        self._has_stood = False
        """A further reading, some time after that, was inside."""
        self._latest: tuple[Place, float] | None = None

    @property
    def is_told(self) -> bool:
        """Whether it counts as left."""
        return self._outside.is_on

    def resume(self) -> None:
        """Take the fence as set and as left, as it was before a restart."""
        self._switch.is_on = self._outside.is_on = True

    def is_left(
        self, here: Place | None, verdict: Verdict, now: float, *, is_set: bool | None
    ) -> bool:
        """Return whether the car has left, given a new reading of its position if there is one.

        While it is unknown whether the fence is set, it stays as it was.
        """
        if here is not None and verdict is not Verdict.REFUSED:
            self._latest = here, now
        if self._switch.look(
            now, begins=is_set is True, ends=is_set is False, lasting=FLICKER, gone=FLICKER
        ):
            self._centre, self._stands_since = self._where_it_stands(now), now
            self._has_stood = False
        if not self._switch.is_on or not self._limits.distance:
            self._centre, self._outside = None, Latch()
            return False
        if here is None or verdict is Verdict.REFUSED:
            return False
        is_elsewhere = verdict is Verdict.ELSEWHERE
        if self._centre is None or (is_elsewhere and not self._has_stood):
            self._centre, self._stands_since, self._has_stood = here, now, False
        is_far = distance(self._centre, here) > self._limits.distance
        if not is_far and now - self._stands_since >= self._limits.lasting:
            self._has_stood = True
        return self._outside.look(
            now, begins=is_far, ends=False, lasting=0 if is_elsewhere else self._limits.lasting,
            gone=0, read=now, readings=1 if is_elsewhere else self._limits.readings,
        )  # fmt: skip

    def _where_it_stands(self, now: float) -> Place | None:
        """Return the latest position, unless it is from the way here."""
        is_recent = self._latest is not None and now - self._latest[1] <= RECENT
        return self._latest[0] if self._latest is not None and is_recent else None
