"""``/vehicles/{vehicle_id}/track``: where a vehicle drove, as GeoJSON and as GPX.

Positions come out of the telemetry log. Those without a lock, those from an old reading, and those
that no car reaches so soon are left out; a track is split where the car told no position for long.
It is thinned so that no point that is left out lies farther from the line than ``tolerance``.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from functools import partial
from io import StringIO
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Final, Literal

from fastapi import Query, Response

from ovms.protocol.gpx import GAP, GpxWriter, place_of
from ovms.protocol.records import Location
from ovms.server.http.v1.callers import Context, LocationCall, VehicleCall
from ovms.server.http.v1.models import ApiAnswer, Time, time_of
from ovms.server.http.v1.routing import make_router
from ovms.server.http.v1.spans import Since, Until, last_day
from ovms.server.storage import queries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ovms.server.http.context import HttpContext
    from ovms.server.values import HistoryEntry

POSITIONS: Final = "L"

POSITIONS_LIMIT: Final = 50_000
"""Positions of a track: a month of one that drives all day. What comes later is another call's."""

PAGE: Final = 2000
"""Positions that are read at once."""

THINNED_AT_ONCE: Final = 500
"""Points within which those are found that a line needs: the time grows with their square, and a
track of curves alone must not take seconds."""

FASTEST: Final = 100.0
"""Metres a second that a car does not reach: a point beyond is the receiver's error."""

SURE_AFTER: Final = 3
"""Points one behind the other, each to be reached from the one before, that are believed although
the track's last one cannot be: then that one was wrong."""

TOLERANCE_LIMIT: Final = 10_000.0

METRES_A_DEGREE: Final = 111_195.0

GEOJSON_TYPE: Final = "application/geo+json"
GPX_TYPE: Final = "application/gpx+xml"

SCHEMA: Final = {"$ref": "#/components/schemas/TrackAnswer"}

TRACK_FIELDS: Final = Location.TABLE[:6]
"""Latitude, longitude, direction, altitude, lock, and how old they are."""

router = make_router("history")


@dataclass(frozen=True, slots=True)
class TrackPoint:
    """A position, and when the car told it, Unix seconds."""

    time: int
    latitude: float
    longitude: float
    altitude: float | None

    def metres_to(self, other: TrackPoint) -> float:
        """Return about how far another one is, right to a part in a thousand where cars drive."""
        x, y = self.flat(other.latitude, other.longitude)
        return math.hypot(x, y)

    def flat(self, latitude: float, longitude: float) -> tuple[float, float]:
        """Return a position's metres to the east and north from here."""
        east = (longitude - self.longitude + 180) % 360 - 180
        scale = math.cos(math.radians((latitude + self.latitude) / 2))
        return east * scale * METRES_A_DEGREE, (latitude - self.latitude) * METRES_A_DEGREE

    def is_near(self, other: TrackPoint) -> bool:
        """Return whether a car may have driven from one to the other."""
        return self.metres_to(other) <= FASTEST * max(1, abs(other.time - self.time))


@dataclass(slots=True)
class TrackBuilder:
    """Makes segments of positions in the order of their time."""

    segments: list[list[TrackPoint]] = field(default_factory=list)
    _doubted: list[TrackPoint] = field(default_factory=list)

    def add(self, point: TrackPoint) -> None:
        """Add a position, unless the car cannot have been there."""
        last = self.segments[-1][-1] if self.segments else None
        if last is None or point.time - last.time > GAP:
            self._doubted.clear()
            self.segments.append([point])
        elif last.is_near(point):
            self._doubted.clear()
            self.segments[-1].append(point)
        else:
            if self._doubted and not self._doubted[-1].is_near(point):
                self._doubted.clear()
            self._doubted.append(point)
            if len(self._doubted) >= SURE_AFTER:
                self._believe()

    def _believe(self) -> None:
        """Go on from where the last positions are; a lone one before was wrong."""
        if len(self.segments[-1]) == 1:
            self.segments.pop()
        self.segments.append([*self._doubted])
        self._doubted.clear()


