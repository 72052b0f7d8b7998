"""``/vehicles/{vehicle_id}/alerts`` and ``/alerts``: the alerts that the server keeps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Query

from ovms.protocol.positions import says_position
from ovms.protocol.records.alert import AlertKind
from ovms.server.http.v1.callers import ApiCaller, Caller, Context, ViewCall
from ovms.server.http.v1.history import text_of
from ovms.server.http.v1.models import ApiAnswer, Time, time_of
from ovms.server.http.v1.routing import make_router
from ovms.server.http.v1.spans import (
    After,
    Since,
    Until,
    check_span,
    read_place,
    seconds,
    write_place,
)
from ovms.server.rights import VehicleRight
from ovms.server.storage import queries
from ovms.server.values import ALERT_TYPE

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from ovms.server.http.context import HttpContext
    from ovms.server.values import HistoryEntry, HistoryKey

ALERTS_LIMIT: Final = 500
"""Alerts of a page."""

_WORDS: Final = {kind.value: kind.name.lower() for kind in AlertKind}
_LETTERS: Final = {word: kind for kind, word in _WORDS.items()}

router = make_router("history")


class AlertAnswer(ApiAnswer):
    """An alert."""

    time: Time
    """When the server had it."""
    kind: str
    """`alert`, `information` or `error`, or the letter of another kind."""
    text: str | None
    """Null if it may say where the car was, for callers without the right `location`."""


class AlertPage(ApiAnswer):
    """A page of alerts, the newest first."""

    items: list[AlertAnswer]
    next: str | None
    """Where the next page begins; null after the last one."""


class VehicleAlertAnswer(AlertAnswer):
    """An alert, and whose."""

    vehicle_id: str


class VehicleAlertPage(ApiAnswer):
    """A page of alerts of all vehicles, the newest first."""

    items: list[VehicleAlertAnswer]
    next: str | None
    """Where the next page begins; null after the last one."""


Kinds = Annotated[
    list[str] | None,
    Query(max_length=10, description="Only of these kinds: words as in the answer."),
]
Limit = Annotated[int, Query(ge=1, le=ALERTS_LIMIT)]


@dataclass(frozen=True, slots=True)
class _AlertQuery:
    """Which alerts a call asks for."""

    since: int | None
    until: int | None
    starts: tuple[bytes, ...]
    limit: int
    after: HistoryKey | None

    def read(self, connection: Connection, vehicle_id: str) -> tuple[list[HistoryEntry], bool]:
        """Return those of a vehicle, and whether there are more."""
        return queries.read_records(
            connection,
            vehicle_id,
            ALERT_TYPE,
            limit=self.limit,
            since=self.since,
            until=self.until,
            after=self.after,
            newest_first=True,
            starts=self.starts,
        )


@router.get("/vehicles/{vehicle_id}/alerts")
async def list_alerts(
    call: ViewCall,
    context: Context,
    since: Since = None,
    until: Until = None,
    kind: Kinds = None,
    limit: Limit = 50,
    after: After = None,
) -> AlertPage:
    """Return alerts, the newest first."""
    wanted = _wanted(since, until, kind, limit, after)
    if wanted is None:
        return AlertPage(items=[], next=None)
    read = partial(wanted.read, vehicle_id=call.id)
    page, is_more = await context.store.read_history(call.id, read)
    may_see = VehicleRight.LOCATION in call.rights
    return AlertPage(
        items=[AlertAnswer.model_validate(_facts(each, may_see=may_see)) for each in page],
        next=write_place(page[-1].key) if is_more else None,
    )


@router.get("/alerts")
async def list_all_alerts(
    caller: Caller,
    context: Context,
    since: Since = None,
    until: Until = None,
    kind: Kinds = None,
    limit: Limit = 50,
    after: After = None,
) -> VehicleAlertPage:
    """Return alerts of all vehicles that the caller may see, the newest first."""
    wanted = _wanted(since, until, kind, limit, after)
    if wanted is None:
        return VehicleAlertPage(items=[], next=None)
    page, is_more = await _read_all(context, caller, wanted)
    return VehicleAlertPage(
        items=[
            VehicleAlertAnswer.model_validate(
                _facts(each, may_see=VehicleRight.LOCATION in caller.rights_on(vehicle_id))
                | {"vehicle_id": vehicle_id}
            )
            for each, vehicle_id in page
        ],
        next=write_place(page[-1][0].key) if is_more else None,
    )


async def _read_all(
    context: HttpContext, caller: ApiCaller, wanted: _AlertQuery
) -> tuple[list[tuple[HistoryEntry, str]], bool]:
    """Return alerts of the caller's vehicles, each with whose it is, and whether there are more.

    A vehicle is read at a time, in its owner's turn, and only as far back as the page then reaches.
    """
    found: list[tuple[HistoryEntry, str]] = []
    end: HistoryKey | None = None
    for vehicle_id in caller.vehicles:
        read = partial(wanted.read, vehicle_id=vehicle_id)
        page, is_cut = await context.store.read_history(vehicle_id, read)
        found += [(each, vehicle_id) for each in page]
        found.sort(key=lambda each: each[0].key, reverse=True)
        if is_cut:  # what is older than its last one has gaps
            end = page[-1].key if end is None else max(end, page[-1].key)
        if len(found) > wanted.limit:
            last = found[wanted.limit - 1][0].key
            end = last if end is None else max(end, last)
        if end is not None:
            found = [each for each in found if each[0].key >= end]
            wanted = replace(wanted, since=max(end[0] - 1, wanted.since or end[0] - 1))
    return found, end is not None


def _wanted(
    since: datetime | None,
    until: datetime | None,
    kind: list[str] | None,
    limit: int,
    after: str | None,
) -> _AlertQuery | None:
    """Return what a call asks for; ``None`` if no alert can be so. Raises :class:`ApiError`."""
    begin, end = seconds(since), seconds(until)
    check_span(begin, end)
    kinds = [_LETTERS.get(each.lower(), each) for each in kind or ()]
    starts = tuple(f"{each},".encode() for each in kinds if len(each.encode()) == 1)
    if kinds and not starts:
        return None
    return _AlertQuery(begin, end, starts, limit, read_place(after))


def _facts(entry: HistoryEntry, *, may_see: bool) -> dict[str, object]:
    kind, _, text = text_of(entry.data).partition(",")
    is_shown = may_see or not says_position(text)
    return {
        "time": time_of(entry.time),
        "kind": _WORDS.get(kind, kind),
        "text": text if is_shown else None,
    }
