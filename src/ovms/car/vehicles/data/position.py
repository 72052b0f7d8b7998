"""The position of a car on a bus: what can be true of what was read.

Latitude and longitude may come in one message or in two. They are judged together, at the end of
each message that has one of them.
"""

from __future__ import annotations

from ovms.car.alert_limits import PositionLimits
from ovms.car.positions import PositionCheck, Verdict
from ovms.car.state import CarState, Topic

LATITUDE, LONGITUDE = "latitude", "longitude"


class PositionReader:
    """Fills the position of one car. What cannot be true leaves it as it was."""

    def __init__(self, limits: PositionLimits) -> None:
        self._check = PositionCheck(limits)
        self._read: dict[str, float | None] = {}
        self._is_new = False
        self._has_fix = False
        """The position of the state was read while the receiver had a fix."""

    def put(self, name: str, value: float | None, *, is_read: bool = True) -> None:
        """Note a latitude or longitude that was read; ``None`` is unknown.

        One that was only calculated again, without ``is_read``, counts if it is another.
        """
        if is_read or name not in self._read or self._read[name] != value:
            self._read[name] = value
            self._is_new = True

    def resume(self, state: CarState, now: float) -> None:
        """Note that the state has a position from before a restart, to compare others with."""
        if state.latitude is not None and state.longitude is not None:
            read = state.updated.get(Topic.POSITION, now)
            self._check.judge((state.latitude, state.longitude), read)
            self._has_fix = state.gps_lock is not False

    def settle(self, state: CarState, now: float) -> None:
        """Move what was read since the last call into the state, if it can be true."""
        if not self._is_new:
            return
        self._is_new = False
        latitude, longitude = self._read.get(LATITUDE), self._read.get(LONGITUDE)
        if latitude is None or longitude is None:
            state.latitude, state.longitude, self._has_fix = latitude, longitude, False
            if latitude is not None or longitude is not None:
                state.updated[Topic.POSITION] = now
            return
        is_lost = state.gps_lock is False and self._has_fix
        if is_lost or self._check.judge((latitude, longitude), now) is Verdict.REFUSED:
            return
        state.latitude, state.longitude = latitude, longitude
        self._has_fix = state.gps_lock is not False
        state.updated[Topic.POSITION] = now
