"""Tracks: the points of a trip, thinned to those that tell where it went, and when."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from ovms.server.journeys.values import METRES_A_DEGREE, Position, TripPoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TOLERANCE: Final = 10.0
"""m; no point that is left out is further from the line."""

DISTANCE_TOLERANCE: Final = 0.025
"""km for each metre of the tolerance; by which the distance of a time between two points may be
wrong."""

WINDOW: Final = 64
"""Points that are thinned together while a trip goes on."""

TRACK_LIMIT: Final = 2000
"""Points of one trip; with more, the tolerance is doubled."""

COARSEST: Final = 1000.0
"""m; beyond it every second point is left out."""


class TrackRow(NamedTuple):
    """A point of a trip as the fold keeps it; as :class:`~.values.TripPoint` has it."""

    time: int
    latitude: float | None
    longitude: float | None
    distance: float | None
    altitude: float | None
    speed: float | None
    soc: float | None
    energy_used: float | None
    energy_recovered: float | None


_Shape = tuple[int, float | None, float | None, float | None]
"""What thinning looks at: time, latitude, longitude, distance."""


@dataclass(slots=True)
class TripTrack:
    """The track of a trip that goes on, thinned as it grows."""

    rows: list[TrackRow] = field(default_factory=list)
    """Thinned."""
    latest: list[TrackRow] = field(default_factory=list)
    """Not thinned yet; the first is the last that stays."""
    tolerance: float = TOLERANCE

    @property
    def last(self) -> TrackRow | None:
        """The last point."""
        return self.latest[-1] if self.latest else None

    def add(self, row: TrackRow) -> None:
        """Add a point."""
        self.latest.append(row)
        if len(self.latest) > WINDOW:
            self.rows += _thinned(self.latest, self.tolerance)[:-1]
            self.latest = self.latest[-1:]
            while len(self.rows) > TRACK_LIMIT:
                self.tolerance *= 2
                self.rows = _thinned(self.rows, self.tolerance)[:: 1 + (self.tolerance > COARSEST)]

    def points(self, start: TripPoint, end: TripPoint) -> tuple[TripPoint, ...]:
        """Return the track from its start to its end, never back in time or distance."""
        points = [start]
        for row in (*self.rows, *_thinned(self.latest, self.tolerance)):
            if points[-1].time < row.time < end.time:
                points.append(_point(row, points[-1].distance, end.distance))
        if end.time > start.time:
            points.append(end)
        return tuple(points)


def _point(row: TrackRow, least: float | None, most: float | None) -> TripPoint:
    position = None
    if row.latitude is not None and row.longitude is not None:
        position = Position(latitude=row.latitude, longitude=row.longitude)
    distance = row.distance
    if distance is not None:
        distance = max(distance, least or 0.0)
        distance = distance if most is None else min(distance, most)
    return TripPoint(
        time=row.time,
        position=position,
        altitude=row.altitude,
        speed=row.speed,
        distance=distance,
        soc=row.soc,
        energy_used=row.energy_used,
        energy_recovered=row.energy_recovered,
    )


def thin(points: Iterable[TripPoint], tolerance: float = TOLERANCE) -> tuple[TripPoint, ...]:
    """Return the points of a track without those that tell nothing new (Douglas-Peucker).

    No point that is left out is further than the tolerance from the line of those that stay, and
    its distance is that of its time between them, within :data:`DISTANCE_TOLERANCE`.
    """
    track = tuple(points)
    return tuple(track[each] for each in _kept([_shape(each) for each in track], tolerance))


def _shape(point: TripPoint) -> _Shape:
    place = point.position
    if place is None:
        return point.time, None, None, point.distance
    return point.time, place.latitude, place.longitude, point.distance


def _thinned(rows: list[TrackRow], tolerance: float) -> list[TrackRow]:
    return [rows[each] for each in _kept([row[:4] for row in rows], tolerance)]


def _kept(track: Sequence[_Shape], tolerance: float) -> list[int]:
    """Return which points stay."""
    if not track:
        return []
    kept = {0, len(track) - 1}
    spans = [(0, len(track) - 1)]
    while spans:
        first, last = spans.pop()
        worst, at = _worst(track, first, last, tolerance)
        if worst > 1:
            kept.add(at)
            spans += [(first, at), (at, last)]
    return sorted(kept)


def _worst(track: Sequence[_Shape], first: int, last: int, tolerance: float) -> tuple[float, int]:
    """Return how far, in tolerances, the point is off that is furthest off, and which it is."""
    worst, at = 0.0, first
    start, end = track[first], track[last]
    for index in range(first + 1, last):
        point = track[index]
        error = max(_off_line(start, end, point), _off_distance(start, end, point)) / tolerance
        if error > worst:
            worst, at = error, index
    return worst, at


def _flat(start: _Shape, end: _Shape) -> tuple[float, float]:
    """Return the metres to the east and to the north; NaN if a place is unknown."""
    if start[1] is None or start[2] is None or end[1] is None or end[2] is None:
        return math.nan, math.nan
    east = (end[2] - start[2] + 180) % 360 - 180
    scale = math.cos(math.radians(start[1])) * METRES_A_DEGREE
    return east * scale, (end[1] - start[1]) * METRES_A_DEGREE


def _off_line(start: _Shape, end: _Shape, point: _Shape) -> float:
    """Return the metres of a point from the line between two others."""
    if point[1] is None:
        return 0.0
    x, y = _flat(start, point)
    to_x, to_y = _flat(start, end)
    length = to_x * to_x + to_y * to_y
    if math.isnan(length):
        return math.inf
    along = min(max((x * to_x + y * to_y) / length, 0.0), 1.0) if length else 0.0
    return math.hypot(x - along * to_x, y - along * to_y)


def _off_distance(start: _Shape, end: _Shape, point: _Shape) -> float:
    """Return how far a point's distance is off, as metres that weigh as much."""
    if start[3] is None or end[3] is None or point[3] is None:
        return 0.0
    share = (point[0] - start[0]) / (end[0] - start[0]) if end[0] > start[0] else 0.0
    return abs(point[3] - start[3] - share * (end[3] - start[3])) / DISTANCE_TOLERANCE
