"""Trips, or charges, that follow each other as one.

What is counted is added. Where one of them does not know it the sum is unknown. There are two
exceptions, which are estimated then: a distance that the odometers tell, and what was recovered, of
which the known part is taken. So are the highest and lowest values that not all know.
"""

from __future__ import annotations

from dataclasses import replace
from math import fsum
from typing import TYPE_CHECKING, Any, Final

from ovms.server.journeys.values import Charge, Trip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ovms.server.journeys.values import CurvePoint, Journey, TripPoint

    Points = tuple[TripPoint, ...] | tuple[CurvePoint, ...]

ENDS: Final = frozenset({"start", "end"})
"""Names among the estimated that say it of a time."""


def merged_trips(trips: Sequence[Trip]) -> Trip:
    """Return trips that follow each other as one; the time between them belongs to it."""
    sums = _Sums(trips)
    first, last = trips[0], trips[-1]
    return Trip(
        start=first.start,
        end=last.end,
        closed=_closed(trips),
        has_gaps=any(each.has_gaps for each in trips),
        temperature_ambient=sums.mean("temperature_ambient"),
        distance=_distance(sums, trips),
        energy_used=sums.total("energy_used"),
        energy_recovered=sums.known("energy_recovered", fsum),
        moving_time=sums.total("moving_time"),
        speed_max=sums.known("speed_max", max),
        altitude_min=sums.known("altitude_min", min),
        altitude_max=sums.known("altitude_max", max),
        ascent=sums.total("ascent"),
        descent=sums.total("descent"),
        temperature_battery=sums.mean("temperature_battery"),
        temperature_cabin=sums.mean("temperature_cabin"),
        track=tuple(
            _joined(trips, "track", ("distance", "energy_used", "energy_recovered")),
        ),
        estimated=sums.names(),
    )


def merged_charges(charges: Sequence[Charge]) -> Charge:
    """Return charges that follow each other as one, which ended as the last of them did."""
    sums = _Sums(charges)
    first, last = charges[0], charges[-1]
    return Charge(
        start=first.start,
        end=last.end,
        closed=_closed(charges),
        has_gaps=any(each.has_gaps for each in charges),
        temperature_ambient=sums.mean("temperature_ambient"),
        plug=sums.common("plug"),
        mode=sums.common("mode"),
        energy=sums.total("energy"),
        grid_energy=sums.total("grid_energy"),
        power_max=sums.known("power_max", max),
        ending=last.ending,
        temperature_battery=sums.mean("temperature_battery"),
        capacity=sums.last("capacity"),
        cac=sums.last("cac"),
        soh=sums.last("soh"),
        curve=tuple(_joined(charges, "curve", ("energy", "grid_energy"))),
        estimated=sums.names(),
    )


class _Sums:
    """Puts fields of several journeys together, and remembers which of them are estimated."""

    def __init__(self, parts: Sequence[Journey]) -> None:
        self._parts = parts
        inner = {name for each in parts for name in each.estimated} - ENDS
        self._estimated = inner | {
            name
            for part, name in ((parts[0], "start"), (parts[-1], "end"))
            if name in part.estimated
        }
        self._unknown: set[str] = set()

    def names(self) -> tuple[str, ...]:
        """Return the names of the fields that are estimated."""
        return tuple(sorted(self._estimated - self._unknown))

    def estimate(self, name: str) -> None:
        """Remember that a field is estimated."""
        self._estimated.add(name)
        self._unknown.discard(name)

    def total(self, name: str) -> Any:
        """Return the sum; ``None`` if one of them does not know it."""
        values = self._values(name)
        if None in values:
            self._unknown.add(name)
            return None
        return sum(values) if all(isinstance(each, int) for each in values) else fsum(values)

    def known(self, name: str, combine: Callable[[Iterable[float]], float]) -> float | None:
        """Return what those that know it make together."""
        values = self._values(name)
        known = [each for each in values if each is not None]
        if not known:
            return None
        if len(known) < len(values):
            self.estimate(name)
        return combine(known)

    def mean(self, name: str) -> float | None:
        """Return the mean by time of those that know it."""
        pairs = [
            (value, max(1, part.duration))
            for value, part in zip(self._values(name), self._parts, strict=True)
            if value is not None
        ]
        if not pairs:
            return None
        return fsum(value * weight for value, weight in pairs) / sum(each for _, each in pairs)

    def common(self, name: str) -> str | None:
        """Return the word that is the same for all that know it."""
        words = set(self._values(name)) - {None}
        return words.pop() if len(words) == 1 else None

    def last(self, name: str) -> float | None:
        """Return the newest that is known."""
        return next((each for each in reversed(self._values(name)) if each is not None), None)

    def _values(self, name: str) -> list[Any]:
        return [getattr(each, name) for each in self._parts]


def _closed(parts: Sequence[Journey]) -> int | None:
    times = [each.closed for each in parts]
    return None if None in times else max(each for each in times if each is not None)


def _distance(sums: _Sums, trips: Sequence[Trip]) -> float | None:
    distance: float | None = sums.total("distance")
    first, last = trips[0].start.odometer, trips[-1].end.odometer
    if distance is not None or first is None or last is None:
        return distance
    if last - first < fsum(each.distance or 0.0 for each in trips):
        return None
    sums.estimate("distance")
    return last - first


def _joined(parts: Sequence[Journey], points: str, counted: tuple[str, ...]) -> list[Any]:
    """Return the points of all, counted since the start of the first; what is unknown stays so."""
    found: list[Any] = []
    sums: dict[str, float | None] = dict.fromkeys(counted, 0.0)
    for part in parts:
        for point in getattr(part, points):
            if not found or point.time > found[-1].time:
                found.append(shifted(point, sums))
        for name, value in sums.items():
            own = getattr(part, name)
            sums[name] = None if value is None or own is None else value + own
    return found


def shifted(point: Any, by: dict[str, float | None]) -> Any:
    """Return a point of a track or a curve that counts from elsewhere."""
    values = {name: (getattr(point, name), add) for name, add in by.items()}
    return replace(
        point,
        **{
            name: None if value is None or add is None else value + add
            for name, (value, add) in values.items()
        },
    )
