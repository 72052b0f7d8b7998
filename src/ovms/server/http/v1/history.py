"""``/vehicles/{vehicle_id}/history``: the records that the server keeps of a vehicle, by type.

A type is any text, also with slashes, so it is in the query. Records of a type that may say where
the car was need the right ``location``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import Query, Request
from starlette.responses import StreamingResponse

from ovms.base.sheets import CSV_TYPE, csv_lines
from ovms.protocol.columns import ColumnReader, TimedColumns
from ovms.protocol.modules import ModuleKind, module_kind
from ovms.protocol.records import legible
from ovms.server.http.v1.callers import (
    Context,
    ManageCall,
    VehicleCall,
    ViewCall,
    held_rights,
)
from ovms.server.http.v1.errors import ApiError
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
from ovms.server.hub.permissions import may_read
from ovms.server.rights import VehicleRight
from ovms.server.storage import queries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from ovms.server.http.context import HttpContext
    from ovms.server.storage.store import Store
    from ovms.server.values import HistoryEntry, HistoryKey

RECORDS_LIMIT: Final = 1000
"""Records of a page: some 100 KiB, read in some milliseconds."""

router = make_router("history")


class Order(Enum):
    """In which order records come."""

    OLDEST = "oldest"
    NEWEST = "newest"


class Format(Enum):
    """What an answer is written in."""

    JSON = "json"
    CSV = "csv"


class TypeAnswer(ApiAnswer):
    """What the history holds of one type."""

    type: str
    records: int
    numbers: int
    """How many different record numbers there are."""
    bytes: int
    """A record counts its data, its type, the vehicle's id, and 20."""
    first: Time
    """When the oldest was made."""
    last: Time
    holds_position: bool
    """Its records may say where the car was: to read them needs the right `location`."""


class RecordAnswer(ApiAnswer):
    """A record."""

    time: Time
    """When it was made."""
    number: int
    data: str
    """As the car has sent it."""
    fields: dict[str, Any] | None
    """What the data say, by name, in km and km/h; null for a type that the server cannot read."""


class RecordPage(ApiAnswer):
    """A page of records."""

    type: str
    units: dict[str, str]
    """The unit of each field that has one."""
    items: list[RecordAnswer]
    next: str | None
    """Where the next page begins; null after the last one."""


class DeletedAnswer(ApiAnswer):
    """What was deleted."""

    deleted: int
    """How many records."""


RecordType = Annotated[
    str, Query(alias="type", min_length=1, max_length=200, description="The type of the records.")
]
RecordNumber = Annotated[
    int | None,
    Query(ge=-(10**15), le=10**15, description="Only records of this number."),
]


@router.get("/vehicles/{vehicle_id}/history")
async def list_history_types(
    call: ViewCall, context: Context, since: Since = None, until: Until = None
) -> list[TypeAnswer]:
    """Return what the history holds, by type."""
    begin, end = seconds(since), seconds(until)
    check_span(begin, end)
    found: list[TypeAnswer] = []
    place: str | None = ""
    while place is not None:
        query = partial(
            queries.summary_page, vehicle_id=call.id, since=begin, place=place, until=end
        )
        page, place = await context.store.read_history(call.id, query)
        found += (
            TypeAnswer(
                type=each.type,
                records=each.total,
                numbers=each.distinct,
                bytes=each.bytes,
                first=time_of(each.first),
                last=time_of(each.last),
                holds_position=not may_read(VehicleRight.VIEW, each.type),
            )
            for each in page
        )
    return found


@router.get(
    "/vehicles/{vehicle_id}/history/records",
    response_model=RecordPage,
    responses={200: {"content": {CSV_TYPE: {"schema": {"type": "string"}}}}},
)
async def list_history_records(
    request: Request,
    call: ViewCall,
    context: Context,
    record_type: RecordType,
    since: Since = None,
    until: Until = None,
    number: RecordNumber = None,
    order: Order = Order.OLDEST,
    limit: Annotated[int | None, Query(ge=1, le=RECORDS_LIMIT)] = None,
    after: After = None,
    format: Annotated[  # noqa: A002 -- the parameter's name
        Format | None, Query(description="`csv` is the same as `Accept: text/csv`.")
    ] = None,
) -> RecordPage | StreamingResponse:
    """Return records of a type: a page of them in JSON, all that are meant in CSV.

    A page has 100 records unless `limit` says otherwise, CSV all of them.
    """
    check_type(call, record_type)
    begin, end = seconds(since), seconds(until)
    check_span(begin, end)
    records = Records(
        context.store, call.id, record_type, begin, end, number, order is Order.NEWEST,
        await read_columns(context, call.id, record_type, begin, end),
    )  # fmt: skip
    place = read_place(after)
    if format is Format.CSV or (format is None and _wants_csv(request)):
        may_go_on = partial(
            context.callers.still_reads,
            call.caller.login,
            call.id,
            legible(record_type),
            held_rights,
        )
        return StreamingResponse(records.csv(place, limit, may_go_on), media_type=CSV_TYPE)
    page, is_more = await records.read(place, limit or 100)
    return RecordPage(
        type=legible(record_type),
        units=records.columns.reader.units,
        items=[answer_of(records.columns, each) for each in page],
        next=write_place(page[-1].key) if is_more else None,
    )


