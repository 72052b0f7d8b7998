"""Journeys for other programs and for paper: CSV, GPX, a trip log as PDF.

Who may not see positions gets tables and logs without places, coordinates, heights and notes.
"""

from __future__ import annotations

import asyncio
from datetime import date, datetime, time
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final, Literal

from fastapi import Query, Response
from starlette.responses import StreamingResponse

from ovms.base.extras import missing_extra
from ovms.base.sheets import CSV_TYPE
from ovms.server.http.v1.battery import zone_of
from ovms.server.http.v1.callers import Context, LocationCall, VehicleCall, ViewCall, renewed
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.export import EXPORT_WAIT, EXPORTS_LIMIT
from ovms.server.http.v1.journey_models import KindWord, PurposeWord, shown_to
from ovms.server.http.v1.journeys import (
    JourneyId,
    JourneyListing,
    Since,
    Until,
    journey_pages,
    read_journey,
)
from ovms.server.http.v1.models import SpanDate
from ovms.server.http.v1.routing import make_router
from ovms.server.http.v1.spans import EARLIEST, LATEST, check_span, seconds
from ovms.server.http.v1.track import GPX_TYPE
from ovms.server.journeys.exports.tables import csv_of
from ovms.server.journeys.exports.tracks import gpx_of
from ovms.server.journeys.exports.trip_log import LogHead, TooManyTrips, trips_of
from ovms.server.journeys.values import JourneyKind, Purpose, Trip
from ovms.server.rights import VehicleRight
from ovms.server.storage import journey_view, queries
from ovms.server.storage.journey_export import export_row

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from zoneinfo import ZoneInfo

    from ovms.server.http.context import HttpContext
    from ovms.server.journeys.exports.rows import ExportRow
    from ovms.server.storage.journeys import JourneyRow

PDF_TYPE: Final = "application/pdf"

router = make_router("journeys")


@router.get(
    "/vehicles/{vehicle_id}/journeys.csv",
    response_class=Response,
    responses={200: {"content": {CSV_TYPE: {"schema": {"type": "string"}}}}},
)
async def get_journeys_csv(
    call: ViewCall,
    context: Context,
    kind: KindWord = "trip",
    since: Since = None,
    until: Until = None,
) -> StreamingResponse:
    """Return all journeys of a kind as CSV, the oldest first. Times are of the owner's zone."""
    begin, end = seconds(since), seconds(until)
    check_span(begin, end)
    listing = JourneyListing(kinds=[JourneyKind(kind)], since=begin, until=end, limit=1)
    zone = await zone_of(context, call.id)
    headers = _headers(call, f"{kind}s.csv" if kind != "parked" else "parked.csv")
    return StreamingResponse(
        _csv(context, call, listing, zone), media_type=CSV_TYPE, headers=headers
    )


@router.get(
    "/vehicles/{vehicle_id}/journeys/{journey_id}/track.gpx",
    response_class=Response,
    responses={200: {"content": {GPX_TYPE: {"schema": {"type": "string"}}}}},
)
async def get_journey_gpx(journey_id: JourneyId, call: LocationCall, context: Context) -> Response:
    """Return the track of a trip as GPX 1.1."""
    _, journey, _ = await read_journey(context, call.id, journey_id)
    if not isinstance(journey, Trip):
        raise ApiError(404, "Only trips have a track", "no_track")
    body = await asyncio.to_thread(lambda: "".join(gpx_of([journey], call.id)))
    headers = _headers(call, f"trip-{journey_id}.gpx")
    return Response(body, media_type=GPX_TYPE, headers=headers)


