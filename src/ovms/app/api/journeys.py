"""Calls about what vehicles did: trips, charges and parked time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from msgspec import UNSET, UnsetType

from ovms.app.api.calls import ApiCalls, given, span, time_text, vehicle_path
from ovms.app.api.journey_models import (
    ApiBatteryHistory,
    ApiJourney,
    ApiJourneyEdit,
    ApiJourneyPage,
    ApiWholeJourney,
)
from ovms.app.api.link import Query

KindWord = Literal["trip", "charge", "parked"]
PurposeWord = Literal["business", "private"]
LanguageWord = Literal["en", "de"]


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

    async def battery(
        self, vehicle_id: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> ApiBatteryHistory:
        """Return what a vehicle's charges and trips show of its battery."""
        path = vehicle_path(vehicle_id, "/battery")
        return await self._link.ask("GET", path, ApiBatteryHistory, query=span(since, until))

    # -- for other programs and paper --------------------------------------------------------

    def journeys_csv(
        self,
        vehicle_id: str,
        kind: KindWord = "trip",
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> AsyncGenerator[bytes, None]:
        """Yield all journeys of a kind as CSV, in parts as they come."""
        query: Query = span(since, until) | {"kind": kind}
        return self._parts(vehicle_path(vehicle_id, "/journeys.csv"), query)

    def journey_gpx(self, vehicle_id: str, journey_id: int) -> AsyncGenerator[bytes, None]:
        """Yield the track of a trip as GPX, in parts as they come."""
        return self._parts(vehicle_path(vehicle_id, f"/journeys/{journey_id}/track.gpx"), {})

    def trip_log(
        self,
        vehicle_id: str,
        *,
        since: date | None = None,
        until: date | None = None,
        purpose: PurposeWord | None = None,
        language: LanguageWord = "en",
    ) -> AsyncGenerator[bytes, None]:
        """Yield the trips of a span of local days as a log on paper (PDF), in parts."""
        query: Query = {
            "since": None if since is None else since.isoformat(),
            "until": None if until is None else until.isoformat(),
            "purpose": purpose,
            "language": language,
        }
        return self._parts(vehicle_path(vehicle_id, "/trip-log.pdf"), query)

    # -- corrections ------------------------------------------------------------------------

    async def change_journey(
        self,
        vehicle_id: str,
        journey_id: int,
        *,
        note: str | UnsetType | None = UNSET,
        purpose: PurposeWord | UnsetType | None = UNSET,
        energy: float | UnsetType | None = UNSET,
        grid_energy: float | UnsetType | None = UNSET,
        cost: Decimal | UnsetType | None = UNSET,
    ) -> ApiJourney:
        """Correct what is given of a journey; ``None`` is as reported again.

        Energies are in kWh.
        """
        body = given(
            note=note, purpose=purpose, energy=energy, grid_energy=grid_energy,
            cost=f"{cost:f}" if isinstance(cost, Decimal) else cost,
        )  # fmt: skip
        path = vehicle_path(vehicle_id, f"/journeys/{journey_id}")
        return await self._link.ask("PATCH", path, ApiJourney, body=body)

    async def merge_journeys(self, vehicle_id: str, journey_ids: Sequence[int]) -> ApiJourney:
        """Make one journey of several of a kind that follow each other; return it."""
        path, body = vehicle_path(vehicle_id, "/journeys/merge"), {"ids": list(journey_ids)}
        return await self._link.ask("POST", path, ApiJourney, body=body)

    async def split_journey(
        self, vehicle_id: str, journey_id: int, at: datetime
    ) -> list[ApiJourney]:
        """Cut a trip or a charge in two; return both."""
        path = vehicle_path(vehicle_id, f"/journeys/{journey_id}/split")
        return await self._link.ask("POST", path, list[ApiJourney], body={"at": time_text(at)})

    def journey_edits(
        self, vehicle_id: str, *, journey_id: int | None = None
    ) -> AsyncGenerator[ApiJourneyEdit, None]:
        """Yield how journeys were corrected, of all or of one, the newest first."""
        path = vehicle_path(vehicle_id, "/journey-edits")
        return self._items(path, ApiJourneyEdit, {"journey": journey_id})

    async def undo_journey_edit(self, vehicle_id: str, edit_id: int) -> None:
        """Take a correction back. What builds on it must be taken back before."""
        await self._link.read("DELETE", vehicle_path(vehicle_id, f"/journey-edits/{edit_id}"))


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
