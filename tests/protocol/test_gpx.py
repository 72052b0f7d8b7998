from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from xml.etree import ElementTree

import pytest

from ovms.protocol.gpx import GAP, NAMESPACE, GpxWriter

NOON = 1_750_000_000
HERE = {"latitude": 50.5, "longitude": 8.25, "gps_lock": True, "gps_stale": 60}
NAMES = {"": NAMESPACE}


def _track(*points: tuple[float, Mapping[str, object]]) -> list[ElementTree.Element]:
    """Write points, and return the segments that are read again."""
    out = StringIO()
    writer = GpxWriter("A<&B", out)
    for time, fields in points:
        writer.add(time, fields)
    writer.end()
    root = ElementTree.fromstring(out.getvalue())  # noqa: S314 -- our own
    assert root.tag == f"{{{NAMESPACE}}}gpx"
    assert root.attrib["version"] == "1.1"
    assert root.findtext("trk/name", namespaces=NAMES) == "A<&B"
    return root.findall("trk/trkseg", NAMES)


def test_a_point() -> None:
    """A point has what the schema knows of a position, in the schema's order."""
    full = {**HERE, "altitude": 120, "satellites": 9, "hdop": 0.8, "speed": 50}
    ((point,),) = _track((NOON, full))
    assert point.attrib == {"lat": "50.500000", "lon": "8.250000"}
    found = [(each.tag.partition("}")[2], each.text) for each in point]
    assert found == [("ele", "120.0"), ("time", "2025-06-15T15:06:40Z"), ("sat", "9"),
                     ("hdop", "0.80")]  # fmt: skip


def test_segments() -> None:
    """A segment ends where the car was silent for longer than while it drives."""
    times = (NOON, NOON + GAP, NOON + 2 * GAP + 1, NOON + 2 * GAP + 2)
    assert [len(each) for each in _track(*((time, HERE) for time in times))] == [2, 2]


@pytest.mark.parametrize(
    "change",
    [
        {"gps_lock": False},
        {"gps_lock": None},
        {"gps_stale": 0},
        {"gps_stale": -1},
        {"latitude": None},
        {"longitude": None},
        {"latitude": 90.1},
        {"longitude": -180.5},
    ],
)
def test_no_point(change: dict[str, object]) -> None:
    """Without a lock, from an old reading or outside of the world there is no point."""
    assert _track((NOON, {**HERE, **change})) == []


def test_the_date_line() -> None:
    """The schema has no 180 degrees: there the line is at -180."""
    ((point,),) = _track((NOON, {**HERE, "longitude": 179.9999999}))
    assert point.attrib["lon"] == "-180.000000"


def test_an_old_module() -> None:
    """A module that tells neither age nor altitude has points all the same."""
    short = {"latitude": 50.5, "longitude": 8.25, "gps_lock": True, "gps_stale": None}
    ((point,),) = _track((NOON, short))
    assert len(point) == 1
