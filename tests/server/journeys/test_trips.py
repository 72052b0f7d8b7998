"""Trips: from switch-on to switch-off, however much of it was reported."""

from __future__ import annotations

from ovms.server.journeys.fold import Fold
from ovms.server.journeys.samples import Sample
from ovms.server.journeys.values import Trip

T = 1_700_000_000


def trips(samples: list[Sample]) -> list[Trip]:
    """Return the trips of samples."""
    return [each for each in Fold().feed(samples) if isinstance(each, Trip)]


def test_the_time_parked_gives_the_exact_end() -> None:
    """The report came eight minutes later."""
    (trip,) = trips(
        [
            Sample(time=T, is_on=False, odometer=100.0),
            Sample(time=T + 10, is_on=True, odometer=100.0, speed=0.0),
            Sample(time=T + 610, is_on=True, odometer=108.0, speed=50.0),
            Sample(time=T + 1210, is_on=False, odometer=110.0, parking_time=480.0),
            Sample(time=T + 1810, is_on=False, odometer=110.0, parking_time=1080.0),
            Sample(time=T + 2410, is_on=False, odometer=110.0, parking_time=1680.0),
        ]
    )
    assert (trip.start.time, trip.end.time, trip.distance) == (T + 10, T + 730, 10.0)
