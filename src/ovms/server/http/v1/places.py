"""``/places``: the caller's places and what charging costs there.

They say where the caller is often, so a token needs the right ``location`` beside ``account``.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Path, Query, Response

from ovms.server.accounts.tokens import vehicle_rights
from ovms.server.http.v1.audit import audit
from ovms.server.http.v1.callers import AccountCall, ApiCaller, Context
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.place_models import (
    NewPlace,
    PlaceAnswer,
    PlaceChanges,
    PlaceSuggestion,
    TariffBody,
    place_answer,
    suggestion_answer,
)
from ovms.server.http.v1.routing import make_router
from ovms.server.journeys.tariffs import TariffError, parse_tariff
from ovms.server.journeys.values import Position
from ovms.server.rights import VehicleRight
from ovms.server.storage import place_suggestions, places
from ovms.server.storage.errors import NotFound
from ovms.server.storage.stale_journeys import refresh_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from ovms.server.http.context import HttpContext
    from ovms.server.storage.places import PlaceDetails

router = make_router("journeys")

ALWAYS = "always"
"""Stands in a path for a tariff that counts since ever."""


async def place_call(caller: AccountCall) -> ApiCaller:
    """Return a call about the caller's own places."""
    if VehicleRight.LOCATION not in vehicle_rights(caller.login.permit):
        raise ApiError(403, "This needs the right location", "no_right")
    return caller


PlaceCall = Annotated[ApiCaller, Depends(place_call)]
PlaceId = Annotated[int, Path(ge=1, le=2**53, description="The `id` of a place.")]
ValidFrom = Annotated[
    str,
    Path(
        pattern=r"^(always|[0-9]{4}-[0-9]{2}-[0-9]{2})$",
        description="The local day from which on it counts, `2026-01-31`; `always` is since ever.",
    ),
]


@router.get("/places")
async def list_places(caller: PlaceCall, context: Context) -> list[PlaceAnswer]:
    """Return the caller's places, by name."""
    find = partial(places.list_places, owner_id=caller.login.owner_id)
    return [place_answer(each) for each in await context.store.database.read(find)]


@router.post("/places", status_code=201)
async def add_place(body: NewPlace, caller: PlaceCall, context: Context) -> PlaceAnswer:
    """Make a place. Journeys that began or ended there have it from then on, those of the past too.

    409 with the code `taken` says that there is one of this name.
    """
    facts = body.model_dump(exclude={"latitude", "longitude"})
    position = Position(latitude=body.latitude, longitude=body.longitude)
    owner_id, now = caller.login.owner_id, context.clock.time()

    def add(connection: Connection) -> int:
        return places.make_place(connection, owner_id, position=position, now=now, **facts).id

    return await _change(context, caller, "place.add", add)


@router.get("/places/suggestions")
async def suggest_places(caller: PlaceCall, context: Context) -> list[PlaceSuggestion]:
    """Return where the caller's own cars often parked and no place is, the most visits first."""
    suggest = partial(
        place_suggestions.suggest_places,
        owner_id=caller.login.owner_id,
        now=context.clock.time(),
    )
    found = await context.store.read_history(caller.login.owner, suggest)
    address = context.geocoder.address
    return [suggestion_answer(each, address(each.position)) for each in found]


@router.get("/places/{place_id}")
async def get_place(place_id: PlaceId, caller: PlaceCall, context: Context) -> PlaceAnswer:
    """Return one of the caller's places."""
    return place_answer(await context.store.database.read(partial(_find, caller, place_id)))


@router.patch("/places/{place_id}")
async def change_place(
    place_id: PlaceId, body: PlaceChanges, caller: PlaceCall, context: Context
) -> PlaceAnswer:
    """Change a place. Journeys get the places and costs that follow, those of the past too."""
    changes = body.model_dump(include=body.model_fields_set)
    change = partial(_change_place, caller, place_id, changes, context.clock.time())
    return await _change(context, caller, "place.change", change)


