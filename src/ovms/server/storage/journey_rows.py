"""How a journey is stored to be shown: its day, its places, its cost, and what is summed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ovms.server.journeys.codec import encode_journey, kind_of, without_points
from ovms.server.storage.journey_context import cost_values

if TYPE_CHECKING:
    from ovms.server.journeys.shown import ShownJourney
    from ovms.server.storage.journey_context import JourneyContext


def journey_values(context: JourneyContext, shown: ShownJourney) -> dict[str, Any]:
    """Return the columns of a journey that follow from it and its owner; it has its curve."""
    journey = shown.journey
    start_place, end_place = context.place_ids(journey)
    values: dict[str, Any] = {
        "kind": kind_of(journey).value,
        "start": journey.start.time,
        "end": journey.end.time,
        "day": context.day(journey.start.time),
        "is_open": journey.is_open,
        "certainty": journey.certainty.value,
        "start_place": start_place,
        "end_place": end_place,
        "purpose": None if shown.purpose is None else shown.purpose.value,
        "note": shown.note,
        "is_edited": shown.is_edited,
        "data": encode_journey(without_points(journey)),
        **cost_values(context, journey, start_place, shown.cost_override),
    }
    for end in ("start", "end"):
        position = getattr(journey, end).position
        values[f"{end}_latitude"] = None if position is None else position.latitude
        values[f"{end}_longitude"] = None if position is None else position.longitude
    for name in ("distance", "energy", "energy_used", "energy_recovered", "grid_energy",
                 "moving_time"):  # fmt: skip
        values[name] = getattr(journey, name, None)
    return values
