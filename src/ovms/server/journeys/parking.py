"""Parked time: from the end of a trip to the start of the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ovms.server.journeys.trips import journey_end
from ovms.server.journeys.values import JourneyEnd, Parked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ovms.server.journeys.known import Known
    from ovms.server.journeys.samples import Sample
    from ovms.server.journeys.trips import TripTracker
    from ovms.server.journeys.values import Trip


@dataclass(slots=True)
class ParkingTracker:
    """Follows a vehicle from one time parked to the next."""

    start: JourneyEnd | None = None
    last: JourneyEnd | None = None

    def follow(
        self, sample: Sample, known: Known, tracker: TripTracker, trips: Iterable[Trip]
    ) -> list[Parked]:
        """Return the times parked that a sample, or the trips that it closed, showed to be over."""
        closed = []
        for trip in trips:
            if self.start is not None and trip.start.time > self.start.time:
                closed.append(Parked(start=self.start, end=trip.start, closed=sample.time))
            self.start = trip.end
        self.last = journey_end(sample.time, known)
        if self.start is None and tracker.start is None:
            self.start = self.last
        return closed

    def ongoing(self) -> Parked | None:
        """Return the time parked that goes on."""
        if self.start is None or self.last is None:
            return None
        return Parked(start=self.start, end=self.last)
