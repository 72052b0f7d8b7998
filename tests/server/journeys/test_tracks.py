"""Tracks: what is left out tells nothing new."""

from __future__ import annotations

import math
from itertools import pairwise
from random import Random

from ovms.server.journeys.tracks import (
    TOLERANCE,
    TRACK_LIMIT,
    WINDOW,
    TrackRow,
    TripTrack,
    thin,
)
from ovms.server.journeys.values import Position, TripPoint


def point(time: int, latitude: float, longitude: float, distance: float | None = None) -> TripPoint:
    """Return a point of a trip."""
    position = Position(latitude=latitude, longitude=longitude)
    return TripPoint(time=time, position=position, distance=distance)


def test_points_on_a_line_are_left_out() -> None:
    """The two ends stay."""
    track = [point(i, 50.0, 8.0 + i * 0.001, i * 0.07) for i in range(50)]
    assert thin(track) == (track[0], track[-1])
    assert thin(track[:2]) == tuple(track[:2])
    assert thin([]) == ()


def test_a_corner_stays() -> None:
    """It is further than the tolerance from the line of the others."""
    track = [point(0, 50.0, 8.0), point(1, 50.0, 8.01), point(2, 50.01, 8.01)]
    assert thin(track) == tuple(track)
    assert thin(track, tolerance=2000.0) == (track[0], track[-1])


def test_a_stop_on_a_straight_road_stays() -> None:
    """Or the distance at a time could not be told from the points."""
    track = [
        point(0, 50.0, 8.00, 0.0),
        point(60, 50.0, 8.01, 0.7),
        point(600, 50.0, 8.01, 0.7),
        point(660, 50.0, 8.02, 1.4),
    ]
    assert thin(track) == tuple(track)


def rows(count: int, seed: int) -> list[TrackRow]:
    """Return the points of a winding road, one a minute."""
    random = Random(seed)  # noqa: S311 (the same road each time)
    latitude, longitude, heading, distance = 50.0, 8.0, 0.0, 0.0
    found = []
    for i in range(count):
        heading += random.uniform(-0.6, 0.6)
        distance += 1.0
        latitude += math.cos(heading) / 111.195
        longitude += math.sin(heading) / 111.195 / math.cos(math.radians(latitude))
        found.append(TrackRow(60 * i, latitude, longitude, distance, *[None] * 5))
    return found


def ends(track: list[TrackRow]) -> tuple[TripPoint, TripPoint]:
    """Return the first and the last point as those of a trip."""
    first, last = track[0], track[-1]
    return (
        point(first.time, first.latitude or 0, first.longitude or 0, first.distance),
        point(last.time, last.latitude or 0, last.longitude or 0, last.distance),
    )


def metres_off(row: TrackRow, track: tuple[TripPoint, ...]) -> float:
    """Return how far a point is from the nearest line of a track."""
    here = Position(latitude=row.latitude or 0, longitude=row.longitude or 0)
    least = math.inf
    for one, other in pairwise(track):
        assert one.position is not None
        assert other.position is not None
        x, y = one.position.flat(here)
        to_x, to_y = one.position.flat(other.position)
        along = min(max((x * to_x + y * to_y) / (to_x**2 + to_y**2), 0), 1)
        least = min(least, math.hypot(x - along * to_x, y - along * to_y))
    return least


def test_a_track_that_is_thinned_as_it_grows_is_within_the_tolerance() -> None:
    """Each point that was left out is within 10 m of the line, over several windows."""
    track = TripTrack()
    road = rows(3 * WINDOW, 1)
    dense = [
        row._replace(
            time=row.time + 10 * part,
            latitude=(row.latitude or 0) + ((after.latitude or 0) - (row.latitude or 0)) * part / 6,
            longitude=(row.longitude or 0)
            + ((after.longitude or 0) - (row.longitude or 0)) * part / 6,
            distance=(row.distance or 0) + part / 6,
        )
        for row, after in pairwise(road)
        for part in range(6)
    ]
    for row in dense:
        track.add(row)
    made = track.points(*ends(dense))
    assert len(made) < len(dense) / 3
    assert max(metres_off(row, made) for row in dense[::7]) <= 10.1


def test_a_track_has_a_limit() -> None:
    """With more points, the tolerance grows."""
    track = TripTrack()
    road = rows(TRACK_LIMIT + 2 * WINDOW, 2)
    for row in road[:TRACK_LIMIT]:
        track.add(row)
    assert track.tolerance == TOLERANCE
    for row in road[TRACK_LIMIT:]:
        track.add(row)
    assert track.tolerance > TOLERANCE
    assert len(track.points(*ends(road))) <= TRACK_LIMIT + WINDOW


def test_points_that_cannot_be_thinned_have_the_limit_too() -> None:
    """They leap to and fro."""
    track = TripTrack()
    for i in range(2 * TRACK_LIMIT):
        track.add(TrackRow(i, 50.0 + i % 2, 8.0, float(i), *[None] * 5))
    assert len(track.rows) <= TRACK_LIMIT
