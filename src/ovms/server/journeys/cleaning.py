"""Cleaning: samples in kilometres, without what no car can do.

What is doubtful (a position that no car reaches, an odometer that falls or leaps, a state of charge
that is 0 for a moment) is left out until it has been said :data:`BELIEVED_AFTER` times. So a jump
there and back leaves nothing, and a jump that stays is believed. An odometer that was reset or
counts in another unit goes on from where it was: what comes out never falls, but for a first
reading that turns out wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ovms.protocol.records.status import CHARGE_UNDER_WAY, KM_PER_MILE
from ovms.server.journeys.samples import UNIT_AS_BEFORE, Sample
from ovms.server.journeys.values import Position

BELIEVED_AFTER: Final = 3
"""How often something doubtful must be said in a row until it counts."""

FASTEST: Final = 250.0
"""km/h; on a ferry, on a lorry, on a motorway."""
SLACK: Final = 2.0
"""km by which an odometer may be ahead or behind: some count whole miles."""
RESET_DISTANCE: Final = 5.0
"""km that an odometer has at most that was reset lately."""
POSITION_SLACK: Final = 300.0
"""m by which positions are apart that are taken of the same place."""
PARKED_WATCH: Final = 900
"""Seconds in which a car that is off before and after cannot have gone anywhere."""
UNIT_PATIENCE: Final = 1500
"""Seconds in which a car says its unit, two lost reports of ten minutes in them; one that never
sends a status counts kilometres."""
TOLD_LATELY: Final = 86400
"""Seconds in which what a car reports counts more than the odometers of its records."""
UNIT_TOLERANCE: Final = 0.01
"""By which part the odometers before and after a change of the unit may differ from its factor."""
SOC_STEP: Final = 5.0
"""Percent that a state of charge may change at once."""
SOC_RATE: Final = 10.0
"""Percent a minute: a small battery at a large charger."""

_DISTANCES: Final = (
    "odometer", "trip_meter", "speed", "ideal_range", "ideal_range_max", "estimated_range",
    "limit_range",
)  # fmt: skip
_ENDED: Final = CHARGE_UNDER_WAY | {"done"}
"""The charge states that explain a full battery."""


@dataclass(slots=True)
class PositionCleaner:
    """Drops positions that no car reaches."""

    position: Position | None = None
    """The last that counted."""
    time: int = 0
    speed: float = 0.0
    is_on: bool | None = None
    """Whether the car was on at that time."""
    doubtful: Position | None = None
    doubtful_time: int = 0
    count: int = 0
    has_moved: bool = False
    """The odometer has risen since."""

    def is_clean(self, position: Position, time: int, speed: float | None, on: bool | None) -> bool:
        """Return whether a position counts."""
        speed = speed or 0.0
        last = self.position
        if last is not None and not self._reaches(last, position, self.time, time, speed, on):
            doubtful = self.doubtful
            near = doubtful is not None and self._reaches(
                doubtful, position, self.doubtful_time, time, speed, None
            )
            self.count = self.count + 1 if near else 1
            self.doubtful, self.doubtful_time = position, time
            if self.count < BELIEVED_AFTER:
                return False
        self.position, self.time, self.speed, self.is_on = position, time, speed, on
        self.doubtful, self.count, self.has_moved = None, 0, False
        return True

    def _reaches(
        self, one: Position, other: Position, then: int, now: int, speed: float, on: bool | None
    ) -> bool:
        metres, seconds = one.metres_to(other), now - then
        if metres <= POSITION_SLACK:
            return True
        is_still = self.is_on is False and on is False and not self.has_moved
        if is_still and seconds < PARKED_WATCH:
            return False
        fastest = max(self.speed, speed)
        most = min(2 * fastest + 60, FASTEST) if fastest else FASTEST
        return metres - POSITION_SLACK <= most * seconds / 3.6


@dataclass(slots=True)
class OdometerCleaner:
    """Makes an odometer that never falls."""

    total: float | None = None
    """What came out last."""
    time: int = 0
    scale: float = 1.0
    """Of a car that counts in another unit than it says."""
    offset: float = 0.0
    """Of an odometer that was reset or replaced."""
    seen: int = 0
    """How often in a row it was as expected."""
    doubtful: float | None = None
    doubtful_time: int = 0
    first_doubtful: float = 0.0
    count: int = 0
    reported: int | None = None
    """When the car last told it itself, not in a record, whose time may be wrong."""

    def clean(self, read: float, time: int, *, is_log: bool, is_off: bool = False) -> float | None:
        """Return the odometer that counts; ``None`` while it is doubtful.

        ``is_off`` is whether the car is off, as last reported.
        """
        scale = 1.0 if is_log else self.scale
        value = read * scale + self.offset
        if is_log and self._contradicts(value, time, is_off=is_off):
            return None
        if not is_log:
            self.reported = time
        if self.total is None or self._follows(self.total, value, self.time, time):
            return self._accept(value, time)
        if self._follows(self.total, read, self.time, time):
            self.offset = 0.0
            self.scale = self.scale if is_log else 1.0
            return self._accept(read, time)
        before = self.doubtful
        if before is None or not self._follows(before, read, self.doubtful_time, time):
            self.count, self.first_doubtful = 0, read
        self.doubtful, self.doubtful_time = read, time
        self.count += 1
        return None if self.count < BELIEVED_AFTER else self._adopt(read, time, is_log=is_log)

    def _contradicts(self, value: float, time: int, *, is_off: bool) -> bool:
        """Return whether a record tells another odometer than the car did lately."""
        if self.total is None or self.reported is None or time - self.reported > TOLD_LATELY:
            return False
        if is_off and time - self.reported < PARKED_WATCH and value - self.total > SLACK:
            return True
        return not self._follows(self.total, value, self.time, time)

    def _follows(self, total: float, value: float, then: int, now: int) -> bool:
        return -SLACK <= value - total <= SLACK + FASTEST * (now - then) / 3600

    def _accept(self, value: float, time: int) -> float:
        self.total = max(value, self.total or 0.0)
        self.time, self.seen = time, self.seen + 1
        self.doubtful, self.count = None, 0
        return self.total

    def _adopt(self, read: float, time: int, *, is_log: bool) -> float:
        """Go on with what was doubtful: in another unit, from 0 again, or as the first reading."""
        total = self.total or 0.0
        factor = 1.0 if is_log or not total else self._unit_factor(self.first_doubtful / total)
        if self.seen < BELIEVED_AFTER:
            self.total, self.scale, self.offset = None, 1.0, 0.0
        elif factor != 1.0:
            self.scale, self.offset = factor, 0.0
        else:
            # One that was reset counts from 0: what it has counted since then was driven.
            since = 0.0 if self.first_doubtful <= RESET_DISTANCE else self.first_doubtful
            self.scale, self.offset = 1.0, total - since
        self.seen = 0
        return self._accept(read * self.scale + self.offset, time)

    def _unit_factor(self, ratio: float) -> float:
        """Return what an odometer must be multiplied by whose unit has changed; 1 for any other."""
        for said in (KM_PER_MILE, 1 / KM_PER_MILE):
            if abs(ratio / said - 1) < UNIT_TOLERANCE:
                return 1 / said
        return 1.0


@dataclass(slots=True)
class SocCleaner:
    """Drops a state of charge that no battery has so soon."""

    soc: float | None = None
    time: int = 0
    doubtful: float | None = None

    def is_clean(self, soc: float, time: int, *, is_explained: bool) -> bool:
        """Return whether a state of charge counts; a charge explains a full battery."""
        is_same = self.doubtful is not None and abs(soc - self.doubtful) <= SOC_STEP
        if not is_same and not self._follows(soc, time, is_explained=is_explained):
            self.doubtful = soc
            return False
        self.soc, self.time, self.doubtful = soc, time, None
        return True

    def _follows(self, soc: float, time: int, *, is_explained: bool) -> bool:
        if self.soc is None:
            return soc != 0
        change = abs(soc - self.soc)
        if change <= SOC_STEP:
            return True
        if soc == 0 or (soc == 100 and not is_explained):
            return False
        return change <= SOC_STEP + SOC_RATE * (time - self.time) / 60


@dataclass(slots=True)
class Cleaner:
    """Cleans the samples of one vehicle, in their order. Its fields are its state."""

    unit: str | None = None
    """In which unit the car reports distances, M or K; ``None`` until it has said so."""
    unit_since: int = 0
    """Since when it has told distances and not said so."""
    is_on: bool | None = None
    positions: PositionCleaner = field(default_factory=PositionCleaner)
    odometers: OdometerCleaner = field(default_factory=OdometerCleaner)
    socs: SocCleaner = field(default_factory=SocCleaner)

    def clean(self, sample: Sample) -> Sample:
        """Return a sample in kilometres, without what is doubtful; the same one if it is clean.

        The sample itself is made metric; what is doubtful stays in it.
        """
        is_log = sample.is_trip_record or sample.is_grid_record
        if sample.distance_unit is not None:
            self._make_metric(sample)
        result = sample
        if sample.is_on is not None:
            self.is_on = sample.is_on
        if result.odometer is not None:
            before = self.odometers.total
            total = self.odometers.clean(
                result.odometer, sample.time, is_log=is_log, is_off=self.is_on is False
            )
            if total != result.odometer:
                result = _own(result, sample)
                result.odometer = total
            if total is not None and before is not None and total > before:
                self.positions.has_moved = True
        if result.position is not None and not self.positions.is_clean(
            result.position, sample.time, result.speed, self.is_on
        ):
            result = _own(result, sample)
            result.position = result.altitude = None
        if result.soc is not None and not self.socs.is_clean(
            result.soc, sample.time, is_explained=sample.charge_state in _ENDED
        ):
            result = _own(result, sample)
            result.soc = None
        return result

    def _make_metric(self, sample: Sample) -> None:
        """Have a sample whose distances are in the car's unit in kilometres."""
        if sample.distance_unit != UNIT_AS_BEFORE:
            self.unit = sample.distance_unit
        sample.distance_unit = None
        if self.unit == "M":
            for name in _DISTANCES:
                value = getattr(sample, name)
                if value is not None:
                    setattr(sample, name, value * KM_PER_MILE)
        elif self.unit is None:
            self.unit_since = self.unit_since or sample.time
            if sample.time - self.unit_since < UNIT_PATIENCE:
                for name in _DISTANCES:
                    setattr(sample, name, None)
        for name in ("trip_meter", "speed") if self.odometers.scale != 1 else ():
            value = getattr(sample, name)
            setattr(sample, name, None if value is None else value * self.odometers.scale)


def _own(result: Sample, sample: Sample) -> Sample:
    """Return a sample that may be changed."""
    return _copied(sample) if result is sample else result


_FIELDS: Final = tuple(Sample.__slots__)


def _copied(sample: Sample) -> Sample:
    copy = Sample.__new__(Sample)
    for name in _FIELDS:
        setattr(copy, name, getattr(sample, name))
    return copy
