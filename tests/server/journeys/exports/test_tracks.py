"""Trips as GPX: a segment each, in time, and whole documents."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

from ovms.server.journeys.exports.tracks import gpx_of
from ovms.server.journeys.values import Position, Trip, TripPoint
from tests.server.journeys.made import NOON, trip

TAG = "{http://www.topografix.com/GPX/1/1}"


def document(*trips: Trip, name: str = "DEMO") -> ET.Element:
    """Return what a program reads."""
    return ET.fromstring("".join(gpx_of(trips, name)))  # noqa: S314 -- it is our own


def test_each_trip_is_a_segment() -> None:
    """However long a straight road is between two points; positions have time and height."""
    far = TripPoint(time=NOON + 9000, position=Position(latitude=53.0, longitude=180.0))
    high = TripPoint(time=NOON, position=Position(latitude=52.0, longitude=13.0), altitude=34.0)
    found = document(replace(trip(), track=(high, far)), trip(NOON + 20_000, NOON + 21_000))
    segments = found.findall(f"{TAG}trk/{TAG}trkseg")
    assert [len(each) for each in segments] == [2, 3]
    first, last = segments[0]
    assert (first.attrib["lat"], first.attrib["lon"]) == ("52.000000", "13.000000")
    assert [each.text for each in first] == ["34.0", "2025-06-15T15:06:40Z"]
    assert last.attrib["lon"] == "-180.000000"


def test_without_positions_there_is_an_empty_track() -> None:
    """A point that says only a speed is none; names are escaped."""
    found = document(trip(track=(TripPoint(time=NOON, speed=3.0),)), name="A & <B>")
    (track,) = found.findall(f"{TAG}trk")
    assert [each.tag for each in track] == [f"{TAG}name"]
    assert track[0].text == "A & <B>"
    assert len(document().findall(f"{TAG}trk")) == 1


def test_pieces_are_written_as_trips_come() -> None:
    """Nothing of a trip waits for the next one."""
    pieces = gpx_of(iter([trip(), trip(NOON + 9000, NOON + 9600)]), "DEMO")
    assert next(pieces).count("<trkpt") == 4
    assert next(pieces).count("<trkpt") == 2
