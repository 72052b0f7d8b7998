"""Journeys for tests, and putting them where the follower would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ovms.server.journeys.values import Charge, JourneyEnd, Parked, Position, Trip, TripPoint
from ovms.server.storage.journeys import SINCE_EVER, record_journeys

if TYPE_CHECKING:
    from ovms.server.journeys.values import Journey
    from ovms.server.storage.database import Database

HOME = Position(latitude=52.0, longitude=13.0)
WORK = Position(latitude=52.1, longitude=13.1)
NOON = 1_750_000_000
"""2025-06-15 15:06:40 UTC."""


def trip(start: int = NOON, end: int | None = None, **more: Any) -> Trip:
    """Return a trip from home to work of 10 km, with a point each ten minutes."""
    end = start + 1800 if end is None else end
    times = [*range(start, end, 600), end]
    span = max(1, end - start)
    track = tuple(
        TripPoint(
            time=time,
            position=Position(
                latitude=52.0 + 0.1 * (time - start) / span,
                longitude=13.0 + 0.1 * (time - start) / span,
            ),
            distance=10.0 * (time - start) / span,
            energy_used=2.0 * (time - start) / span,
        )
        for time in times
    )
    values: dict[str, Any] = {
        "start": JourneyEnd(time=start, position=HOME, soc=80.0, odometer=1000.0),
        "end": JourneyEnd(time=end, position=WORK, soc=75.0, odometer=1010.0),
        "closed": end + 60,
        "distance": 10.0,
        "energy_used": 2.0,
        "energy_recovered": 0.0,
        "moving_time": end - start,
        "track": track,
    }
    return Trip(**{**values, **more})


def charge(start: int = NOON, end: int | None = None, **more: Any) -> Charge:
    """Return a charge at home, of 7 kWh from the grid."""
    end = start + 3600 if end is None else end
    values: dict[str, Any] = {
        "start": JourneyEnd(time=start, position=HOME, soc=60.0),
        "end": JourneyEnd(time=end, position=HOME, soc=70.0),
        "closed": end + 60,
        "energy": 6.3,
        "grid_energy": 7.0,
    }
    return Charge(**{**values, **more})


def parked(start: int = NOON, end: int | None = None, **more: Any) -> Parked:
    """Return a time parked at home."""
    end = start + 7200 if end is None else end
    values: dict[str, Any] = {
        "start": JourneyEnd(time=start, position=HOME, soc=80.0),
        "end": JourneyEnd(time=end, position=HOME, soc=79.0),
        "closed": end + 60,
        "soc_lost": 1.0,
        "idle_time": end - start,
    }
    return Parked(**{**values, **more})


def put_journeys(database: Database, vehicle_id: str, *journeys: Journey) -> None:
    """Make these the vehicle's journeys, as if the follower had."""
    with database.writing() as connection:
        record_journeys(connection, vehicle_id, SINCE_EVER, journeys)