def thinned(points: list[TrackPoint], tolerance: float) -> list[TrackPoint]:
    """Return the points that a line needs (Douglas and Peucker), with the first and the last."""
    if tolerance <= 0:
        return points
    kept = [0]
    for begin in range(0, len(points) - 1, THINNED_AT_ONCE):
        end = min(begin + THINNED_AT_ONCE, len(points) - 1)
        kept += _needed(points, begin, end, tolerance)
    return [points[at] for at in kept] if len(points) > 1 else points


def _needed(points: list[TrackPoint], begin: int, end: int, tolerance: float) -> list[int]:
    """Return the places of the points behind ``begin`` that are needed; ``end`` always is."""
    origin = points[begin]
    flat = [origin.flat(each.latitude, each.longitude) for each in points[begin : end + 1]]
    needed = [end]
    waiting = [(0, end - begin)]
    while waiting:
        first, last = waiting.pop()
        farthest, distance = first, tolerance
        for at in range(first + 1, last):
            found = _distance(flat[at], flat[first], flat[last])
            if found > distance:
                farthest, distance = at, found
        if farthest != first:
            needed.append(begin + farthest)
            waiting += [(first, farthest), (farthest, last)]
    return sorted(needed)


def _distance(
    point: tuple[float, float], begin: tuple[float, float], end: tuple[float, float]
) -> float:
    """Return how far a point is from the line between two others."""
    x, y = end[0] - begin[0], end[1] - begin[1]
    length = x * x + y * y
    dx, dy = point[0] - begin[0], point[1] - begin[1]
    part = 0.0 if not length else min(1.0, max(0.0, (dx * x + dy * y) / length))
    return math.hypot(dx - part * x, dy - part * y)


class TrackGeometry(ApiAnswer):
    """The lines: longitude, latitude, and the altitude in metres where it is known."""

    type: Literal["MultiLineString"]
    coordinates: list[list[list[float]]]
    """Degrees, and metres."""


class TrackProperties(ApiAnswer):
    """What is known of the track."""

    vehicle_id: str
    since: Time
    until: Time
    tolerance: float
    """Metres."""
    distance: float
    """km along the lines."""
    positions: int
    """How many positions there were before the track was thinned."""
    times: list[list[Time]]
    """When the car was at each point of each line."""
    next: Time | None
    """There are more positions than one answer takes: the `since` of a call for the rest."""


class TrackAnswer(ApiAnswer):
    """A track as GeoJSON (RFC 7946)."""

    type: Literal["Feature"]
    geometry: TrackGeometry | None
    """Null without a position."""
    properties: TrackProperties


Tolerance = Annotated[
    float,
    Query(ge=0, le=TOLERANCE_LIMIT, allow_inf_nan=False,
          description="Metres by which the line may be wrong; 0 keeps every position."),
]  # fmt: skip


@router.get(
    "/vehicles/{vehicle_id}/track",
    responses={200: {"model": TrackAnswer, "content": {GEOJSON_TYPE: {"schema": SCHEMA}}}},
)
async def get_track(
    call: LocationCall,
    context: Context,
    since: Since = None,
    until: Until = None,
    tolerance: Tolerance = 10.0,
) -> Response:
    """Return where a vehicle drove, as GeoJSON. Without a span it is the last day."""
    track = await _read(context, call, since, until, tolerance)
    body = await asyncio.to_thread(lambda: track.geojson(call.id).model_dump_json(by_alias=True))
    return Response(body, media_type=GEOJSON_TYPE)


@router.get(
    "/vehicles/{vehicle_id}/track.gpx",
    response_class=Response,
    responses={200: {"content": {GPX_TYPE: {"schema": {"type": "string"}}}}},
)
async def get_track_gpx(
    call: LocationCall,
    context: Context,
    since: Since = None,
    until: Until = None,
    tolerance: Tolerance = 0.0,
) -> Response:
    """Return where a vehicle drove, as GPX 1.1. Without a span it is the last day."""
    track = await _read(context, call, since, until, tolerance)
    return Response(await asyncio.to_thread(track.gpx, call.id), media_type=GPX_TYPE)


