"""``/vehicles/{vehicle_id}/journeys``: trips, charges and parked time of a vehicle."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Path, Query, Response

from ovms.server.http.v1.callers import Context, ViewCall
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.history import Order
from ovms.server.http.v1.journey_models import (
    JourneyPage,
    JourneyView,
    KindWord,
    WholeJourney,
    hidden_from,
)
from ovms.server.http.v1.routing import make_router
from ovms.server.http.v1.spans import (
    After,
    SpanTime,
    check_span,
    read_place,
    seconds,
    write_place,
)
from ovms.server.journeys.values import JourneyKind
from ovms.server.rights import VehicleRight
from ovms.server.storage import journey_view, journeys
from ovms.server.storage.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import Connection

    from ovms.server.http.context import HttpContext
    from ovms.server.journeys.values import Journey
    from ovms.server.storage.journey_view import JourneyMaking, JourneyState
    from ovms.server.storage.journeys import JourneyKey, JourneyRow

JOURNEYS_LIMIT: Final = 200
"""Journeys of a page: some 200 KiB, made in 20 ms."""

READ_AT_ONCE: Final = 500
"""Journeys that are read in one turn where all are meant."""

router = make_router("journeys")

JourneyId = Annotated[int, Path(ge=1, le=2**53, description="The `id` of a journey.")]

Since = Annotated[
    SpanTime | None,
    Query(
        description="Those that begin then or later: ISO 8601 or Unix seconds; without a zone it is"
        " UTC."
    ),
]
Until = Annotated[
    SpanTime | None, Query(description="Those that begin before then, in the same spelling.")
]

Kinds = Annotated[
    list[KindWord] | None,
    Query(alias="kind", max_length=10, description="Only of this kind; may stand several times."),
]

PlaceFilter = Annotated[
    int | None,
    Query(
        ge=1,
        le=2**53,
        description="Only those that begin or end at the place with this `id`. Needs the right"
        " `location`.",
    ),
]


@router.get("/vehicles/{vehicle_id}/journeys", responses={200: {"model": JourneyPage}})
async def list_journeys(
    call: ViewCall,
    context: Context,
    kind: Kinds = None,
    since: Since = None,
    until: Until = None,
    place: PlaceFilter = None,
    order: Order = Order.NEWEST,
    limit: Annotated[int, Query(ge=1, le=JOURNEYS_LIMIT)] = 50,
    after: After = None,
) -> Response:
    """Return what a vehicle did: trips, charges and parked time, the newest first.

    The one that goes on is among them. A span has those that begin in it.
    """
    begin, end = seconds(since), seconds(until)
    check_span(begin, end)
    if place is not None and VehicleRight.LOCATION not in call.rights:
        raise ApiError(403, "Where the car was needs the right location", "no_right")
    place_key = read_place(after)
    listing = JourneyListing(
        kinds=kinds_of(kind), since=begin, until=end, place=place, limit=limit,
        after=None if place_key is None else (place_key[0], place_key[2]),
        newest_first=order is Order.NEWEST,
    )  # fmt: skip
    query = partial(listing.read, vehicle_id=call.id, making=context.journeys)
    rows, is_more, names, state = await context.store.read_history(call.id, query)
    view = JourneyView(call.id, call.rights, names, context.geocoder.address)
    page = JourneyPage(
        items=[view.answer(each) for each in rows],
        next=write_place((rows[-1].key[0], 0, rows[-1].id)) if is_more else None,
        state=state.value,
        hidden=hidden_from(call.rights),
    )
    return Response(await asyncio.to_thread(page.model_dump_json), media_type="application/json")


@router.get("/vehicles/{vehicle_id}/journeys/{journey_id}")
async def get_journey(journey_id: JourneyId, call: ViewCall, context: Context) -> WholeJourney:
    """Return one journey, with the track of a trip or the curve of a charge."""
    row, journey, names = await read_journey(context, call.id, journey_id)
    view = JourneyView(call.id, call.rights, names, context.geocoder.address)
    return view.whole(row, journey)


async def read_journey(
    context: HttpContext, vehicle_id: str, journey_id: int
) -> tuple[JourneyRow, Journey, dict[int, str]]:
    """Return a journey, the same with its track or curve, and names of places.

    Raises :class:`ApiError` (404).
    """
    find = partial(_find, vehicle_id=vehicle_id, journey_id=journey_id)
    return await context.store.read_history(vehicle_id, find)


async def journey_pages(
    context: HttpContext, vehicle_id: str, listing: JourneyListing
) -> AsyncIterator[list[JourneyRow]]:
    """Yield all that is meant, whatever limit it has, page by page in turns with others."""
    is_more = True
    while is_more:
        page = replace(listing, limit=READ_AT_ONCE)
        query = partial(page.rows, vehicle_id=vehicle_id)
        rows, is_more = await context.store.read_history(vehicle_id, query)
        if rows:
            yield rows
            listing = replace(listing, after=rows[-1].key)


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyListing:
    """Which journeys a caller asks for."""

    kinds: list[JourneyKind]
    since: int | None = None
    until: int | None = None
    place: int | None = None
    limit: int
    after: JourneyKey | None = None
    newest_first: bool = False

    def rows(self, connection: Connection, vehicle_id: str) -> tuple[list[JourneyRow], bool]:
        """Return the journeys, and whether there are more."""
        return journeys.list_journeys(
            connection, vehicle_id, kinds=self.kinds, since=self.since, until=self.until,
            place=self.place, limit=self.limit, after=self.after, newest_first=self.newest_first,
        )  # fmt: skip

    def read(
        self, connection: Connection, vehicle_id: str, making: JourneyMaking
    ) -> tuple[list[JourneyRow], bool, dict[int, str], JourneyState]:
        """Return the same, names of places, and why there are none."""
        rows, is_more = self.rows(connection, vehicle_id)
        state = journey_view.journey_state(connection, vehicle_id, making)
        return rows, is_more, journey_view.place_names(connection, rows), state


def kinds_of(words: list[KindWord] | None) -> list[JourneyKind]:
    """Return the kinds that a caller names; all without any."""
    return [JourneyKind(each) for each in dict.fromkeys(words or ())]


def find_row(connection: Connection, vehicle_id: str, journey_id: int) -> JourneyRow:
    """Return a journey of a vehicle. Raises :class:`ApiError` (404)."""
    try:
        return journeys.get_journey(connection, vehicle_id, journey_id)
    except NotFound:
        raise ApiError(404, "There is no such journey of this vehicle", "no_journey") from None


def _find(
    connection: Connection, vehicle_id: str, journey_id: int
) -> tuple[JourneyRow, Journey, dict[int, str]]:
    row = find_row(connection, vehicle_id, journey_id)
    journey = journeys.journey_points(connection, row)
    return row, journey, journey_view.place_names(connection, [row])
