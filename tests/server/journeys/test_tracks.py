"""Tracks: what is left out tells nothing new."""

from __future__ import annotations

from ovms.server.journeys.tracks import thin
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
