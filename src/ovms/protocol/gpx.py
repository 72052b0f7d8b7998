"""Positions of the history as GPX 1.1: one track, in segments where the car drove.

A point is a position that the car knew when it told it: without a lock, or from an old reading, it
is left out. A segment ends where the car told no position for longer than it may be silent while
it drives.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import TextIOBase
from typing import Final, TextIO, cast
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from ovms.base.clock import iso_time

NAMESPACE: Final = "http://www.topografix.com/GPX/1/1"
SCHEMA: Final = f"{NAMESPACE} {NAMESPACE}/gpx.xsd"

GAP: Final = 15 * 60
"""Seconds without a position that end a segment: a car that drives and is not watched tells one
every ten minutes."""


class GpxWriter:
    """Writes a track into ``out`` as its points come."""

    def __init__(self, name: str, out: TextIO) -> None:
        self._xml = XMLGenerator(cast("TextIOBase", out), "utf-8")
        self._last: float | None = None
        self._xml.startDocument()
        self._start(
            "gpx",
            {
                "version": "1.1",
                "creator": "ovms",
                "xmlns": NAMESPACE,
                "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
                "xsi:schemaLocation": SCHEMA,
            },
        )
        self._line(1)
        self._start("trk")
        self._text("name", name)

    def add(self, time: float, fields: Mapping[str, object]) -> None:
        """Write the position of a location record that was made at ``time``, if it has one."""
        place = place_of(fields)
        if place is not None:
            self.add_point(time, *place, fields)

    def add_point(
        self,
        time: float,
        latitude: float,
        longitude: float,
        fields: Mapping[str, object],
        *,
        may_split: bool = True,
    ) -> None:
        """Write a position that is known, and what else ``fields`` have that GPX knows.

        After a gap it begins another segment, unless it must not.
        """
        if self._last is None or (may_split and not 0 <= time - self._last <= GAP):
            self.end_segment()
            self._line(2)
            self._start("trkseg")
        self._last = time
        self._line(3)
        self._start("trkpt", {"lat": f"{latitude:.6f}", "lon": f"{longitude:.6f}"})
        if isinstance(altitude := fields.get("altitude"), int | float):
            self._text("ele", f"{altitude:.1f}")
        self._text("time", iso_time(time))
        if isinstance(satellites := fields.get("satellites"), int) and satellites >= 0:
            self._text("sat", str(satellites))
        if isinstance(hdop := fields.get("hdop"), int | float) and hdop >= 0:
            self._text("hdop", f"{hdop:.2f}")
        self._xml.endElement("trkpt")

    def end_segment(self) -> None:
        """End the segment: the next point begins another."""
        if self._last is not None:
            self._line(2)
            self._xml.endElement("trkseg")
        self._last = None

    def end(self) -> None:
        """Write the end."""
        self.end_segment()
        self._line(1)
        self._xml.endElement("trk")
        self._line(0)
        self._xml.endElement("gpx")
        self._xml.ignorableWhitespace("\n")
        self._xml.endDocument()

    def _start(self, name: str, attributes: dict[str, str] | None = None) -> None:
        self._xml.startElement(name, AttributesImpl(attributes or {}))

    def _text(self, name: str, text: str) -> None:
        self._start(name)
        self._xml.characters(text)
        self._xml.endElement(name)

    def _line(self, depth: int) -> None:
        self._xml.ignorableWhitespace("\n" + "  " * depth)


def place_of(fields: Mapping[str, object]) -> tuple[float, float] | None:
    """Return latitude and longitude, within their bounds; ``None`` without a position."""
    latitude, longitude, stale = map(fields.get, ("latitude", "longitude", "gps_stale"))
    is_old = isinstance(stale, int | float) and stale <= 0
    if is_old or not fields.get("gps_lock"):
        return None
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    longitude = round(longitude, 6)
    return latitude, -180.0 if longitude == 180 else longitude  # the schema has no 180