@router.delete("/places/{place_id}", status_code=204)
async def remove_place(
    place_id: PlaceId,
    caller: PlaceCall,
    context: Context,
    keeps_costs: Annotated[
        bool, Query(description="Whether charges of before keep what they cost.")
    ] = True,
) -> Response:
    """Remove a place. Charges of before keep what they cost, unless the caller says otherwise."""

    def remove(connection: Connection) -> None:
        _find(caller, place_id, connection)
        now = context.clock.time()
        owner_id = caller.login.owner_id
        places.remove_place(connection, owner_id, place_id, now, keeps_costs=keeps_costs)

    await context.store.database.write(remove)
    audit(context, caller, "place.remove", detail=str(place_id))
    await refresh_all(context.store.database, caller.login.owner_id)
    return Response(status_code=204)


@router.put("/places/{place_id}/tariffs/{valid_from}")
async def put_tariff(
    place_id: PlaceId,
    valid_from: ValidFrom,
    body: TariffBody,
    caller: PlaceCall,
    context: Context,
) -> PlaceAnswer:
    """Say what charging costs at a place from a day on. Costs of charges follow.

    It counts until the next one. A cost that somebody said themselves stays.
    """
    day = _day(valid_from)
    try:
        tariff = parse_tariff(body.model_dump(by_alias=True, exclude_unset=True))
    except TariffError as error:
        raise ApiError(422, f"The tariff cannot be: {error}", "bad_tariff") from None

    def put(connection: Connection) -> int:
        _find(caller, place_id, connection)
        now = context.clock.time()
        places.set_tariff(connection, caller.login.owner_id, place_id, day, tariff, now)
        return place_id

    return await _change(context, caller, "place.tariff", put)


@router.delete("/places/{place_id}/tariffs/{valid_from}", status_code=204)
async def remove_tariff(
    place_id: PlaceId, valid_from: ValidFrom, caller: PlaceCall, context: Context
) -> Response:
    """Take a tariff back: the one before it goes on. Costs of charges follow."""
    day = _day(valid_from)

    def remove(connection: Connection) -> int:
        _find(caller, place_id, connection)
        now = context.clock.time()
        try:
            places.remove_tariff(connection, caller.login.owner_id, place_id, day, now)
        except NotFound:
            raise ApiError(404, "The place has no such tariff", "no_tariff") from None
        return place_id

    await _change(context, caller, "place.tariff", remove)
    return Response(status_code=204)


async def _change(
    context: HttpContext, caller: ApiCaller, action: str, change: Callable[[Connection], int]
) -> PlaceAnswer:
    """Change one of the caller's places, and have their journeys follow."""
    database = context.store.database
    place_id = await database.write(change)
    audit(context, caller, action, detail=str(place_id))
    await refresh_all(database, caller.login.owner_id)
    return place_answer(await database.read(partial(_find, caller, place_id)))


def _find(caller: ApiCaller, place_id: int, connection: Connection) -> PlaceDetails:
    """Return a place of the caller's. Raises :class:`ApiError` (404)."""
    try:
        return places.get_place(connection, caller.login.owner_id, place_id)
    except NotFound:
        raise ApiError(404, "There is no such place of yours", "no_place") from None


def _change_place(
    caller: ApiCaller, place_id: int, changes: dict[str, Any], now: float, connection: Connection
) -> int:
    before = _find(caller, place_id, connection).place.position
    moved = {key: changes.pop(key) for key in ("latitude", "longitude") if key in changes}
    if moved:
        changes["position"] = Position(
            latitude=moved.get("latitude", before.latitude),
            longitude=moved.get("longitude", before.longitude),
        )
    if changes:
        places.change_place(connection, caller.login.owner_id, place_id, changes, now)
    return place_id


def _day(text: str) -> date | None:
    """Return the day that a path names. Raises :class:`ApiError` (422)."""
    if text == ALWAYS:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ApiError(422, f"There is no day {text}", "bad_day") from None