@router.delete("/vehicles/{vehicle_id}/history/records")
async def delete_history_records(
    call: ManageCall,
    context: Context,
    record_type: RecordType,
    since: Since = None,
    until: Until = None,
) -> DeletedAnswer:
    """Delete records of a type: those of a span, or all that there are now."""
    begin, end = seconds(since), seconds(until)
    check_span(begin, end)
    end = int(context.clock.time()) if end is None else end
    await context.store.writer.settle(call.id)
    deleted, rows = 0, 1
    while rows:
        chunk = partial(
            queries.delete_records,
            vehicle_id=call.id,
            record_type=record_type,
            since=begin,
            until=end,
        )
        rows = await context.store.database.write(chunk)
        deleted += rows
    return DeletedAnswer(deleted=deleted)


def check_type(call: VehicleCall, record_type: str) -> None:
    """Raise :class:`ApiError` (403) if a caller may not read records of a type."""
    if not may_read(call.rights, legible(record_type)):
        raise ApiError(403, "This needs location: it may say where the car was", "no_right")


def _wants_csv(request: Request) -> bool:
    accepted = request.headers.get("accept", "").lower()
    return CSV_TYPE in accepted and "application/json" not in accepted


def answer_of(columns: TimedColumns, entry: HistoryEntry) -> RecordAnswer:
    """Return a record as callers get it."""
    return RecordAnswer(
        time=time_of(entry.time),
        number=entry.number,
        data=text_of(entry.data),
        fields=columns.read(entry.data, entry.time) or None,
    )


async def read_columns(
    context: HttpContext, vehicle_id: str, record_type: str, since: int | None, until: int | None
) -> TimedColumns:
    """Return what reads a type's records of a span."""
    reader = ColumnReader(record_type, "K", await module_of(context, vehicle_id))
    if not reader.needs_unit:
        return TimedColumns(reader)
    end = int(context.clock.time()) if until is None else until
    begin = min(since or 0, end)
    query = partial(queries.distance_units, vehicle_id=vehicle_id, since=begin, until=end)
    return TimedColumns(reader, await context.store.read_history(vehicle_id, query))


async def module_of(context: HttpContext, vehicle_id: str) -> ModuleKind:
    """Return which module a vehicle has now."""
    found = await context.store.load_vehicle(vehicle_id)
    latest = [] if found is None else found[1]
    firmware = next((each.data for each in latest if each.code == "F" and not each.token), None)
    return module_kind(firmware)


@dataclass(frozen=True, slots=True)
class Records:
    """Records that a call asks for."""

    store: Store
    vehicle_id: str
    type: str
    since: int | None
    until: int | None
    number: int | None
    newest_first: bool
    columns: TimedColumns

    async def read(self, after: HistoryKey | None, limit: int) -> tuple[list[HistoryEntry], bool]:
        """Return records behind a place, and whether there are more."""
        query = partial(
            queries.read_records,
            vehicle_id=self.vehicle_id,
            record_type=self.type,
            limit=limit,
            since=self.since,
            until=self.until,
            number=self.number,
            after=after,
            newest_first=self.newest_first,
        )
        return await self.store.read_history(self.vehicle_id, query)

    async def csv(
        self,
        after: HistoryKey | None,
        limit: int | None,
        may_go_on: Callable[[], Awaitable[bool]],
    ) -> AsyncIterator[bytes]:
        """Yield the records as CSV, page by page; all of them without a limit.

        Before each further page ``may_go_on`` is asked: a share may end meanwhile.
        """
        names = self.columns.reader.names
        yield csv_lines([("time", "number", *(names or ("data",)))])
        is_more = True
        while is_more:
            page, is_more = await self.read(after, limit or RECORDS_LIMIT)
            if not page:
                return
            yield csv_lines(self._row(each, names) for each in page)
            after = page[-1].key
            if limit is not None:
                limit -= len(page)
                is_more = is_more and limit > 0
            is_more = is_more and await may_go_on()

    def _row(self, entry: HistoryEntry, names: tuple[str, ...]) -> list[object]:
        head: list[object] = [iso_millis(entry.time), entry.number]
        if not names:
            return [*head, text_of(entry.data)]
        fields = self.columns.read(entry.data, entry.time)
        return [*head, *(fields.get(name) for name in names)]


def iso_millis(time: int) -> str:
    """Return whole Unix seconds as times are spelled here."""
    return time_of(time).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def text_of(data: bytes) -> str:
    """Return a record's data as text: bytes that are not UTF-8 are read as Latin-1."""
    return legible(data.decode("utf-8", "surrogateescape"))
