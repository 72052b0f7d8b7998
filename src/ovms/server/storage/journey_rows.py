"""How a journey is stored to be shown: its day, its places, its cost, and what is summed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ovms.server.journeys.codec import encode_journey, kind_of, without_points
from ovms.server.storage.journey_context import cost_values

if TYPE_CHECKING:
    from ovms.server.journeys.shown import ShownJourney
    from ovms.server.journeys.values import Journey
    from ovms.server.storage.journey_context import JourneyContext

SUMMED: Final = ("distance", "energy", "energy_used", "energy_recovered", "grid_energy",
                 "moving_time")  # fmt: skip
"""The columns that sums are made of; a kind of journey has some of them."""


def journey_values(context: JourneyContext, shown: ShownJourney) -> dict[str, Any]:
    """Return the columns of a journey that follow from it and its owner; it has its curve."""
    journey = shown.journey
    start_place, end_place = context.place_ids(journey)
    position = journey.start.position
    return {
        **growing_values(journey),
        "kind": kind_of(journey).value,
        "start": journey.start.time,
        "start_latitude": None if position is None else position.latitude,
        "start_longitude": None if position is None else position.longitude,
        "day": context.day(journey.start.time),
        "is_open": journey.is_open,
        "start_place": start_place,
        "end_place": end_place,
        "purpose": None if shown.purpose is None else shown.purpose.value,
        "note": shown.note,
        "is_edited": shown.is_edited,
        **cost_values(context, journey, start_place, shown.cost_override),
    }


def growing_values(journey: Journey) -> dict[str, Any]:
    """Return the columns that change while a journey goes on, but for its cost."""
    position = journey.end.position
    return {
        "end": journey.end.time,
        "end_latitude": None if position is None else position.latitude,
        "end_longitude": None if position is None else position.longitude,
        "certainty": journey.certainty.value,
        "data": encode_journey(without_points(journey)),
        **{name: getattr(journey, name, None) for name in SUMMED},
    }
