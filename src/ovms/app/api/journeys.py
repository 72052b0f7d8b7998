"""Calls about what vehicles did: trips, charges and parked time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime

from ovms.app.api.calls import ApiCalls, span, vehicle_path
from ovms.app.api.journey_models import ApiJourney, ApiJourneyPage, ApiWholeJourney
from ovms.app.api.link import Query


class JourneyCalls(ApiCalls):
    """Calls about journeys. Spans have those that begin at ``since`` or later, before ``until``."""

    def journeys(
        self,
        vehicle_id: str,
        *,
        kinds: Sequence[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        place: int | None = None,
        newest_first: bool = True,
    ) -> AsyncGenerator[ApiJourney, None]:
        """Yield what a vehicle did, of all ``kinds`` unless told otherwise, page by page.

        ``kinds`` are ``trip``, ``charge`` and ``parked``; ``place`` is the id of one where they
        begin or end.
        """
        query = _journeys(kinds, since, until, place, newest_first=newest_first)
        return self._items(vehicle_path(vehicle_id, "/journeys"), ApiJourney, query)

    async def journey_page(
        self,
        vehicle_id: str,
        *,
        kinds: Sequence[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        place: int | None = None,
        newest_first: bool = True,
        limit: int | None = None,
        after: str | None = None,
    ) -> ApiJourneyPage:
        """Return a page of the same, which says why there are none; ``after`` is its ``next``."""
        query = _journeys(kinds, since, until, place, newest_first=newest_first)
        query |= {"limit": limit, "after": after}
        path = vehicle_path(vehicle_id, "/journeys")
        return await self._link.ask("GET", path, ApiJourneyPage, query=query)

    async def journey(self, vehicle_id: str, journey_id: int) -> ApiWholeJourney:
        """Return one journey, with the track of a trip or the curve of a charge."""
        path = vehicle_path(vehicle_id, f"/journeys/{journey_id}")
        return await self._link.ask("GET", path, ApiWholeJourney)


def _journeys(
    kinds: Sequence[str],
    since: datetime | None,
    until: datetime | None,
    place: int | None,
    *,
    newest_first: bool,
) -> Query:
    order = None if newest_first else "oldest"
    return span(since, until) | {"kind": list(kinds), "place": place, "order": order}
