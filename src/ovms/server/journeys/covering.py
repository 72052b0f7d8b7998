"""The track or curve of a span, taken out of the journeys that cover it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ovms.server.journeys.values import Charge, Trip

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ovms.server.journeys.values import CurvePoint, Journey, TripPoint

_POINTS: Final[dict[type[Journey], str]] = {Trip: "track", Charge: "curve"}

_COUNTED: Final[dict[type[Journey], tuple[str, ...]]] = {
    Trip: ("distance", "energy_used", "energy_recovered"),
    Charge: ("energy", "grid_energy"),
}
"""What points count since their journey's start; the journey itself has it in all."""


def with_points(journey: Journey, raws: Sequence[Journey]) -> Journey:
    """Return a journey with the points that those of its kind have of its span.

    ``raws`` are sorted by time. What points count is counted since the start of this one.
    """
    kind = type(journey)
    if kind not in _POINTS:
        return journey
    start, end = journey.start.time, journey.end.time
    points = [each for each in _points(kind, raws) if start <= each.time <= end]
    if raws and raws[0].start.time < start and points:
        points = _since(kind, points)
    more: dict[str, Any] = {_POINTS[kind]: tuple(points)}
    return replace(journey, **more)


def _points(kind: type[Journey], raws: Sequence[Journey]) -> Iterator[TripPoint | CurvePoint]:
    """Yield the points of journeys that follow each other, counted since the first one's start."""
    sums = dict.fromkeys(_COUNTED[kind], 0.0)
    last: int | None = None
    for raw in raws:
        if not isinstance(raw, kind):
            continue
        for point in getattr(raw, _POINTS[kind]):
            if last is None or point.time > last:  # one ends in the second in which one begins
                last = point.time
                yield _moved(point, sums)
        for name in sums:
            sums[name] += getattr(raw, name) or 0.0


def _since(
    kind: type[Journey], points: Sequence[TripPoint | CurvePoint]
) -> list[TripPoint | CurvePoint]:
    """Return points counted since the first of them that says each number."""
    first = {
        name: next((-value for each in points if (value := getattr(each, name)) is not None), 0.0)
        for name in _COUNTED[kind]
    }
    return [_moved(each, first) for each in points]


def _moved(point: Any, by: dict[str, float]) -> Any:
    moved = {
        name: value + add
        for name, add in by.items()
        if add and (value := getattr(point, name)) is not None
    }
    return replace(point, **moved) if moved else point
