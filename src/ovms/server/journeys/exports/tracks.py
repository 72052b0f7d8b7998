"""Trips as GPX 1.1: one track, a segment for each trip."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from ovms.protocol.gpx import GpxWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ovms.server.journeys.values import Trip


def gpx_of(trips: Iterable[Trip], name: str) -> Iterator[str]:
    """Yield trips with their tracks as GPX, in pieces: a trip each."""
    out = StringIO()
    writer = GpxWriter(name, out)
    for trip in trips:
        for point in trip.track:
            if (position := point.position) is not None:
                longitude = round(position.longitude, 6)
                writer.add_point(
                    point.time,
                    position.latitude,
                    -180.0 if longitude == 180 else longitude,  # the schema has no 180
                    {"altitude": point.altitude},
                    may_split=False,  # thinned: a straight road has few points
                )
        writer.end_segment()
        yield _taken(out)
    writer.end()
    yield _taken(out)


def _taken(out: StringIO) -> str:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text