@dataclass(frozen=True, slots=True)
class Track:
    """The lines of a track in a span, Unix seconds."""

    since: int
    until: int
    tolerance: float
    segments: list[list[TrackPoint]]
    positions: int
    next: int | None

    def geojson(self, vehicle_id: str) -> TrackAnswer:
        """Return it as GeoJSON."""
        # A line has two points at least: a lone position is one to itself.
        whole = [each if len(each) > 1 else each * 2 for each in self.segments]
        lines = [part for line in whole for part in cut_at_antimeridian(line)]
        metres = sum(first.metres_to(second) for line in lines for first, second in pairwise(line))
        return TrackAnswer(
            type="Feature",
            geometry=TrackGeometry(
                type="MultiLineString",
                coordinates=[[_place(each) for each in line] for line in lines],
            )
            if lines
            else None,
            properties=TrackProperties(
                vehicle_id=vehicle_id,
                since=time_of(self.since),
                until=time_of(self.until),
                tolerance=self.tolerance,
                distance=round(metres / 1000, 3),
                positions=self.positions,
                times=[[time_of(each.time) for each in line] for line in lines],
                next=None if self.next is None else time_of(self.next),
            ),
        )

    def gpx(self, vehicle_id: str) -> str:
        """Return it as GPX."""
        out = StringIO()
        writer = GpxWriter(vehicle_id, out)
        for segment in self.segments:
            writer.end_segment()
            for each in segment:
                writer.add_point(
                    each.time, each.latitude, each.longitude, {"altitude": each.altitude},
                    may_split=False,  # points between may have been thinned out
                )  # fmt: skip
        writer.end()
        return out.getvalue()


def cut_at_antimeridian(line: list[TrackPoint]) -> Iterator[list[TrackPoint]]:
    """Yield the parts of a line, which each end at 180 degrees where it goes on from -180 or back.

    Without the cut a map would draw it around the world (RFC 7946, 3.1.9).
    """
    part = line[:1]
    for last, point in pairwise(line):
        if abs(point.longitude - last.longitude) > 180:
            edge = math.copysign(180.0, last.longitude)
            share = (edge - last.longitude) / (point.longitude + 2 * edge - last.longitude or 1)
            latitude = last.latitude + share * (point.latitude - last.latitude)
            time = last.time + int(share * (point.time - last.time))
            yield [*part, TrackPoint(time, latitude, edge, last.altitude)]
            part = [TrackPoint(time, latitude, -edge, point.altitude)]
        part.append(point)
    yield part


def _place(point: TrackPoint) -> list[float]:
    place = [round(point.longitude, 6), round(point.latitude, 6)]
    return place if point.altitude is None else [*place, point.altitude]


async def _read(
    context: HttpContext,
    call: VehicleCall,
    since: datetime | None,
    until: datetime | None,
    tolerance: float,
) -> Track:
    """Read the positions of a span, in turns with others, and make a track of them."""
    begin, end = last_day(since, until, context.clock.time())
    builder = TrackBuilder()
    count, after, is_more = 0, None, True
    while is_more and count < POSITIONS_LIMIT:
        query = partial(
            queries.read_records,
            vehicle_id=call.id,
            record_type=POSITIONS,
            limit=PAGE,
            since=begin,
            until=end,
            after=after,
        )
        page, is_more = await context.store.read_history(call.id, query)
        await asyncio.to_thread(_take, builder, page)
        count += len(page)
        after = page[-1].key if page else None

    def thin() -> list[list[TrackPoint]]:
        return [thinned(each, tolerance) for each in builder.segments]

    segments = await asyncio.to_thread(thin)
    reached = after[0] if is_more and after is not None else None
    return Track(begin, end, tolerance, segments, count, reached)


def _take(builder: TrackBuilder, page: list[HistoryEntry]) -> None:
    for point in _points(page):
        builder.add(point)


def _points(page: list[HistoryEntry]) -> Iterator[TrackPoint]:
    for entry in page:
        # Only what a track needs: all fields of a record take ten times as long.
        texts = entry.data.decode("latin-1").split(",", len(TRACK_FIELDS))
        fields = {
            each.name: each.kind.parse(text)
            for each, text in zip(TRACK_FIELDS, texts)  # noqa: B905 (short records)
        }
        place = place_of(fields)
        if place is not None:
            yield TrackPoint(entry.time, *place, fields["altitude"])
