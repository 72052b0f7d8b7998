"""Where cars often park that is no place yet: the query, and how positions become groups.

Positions of one car at one spot lie some ten metres apart. So they are put into cells of
:data:`CELL` m first, by SQL, then cells become groups around the fullest of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import Integer, cast, func, select

from ovms.server.journeys.places import is_in
from ovms.server.journeys.values import METRES_A_DEGREE, JourneyKind, Position
from ovms.server.storage.journey_context import known_places
from ovms.server.storage.schema import journeys, vehicles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

CELL: Final = 25.0
"""m from north to south, and from east to west at the equator: elsewhere cells are narrower."""

DEGREES: Final = CELL / METRES_A_DEGREE

REACH: Final = 75.0
"""m from the fullest cell within which others are the same spot."""

VISITS: Final = 3
"""Times that cars parked at a spot before it is suggested."""

SUGGESTIONS: Final = 20
"""Spots that are suggested at most, those with the most visits."""

LATELY: Final = 2 * 365 * 86400
"""Seconds back to which it is looked: where somebody parked years ago is no place today."""

CELLS_LIMIT: Final = 5000
"""Cells that are looked at, those with the most visits."""

RADII: Final = (50.0, 150.0)
"""m; between these a radius is suggested: so large that all visits are in it, with a margin."""

MARGIN: Final = 25.0

j = journeys.c


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestedPlace:
    """A spot where cars often parked. Times are Unix seconds."""

    position: Position
    """In the middle of the visits."""
    radius: float
    """m."""
    visits: int
    seconds: int
    """How long they parked there in all."""
    first: int
    """When the first visit began."""
    last: int
    """When the last one ended."""
    vehicle_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ParkedCell:
    """The visits of one vehicle in a cell; its position is their mean."""

    row: int
    position: Position
    visits: int
    seconds: int
    first: int
    last: int
    vehicle_id: str


def suggest_places(connection: Connection, owner_id: int, now: float) -> list[SuggestedPlace]:
    """Return where an owner's cars often parked lately outside of places, the most visits first."""
    cells = parked_cells(connection, owner_id, int(now) - LATELY)
    places = [each.place for each in known_places(connection, owner_id) if each.removed is None]
    spots = [spot_of(each) for each in spots_of(cells)]
    found = [
        each
        for each in spots
        if each.visits >= VISITS and not any(is_in(place, each.position) for place in places)
    ]
    found.sort(key=lambda each: (-each.visits, -each.seconds, each.first))
    return found[:SUGGESTIONS]


def parked_cells(connection: Connection, owner_id: int, since: int) -> list[ParkedCell]:
    """Return the cells in which an owner's cars parked at no place, the fullest first."""
    v = vehicles.c
    owned = select(v.id).where(v.owner_id == owner_id, v.deleted.is_(None))
    latitude = func.coalesce(j.start_latitude, j.end_latitude)
    longitude = func.coalesce(j.start_longitude, j.end_longitude)
    cell = [cast((each + 360) / DEGREES, Integer) for each in (latitude, longitude)]
    query = select(
        cell[0], func.avg(latitude), func.avg(longitude), func.count(), func.sum(j.end - j.start),
        func.min(j.start), func.max(j.end), j.vehicle_id,
    ).where(
        j.vehicle_id.in_(owned), j.kind == JourneyKind.PARKED.value, j.start >= since,
        j.start_place.is_(None), latitude.is_not(None), longitude.is_not(None),
    )  # fmt: skip
    grouped = query.group_by(j.vehicle_id, *cell)
    ordered = grouped.order_by(func.count().desc(), func.sum(j.end - j.start).desc())
    return [
        ParkedCell(row, Position(latitude=north, longitude=east), *rest)
        for row, north, east, *rest in connection.execute(ordered.limit(CELLS_LIMIT))
    ]


def spots_of(cells: Sequence[ParkedCell]) -> list[list[ParkedCell]]:
    """Return cells as spots: each fullest one with those in its reach that are not taken yet."""
    by_row: dict[int, list[ParkedCell]] = {}
    for cell in cells:
        by_row.setdefault(cell.row, []).append(cell)
    found: list[list[ParkedCell]] = []
    taken: set[int] = set()
    rows = range(-math.ceil(REACH / CELL) - 1, math.ceil(REACH / CELL) + 2)
    for seed in cells:
        if id(seed) in taken:
            continue
        near = [
            each
            for row in rows
            for each in by_row.get(seed.row + row, ())
            if id(each) not in taken and each.position.metres_to(seed.position) <= REACH
        ]
        taken.update(map(id, near))
        found.append(near)
    return found


def spot_of(cells: Sequence[ParkedCell]) -> SuggestedPlace:
    """Return what cells say together."""
    middle = Position(
        latitude=_median([(each.position.latitude, each.visits) for each in cells]),
        longitude=_median([(each.position.longitude, each.visits) for each in cells]),
    )
    reach = max(each.position.metres_to(middle) for each in cells) + MARGIN
    return SuggestedPlace(
        position=middle,
        radius=math.ceil(min(max(reach, RADII[0]), RADII[1]) / 10) * 10.0,
        visits=sum(each.visits for each in cells),
        seconds=sum(each.seconds for each in cells),
        first=min(each.first for each in cells),
        last=max(each.last for each in cells),
        vehicle_ids=tuple(sorted({each.vehicle_id for each in cells})),
    )


def _median(values: list[tuple[float, int]]) -> float:
    """Return the value in the middle, each having so many visits."""
    left = sum(visits for _, visits in values) / 2
    for value, visits in sorted(values):
        left -= visits
        if left <= 0:
            return value
    raise ValueError("there is no value")
