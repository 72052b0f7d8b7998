"""Trips: from switch-on to switch-off, however much of it was reported."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ovms.server.journeys.values import JourneyEnd, Trip

if TYPE_CHECKING:
    from ovms.server.journeys.known import Known
    from ovms.server.journeys.samples import Sample

STOP_LIMIT: Final = 180
"""Seconds; a shorter stop does not end a trip."""

LEAST_DISTANCE: Final = 0.1
"""km; with less the vehicle was parked."""


@dataclass(slots=True)
class TripTracker:
    """Follows a vehicle from trip to trip."""

    start: JourneyEnd | None = None
    end: JourneyEnd | None = None
    is_on: bool = False

    def step(self, sample: Sample, known: Known) -> list[Trip]:
        """Return the trips that a sample showed to be over."""
        here = journey_end(sample.time, known)
        closed: list[Trip] = []
        if sample.is_on:
            if not self.is_on and self.start is None:
                self.start = here
            self.is_on = True
        elif sample.is_on is False and self.is_on:
            self.is_on = False
            self.end = replace(here, time=sample.time - int(sample.parking_time or 0))
        elif self.end is not None and sample.time - self.end.time > STOP_LIMIT:
            trip = self.ongoing()
            if trip is not None:
                closed = [replace(trip, closed=sample.time)]
            self.start = self.end = None
        if self.is_on:
            self.end = here
        return closed

    def ongoing(self) -> Trip | None:
        """Return the trip that goes on."""
        if self.start is None or self.end is None:
            return None
        before, after = self.start.odometer, self.end.odometer
        if before is None or after is None or after - before < LEAST_DISTANCE:
            return None
        return Trip(start=self.start, end=self.end, distance=after - before)


def journey_end(time: int, known: Known) -> JourneyEnd:
    """Return the start or end of a journey with what is known."""
    values = known.values
    return JourneyEnd(
        time=time,
        position=values.position,
        altitude=values.altitude,
        soc=values.soc,
        odometer=values.odometer,
        ideal_range=values.ideal_range,
        estimated_range=values.estimated_range,
        voltage_12v=values.voltage_12v,
    )
