"""A trip or a charge cut in two at a time.

What it counts is told at the cut by the points of its track or curve, on a straight line between
two of them. Where they do not say it, each part has its share: of the distance where that is told,
else of the time; that is estimated. Both parts together have what the whole had.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ovms.server.journeys.merging import ENDS, shifted
from ovms.server.journeys.values import ChargeEnding, CurvePoint, JourneyEnd, Position, TripPoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ovms.server.journeys.values import Charge, Journey, Trip

    Known = list[tuple[int, float]]
    """A number at the times at which it is known."""


def may_cut(journey: Journey, at: int) -> bool:
    """Return whether a time is within a journey, not at its ends."""
    return journey.start.time < at < journey.end.time


def cut_trip(trip: Trip, at: int) -> tuple[Trip, Trip]:
    """Return the trip until a time within it, and from then on."""
    cut = _Cut(trip, at, trip.track)
    distance = cut.counted("distance", trip.distance)
    if trip.distance and distance[0] is not None and "distance" not in cut.estimated:
        cut.share = distance[0] / trip.distance
    used = cut.counted("energy_used", trip.energy_used)
    recovered = cut.counted("energy_recovered", trip.energy_recovered)
    moving = cut.seconds("moving_time", trip.moving_time)
    speeds = cut.highest("speed", "speed_max", trip.speed_max)
    highs = cut.highest("altitude", "altitude_max", trip.altitude_max)
    lows = cut.highest("altitude", "altitude_min", trip.altitude_min, sign=-1)
    ascents, descents = cut.climbs(trip.ascent, trip.descent)
    point = TripPoint(
        time=at,
        position=cut.position(),
        altitude=cut.value("altitude", trip.start.altitude, trip.end.altitude),
        distance=distance[0],
        soc=cut.value("soc", trip.start.soc, trip.end.soc),
        energy_used=used[0],
        energy_recovered=recovered[0],
    )
    end = cut.end(position=point.position, altitude=point.altitude, soc=point.soc)
    tracks = _cut_points(trip.track, point, ("distance", "energy_used", "energy_recovered"))
    parts = [
        replace(
            trip,
            distance=distance[part],
            energy_used=used[part],
            energy_recovered=recovered[part],
            moving_time=moving[part],
            speed_max=speeds[part],
            altitude_max=highs[part],
            altitude_min=lows[part],
            ascent=ascents[part],
            descent=descents[part],
            track=tracks[part],
            estimated=cut.names(part),
            closed=cut.closed(part),
        )
        for part in (0, 1)
    ]
    return replace(parts[0], end=end), replace(parts[1], start=end)


def cut_charge(charge: Charge, at: int) -> tuple[Charge, Charge]:
    """Return the charge until a time within it, and from then on; only the second says its end."""
    cut = _Cut(charge, at, charge.curve)
    energy = cut.counted("energy", charge.energy)
    if charge.energy and energy[0] is not None and "energy" not in cut.estimated:
        cut.share = energy[0] / charge.energy
    grid = cut.counted("grid_energy", charge.grid_energy)
    powers = cut.highest("power", "power_max", charge.power_max)
    point = CurvePoint(
        time=at,
        soc=cut.value("soc", charge.start.soc, charge.end.soc),
        power=cut.value("power"),
        energy=energy[0],
        grid_energy=grid[0],
        temperature_battery=cut.value("temperature_battery"),
    )
    place = charge.start if charge.start.position is not None else charge.end
    end = cut.end(position=place.position, altitude=place.altitude, soc=point.soc)
    curves = _cut_points(charge.curve, point, ("energy", "grid_energy"))
    parts = [
        replace(
            charge,
            energy=energy[part],
            grid_energy=grid[part],
            power_max=powers[part],
            curve=curves[part],
            estimated=cut.names(part),
            closed=cut.closed(part),
        )
        for part in (0, 1)
    ]
    before = replace(parts[0], end=end, ending=ChargeEnding.UNKNOWN)
    return before, replace(parts[1], start=end)


@dataclass(slots=True)
class _Cut:
    """Says how things were at the cut, and remembers what of it is estimated."""

    whole: Journey
    at: int
    points: Sequence[TripPoint] | Sequence[CurvePoint]
    share: float = field(init=False)
    """What the first part has of what no point tells."""
    estimated: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.share = self._time_share

    @property
    def _time_share(self) -> float:
        return (self.at - self.whole.start.time) / self.whole.duration

    def counted(self, name: str, total: float | None) -> tuple[float, float] | tuple[None, None]:
        """Return what each part has of a number that points count since the start."""
        if total is None:
            return None, None
        known = [(time, min(max(value, 0.0), total)) for time, value in self._known(name)]
        start, end = (self.whole.start.time, 0.0), (self.whole.end.time, total)
        first = _between([start, *known, end], self.at) if known else None
        if first is None:
            self.estimated.add(name)
            first = total * self.share
        return first, total - first

    def seconds(self, name: str, total: int | None) -> tuple[int, int] | tuple[None, None]:
        """Return how each part shares whole seconds."""
        if total is None:
            return None, None
        self.estimated.add(name)
        first = round(total * self._time_share)
        return first, total - first

    def value(
        self, name: str, start: float | None = None, end: float | None = None
    ) -> float | None:
        """Return what a number was at the cut. SOC is concluded where no point says it."""
        known = self._known(name)
        ends = ((self.whole.start.time, start), (self.whole.end.time, end))
        if known:
            around = [(time, value) for time, value in ends if value is not None]
            return _between(sorted([*known, *around]), self.at)
        if name != "soc" or start is None or end is None:
            return None
        self.estimated.add(name)
        return start + self.share * (end - start)

    def highest(
        self, name: str, total_name: str, total: float | None, sign: int = 1
    ) -> tuple[float | None, float | None]:
        """Return the highest value of each part; the lowest with the sign -1."""
        first, second = (
            max((sign * value for _, value in part), default=None)
            for part in self._parts(self._known(name))
        )
        if total is None or first is None or second is None:
            return None, None
        self.estimated.add(total_name)
        return (total, sign * second) if first >= second else (sign * first, total)

    def climbs(
        self, ascent: float | None, descent: float | None
    ) -> tuple[tuple[float | None, float | None], tuple[float | None, float | None]]:
        """Return what each part has of the ascent and of the descent."""
        heights = [
            (each.time, each.altitude) for each in self.points if isinstance(each, TripPoint)
        ]
        heights.append((self.at, self.value("altitude")))
        known = sorted((time, height) for time, height in heights if height is not None)
        first, second = (_climbed(part) for part in self._parts(known))
        ups = self._by_weight("ascent", ascent, first[0], second[0])
        return ups, self._by_weight("descent", descent, first[1], second[1])

    def _by_weight(
        self, name: str, total: float | None, first: float, second: float
    ) -> tuple[float | None, float | None]:
        if total is None:
            return None, None
        self.estimated.add(name)
        share = first / (first + second) if first + second else self.share
        return total * share, total - total * share

    def position(self) -> Position | None:
        """Return where the vehicle was, if the track has points on both sides."""
        known = [(each.time, each.position) for each in self.points if isinstance(each, TripPoint)]
        inner = [(time, place) for time, place in known if place is not None]
        for (before, start), (after, end) in pairwise(inner):
            if before <= self.at <= after:
                part = (self.at - before) / (after - before) if after > before else 0.0
                east = (end.longitude - start.longitude + 180) % 360 - 180
                north = end.latitude - start.latitude
                longitude = (start.longitude + part * east + 180) % 360 - 180
                return Position(latitude=start.latitude + part * north, longitude=longitude)
        return None

    def end(
        self, position: Position | None, altitude: float | None, soc: float | None
    ) -> JourneyEnd:
        """Return the end of the first part, which is the start of the second."""
        start, end = self.whole.start, self.whole.end
        return JourneyEnd(
            time=self.at,
            position=position,
            altitude=altitude,
            soc=soc,
            odometer=self._line(start.odometer, end.odometer),
            ideal_range=self._line(start.ideal_range, end.ideal_range),
            estimated_range=self._line(start.estimated_range, end.estimated_range),
        )

    def names(self, part: int) -> tuple[str, ...]:
        """Return what is estimated of a part."""
        own = ENDS & {("start", "end")[part]} & {*self.whole.estimated}
        return tuple(sorted(({*self.whole.estimated} - ENDS) | self.estimated | own))

    def closed(self, part: int) -> int | None:
        """Return when it showed that a part was over."""
        return self.at if part == 0 and self.whole.closed is None else self.whole.closed

    def _line(self, start: float | None, end: float | None) -> float | None:
        return None if start is None or end is None else start + self.share * (end - start)

    def _known(self, name: str) -> Known:
        """Return what the points between the ends say."""
        start, end = self.whole.start.time, self.whole.end.time
        values = ((each.time, getattr(each, name)) for each in self.points)
        return [(time, value) for time, value in values if start < time < end and value is not None]

    def _parts(self, known: Known) -> tuple[Known, Known]:
        return [each for each in known if each[0] <= self.at], [
            each for each in known if each[0] >= self.at
        ]


def _between(known: Known, at: int) -> float | None:
    """Return the value at a time on the straight line between its neighbours."""
    for (before, start), (after, end) in pairwise(known):
        if before <= at <= after:
            part = (at - before) / (after - before) if after > before else 0.0
            return start + part * (end - start)
    return None


def _climbed(known: Known) -> tuple[float, float]:
    """Return the metres up and down of heights that follow each other."""
    steps = [after - before for (_, before), (_, after) in pairwise(known)]
    up, down = sum(each for each in steps if each > 0), -sum(each for each in steps if each < 0)
    return float(up), float(down)


def _cut_points(
    points: Sequence[Any], at_cut: Any, counted: Iterable[str]
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return the points of both parts, both with the one at the cut, counted anew in the second."""
    if not points:
        return (), ()
    back = {name: None if (v := getattr(at_cut, name)) is None else -v for name in counted}
    first = [each for each in points if each.time < at_cut.time]
    second = [shifted(each, back) for each in points if each.time > at_cut.time]
    return (*first, at_cut), (shifted(at_cut, back), *second)
