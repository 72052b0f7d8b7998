"""Corrections of journeys: changing, merging, splitting them, and taking that back.

Who corrects needs the right ``manage``. A note may say where the vehicle was, so it needs
``location``, too.
"""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import Path, Query, Response
from pydantic import Field

from ovms.server.http.v1.audit import audit
from ovms.server.http.v1.callers import Context, ManageCall, ViewCall
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.journey_models import (
    Decimals,
    JourneyAnswer,
    JourneyView,
    KindWord,
    PurposeWord,
    money_text,
    short,
)
from ovms.server.http.v1.journeys import JourneyId, find_row
from ovms.server.http.v1.models import ApiAnswer, CallBody, GivenTime, Time, time_of
from ovms.server.http.v1.routing import make_router
from ovms.server.http.v1.spans import After, read_place, seconds, write_place
from ovms.server.journeys.values import Purpose
from ovms.server.rights import VehicleRight
from ovms.server.storage import journey_edits, journey_view
from ovms.server.storage.errors import NotFound
from ovms.server.storage.journey_edits import MERGE_LIMIT, NOTE_LIMIT, JourneyChange

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from ovms.server.http.context import HttpContext
    from ovms.server.http.v1.callers import VehicleCall
    from ovms.server.storage.journey_edits import MadeEdit
    from ovms.server.storage.journeys import JourneyRow

EDITS_LIMIT: Final = 500
"""Corrections of a page."""

router = make_router("journeys")

Energy = Annotated[float, Field(ge=0, le=2000, allow_inf_nan=False)]
Amount = Annotated[
    str, Field(pattern=r"^[0-9]{1,7}(\.[0-9]{1,3})?$", json_schema_extra={"format": "decimal"})
]

CORRECTED: Final = "corrected"
"""What streams are told of a vehicle's journeys then."""


class JourneyChanges(CallBody):
    """What to change of a journey; what is not there stays, and null is as reported again."""

    note: Annotated[str, Field(max_length=NOTE_LIMIT)] | None = None
    """Of any kind; it needs the right `location`, too."""
    purpose: PurposeWord | None = None
    """Of a trip."""
    energy: Energy | None = None
    """kWh: that the battery lost by a trip, or got by a charge."""
    grid_energy: Energy | None = None
    """kWh from the grid, of a charge."""
    cost: Amount | None = None
    """Of a charge, in its currency's unit. No tariff changes it then."""


class MergedJourneys(CallBody):
    """Which journeys are to be one."""

    ids: Annotated[list[int], Field(min_length=2, max_length=MERGE_LIMIT)]
    """Trips, or charges, that follow each other."""


class SplitTime(CallBody):
    """Where a journey is to be cut."""

    at: GivenTime
    """A time within it."""


class EditAnswer(ApiAnswer):
    """A correction. What it does not change is null."""

    id: int
    kind: Literal["merge", "split", "change"]
    journey_kind: KindWord
    start: Time
    """The span of the journeys that it is about."""
    end: Time
    at: Time | None
    """Where a journey was split."""
    energy: float | None
    """kWh."""
    grid_energy: float | None
    """kWh."""
    cost: Decimals | None
    """In the currency's unit."""
    note: str | None
    """Null without the right `location`, too."""
    purpose: PurposeWord | None
    clears: list[str]
    """Names of the fields that are as reported again."""
    created: Time


class EditPage(ApiAnswer):
    """A page of corrections, the newest first."""

    items: list[EditAnswer]
    next: str | None
    """Where the next page begins; null after the last one."""
    hidden: list[str]
    """`location`, if notes are null for this caller."""


@router.patch("/vehicles/{vehicle_id}/journeys/{journey_id}")
async def change_journey(
    journey_id: JourneyId, body: JourneyChanges, call: ManageCall, context: Context
) -> JourneyAnswer:
    """Correct a journey that is over. Corrections stay when journeys are made anew."""
    given = body.model_dump(include=body.model_fields_set)
    if "note" in given and VehicleRight.LOCATION not in call.rights:
        raise ApiError(403, "A note needs the right location", "no_right")
    [answer] = await _correct(context, call, "change", str(journey_id),
                              partial(_change, call.id, journey_id, given))  # fmt: skip
    return answer


@router.post("/vehicles/{vehicle_id}/journeys/merge")
async def merge_journeys(body: MergedJourneys, call: ManageCall, context: Context) -> JourneyAnswer:
    """Make one journey of several of a kind that follow each other, as two halves of a trip."""

    def merge(connection: Connection, now: float) -> list[JourneyRow]:
        for journey_id in body.ids:
            find_row(connection, call.id, journey_id)
        return [journey_edits.merge(connection, call.id, body.ids, now)]

    detail = ",".join(map(str, sorted({*body.ids})))
    [answer] = await _correct(context, call, "merge", detail, merge)
    return answer


