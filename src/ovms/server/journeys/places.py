"""Places of an owner: where journeys begin and end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ovms.server.journeys.values import METRES_A_DEGREE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ovms.server.journeys.values import Position

RADIUS: Final = 100.0
"""m; of a place that is made without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A circle on earth with a name."""

    id: int
    owner_id: int
    name: str
    position: Position
    radius: float = RADIUS
    """m."""
    is_home: bool = False
    zone: str | None = None
    """The IANA time zone of its tariffs; ``None`` is the owner's."""
    currency: str | None = None
    """Of its tariffs, ISO 4217; ``None`` is the owner's."""


def place_at(places: Iterable[Place], position: Position | None) -> Place | None:
    """Return the place that a position is in; of several the smallest, of equals the oldest."""
    if position is None:
        return None
    around = (each for each in places if is_in(each, position))
    return min(around, key=lambda each: (each.radius, each.id), default=None)


def is_in(place: Place, position: Position) -> bool:
    """Return whether a position is in a place, its edge included."""
    north = abs(position.latitude - place.position.latitude) * METRES_A_DEGREE
    return north <= place.radius and place.position.metres_to(position) <= place.radius
