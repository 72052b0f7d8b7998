"""A trip while it is reported: what is summed up, and what is made of it in the end."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from ovms.server.journeys.marks import Mark
from ovms.server.journeys.meters import Climb, Counter, Mean
from ovms.server.journeys.tracks import TrackRow, TripTrack
from ovms.server.journeys.values import JourneyEnd, Position, Trip, TripPoint

if TYPE_CHECKING:
    from ovms.server.journeys.samples import Sample

LEAST_DISTANCE: Final = 0.1
"""km; with less the vehicle was parked."""

CLEAR_DISTANCE: Final = 0.5
"""km between positions that count as movement although the odometer stands still."""

GAP_LIMIT: Final = 900
"""Seconds of silence in a trip; with more it has gaps."""

POSITION_NOISE: Final = 0.03
"""km; positions that are closer together are one."""

LEAST_SPEED: Final = 3.0
"""km/h; what is slower may be the receiver's noise."""

STOP_SECONDS: Final = 180
"""Between two speeds; with more, the distance tells how long it moved."""

POINT_INTERVAL: Final = 60
"""Seconds between points of a track that have no position."""

EARLY: Final = 300
"""Seconds in which a first report still tells how it was at the start."""

MOST_CONSUMPTION: Final = 0.5
"""kWh a km, and :data:`MOST_POWER` in kW all the time: a trip that used more did not."""

MOST_POWER: Final = 6.0

MOST_STEP: Final = 80.0
"""kW that can be used for some minutes: a counter that fell to more was not reset."""

BEGUN: Final = 120
"""Seconds after which counters have begun anew for a trip."""

PART: Final = 0.03
"""Of a trip's distance after which its last energies were reported; from then on they are
estimated."""

RISE: Final = 3.0
"""Percent by which the state of charge is higher after a charge that nobody saw."""

WAIT: Final = (180, 660)
"""Seconds that final values may take after the end was seen, at least and at most."""