@router.get(
    "/vehicles/{vehicle_id}/trip-log.pdf",
    response_class=Response,
    responses={200: {"content": {PDF_TYPE: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def get_trip_log(
    call: ViewCall,
    context: Context,
    since: Annotated[
        SpanDate | None, Query(description="Trips that begin on this local day or later.")
    ] = None,
    until: Annotated[
        SpanDate | None, Query(description="Trips that begin before this local day.")
    ] = None,
    purpose: Annotated[PurposeWord | None, Query(description="Only trips of this purpose.")] = None,
    language: Annotated[Literal["en", "de"], Query(description="Of the log's words.")] = "en",
) -> Response:
    """Return the trips as a log on paper (PDF), with sums by year and purpose.

    An account makes one at a time (429). 422 with the code `too_many_trips` asks for a shorter
    span, 409 with `no_pdf` says that the server lacks what makes PDF.
    """
    zone = await zone_of(context, call.id)
    begin, end = _midnight(since, zone), _midnight(until, zone)
    check_span(begin, end)
    owner_id = call.caller.login.owner_id
    if owner_id in context.exports or len(context.exports) >= EXPORTS_LIMIT:
        raise ApiError(429, "An export is being made: wait for its end", wait=EXPORT_WAIT)
    context.exports.add(owner_id)
    try:
        make = await asyncio.to_thread(_pdf_maker)
        listing = JourneyListing(kinds=[JourneyKind.TRIP], since=begin, until=end, limit=1)
        rows = await _log_rows(context, call, listing, purpose)
        vehicle = await context.store.database.read(
            partial(queries.get_vehicle, vehicle_id=call.id)
        )
        head = LogHead(
            vehicle_id=vehicle.id, vehicle_name=vehicle.name, owner=vehicle.owner, since=begin,
            until=end, zone=zone, made=int(context.clock.time()),
            has_places=VehicleRight.LOCATION in call.rights, language=language,
            is_part=purpose is not None,
        )  # fmt: skip
        body = await asyncio.to_thread(make, head, rows)
    finally:
        context.exports.discard(owner_id)
    return Response(body, media_type=PDF_TYPE, headers=_headers(call, "trip-log.pdf"))


async def _csv(
    context: HttpContext, call: VehicleCall, listing: JourneyListing, zone: ZoneInfo
) -> AsyncIterator[bytes]:
    """Yield the table page by page, each with the rights that the caller has by then."""
    [kind] = listing.kinds
    yield next(csv_of(kind, [], zone))
    is_first = True
    async for rows in journey_pages(context, call.id, listing):
        if not is_first:
            try:
                call = await renewed(call, context)
            except ApiError:
                return
        is_first = False
        exported = await _export_rows(context, call, rows)
        pieces = csv_of(kind, exported, zone)
        next(pieces)
        yield await asyncio.to_thread(b"".join, pieces)


async def _log_rows(
    context: HttpContext, call: VehicleCall, listing: JourneyListing, purpose: PurposeWord | None
) -> list[ExportRow]:
    """Return the trips of a log. Raises :class:`ApiError` (422) if there are too many."""
    found: list[ExportRow] = []
    wanted = None if purpose is None else Purpose(purpose)
    async for rows in journey_pages(context, call.id, listing):
        chosen = [each for each in rows if wanted is None or each.purpose is wanted]
        found += await _export_rows(context, call, chosen)
        try:
            trips_of(found)
        except TooManyTrips as error:
            raise ApiError(422, f"{str(error).capitalize()}", "too_many_trips") from None
    return found


async def _export_rows(
    context: HttpContext, call: VehicleCall, rows: list[JourneyRow]
) -> list[ExportRow]:
    """Return rows as the caller may see them, with the names of their places."""
    shown = [shown_to(call.rights, each) for each in rows]
    find = partial(journey_view.place_names, rows=shown)
    names = await context.store.database.read(find)
    return [export_row(each, names) for each in shown]


def _pdf_maker() -> Callable[[LogHead, Iterable[ExportRow]], bytes]:
    """Import what makes a log. Raises :class:`ApiError` (409) where its extra is not installed."""
    try:
        from ovms.server.journeys.exports.paper import trip_log_pdf  # its library takes a while
    except ImportError as error:
        text = missing_extra(error)
        if text is None:
            raise
        raise ApiError(409, f"On the server {text}", "no_pdf") from None
    return trip_log_pdf


def _midnight(day: date | None, zone: ZoneInfo) -> int | None:
    """Return when a local day begins."""
    if day is None:
        return None
    try:
        begin = int(datetime.combine(day, time(), zone).timestamp())
    except (OverflowError, ValueError):  # the zone reaches beyond the calendar
        begin = EARLIEST if day.year == 1 else LATEST
    return min(max(begin, EARLIEST), LATEST)


def _headers(call: VehicleCall, name: str) -> dict[str, str]:
    """Return headers that have a browser keep the answer as a file."""
    word = "".join(each if each.isascii() and each.isalnum() else "_" for each in call.id)
    return {"content-disposition": f'attachment; filename="{word}-{name}"'}
