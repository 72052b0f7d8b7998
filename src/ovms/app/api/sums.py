"""Calls about sums of journeys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

from ovms.app.api.calls import ApiCalls, ApiModel, vehicle_path
from ovms.app.api.journey_models import ApiMoney
from ovms.app.api.journeys import PurposeWord
from ovms.app.api.link import Query

SumWord = Literal["month", "day", "week", "year", "vehicle", "place", "all"]


class ApiChargeSums(ApiModel, frozen=True, kw_only=True):
    """Sums of charges."""

    count: int
    energy: float | None = None
    """kWh into the battery."""
    grid_energy: float | None = None
    """kWh from the grid."""
    costs: list[ApiMoney]
    """One of each currency."""
    incomplete: list[str]
    """Which of these some charges lack, so that the sum is too low."""


class ApiSum(ApiModel, frozen=True, kw_only=True):
    """Sums of the journeys of one key."""

    key: str
    """``2026-11-27``, ``2026-W48``, ``2026-11``, ``2026``, an id, or empty."""
    place: str | None = None
    """The name of the place."""
    trips: int
    distance: float | None = None
    """km."""
    energy: float | None = None
    """kWh that the battery lost by driving."""
    consumption: float | None = None
    """kWh for 100 km, of the trips of which both are known."""
    moving_time: float | None = None
    """Seconds in motion."""
    business_distance: float | None = None
    """km of business trips."""
    private_distance: float | None = None
    """km of private trips; the rest is neither."""
    incomplete: list[str]
    """Which of these some trips lack, so that the sum is too low."""
    charges: ApiChargeSums
    charges_home: ApiChargeSums | None = None
    """Those at home; null without the right ``location``, as the next."""
    charges_away: ApiChargeSums | None = None
    """Those at other places."""
    charges_nowhere: ApiChargeSums | None = None
    """Those at no place."""


class ApiSums(ApiModel, frozen=True, kw_only=True):
    """Sums of journeys, of those keys that have any."""

    by: str
    items: list[ApiSum]
    hidden: list[str]
    """``location``, if charges are not told by where they were."""


class SumCalls(ApiCalls):
    """Calls about sums. Spans are of local days: from ``since`` on, and before ``until``."""

    async def vehicle_sums(
        self,
        vehicle_id: str,
        by: SumWord = "month",
        *,
        since: date | None = None,
        until: date | None = None,
        place: int | None = None,
        purpose: PurposeWord | None = None,
    ) -> ApiSums:
        """Return sums of a vehicle's journeys; ``place`` is the id of the only one that counts."""
        query = _sums(by, since, until, place, purpose)
        return await self._link.ask("GET", vehicle_path(vehicle_id, "/sums"), ApiSums, query=query)

    async def sums(
        self,
        by: SumWord = "month",
        *,
        vehicle_ids: Sequence[str] | None = None,
        since: date | None = None,
        until: date | None = None,
        place: int | None = None,
        purpose: PurposeWord | None = None,
    ) -> ApiSums:
        """Return sums over all vehicles that the caller may see, or over some of them."""
        query = _sums(by, since, until, place, purpose) | {"vehicle": vehicle_ids}
        return await self._link.ask("GET", "/sums", ApiSums, query=query)


def _sums(
    by: SumWord,
    since: date | None,
    until: date | None,
    place: int | None,
    purpose: PurposeWord | None,
) -> Query:
    return {
        "by": by,
        "since": None if since is None else since.isoformat(),
        "until": None if until is None else until.isoformat(),
        "place": place,
        "purpose": purpose,
    }
