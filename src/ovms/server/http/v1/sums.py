"""``/sums``: sums of journeys by day, week, month, year, vehicle or place."""

from __future__ import annotations

import asyncio
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final, Literal

from fastapi import Query, Response

from ovms.protocol.spelling import vehicle_key
from ovms.server.http.v1.callers import NO_VEHICLE, ApiCaller, Caller, Context, ViewCall
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.journey_models import MoneyAnswer, PurposeWord, money_answer, short
from ovms.server.http.v1.journeys import PlaceFilter
from ovms.server.http.v1.models import ApiAnswer, SpanDate
from ovms.server.http.v1.routing import make_router
from ovms.server.journeys.values import Purpose
from ovms.server.rights import VehicleRight
from ovms.server.storage import journey_sums, journey_view
from ovms.server.storage.journey_sums import SumBy

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.http.context import HttpContext
    from ovms.server.storage.journey_sums import ChargeSum, NumberSum, SumRow

SUMS_LIMIT: Final = 5000
"""Rows of an answer: the days of thirteen years."""

VEHICLES_LIMIT: Final = 500
"""Vehicles that are summed up at once."""

router = make_router("journeys")

ByWord = Literal["day", "week", "month", "year", "vehicle", "place", "all"]


class ChargeSums(ApiAnswer):
    """Sums of charges."""

    count: int
    energy: float | None
    """kWh into the battery."""
    grid_energy: float | None
    """kWh from the grid."""
    costs: list[MoneyAnswer]
    """One of each currency."""
    incomplete: list[str]
    """Which of these some charges lack, so that the sum is too low."""


class SumAnswer(ApiAnswer):
    """Sums of the journeys of one key."""

    key: str
    """`2026-11-27`, `2026-W48`, `2026-11`, `2026`, a vehicle's id, a place's id (empty for no
    place); empty for all."""
    place: str | None
    """The name of the place."""
    trips: int
    distance: float | None
    """km."""
    energy: float | None
    """kWh that the battery lost by driving."""
    consumption: float | None
    """kWh for 100 km, of the trips of which both are known."""
    moving_time: float | None
    """Seconds in motion."""
    business_distance: float | None
    """km of business trips."""
    private_distance: float | None
    """km of private trips; the rest is neither."""
    incomplete: list[str]
    """Which of these some trips lack, so that the sum is too low."""
    charges: ChargeSums
    charges_home: ChargeSums | None
    """Those at home; null without the right `location`, as the next."""
    charges_away: ChargeSums | None
    """Those at other places."""
    charges_nowhere: ChargeSums | None
    """Those at no place."""


class SumsAnswer(ApiAnswer):
    """Sums of journeys, of those keys that have any."""

    by: ByWord
    items: list[SumAnswer]
    hidden: list[str]
    """`location`, if charges are not told by where they were."""


By = Annotated[
    ByWord, Query(description="`place` needs the right `location`; `all` is one row at most.")
]
FirstDay = Annotated[
    SpanDate | None, Query(description="Journeys that begin on this local day or later.")
]
LastDay = Annotated[
    SpanDate | None, Query(description="Journeys that begin before this local day.")
]
PurposeFilter = Annotated[
    PurposeWord | None, Query(description="Only trips of this purpose; charges count all the same.")
]


@router.get("/vehicles/{vehicle_id}/sums", responses={200: {"model": SumsAnswer}})
async def get_vehicle_sums(
    call: ViewCall,
    context: Context,
    by: By = "month",
    since: FirstDay = None,
    until: LastDay = None,
    place: PlaceFilter = None,
    purpose: PurposeFilter = None,
) -> Response:
    """Return sums of a vehicle's journeys by the local days on which they began."""
    return await _answer(context, call.caller, [call.id], by, since, until, place, purpose)