@router.post("/vehicles/{vehicle_id}/journeys/{journey_id}/split")
async def split_journey(
    journey_id: JourneyId, body: SplitTime, call: ManageCall, context: Context
) -> list[JourneyAnswer]:
    """Cut a trip or a charge in two; return both."""
    at = seconds(body.at) or 0

    def split(connection: Connection, now: float) -> list[JourneyRow]:
        find_row(connection, call.id, journey_id)
        return [*journey_edits.split(connection, call.id, journey_id, at, now)]

    return await _correct(context, call, "split", str(journey_id), split)


@router.get("/vehicles/{vehicle_id}/journey-edits")
async def list_journey_edits(
    call: ViewCall,
    context: Context,
    journey: Annotated[
        int | None, Query(ge=1, le=2**53, description="Only those that count in this journey.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=EDITS_LIMIT)] = 100,
    after: After = None,
) -> EditPage:
    """Return how a vehicle's journeys were corrected, the newest first."""
    place = read_place(after)

    def find(connection: Connection) -> list[MadeEdit]:
        if journey is not None:
            find_row(connection, call.id, journey)
        found = journey_edits.list_edits(connection, call.id, journey)
        return [each for each in reversed(found) if place is None or each.edit.id < place[2]]

    found = await context.store.read_history(call.id, find)
    page = found[:limit]
    may_see = VehicleRight.LOCATION in call.rights
    return EditPage(
        items=[_edit_answer(each, may_see=may_see) for each in page],
        next=write_place((0, 0, page[-1].edit.id)) if len(found) > limit else None,
        hidden=[] if may_see else ["location"],
    )


@router.delete("/vehicles/{vehicle_id}/journey-edits/{edit_id}", status_code=204)
async def undo_journey_edit(
    edit_id: Annotated[int, Path(ge=1, le=2**53)], call: ManageCall, context: Context
) -> Response:
    """Take a correction back. What builds on it must be taken back before."""
    undo = partial(journey_edits.undo, vehicle_id=call.id, edit_id=edit_id)
    try:
        await context.store.database.write(undo)
    except NotFound:
        raise ApiError(404, "There is no such correction of this vehicle", "no_edit") from None
    audit(context, call.caller, "journey.undo", vehicle_id=call.id, detail=str(edit_id))
    context.live.journeys_changed(call.id, CORRECTED)
    return Response(status_code=204)


async def _correct(
    context: HttpContext,
    call: VehicleCall,
    action: str,
    detail: str,
    correct: Callable[[Connection, float], list[JourneyRow]],
) -> list[JourneyAnswer]:
    """Correct journeys; return them as they are then."""
    now = context.clock.time()

    def write(connection: Connection) -> tuple[list[JourneyRow], dict[int, str]]:
        rows = correct(connection, now)
        return rows, journey_view.place_names(connection, rows)

    rows, names = await context.store.database.write(write)
    audit(context, call.caller, f"journey.{action}", vehicle_id=call.id, detail=detail)
    context.live.journeys_changed(call.id, CORRECTED)
    view = JourneyView(call.id, call.rights, names, context.geocoder.address)
    return [view.answer(each) for each in rows]


def _change(
    vehicle_id: str, journey_id: int, given: dict[str, Any], connection: Connection, now: float
) -> list[JourneyRow]:
    row = find_row(connection, vehicle_id, journey_id)
    if not given:
        return [row]
    said = {name: value for name, value in given.items() if value is not None}
    if "purpose" in said:
        said["purpose"] = Purpose(said["purpose"])
    if "cost" in said:
        said["cost"] = Decimal(said["cost"])
    what = JourneyChange(**said, clears=given.keys() - said.keys())
    return [journey_edits.change(connection, vehicle_id, journey_id, what, now)]


def _edit_answer(made: MadeEdit, *, may_see: bool) -> EditAnswer:
    edit = made.edit
    return EditAnswer(
        id=edit.id,
        kind=edit.kind.value,
        journey_kind=edit.journey_kind.value,
        start=time_of(edit.start),
        end=time_of(edit.end),
        at=None if edit.at is None else time_of(edit.at),
        energy=short(edit.energy),
        grid_energy=short(edit.grid_energy),
        cost=None if edit.cost is None else money_text(edit.cost),
        note=edit.note if may_see else None,
        purpose=None if edit.purpose is None else edit.purpose.value,
        clears=[*edit.clears],
        created=time_of(made.created),
    )
