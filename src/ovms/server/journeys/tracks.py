"""Tracks: the points of a trip, thinned to those that tell where it went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ovms.server.journeys.values import TripPoint

TOLERANCE: Final = 10.0
"""m; no point that is left out is further from the line."""

DISTANCE_TOLERANCE: Final = 0.25
"""km; by which the distance of a time between two points may be wrong."""


def thin(points: Iterable[TripPoint], tolerance: float = TOLERANCE) -> tuple[TripPoint, ...]:
    """Return the points of a track without those that tell nothing new (Douglas-Peucker).

    No point that is left out is further than the tolerance from the line of those that stay, and
    its distance is that of its time between them, within :data:`DISTANCE_TOLERANCE`.
    """
    track = tuple(points)
    if len(track) <= 2:
        return track
    kept = [0, len(track) - 1]
    spans = [(0, len(track) - 1)]
    while spans:
        first, last = spans.pop()
        worst, at = _worst(track, first, last, tolerance)
        if worst > 1:
            kept.append(at)
            spans += [(first, at), (at, last)]
    return tuple(track[each] for each in sorted(kept))


def _worst(
    track: Sequence[TripPoint], first: int, last: int, tolerance: float
) -> tuple[float, int]:
    """Return how far, in tolerances, the point is off that is furthest off, and which it is."""
    worst, at = 0.0, first
    start, end = track[first], track[last]
    for index in range(first + 1, last):
        point = track[index]
        error = max(_off_line(start, end, point) / tolerance, _off_distance(start, end, point))
        if error > worst:
            worst, at = error, index
    return worst, at


def _off_line(start: TripPoint, end: TripPoint, point: TripPoint) -> float:
    """Return the metres of a point from the line between two others."""
    if start.position is None or end.position is None or point.position is None:
        known = start.position is not None or end.position is not None
        return float("inf") if known and point.position is not None else 0.0
    x, y = start.position.flat(point.position)
    to_x, to_y = start.position.flat(end.position)
    length = to_x * to_x + to_y * to_y
    along = min(max((x * to_x + y * to_y) / length, 0.0), 1.0) if length else 0.0
    dx, dy = x - along * to_x, y - along * to_y
    return float((dx * dx + dy * dy) ** 0.5)


def _off_distance(start: TripPoint, end: TripPoint, point: TripPoint) -> float:
    """Return how far a point's distance is off, in tolerances."""
    if start.distance is None or end.distance is None or point.distance is None:
        return 0.0
    share = (point.time - start.time) / (end.time - start.time) if end.time > start.time else 0.0
    between = start.distance + share * (end.distance - start.distance)
    return abs(point.distance - between) / DISTANCE_TOLERANCE
