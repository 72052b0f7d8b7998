"""Journeys as files: CSV, a GPX track, and a log of trips on paper."""

from __future__ import annotations

import sys
import time
from itertools import islice
from typing import TYPE_CHECKING, Final

from ovms.cli.common import fail, refuse
from ovms.server.journeys.exports.tables import csv_of
from ovms.server.journeys.exports.tracks import gpx_of
from ovms.server.journeys.exports.trip_log import Language, LogHead, TooManyTrips
from ovms.server.journeys.values import Trip
from ovms.server.storage.journey_export import export_row
from ovms.server.storage.journey_view import place_names
from ovms.server.storage.journeys import journey_points

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ovms.cli.journeys.reader import JourneyReader
    from ovms.server.journeys.exports.rows import ExportRow
    from ovms.server.journeys.values import JourneyKind
    from ovms.server.storage.journeys import JourneyRow

CHUNK: Final = 500
"""Journeys whose places are looked up at once."""


def write_csv(reader: JourneyReader, kind: JourneyKind, rows: Iterable[JourneyRow]) -> None:
    """Write journeys of a kind as CSV."""
    for piece in csv_of(kind, _export_rows(reader, rows), reader.zone):
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def write_gpx(reader: JourneyReader, rows: Iterable[JourneyRow]) -> None:
    """Write the tracks of trips."""
    for piece in gpx_of(_with_tracks(reader, rows), reader.vehicle.id):
        sys.stdout.write(piece)


def write_pdf(
    reader: JourneyReader,
    rows: Iterable[JourneyRow],
    since: int | None,
    until: int | None,
    language: Language,
) -> None:
    """Write the log of trips; a terminal is no place for it."""
    from ovms.server.journeys.exports.paper import trip_log_pdf  # only here: it is slow to import

    if _is_terminal():
        refuse("a PDF is for a file: end the command with > log.pdf")
    vehicle = reader.vehicle
    head = LogHead(
        vehicle_id=vehicle.id, vehicle_name=vehicle.name, owner=vehicle.owner, since=since,
        until=until, zone=reader.zone, made=int(time.time()), language=language,
    )  # fmt: skip
    try:
        made = trip_log_pdf(head, _export_rows(reader, rows))
    except TooManyTrips as error:
        fail(f"{error}: name a shorter span")
    sys.stdout.buffer.write(made)
    sys.stdout.buffer.flush()


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def _export_rows(reader: JourneyReader, rows: Iterable[JourneyRow]) -> Iterator[ExportRow]:
    """Yield journeys with the names of their places."""
    rows = iter(rows)
    while chunk := [*islice(rows, CHUNK)]:
        with reader.database.reading() as connection:
            names = place_names(connection, chunk)
        yield from (export_row(each, names) for each in chunk)


def _with_tracks(reader: JourneyReader, rows: Iterable[JourneyRow]) -> Iterator[Trip]:
    for row in rows:
        with reader.database.reading() as connection:
            whole = journey_points(connection, row)
        if isinstance(whole, Trip):
            yield whole