@dataclass(slots=True)
class TripBuilding:
    """A trip from its start on. Its fields are its state."""

    start: JourneyEnd
    is_start_estimated: bool = False
    is_start_final: bool = False
    """A report shows the very moment; nothing tells it better."""
    phase: int = 0
    """When the car was switched on last."""
    seen: int = 0
    """When it was first reported to be on."""
    last_on: int = 0
    """When it was last reported to be on."""
    time: int = 0
    """Of the last report that counts."""
    moved: int = 0
    """When it was last seen to move."""
    mark: Mark = field(default_factory=Mark)
    """As last reported."""
    early: Mark = field(default_factory=Mark)
    """As first reported."""
    track_distance: float = 0.0
    ahead: float = 0.0
    """km since the odometer was last reported: by the trip meter, else by positions."""
    meter_then: float | None = None
    """What the trip meter had counted when the odometer was last reported."""
    corner: Position | None = None
    """To which the track was measured."""
    corner_time: int = 0
    furthest: float = 0.0
    """km from the first position."""
    speed: float | None = None
    speed_time: int = 0
    speed_distance: float = 0.0
    speed_max: float | None = None
    moving: float = 0.0
    climb: Climb = field(default_factory=Climb)
    ambient: Mean = field(default_factory=Mean)
    battery: Mean = field(default_factory=Mean)
    cabin: Mean = field(default_factory=Mean)
    used: Counter = field(default_factory=Counter)
    recovered: Counter = field(default_factory=Counter)
    meter: Counter = field(default_factory=Counter)
    """The trip meter."""
    meter_time: int = 0
    energy_time: int = 0
    """When energies were last reported."""
    energy_distance: float = 0.0
    odometer_time: int = 0
    energy_interval: int = WAIT[1]
    soc_distance: float = 0.0
    """The distance at which the state of charge was last reported."""
    track: TripTrack = field(default_factory=TripTrack)
    has_gaps: bool = False
    capacity: float | None = None
    # Once it has ended; it may go on after a short stop.
    end: int | None = None
    is_end_estimated: bool = False
    is_end_logged: bool = False
    shown: int = 0
    """When its end was seen."""
    after: Mark = field(default_factory=Mark)
    """As first reported after its end."""
    is_charged: bool = False
    """It was charged since."""

    # What was reported.

    def absorb(self, sample: Sample) -> None:
        """Take in a report from between its start and its end."""
        time = sample.time
        if time - self.time > GAP_LIMIT:
            self.has_gaps = True
        self.time = time
        before = self.mark.odometer
        if sample.odometer is not None:
            self._place_energy(sample.odometer, time)
        self.mark.take(sample)
        if time - self.start.time <= EARLY:
            self.early.fill(sample)
        elif self.early.odometer is None:
            self.early.odometer = sample.odometer
        if sample.odometer is not None:
            self.ahead, self.meter_then = 0.0, None
            if before is not None and sample.odometer - before >= LEAST_DISTANCE / 2:
                self.moved = time
        if sample.position is not None:
            self._go(sample.position)
            if sample.altitude is not None:
                self.climb.read(sample.altitude)
        if sample.speed is not None:
            self._roll(sample.speed, time)
        self._read_meters(sample)
        if sample.temperature_ambient is not None:
            self.ambient.read(sample.temperature_ambient, time)
        if sample.temperature_battery is not None:
            self.battery.read(sample.temperature_battery, time)
        if sample.temperature_cabin is not None:
            self.cabin.read(sample.temperature_cabin, time)
        if sample.capacity is not None:
            self.capacity = sample.capacity
        if sample.soc is not None:
            self.soc_distance = self.distance or 0.0
        last = self.track.last
        if sample.position is not None or last is None or time - last.time >= POINT_INTERVAL:
            self.track.add(self._row(sample))

    def _go(self, position: Position) -> None:
        if self.corner is None:
            self.corner, self.corner_time = position, self.time
            return
        distance = self.corner.metres_to(position) / 1000
        if distance >= POSITION_NOISE:
            if self.meter_then is None and self.corner_time >= self.odometer_time - POINT_INTERVAL:
                self.ahead += distance
            self.corner = position
            self.track_distance += distance
            self.corner_time = self.time
            first = self.start.position or self.early.position or position
            self.furthest = max(self.furthest, first.metres_to(position) / 1000)
            if distance >= LEAST_DISTANCE / 2 and self.speed is None:
                self.moved = self.time

    def _roll(self, speed: float, time: int) -> None:
        if speed >= LEAST_SPEED:
            self.moved = time
        seconds = time - (self.speed_time or self.start.time)
        distance = self.distance or 0.0
        was_moving = self.speed is not None and self.speed >= LEAST_SPEED
        moving = (was_moving + (speed >= LEAST_SPEED)) / 2 * seconds
        if seconds > STOP_SECONDS and moving < seconds:
            fastest = max(speed, self.speed or 0.0)
            went = max(distance - self.speed_distance, 0.0)
            moving = min(went * 3600 / typical_speed(fastest, went), seconds)
        self.moving += moving
        self.speed, self.speed_time, self.speed_distance = speed, time, distance
        if self.speed_max is None or speed > self.speed_max:
            self.speed_max = speed

    def _read_meters(self, sample: Sample) -> None:
        if sample.trip_meter is not None:
            step = (sample.time - self.meter_time) / 18 + 0.3
            self.meter.read(sample.trip_meter, self._most_distance(sample), step)
            self.meter_time = sample.time
            self._meter_ahead()
        if sample.energy_used is None and sample.energy_recovered is None:
            return
        most = self._most_energy(sample)
        if sample.is_trip_record and not sample.driving_time and self.used.top is None:
            return  # At switch-on it may still be that of the last trip.
        is_begun = sample.time - self.start.time > BEGUN
        step = MOST_STEP * (sample.time - (self.energy_time or self.start.time)) / 3600 + 0.1
        if sample.energy_used is not None:
            self.used.read(sample.energy_used, most, step, is_begun=is_begun)
        if sample.energy_recovered is not None:
            self.recovered.read(sample.energy_recovered, most, step, is_begun=is_begun)
        if self.energy_time:
            self.energy_interval = sample.time - self.energy_time
        self.energy_time, self.energy_distance = sample.time, self.distance or 0.0

    def _meter_ahead(self) -> None:
        """Say how far the trip meter has counted since the odometer was last reported."""
        amount = self.meter.amount or 0.0
        if self.odometer_time == self.meter_time:
            self.meter_then = amount
        elif self.meter_then is not None:
            self.ahead = max(amount - self.meter_then, 0.0)

    def _place_energy(self, odometer: float, time: int) -> None:
        """Say at which distance energies were reported since the odometer was."""
        first, last = self.first_odometer, self.last_odometer
        since = self.odometer_time
        if since < self.energy_time < time and first is not None and last is not None:
            share = (self.energy_time - since) / (time - since)
            self.energy_distance = max(last + share * (odometer - last) - first, 0.0)
        self.odometer_time = time

    def _most_distance(self, sample: Sample) -> float:
        """Return the km that a trip meter can have counted on this trip."""
        rise = self.odometer_rise
        return (sample.time - self.start.time) / 24 + 1 if rise is None else rise + 1

    def _most_energy(self, sample: Sample) -> float:
        """Return the kWh that can have been used on this trip."""
        hours = (sample.time - self.start.time) / 3600
        return MOST_POWER * hours + 0.3 + MOST_CONSUMPTION * (self.distance or 60 * hours)

    def _row(self, sample: Sample) -> TrackRow:
        place = sample.position
        return TrackRow(
            sample.time,
            None if place is None else place.latitude,
            None if place is None else place.longitude,
            self.distance,
            sample.altitude,
            self.speed if self.speed_time == sample.time else None,
            self.mark.soc,
            self.used.amount,
            self.recovered.amount,
        )

    def shift(self, distance: float) -> None:
        """Take in that all odometers so far were wrong by so much."""
        if self.start.odometer is not None:
            self.start = replace(self.start, odometer=self.start.odometer + distance)
        for mark in (self.early, self.mark, self.after):
            if mark.odometer is not None:
                mark.odometer += distance

    # What it is so far.

    @property
    def first_odometer(self) -> float | None:
        """The odometer at its start, as far as it is known."""
        return self.early.odometer if self.start.odometer is None else self.start.odometer

    @property
    def last_odometer(self) -> float | None:
        """The odometer at its end, as far as it is known."""
        return self.mark.odometer if self.after.odometer is None else self.after.odometer

    @property
    def odometer_rise(self) -> float | None:
        """By the odometer, km."""
        first, last = self.first_odometer, self.last_odometer
        return None if first is None or last is None else max(last - first, 0.0)

    @property
    def distance(self) -> float | None:
        """The distance, km: by the odometer and the positions since, the trip meter, the track."""
        rise, by_meter = self.odometer_rise, self.meter.amount
        if rise is not None and (rise >= LEAST_DISTANCE or self.furthest < CLEAR_DISTANCE):
            return rise + (self.ahead if self.after.odometer is None else 0.0)
        if by_meter is not None and (by_meter >= LEAST_DISTANCE or not self.track_distance):
            return by_meter
        return self.track_distance if self.corner is not None else rise

    @property
    def has_moved(self) -> bool:
        """Whether it went anywhere."""
        rise = self.odometer_rise
        counted = (self.meter.amount or 0.0) if rise is None else rise
        if counted >= LEAST_DISTANCE - 1e-6:
            return True
        return self.furthest >= (LEAST_DISTANCE if rise is None else CLEAR_DISTANCE)

    @property
    def mean_speed(self) -> float:
        """km/h, as far as it is known."""
        seconds = self.time - self.start.time
        distance = self.distance
        if distance is None or distance < 1 or seconds < 60:
            return typical_speed(self.speed, 0.0)
        return min(max(distance * 3600 / seconds, 15.0), 130.0)

    # Its end.

    def finish(self, end: int, shown: int, *, is_estimated: bool, is_logged: bool = False) -> None:
        """End it, unless it goes on soon. ``is_logged`` is whether the module itself tells it."""
        if end - self.time > GAP_LIMIT and not is_logged:
            self.has_gaps = True
        self.end, self.shown, self.is_end_estimated = max(end, self.start.time), shown, is_estimated
        self.is_end_logged = is_logged
        self.after, self.is_charged = Mark(), False

    def take_after(self, sample: Sample) -> None:
        """Take in a report from after its end: the last energies, how it is there."""
        before = self.mark.soc
        has_risen = sample.soc is not None and before is not None and sample.soc >= before + RISE
        if has_risen or sample.is_charging or sample.charge_state in _CHARGING:
            self.is_charged = True
        if sample.odometer is not None:
            self._place_energy(sample.odometer, min(sample.time, self.end or sample.time))
            if self.after.odometer is not None:
                self.after.odometer = max(self.after.odometer, sample.odometer)
        if sample.position is not None and self.after.position is None:
            self._go(sample.position)
        self.after.fill(sample, has_charge=not self.is_charged)
        if sample.trip_meter is not None:
            self.meter.read_after(sample.trip_meter, self._most_distance(sample))
        is_begun = self.end is not None and self.end - self.start.time > BEGUN
        if sample.energy_used is not None:
            is_final = self.used.top is None or sample.energy_used >= self.used.top
            self.used.read_after(sample.energy_used, self._most_energy(sample), is_begun=is_begun)
            if is_final:  # otherwise it was reset, and says nothing of the rest of the way
                self.energy_time, self.energy_distance = sample.time, self.distance or 0.0
        if sample.energy_recovered is not None:
            most = self._most_energy(sample)
            self.recovered.read_after(sample.energy_recovered, most, is_begun=is_begun)
        if sample.capacity is not None:
            self.capacity = sample.capacity

    def take_last(self, sample: Sample) -> None:
        """Take in what the module tells of the moment of the end."""
        has_gaps = self.has_gaps
        self.absorb(sample)
        self.has_gaps = has_gaps

    def resume(self, start: int) -> None:
        """Go on after a short stop."""
        self.end, self.phase, self.after = None, start, Mark()
        for counter in (self.used, self.recovered, self.meter):
            counter.restart()

    def is_over(self, time: int, least: int) -> bool:
        """Return whether it cannot go on any more, and its last values are there."""
        if self.end is None or min(time - self.shown, time - self.end) < least:
            return False
        has_energy = not self.energy_time or self.energy_time >= self.end
        has_soc = self.after.soc is not None or self.start.soc is None or self.is_charged
        if has_energy and has_soc:
            return True
        return time - self.shown >= min(max(self.energy_interval + 60, WAIT[0]), WAIT[1])

    # What is made of it.

    def trip(self, closed: int | None) -> Trip:
        """Return the trip."""
        end_time = self.time if self.end is None else self.end
        after = self.after.over(self.mark)
        distance, soc_energy = self.distance, None
        start = self.trip_start()
        end = after.at(end_time, self._last_odometer(start.odometer, distance))
        if start.soc is not None and end.soc is not None and self.capacity:
            soc_energy = (start.soc - end.soc) / 100 * self.capacity
            if self.after.soc is None and 1 < self.soc_distance < (distance or 0.0):
                soc_energy *= min((distance or 0.0) / self.soc_distance, 3.0)
        used, recovered, is_energy_estimated = self._energies(distance, soc_energy)
        estimated = {
            "start": self.is_start_estimated,
            "end": self.is_end_estimated and self.end is not None,
            "distance": self.odometer_rise is None or self._is_ahead,
            "energy_used": is_energy_estimated,
        }
        duration, climb = end.time - start.time, self.climb.finished()
        trip = Trip(
            start=start,
            end=end,
            closed=closed,
            has_gaps=self.has_gaps,
            estimated=tuple(sorted(name for name, is_so in estimated.items() if is_so)),
            temperature_ambient=self.ambient.value(end.time),
            distance=distance,
            energy_used=used,
            energy_recovered=recovered,
            moving_time=self._moving_time(end.time, duration),
            speed_max=self.speed_max,
            altitude_min=climb.least,
            altitude_max=climb.most,
            ascent=None if climb.least is None else climb.ascent,
            descent=None if climb.least is None else climb.descent,
            temperature_battery=self.battery.value(end.time),
            temperature_cabin=self.cabin.value(end.time),
        )
        return replace(trip, track=self._track(trip))

    def trip_start(self) -> JourneyEnd:
        """Return its start, with what was reported soon after where nothing was before."""
        start, early = self.start, self.early
        odometer = self.first_odometer
        if not early.time and odometer == start.odometer:
            return start
        mark = Mark(
            position=start.position,
            altitude=start.altitude,
            soc=start.soc,
            ideal_range=start.ideal_range,
            estimated_range=start.estimated_range,
            voltage_12v=start.voltage_12v,
        )
        return mark.over(early).at(start.time, odometer)

    def _last_odometer(self, first: float | None, distance: float | None) -> float | None:
        if self._is_ahead and first is not None and distance is not None:
            return first + distance
        return self.last_odometer

    @property
    def _is_ahead(self) -> bool:
        """Whether positions tell how it went on after the odometer's last report."""
        return self.after.odometer is None and self.ahead >= LEAST_DISTANCE

    def _moving_time(self, end: int, duration: int) -> int | None:
        if self.speed is None:
            return None
        moving = self.moving
        if self.speed >= LEAST_SPEED and end > self.speed_time:
            moving += (end - self.speed_time) / 2
        return min(round(moving), duration)

    def _energies(
        self, distance: float | None, soc_energy: float | None
    ) -> tuple[float | None, float | None, bool]:
        """Return energy used and recovered, and whether they are estimated."""
        used, recovered = self.used.amount, self.recovered.amount
        if used is None:
            if soc_energy is None:
                return None, recovered, False
            return (max(soc_energy, 0.0), max(-soc_energy, 0.0) or recovered, True)
        missing = (distance or 0.0) - self.energy_distance
        if missing <= PART * (distance or 0.0) or missing < LEAST_DISTANCE:
            return used, recovered, False
        factor = (distance or 0.0) / self.energy_distance if self.energy_distance > 1 else math.inf
        if factor > 3:
            if soc_energy is None:  # what was counted on a small part of the way is not its energy
                return None, None, False
            return max(soc_energy, used), recovered, True
        return used * factor, None if recovered is None else recovered * factor, True

    def _track(self, trip: Trip) -> tuple[TripPoint, ...]:
        has_energy = trip.energy_used is not None
        start = TripPoint(
            time=trip.start.time,
            position=trip.start.position,
            altitude=trip.start.altitude,
            distance=None if trip.distance is None else 0.0,
            soc=trip.start.soc,
            energy_used=0.0 if has_energy else None,
            energy_recovered=None if trip.energy_recovered is None else 0.0,
        )
        end = TripPoint(
            time=trip.end.time,
            position=trip.end.position,
            altitude=trip.end.altitude,
            distance=trip.distance,
            soc=trip.end.soc,
            energy_used=trip.energy_used,
            energy_recovered=trip.energy_recovered,
        )
        return self.track.points(start, end)


_CHARGING: Final = frozenset({"charging", "topoff"})


def typical_speed(speed: float | None, distance: float) -> float:
    """Return how fast a car went, km/h, that nobody saw for a distance."""
    if speed is not None and speed >= LEAST_SPEED:
        return min(max(0.8 * speed, 25.0 if distance < 20 else 50.0), 110.0)
    return 40.0 if distance < 20 else 70.0
