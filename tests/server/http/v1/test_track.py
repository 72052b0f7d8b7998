from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from ovms.protocol.gpx import GAP, NAMESPACE
from ovms.server.http.v1 import track
from ovms.server.http.v1.track import TrackBuilder, TrackPoint, thinned
from tests.server.http.v1.records import put

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

TRACK = "GET /vehicles/CAR1/track"


def _at(time: int, north: float, east: float = 0.0, more: str = "1,9") -> tuple[int, str]:
    """Return a record of a position so many metres from a place."""
    return time, f"{50 + north / 111_195:.7f},{8 + east / 71_474:.7f},0,120,{more}"


async def _track(v1: ApiSite, **params: Any) -> dict[str, Any]:
    answer = await v1.call(TRACK, params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/geo+json"
    body: dict[str, Any] = answer.json()
    return body


async def test_geojson(v1: ApiSite) -> None:
    """A track is lines with a time for each point, split where the car was silent."""
    await put(v1, "L", _at(-3000, 0), _at(-2990, 100), _at(-2980, 200), _at(-2980 + GAP + 1, 300))
    made = await _track(v1)
    assert (made["type"], made["geometry"]["type"]) == ("Feature", "MultiLineString")
    lines, told = made["geometry"]["coordinates"], made["properties"]
    assert [len(each) for each in lines] == [2, 2]
    assert lines[0][0] == [8.0, 50.0, 120.0]
    assert told["times"][0] == ["2023-11-14T21:23:20.000Z", "2023-11-14T21:23:40.000Z"]
    assert (told["distance"], told["positions"], told["next"]) == (0.2, 4, None)
    assert [len(each) for each in (await _track(v1, tolerance=0))["geometry"]["coordinates"]] == [
        3, 2
    ]  # fmt: skip


async def test_nothing(v1: ApiSite) -> None:
    """Without a position there is no geometry; without a lock or from an old reading is none."""
    await put(v1, "L", _at(-9, 0, more="0,9"), _at(-8, 0, more="1,0"), _at(-7, 0, more="1,-1"))
    made = await _track(v1)
    assert (made["geometry"], made["properties"]["times"]) == (None, [])


async def test_gpx(v1: ApiSite) -> None:
    """The same as GPX: one track with a segment a line."""
    await put(v1, "L", _at(-3000, 0), _at(-2990, 100), _at(-2980 + GAP + 1, 300))
    answer = await v1.call(f"{TRACK}.gpx")
    assert answer.headers["content-type"] == "application/gpx+xml"
    root = ElementTree.fromstring(answer.text)  # noqa: S314 -- our own
    segments = root.findall(f".//{{{NAMESPACE}}}trkseg")
    assert [len(each) for each in segments] == [2, 1]


async def test_more_than_fits(v1: ApiSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too much for one answer is another's, which begins where the first ends."""
    monkeypatch.setattr(track, "POSITIONS_LIMIT", 4)
    monkeypatch.setattr(track, "PAGE", 2)
    await put(v1, "L", *(_at(at * 10, 0) for at in range(-6, 0)))
    made = (await _track(v1))["properties"]
    assert (made["positions"], made["next"]) == (4, "2023-11-14T22:12:50.000Z")
    assert (await _track(v1, since=made["next"]))["properties"]["positions"] == 2


def _points(*places: tuple[int, float]) -> list[TrackPoint]:
    return [TrackPoint(time, 50 + north / 111_195, 8.0, None) for time, north in places]


@pytest.mark.parametrize(
    ("places", "kept"),
    [
        ([(0, 0), (1, 9e5), (2, 20)], [[0, 2]]),
        ([(0, 9e5), (1, 0), (2, 10), (3, 20)], [[1, 2, 3]]),
        ([(0, 0), (1, 1), (2, 9e5), (3, 9e5), (4, 9e5)], [[0, 1], [2, 3, 4]]),
        ([(0, 0), (1, 9e5), (2, -9e5), (3, 9e5), (4, 4)], [[0, 4]]),
        ([(0, 0), (GAP + 1, 9e9)], [[0], [GAP + 1]]),
    ],
)
def test_jumps(places: list[tuple[int, float]], kept: list[list[int]]) -> None:
    """A point that no car reaches is left out, unless those behind it agree with it."""
    builder = TrackBuilder()
    for point in _points(*places):
        builder.add(point)
    assert [[each.time for each in segment] for segment in builder.segments] == kept


def test_around_the_world() -> None:
    """A track may cross the date line."""
    builder = TrackBuilder()
    builder.add(TrackPoint(0, 0.0, 179.9999, None))
    builder.add(TrackPoint(10, 0.0, -179.9999, None))
    assert len(builder.segments) == 1


def test_thinned() -> None:
    """No point that was left out is farther from the line than allowed."""
    random = Random(5)  # noqa: S311 (no secret)
    points = [TrackPoint(at, 50 + at * 1e-4, 8 + random.random() * 1e-3, None)
              for at in range(1200)]  # fmt: skip
    left = thinned(points, 20.0)
    assert (left[0], left[-1]) == (points[0], points[-1])
    assert len(left) < len(points)
    assert len(thinned(points, 1e6)) == 4
    assert thinned(points[:1], 5.0) == points[:1]
    for first, second in pairwise(left):
        end = first.flat(second.latitude, second.longitude)
        for each in points[first.time : second.time]:
            place = first.flat(each.latitude, each.longitude)
            assert track._distance(place, (0.0, 0.0), end) < 20.5


def test_fields() -> None:
    """The first fields of a record are those that a track needs."""
    assert [each.name for each in track.TRACK_FIELDS] == [
        "latitude", "longitude", "direction", "altitude", "gps_lock", "gps_stale"
    ]  # fmt: skip


async def test_thinned_gpx_is_one_segment(v1: ApiSite) -> None:
    """Points that lie farther apart than a gap because others were thinned out are one line."""
    await put(v1, "L", *(_at(-3000 + minute * 60, minute * 500) for minute in range(40)))
    params = {"tolerance": 10}
    answer = await v1.call("GET /vehicles/CAR1/track.gpx", params=params)
    segments = ElementTree.fromstring(answer.text).findall(f".//{{{NAMESPACE}}}trkseg")  # noqa: S314
    assert [len(each) for each in segments] == [2]


async def test_a_track_over_the_antimeridian(v1: ApiSite) -> None:
    """A line that crosses 180 degrees is cut there, with a time for each end."""
    places = ("-17.0,179.999", "-17.002,-179.999", "-17.002,179.999")
    await put(v1, "L", *((-30 + at * 10, f"{each},0,9,1,9") for at, each in enumerate(places)))
    made = await _track(v1, tolerance=0)
    lines = made["geometry"]["coordinates"]
    assert [[each[:2] for each in line] for line in lines] == [
        [[179.999, -17.0], [180.0, -17.001]],
        [[-180.0, -17.001], [-179.999, -17.002], [-180.0, -17.002]],
        [[180.0, -17.002], [179.999, -17.002]],
    ]
    assert [len(each) for each in made["properties"]["times"]] == [2, 3, 2]
    assert made["properties"]["distance"] == pytest.approx(0.524, abs=0.05)
