"""``/api/historical``: what a vehicle's history holds, and its records.

Records are read page by page, as for command 32, and sent as they are read: an answer of 100,000
takes the memory of a page. One that fits into a page is sent with its length.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from starlette.requests import Request
from starlette.responses import Response

from ovms.base.logs import get_logger
from ovms.protocol.times import wire_time
from ovms.server.http.answers import JSON_TYPE, encode_json, json_answer
from ovms.server.http.field.records import Facts, text_of
from ovms.server.http.routing import owner_call
from ovms.server.hub.answers import ANSWER_TIMEOUT, PAGE, PAGE_TIMEOUT, parse_since
from ovms.server.hub.permissions import may_read
from ovms.server.rights import VehicleRight
from ovms.server.storage.errors import StoreError

if TYPE_CHECKING:
    from starlette.routing import Route
    from starlette.types import Receive, Scope, Send

    from ovms.server.http.callers import HttpCaller
    from ovms.server.http.context import HttpContext
    from ovms.server.values import HistoryEntry, HistoryKey, TypeSummary

PATH: Final = "/api/historical/{vehicle_id}"
PARTS: Final = PATH.count("/")

Page = Sequence["HistoryEntry"]
ReadPage = Callable[["HistoryKey | None"], Awaitable[Page]]
"""Reads the next records behind a key; after the last ones none."""

log = get_logger("ovms.http")


def routes(context: HttpContext) -> list[Route]:
    """Return the routes of these calls. A record type may hold slashes."""
    return [
        owner_call(context, PATH, list_types),
        owner_call(context, PATH + "/{record_type:path}", list_records),
    ]


async def list_types(context: HttpContext, caller: HttpCaller, request: Request) -> Response:
    """Answer with what the history holds, by type."""
    vehicle_id = caller.check_vehicle(request.path_params["vehicle_id"])
    summary = await context.store.history_summary(vehicle_id, _since(request))
    rights = caller.rights_on(vehicle_id)
    return json_answer([_type_facts(each) for each in summary if may_read(rights, each.type)])


async def list_records(context: HttpContext, caller: HttpCaller, request: Request) -> Response:
    """Answer with the records of a type, oldest first, then by number."""
    vehicle_id = caller.check_vehicle(request.path_params["vehicle_id"])
    record_type, since = record_type_of(request), _since(request)
    if not may_read(caller.rights_on(vehicle_id), record_type):
        caller.check_vehicle(vehicle_id, VehicleRight.LOCATION)
    store = context.store

    async def read(after: HistoryKey | None) -> Page:
        reads = context.callers.still_reads
        if after is not None and not await reads(caller.login, vehicle_id, record_type):
            raise ShareOver
        return await store.history_page(vehicle_id, record_type, since, after, last_id, PAGE)

    with store.holding_expiry():
        count, last_id = await store.history_count(vehicle_id, record_type, since)
        page = await read(None) if count else []
    if len(page) >= count:
        return json_answer([_record_facts(entry) for entry in page])
    return PagedRecords(vehicle_id, page, read, store.holding_expiry())


class ShareOver(Exception):
    """The vehicle is shared with the caller no longer, or not so."""

    def __str__(self) -> str:
        """Return the reason."""
        return "the share is over"


class PagedRecords(Response):
    """Records that are read while they are sent; meanwhile none expire."""

    def __init__(
        self, vehicle_id: str, first: Page, read: ReadPage, holding: AbstractContextManager[None]
    ) -> None:
        super().__init__(media_type=JSON_TYPE)
        del self.headers["content-length"]
        self._vehicle_id = vehicle_id
        self._page = first
        self._read = read
        self._holding = holding

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer. If it is not sent to its end, the connection is closed."""
        try:
            with self._holding:
                async with asyncio.timeout(ANSWER_TIMEOUT):
                    await self._send_pages(Request(scope, receive), send)
        except (StoreError, TimeoutError, ShareOver) as error:
            log.warning("a history was not sent to its end", vehicle=self._vehicle_id,
                        reason=str(error) or "too slow")  # fmt: skip

    async def _send_pages(self, request: Request, send: Send) -> None:
        start = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **start})
        mark, page = b"[", self._page
        while page:
            if await request.is_disconnected():
                return
            rows = encode_json([_record_facts(entry) for entry in page])
            async with asyncio.timeout(PAGE_TIMEOUT):
                await send(_body(mark + rows[1:-1], is_last=False))
            mark, page = b",", await self._read(page[-1].key)
        await send(_body(b"]\n", is_last=True))


def _body(data: bytes, *, is_last: bool) -> dict[str, object]:
    return {"type": "http.response.body", "body": data, "more_body": not is_last}


def record_type_of(request: Request) -> str:
    """Return the type that a call names, with the slashes that came percent-encoded.

    Double and trailing slashes of the path itself mean nothing.
    """
    parts = [part for part in request.scope["raw_path"].split(b"/") if part]
    return text_of(unquote_to_bytes(b"/".join(parts[PARTS:])))


def _since(request: Request) -> int | None:
    """Return the time behind which records are asked for; ``None`` for all.

    What is no date is taken for none, as the field's server does.
    """
    return parse_since([request.query_params.get("since", "")])


def _type_facts(each: TypeSummary) -> Facts:
    return {
        "h_recordtype": each.type,
        "distinctrecs": each.distinct,
        "totalrecs": each.total,
        "totalsize": str(each.bytes),
        "first": wire_time(each.first),
        "last": wire_time(each.last),
    }


def _record_facts(entry: HistoryEntry) -> Facts:
    return {
        "h_timestamp": wire_time(entry.time),
        "h_recordnumber": entry.number,
        "h_data": text_of(entry.data),
    }