@router.get("/sums", responses={200: {"model": SumsAnswer}})
async def get_sums(
    caller: Caller,
    context: Context,
    vehicle: Annotated[
        list[str] | None,
        Query(max_length=VEHICLES_LIMIT, description="Only of these; may stand several times."),
    ] = None,
    by: By = "month",
    since: FirstDay = None,
    until: LastDay = None,
    place: PlaceFilter = None,
    purpose: PurposeFilter = None,
) -> Response:
    """Return sums over the vehicles that the caller may see, 500 at most, or over some of them.

    By `place`, and with a `place`, over those of which the caller may see where they are.
    """
    needs_place = by == "place" or place is not None
    if vehicle is not None:
        chosen = [_named(caller, each) for each in dict.fromkeys(vehicle)]
    else:
        chosen = [
            each
            for each in caller.vehicles
            if (caller.is_secure or each not in caller.login.tls_only)
            and not (needs_place and VehicleRight.LOCATION not in caller.rights_on(each))
        ][:VEHICLES_LIMIT]
    return await _answer(context, caller, chosen, by, since, until, place, purpose)


def _named(caller: ApiCaller, vehicle_id: str) -> str:
    """Return a vehicle that a caller may see, as it is stored. Raises :class:`ApiError`."""
    key = vehicle_key(vehicle_id)
    if not caller.rights_on(key):
        raise ApiError(404, NO_VEHICLE, "no_vehicle")
    if key in caller.login.tls_only and not caller.is_secure:
        raise ApiError(403, "The vehicle takes calls over TLS only", "tls_only")
    return key


async def _answer(
    context: HttpContext,
    caller: ApiCaller,
    vehicle_ids: list[str],
    by: ByWord,
    since: date | None,
    until: date | None,
    place: int | None,
    purpose: PurposeWord | None,
) -> Response:
    if since is not None and until is not None and until <= since:
        raise ApiError(422, "until must be later than since", "bad_span")
    may_see = all(VehicleRight.LOCATION in caller.rights_on(each) for each in vehicle_ids)
    if not may_see and (by == "place" or place is not None):
        raise ApiError(403, "Where the car was needs the right location", "no_right")
    query = partial(
        _read,
        vehicle_ids=vehicle_ids,
        by=SumBy(by),
        since=since,
        until=until,
        place=place,
        purpose=None if purpose is None else Purpose(purpose),
    )
    rows, names = await context.store.read_history(caller.login.owner, query)
    if len(rows) > SUMS_LIMIT:
        raise ApiError(422, f"These are more than {SUMS_LIMIT} rows: ask for less", "too_many_rows")

    def write() -> str:
        items = [_sum_answer(each, names, may_see=may_see) for each in rows]
        hidden = [] if may_see else ["location"]
        return SumsAnswer(by=by, items=items, hidden=hidden).model_dump_json()

    return Response(await asyncio.to_thread(write), media_type="application/json")


def _read(
    connection: Connection,
    vehicle_ids: list[str],
    by: SumBy,
    since: date | None,
    until: date | None,
    place: int | None,
    purpose: Purpose | None,
) -> tuple[list[SumRow], dict[int, str]]:
    rows = journey_sums.sums(
        connection, vehicle_ids, by, since, until, place=place, purpose=purpose
    )
    if by is not SumBy.PLACE:
        return rows, {}
    ids = [int(each.key) for each in rows if each.key]
    return rows, journey_view.names_of(connection, ids)


def _sum_answer(row: SumRow, names: dict[int, str], *, may_see: bool) -> SumAnswer:
    numbers = {
        "distance": row.distance,
        "energy": row.energy,
        "moving_time": row.moving_time,
        "business_distance": row.business,
        "private_distance": row.private,
    }
    return SumAnswer(
        key=row.key,
        place=names.get(int(row.key)) if names and row.key else None,
        trips=row.trips,
        **{name: short(each.value) for name, each in numbers.items()},
        consumption=short(row.consumption),
        incomplete=_incomplete(numbers),
        charges=_charges(row.charges),
        charges_home=_charges(row.charges_home) if may_see else None,
        charges_away=_charges(row.charges_away) if may_see else None,
        charges_nowhere=_charges(row.charges_nowhere) if may_see else None,
    )


def _charges(found: ChargeSum) -> ChargeSums:
    numbers = {"energy": found.energy, "grid_energy": found.grid_energy}
    costs = [money_answer(cost, currency) for currency, cost in sorted(found.costs.items())]
    return ChargeSums(
        count=found.count,
        **{name: short(each.value) for name, each in numbers.items()},
        costs=[each for each in costs if each is not None],
        incomplete=_incomplete(numbers) + (["costs"] if found.cost_lacking else []),
    )


def _incomplete(numbers: dict[str, NumberSum]) -> list[str]:
    return [name for name, each in numbers.items() if each.lacking]
