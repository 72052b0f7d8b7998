"""Trips: from switch-on to switch-off, however much of it was reported.

What tells whether the car is on are *signs*: ``D`` says so, ``*-LOG-Trip`` says when it was
switched on or off; of a car that sends neither, positions and speeds tell. Reports between two
signs wait until it is known on which side of a start or an end they are.

A trip that has ended stays for a while: it may go on after a short stop, and its last values come.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from ovms.server.journeys.marks import Mark
from ovms.server.journeys.meters import Counter
from ovms.server.journeys.samples import Sample
from ovms.server.journeys.trip_building import (
    GAP_LIMIT,
    LEAST_DISTANCE,
    LEAST_SPEED,
    TripBuilding,
    typical_speed,
)

if TYPE_CHECKING:
    from ovms.server.journeys.known import Known
    from ovms.server.journeys.values import Trip

STOP_LIMIT: Final = 180
"""Seconds; a shorter stop does not end a trip."""

UNSEEN_DISTANCE: Final = 0.5
"""km that the odometer must have risen while nobody saw it, to be a trip."""

UNSEEN_BEFORE: Final = 2.0
"""km that it must have risen more than a trip meter: some odometers count whole miles."""

PROMPT: Final = 90
"""Seconds between two reports of which the second shows the moment of a change."""

SILENCE_LIMIT: Final = 86400
"""Seconds of silence after which a trip has ended with its last report."""

STANDING_LIMIT: Final = 7200
"""Seconds that a car that is on may stand: then it is parked with the car on."""

BLIND_LIMIT: Final = 3600
"""Seconds without a report of on or off after which positions and speeds tell."""

WALKING: Final = 10.0
"""km/h; with less over half an hour and more a car stood."""

FASTEST: Final = 250.0
"""km/h, between two odometers; and :data:`LEAP_SLACK` in km."""

LEAP_SLACK: Final = 50.0

LATE: Final = 60
"""Seconds that a report may be on its way."""

DRIVING_LIMIT: Final = 2 * 86400
"""Seconds that a ``*-LOG-Trip`` may tell to have been driven; more is nonsense."""

WAITING_LIMIT: Final = 64
"""Reports that wait for the next sign."""


class Sign(Enum):
    """What a report says of the car."""

    NONE = "none"
    ON = "on"
    MOVING = "moving"
    """It says nothing of on or off, and moves."""
    OFF = "off"
    SWITCHED_ON = "switched on"
    SWITCHED_OFF = "switched off"


_ON_SIGNS: Final = frozenset({Sign.ON, Sign.MOVING, Sign.SWITCHED_ON})


@dataclass(slots=True)
class TripTracker:
    """Follows a car from trip to trip. Its fields are its state."""

    trip: TripBuilding | None = None
    """That goes on, or has ended just now."""
    parked: Mark = field(default_factory=Mark)
    """As last reported to be off."""
    parked_time: int = 0
    """When that was."""
    waiting: list[Sample] = field(default_factory=list)
    """The reports since the last sign."""
    place_time: int = 0
    """When its position was last reported."""
    since: int = 0
    """Since when it was last said to be parked."""
    first_time: int = 0
    odometer: float | None = None
    """At the end of the last trip; before the first, as first reported."""
    odometer_time: int = 0
    """When it was last reported."""
    last_end: int = 0
    """No trip begins before."""
    is_parked_on: bool = False
    """It stands with the car on since long; only movement begins a trip."""
    used: Counter = field(default_factory=Counter)
    """The counters between trips; a trip has its own."""
    recovered: Counter = field(default_factory=Counter)
    meter: Counter = field(default_factory=Counter)

    @property
    def is_on(self) -> bool:
        """Whether a trip goes on, as far as is known."""
        return self.trip is not None and self.trip.end is None

    def ongoing(self) -> Trip | None:
        """Return the trip that goes on or has ended just now; ``None`` while it has not moved."""
        return self.trip.trip(None) if self.trip is not None and self.trip.has_moved else None

    def step(self, sample: Sample, known: Known) -> list[Trip]:
        """Return the trips that a sample showed to be over."""
        closed: list[Trip] = []
        if not self.first_time:
            self.first_time = sample.time
        if sample.is_trip_record and sample.odometer is None and self.odometer is not None:
            return closed  # Its odometer cannot be, so neither can its time.
        if sample.odometer is not None:
            self._check_odometer(sample.odometer, sample.time)
        sign = self._sign(sample, known)
        if sign in _ON_SIGNS:
            self._on(sample, sign, closed)
        elif sign is Sign.NONE:
            self._wait(sample, closed)
        elif sign is Sign.SWITCHED_OFF:
            self._switched_off(sample, closed)
        else:
            self._off(sample, closed)
        trip = self.trip
        if trip is not None and trip.capacity is None:
            trip.capacity = known.values.capacity
        if trip is not None and trip.is_over(sample.time, STOP_LIMIT):
            self._close(trip, sample.time, closed)
        return closed

    def _check_odometer(self, odometer: float, time: int) -> None:
        """Begin anew with an odometer that no car can have got to: the first was wrong."""
        last = self._last_odometer()
        hours = (time - self.odometer_time) / 3600
        self.odometer_time = time
        if last is None or -LEAP_SLACK <= odometer - last <= LEAP_SLACK + FASTEST * hours:
            return
        self.odometer = None if self.odometer is None else self.odometer + odometer - last
        if self.trip is not None:
            self.trip.shift(odometer - last)

    # Signs.

    def _sign(self, sample: Sample, known: Known) -> Sign:
        if sample.is_on is not None:
            return self._switch(sample, is_on=sample.is_on)
        if sample.is_trip_record:
            driving = sample.driving_time
            if driving is None or driving > DRIVING_LIMIT:
                return Sign.NONE
            return Sign.SWITCHED_OFF if driving else Sign.SWITCHED_ON
        if sample.position is None and sample.speed is None:
            return Sign.NONE
        age = known.age("is_on")
        is_blind = age is None or age > BLIND_LIMIT
        if sample.is_grid_record:
            return Sign.OFF if is_blind and not self.is_on else Sign.NONE
        if self._moves(sample):
            return Sign.MOVING if is_blind or self._has_left(sample) else Sign.NONE
        return Sign.OFF if is_blind or self._tells_place(sample) else Sign.NONE

    def _tells_place(self, sample: Sample) -> bool:
        """Return whether a position tells of a parked car without an odometer that it has moved."""
        return self.odometer is None and not self.is_on and sample.position is not None

    def _switch(self, sample: Sample, *, is_on: bool) -> Sign:
        """Return what a report says that tells whether the car is on."""
        if not is_on:
            if not sample.parking_time and (sample.speed or 0.0) >= LEAST_SPEED:
                return Sign.ON
            self.is_parked_on = False
            return Sign.OFF
        if (sample.is_charging or self.is_parked_on) and not self._moves(sample):
            return Sign.OFF
        return Sign.ON

    def _moves(self, sample: Sample) -> bool:
        """Return whether a report shows the car in motion."""
        if sample.speed is not None and sample.speed >= LEAST_SPEED:
            return True
        last = self._last_odometer()
        if sample.odometer is not None and last is not None:
            return sample.odometer - last >= LEAST_DISTANCE - 1e-6
        return sample.speed is None and self._displacement(sample) >= LEAST_DISTANCE / 2

    def _has_left(self, sample: Sample) -> bool:
        """Return whether a position shows that a car has left that was not reported to be on."""
        if self.is_on:
            return True
        trip, left = self.trip, self._displacement(sample) >= LEAST_DISTANCE
        if trip is not None and trip.end is not None and sample.time < trip.end + STOP_LIMIT:
            return False
        return left and bool(self.parked_time) and sample.time - self.parked_time > STOP_LIMIT

    def _displacement(self, sample: Sample) -> float:
        """Return the km from the last position."""
        last = self.parked.position
        if self.trip is not None and self.trip.end is None:
            last = self.trip.mark.position or self.trip.start.position
        if last is None or sample.position is None:
            return 0.0
        return last.metres_to(sample.position) / 1000

    def _last_odometer(self) -> float | None:
        """Return the odometer as of the last report of a trip, else of its end."""
        if self.trip is None:
            return self.odometer
        last = self.trip.last_odometer
        return self.trip.start.odometer if last is None else last

    def _rise(self, sample: Sample) -> float | None:
        """Return the km since the last trip or report; ``None`` if unknown."""
        last = self._last_odometer()
        if sample.odometer is not None and last is not None:
            return max(sample.odometer - last, 0.0)
        if sample.position is not None and self.parked.position is not None:
            return self._displacement(sample)
        return None

    # No sign.

    def _wait(self, sample: Sample, closed: list[Trip]) -> None:
        self.waiting.append(sample)
        trip = self.trip
        if trip is not None and trip.end is not None:
            trip.take_after(sample)
        elif trip is not None and self._is_silent(trip, sample.time):
            self._end(trip, trip.last_on, sample.time, is_estimated=True)
            self._close(trip, sample.time, closed)
        if len(self.waiting) > WAITING_LIMIT:
            oldest = self.waiting.pop(0)
            if self.is_on and trip is not None:
                trip.absorb(oldest)
            else:
                self._stay(oldest)

    def _is_silent(self, trip: TripBuilding, time: int) -> bool:
        """Return whether nothing told for long whether the car is on; a sign does not come soon."""
        return time - trip.last_on > SILENCE_LIMIT and time - self.waiting[0].time > BLIND_LIMIT

    # On.

    def _on(self, sample: Sample, sign: Sign, closed: list[Trip]) -> None:
        trip = self.trip
        if trip is not None and trip.end is None:
            if not self._is_other_trip(trip, sample, sign, closed):
                self._go_on(trip, sample, sign)
                return
            if self.is_parked_on:
                return
            trip = self.trip
        if trip is not None and self._is_late(trip, sample, sign):
            trip.take_after(sample)
            self._stay_all(sample)
            return
        start, is_estimated = self._start_of(sample, sign)
        if trip is not None and trip.end is not None:
            if start - trip.end < STOP_LIMIT:
                trip.resume(start)
                self._go_on(trip, sample, sign)
                return
            self._close(trip, sample.time, closed)
        if not is_estimated or not self._begin_after_unseen(sample, closed):
            self._begin(sample, start, is_estimated=is_estimated)
        self._is_sure(sign, sample, start)

    def _is_late(self, trip: TripBuilding, sample: Sample, sign: Sign) -> bool:
        """Return whether a report is of before the end that the module itself has told."""
        return (
            sign is not Sign.SWITCHED_ON
            and trip.is_end_logged
            and trip.end is not None
            and sample.time - trip.end <= LATE
        )

    def _is_sure(self, sign: Sign, sample: Sample, start: int) -> None:
        if self.trip is not None and self.trip.start.time == start == sample.time:
            is_prompt = bool(self.parked_time) and start - self.parked_time <= PROMPT
            self.trip.is_start_final = sign is Sign.SWITCHED_ON or (is_prompt and sign is Sign.ON)

    def _go_on(self, trip: TripBuilding, sample: Sample, sign: Sign) -> None:
        """Take in that a trip goes on."""
        for each in self.waiting:
            trip.absorb(each)
        self.waiting.clear()
        trip.absorb(sample)
        trip.last_on = sample.time
        is_start = sign is Sign.SWITCHED_ON and trip.phase == trip.start.time
        if is_start and trip.is_start_estimated and not trip.has_moved:
            self._refine_start(trip, sample.time)

    def _is_other_trip(
        self, trip: TripBuilding, sample: Sample, sign: Sign, closed: list[Trip]
    ) -> bool:
        """Return whether a trip has ended unseen, and end it: what was reported is another's."""
        time, silence = sample.time, sample.time - trip.last_on
        rise = self._rise(sample) or 0.0
        if silence > SILENCE_LIMIT:
            self._end(trip, trip.last_on, time, is_estimated=True)
        elif silence >= STOP_LIMIT and (
            (sign is Sign.SWITCHED_ON and trip.has_moved)
            or self._is_reset(trip, sample, silence, rise)
        ):
            self._end_unseen(trip, sample, time)
        elif sign is Sign.MOVING and self._has_stood(silence, rise):
            self._end(trip, trip.last_on, time, is_estimated=True)
        elif time - max(trip.moved, trip.phase) >= STANDING_LIMIT and not self._moves(sample):
            end = max(trip.moved, trip.start.time)
            self.is_parked_on = True
            self._end(trip, end, time, is_estimated=True)
            self._close(trip, time, closed)
            self._stay_all(sample)
            return True
        else:
            return False
        trip.has_gaps = True
        self._close(trip, time, closed)
        return True

    def _has_stood(self, silence: int, rise: float) -> bool:
        """Return whether a car that only tells positions stood most of the time between two."""
        return silence > 2 * GAP_LIMIT and rise * 3600 < WALKING * silence

    def _is_reset(self, trip: TripBuilding, sample: Sample, silence: int, rise: float) -> bool:
        """Return whether the trip meter shows that another trip has begun in the silence."""
        last, meter = trip.meter.top, sample.trip_meter
        if last is None or meter is None or silence < 300 or trip.meter.is_total:
            return False
        if last == trip.meter.before:
            return False  # it showed the trip before this one, and was reset on the way
        return meter < last - LEAST_DISTANCE and meter <= rise + LEAST_DISTANCE

    def _end_unseen(self, trip: TripBuilding, sample: Sample, next_start: int) -> None:
        """End a trip in the silence before a sample of the next."""
        rest = max((self._rise(sample) or 0.0) - (sample.trip_meter or 0.0), 0.0)
        end = trip.last_on + round(rest * 3600 / trip.mean_speed)
        most = max(next_start - STOP_LIMIT, trip.last_on)
        self._end(trip, min(end, most), sample.time, is_estimated=True)
        if trip.mark.odometer is not None:
            trip.mark.odometer, trip.ahead = trip.mark.odometer + rest, 0.0

    def _start_of(self, sample: Sample, sign: Sign) -> tuple[int, bool]:
        """Return when a trip began that goes on, and whether that is estimated."""
        time = sample.time
        least = max(self.parked_time, self.last_end)
        if self.trip is not None and self.trip.end is not None:
            least = max(least, self.trip.end)
        if sign is Sign.SWITCHED_ON:
            return time, False
        if not self.parked_time:
            is_first = time - self.first_time <= PROMPT
            return (self.first_time if is_first else time), True
        if time - self.parked_time <= PROMPT:
            return time, False
        rise = self._rise(sample)
        if rise is None or rise < 0.15:
            return time, rise is None and (sample.speed or 0.0) >= LEAST_SPEED
        seconds = round(rise * 3600 / typical_speed(sample.speed, rise))
        return max(time - seconds, min(least, time)), True

    def _begin_after_unseen(self, sample: Sample, closed: list[Trip]) -> bool:
        """Return whether the trip meter shows that another trip was before, and begin both."""
        meter, rise = sample.trip_meter, self._rise(sample)
        least = max(self.parked_time, self.last_end)
        if meter is None or rise is None or rise - meter < UNSEEN_BEFORE:
            return False
        before = self.meter.reading
        if before is not None and meter >= before + rise - UNSEEN_DISTANCE:
            return False
        start = sample.time - round(meter * 3600 / typical_speed(sample.speed, meter))
        unseen = rise - meter
        if start - STOP_LIMIT - least < unseen * 3600 / 130 or self.odometer is None:
            return False
        self._unseen(unseen, least, start - STOP_LIMIT, None)
        if self.trip is not None:
            self.trip.mark.odometer = self.odometer + unseen
            self._close(self.trip, sample.time, closed)
        self._begin(sample, start, is_estimated=True)
        return True

    def _begin(self, sample: Sample, start: int, *, is_estimated: bool) -> None:
        """Begin a trip, with what was reported of its start before it was known."""
        mark = self.parked.copy()
        for each in self.waiting:
            if each.time <= start:
                mark.take(each)
                self._read_counters(each)
        if sample.time <= start:
            mark.fill(sample, has_charge=False)
            mark.take_charge(sample)
        trip = TripBuilding(
            start=mark.at(start, self.odometer),
            is_start_estimated=is_estimated,
            phase=start,
            seen=sample.time,
            last_on=sample.time,
            time=max(start, self.parked_time),
            moved=start,
            used=self.used,
            recovered=self.recovered,
            meter=self.meter,
        )
        for counter in (trip.used, trip.recovered, trip.meter):
            counter.begin()
        trip.mark, trip.corner = mark, mark.position
        trip.mark.odometer = self.odometer
        trip.has_gaps = is_estimated and sample.time - self.parked_time > GAP_LIMIT
        for each in self.waiting:
            if each.time > start:
                trip.absorb(each)
        trip.absorb(sample)
        self.waiting.clear()
        self.is_parked_on = False
        self.trip = trip

    def _refine_start(self, trip: TripBuilding, time: int) -> None:
        """Take in when the car was switched on, as the module itself tells it."""
        if self.last_end <= time <= trip.seen and not trip.is_start_final:
            start = trip.start
            trip.start = Mark(
                position=start.position,
                altitude=start.altitude,
                soc=start.soc,
                ideal_range=start.ideal_range,
                estimated_range=start.estimated_range,
                voltage_12v=start.voltage_12v,
            ).at(time, start.odometer)
            trip.phase, trip.is_start_estimated = time, False

    # Off.

    def _off(self, sample: Sample, closed: list[Trip]) -> None:
        """Take in that the car is off, perhaps since long."""
        trip = self.trip
        since = sample.time - round(sample.parking_time) if sample.parking_time else None
        if trip is None:
            self._stay_off(sample, since)
        elif trip.end is None:
            self._end_seen(trip, sample, since, closed)
        elif self._is_same_end(trip, sample, since):
            trip.take_after(sample)
            self._stay_all(sample)
        else:
            self._close(trip, sample.time, closed)
            self._stay_off(sample, since)

    def _end_seen(
        self, trip: TripBuilding, sample: Sample, since: int | None, closed: list[Trip]
    ) -> None:
        """End a trip of which a report shows that the car is off."""
        time, last = sample.time, trip.last_on
        rise = self._rise(sample)
        if since is not None and last - since >= STOP_LIMIT and time - last <= 2 * LATE:
            return  # It was on its way when the car was switched on.
        if since is not None and since < last:
            since = None if last - since >= STOP_LIMIT else max(since, trip.start.time)
        if since is not None and not self._is_drive(trip, since - last, rise):
            self._end(trip, last, time, is_estimated=True)
            trip.has_gaps = True
            if rise is None or rise >= UNSEEN_DISTANCE:
                self._close(trip, time, closed)
                self._stay_off(sample, since)
                return
        elif since is not None:
            self._end(trip, since, time, is_estimated=False)
        elif time - last <= PROMPT:
            self._end(trip, time, time, is_estimated=False)
        else:
            seconds = round((rise or 0.0) * 3600 / trip.mean_speed)
            self._end(trip, min(last + seconds, time), time, is_estimated=True)
        trip.take_after(sample)
        self._stay_all(sample)

    def _is_drive(self, trip: TripBuilding, seconds: int, rise: float | None) -> bool:
        """Return whether a car may have driven on for so long unseen."""
        if seconds <= 2 * GAP_LIMIT:
            return True
        if rise is None:
            return seconds <= STANDING_LIMIT
        return seconds <= 2 * GAP_LIMIT + 3 * rise * 3600 / trip.mean_speed

    def _end(
        self,
        trip: TripBuilding,
        end: int,
        shown: int,
        *,
        is_estimated: bool,
        is_logged: bool = False,
    ) -> None:
        """End a trip, and give it the reports that waited for that."""
        end = max(end, trip.start.time)
        for each in self.waiting:
            if each.time <= end:
                trip.absorb(each)
        trip.finish(end, shown, is_estimated=is_estimated, is_logged=is_logged)
        self.parked = trip.mark.copy()
        self.parked_time = end
        for each in self.waiting:
            if each.time > end:
                trip.take_after(each)

    def _is_same_end(self, trip: TripBuilding, sample: Sample, since: int | None) -> bool:
        """Return whether a trip that has ended explains a report, and take in a better end."""
        end, rise = trip.end or 0, self._rise(sample)
        has_risen = self._has_risen(sample, rise)
        if since is None:
            return not has_risen or sample.time - trip.shown < STOP_LIMIT
        if since > max(trip.shown, end) + STOP_LIMIT:
            return not has_risen
        if not trip.is_end_logged and trip.last_on - STOP_LIMIT <= since:
            better = since if trip.is_end_estimated else min(since, end)
            trip.end = max(better, trip.start.time)
            trip.is_end_estimated = False
        return True

    def _stay_off(self, sample: Sample, since: int | None) -> None:
        """Take in that it is parked; a rise of the odometer that nobody saw is a trip."""
        rise, time = self._rise(sample), sample.time
        if rise is not None and self._has_risen(sample, rise) and self.parked_time:
            least = self.parked_time
            if sample.odometer is None:
                least, since = self.place_time, since or self.since
            self._unseen(rise, max(least, self.last_end), time, since)
            if self.trip is not None:
                self.trip.take_after(sample)
        self._stay_all(sample)

    def _has_risen(self, sample: Sample, rise: float | None) -> bool:
        """Return whether the car went somewhere since its last trip or report."""
        if rise is None or rise < UNSEEN_DISTANCE - 1e-6:
            return False
        return sample.odometer is not None or self.odometer is None

    def _unseen(self, distance: float, least: int, most: int, since: int | None) -> None:
        """Begin and end a trip that nobody saw, between two times."""
        seconds = round(distance * 3600 / typical_speed(None, distance))
        is_estimated = since is None or not least < since <= most
        if since is None or is_estimated:
            since = min((least + most + seconds) // 2, most)
        start = max(since - seconds, least)
        mark = self.parked.copy()
        later = []
        for each in self.waiting:
            if each.time <= start:
                mark.take(each)
                self._read_counters(each)
            else:
                later.append(each)
        trip = TripBuilding(
            start=mark.at(start, self.odometer),
            is_start_estimated=True,
            phase=start,
            seen=start,
            last_on=start,
            time=start,
            moved=start,
            mark=Mark(odometer=self.odometer),
            corner=mark.position,
            has_gaps=True,
            used=self.used,
            recovered=self.recovered,
            meter=self.meter,
        )
        for counter in (trip.used, trip.recovered, trip.meter):
            counter.begin()
        self.trip, self.waiting = trip, later
        self._end(trip, since, most, is_estimated=is_estimated)

    def _stay_all(self, sample: Sample) -> None:
        """Take in what was reported of a car that is parked."""
        for each in self.waiting:
            self._stay(each)
        self.waiting.clear()
        self._stay(sample)
        self.parked_time = sample.time

    def _stay(self, sample: Sample) -> None:
        self.parked.take(sample)
        if sample.position is not None:
            self.place_time = sample.time
        if sample.parking_time:
            self.since = sample.time - round(sample.parking_time)
        if self.odometer is None and self.trip is None:
            self.odometer = sample.odometer
        if self.trip is None:
            self._read_counters(sample)

    def _read_counters(self, sample: Sample) -> None:
        if sample.energy_used is not None:
            self.used.reading = sample.energy_used
        if sample.energy_recovered is not None:
            self.recovered.reading = sample.energy_recovered
        if sample.trip_meter is not None:
            self.meter.reading = sample.trip_meter

    # Records of the module itself.

    def _switched_off(self, sample: Sample, closed: list[Trip]) -> None:
        """Take in that the car was switched off now, and for how long it was on."""
        trip, time = self.trip, sample.time
        start = time - round(sample.driving_time or 0.0)
        if trip is not None and trip.end is None:
            if self._is_misdated(trip, start):
                return
            if start - trip.last_on < STOP_LIMIT:
                trip.take_last(sample)
                self._end(trip, time, time, is_estimated=False, is_logged=True)
                self._logged(trip, sample, start)
                return
            self._end_unseen(trip, sample, start)
            trip.has_gaps = True
        if trip is not None and trip.end is not None:
            if start < trip.end + STOP_LIMIT:
                if trip.is_end_estimated or abs(time - trip.end) <= LATE:
                    trip.end = max(time, trip.start.time)
                    trip.is_end_estimated, trip.is_end_logged = False, True
                self._logged(trip, sample, start)
                return
            self._close(trip, time, closed)
        if self._has_driven(sample, start):
            self._begin_logged(sample, start, closed)
        else:
            self._stay_all(sample)

    def _is_misdated(self, trip: TripBuilding, start: int) -> bool:
        """Return whether a record tells another start than was seen: its clock is wrong."""
        is_seen = not trip.is_start_estimated and trip.phase == trip.start.time < trip.last_on
        return is_seen and abs(start - trip.phase) > 2 * STOP_LIMIT > start - trip.last_on

    def _logged(self, trip: TripBuilding, sample: Sample, start: int) -> None:
        if trip.phase == trip.start.time:
            self._refine_start(trip, start)
        trip.take_after(sample)
        self._stay_all(sample)

    def _has_driven(self, sample: Sample, start: int) -> bool:
        """Return whether a record tells of a trip that is not known yet."""
        rise = self._rise(sample)
        if sample.odometer is not None and rise is not None:
            return rise >= LEAST_DISTANCE
        return start >= self.last_end - STOP_LIMIT

    def _begin_logged(self, sample: Sample, start: int, closed: list[Trip]) -> None:
        """Begin and end a trip that only a record tells."""
        least = self.last_end
        rise, meter = self._rise(sample), sample.trip_meter
        if sample.odometer is not None and meter and self.odometer is None:
            self.odometer = sample.odometer - meter
        elif rise is not None and meter and self.odometer is not None:
            unseen = rise - meter
            room = start - STOP_LIMIT - max(self.parked_time, least)
            if unseen >= UNSEEN_BEFORE and room >= unseen * 3600 / 130:
                self._unseen(unseen, max(self.parked_time, least), start - STOP_LIMIT, None)
                if self.trip is not None:
                    self.trip.mark.odometer = self.odometer + unseen
                    self._close(self.trip, sample.time, closed)
        begun = Sample(time=max(start, least))
        self._begin(begun, begun.time, is_estimated=start < least)
        trip = self.trip
        if trip is not None:
            trip.has_gaps = False
            trip.take_last(sample)
            self._end(trip, sample.time, sample.time, is_estimated=False, is_logged=True)
            trip.take_after(sample)
            self._stay_all(sample)

    # Over.

    def _close(self, trip: TripBuilding, time: int, closed: list[Trip]) -> None:
        """Let go of a trip that is over; one that went nowhere was parked time."""
        self.used, self.recovered, self.meter = trip.used, trip.recovered, trip.meter
        self.trip = None
        if not trip.has_moved:
            if self.odometer is None:
                self.odometer = trip.last_odometer
            return
        made = trip.trip(time)
        closed.append(made)
        self.last_end = made.end.time
        if made.end.odometer is not None:
            self.odometer = made.end.odometer
