"""``/vehicles/{vehicle_id}/alerts``: the alerts that the server keeps."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Query

from ovms.protocol.positions import says_position
from ovms.protocol.records.alert import AlertKind
from ovms.server.http.v1.callers import Context, ViewCall
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
    from ovms.server.values import HistoryEntry

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


@router.get("/vehicles/{vehicle_id}/alerts")
async def list_alerts(
    call: ViewCall,
    context: Context,
    since: Since = None,
    until: Until = None,
    kind: Annotated[
        list[str] | None,
        Query(max_length=10, description="Only of these kinds: words as in the answer."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=ALERTS_LIMIT)] = 50,
    after: After = None,
) -> AlertPage:
    """Return alerts, the newest first."""
    begin, end = seconds(since), seconds(until)
    check_span(begin, end)
    kinds = [_LETTERS.get(each.lower(), each) for each in kind or ()]
    starts = [f"{each},".encode() for each in kinds if len(each.encode()) == 1]
    if kinds and not starts:
        return AlertPage(items=[], next=None)
    query = partial(
        queries.read_records,
        vehicle_id=call.id,
        record_type=ALERT_TYPE,
        limit=limit,
        since=begin,
        until=end,
        after=read_place(after),
        newest_first=True,
        starts=starts,
    )
    page, is_more = await context.store.read_history(call.id, query)
    may_see = VehicleRight.LOCATION in call.rights
    return AlertPage(
        items=[_answer(each, may_see=may_see) for each in page],
        next=write_place(page[-1].key) if is_more else None,
    )


def _answer(entry: HistoryEntry, *, may_see: bool) -> AlertAnswer:
    kind, _, text = text_of(entry.data).partition(",")
    is_shown = may_see or not says_position(text)
    return AlertAnswer(
        time=time_of(entry.time), kind=_WORDS.get(kind, kind), text=text if is_shown else None
    )
