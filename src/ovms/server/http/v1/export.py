"""``/account/export``: all of the caller's own data as one ZIP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response, StreamingResponse

from ovms.server.accounts.tokens import vehicle_rights
from ovms.server.http.v1.audit import audit
from ovms.server.http.v1.callers import AccountCall, ApiCaller, Context
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.routing import make_router
from ovms.server.rights import VehicleRight
from ovms.server.storage.exporting import ExportScope, ExportSink, export_steps

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ovms.server.http.context import HttpContext
    from ovms.server.storage.exporting import Query, Steps

EXPORTS_LIMIT: Final = 2
"""Exports that are made at the same time, one of an account: each compresses all the while."""

EXPORT_WAIT: Final = 60.0
"""Seconds after which one that is refused for that may be tried again."""

ZIP_TYPE: Final = "application/zip"

router = make_router("account")


@router.get(
    "/account/export",
    response_class=Response,
    responses={200: {"content": {ZIP_TYPE: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def export_account(caller: AccountCall, context: Context) -> StreamingResponse:
    """Return the caller's account, vehicles and all their data as a ZIP of JSON, CSV and GPX.

    Vehicles are in it if the caller's rights hold `view`, positions and places if they hold
    `location`.
    Secrets and the digits of tokens are not in it.
    """
    owner_id = caller.login.owner_id
    if owner_id in context.exports or len(context.exports) >= EXPORTS_LIMIT:
        raise ApiError(429, "An export is being made: wait for its end", wait=EXPORT_WAIT)
    audit(context, caller, "account.export")
    headers = {"content-disposition": 'attachment; filename="ovms-export.zip"'}
    return StreamingResponse(_stream(context, caller), media_type=ZIP_TYPE, headers=headers)


async def _stream(context: HttpContext, caller: ApiCaller) -> AsyncIterator[bytes]:
    """Yield the file. What is compressed is so in a thread, what is read in turns with others."""
    own = [each for each in caller.vehicles if caller.is_own(each)]
    located = [each for each in own if VehicleRight.LOCATION in caller.rights_on(each)]
    has_places = VehicleRight.LOCATION in vehicle_rights(caller.login.permit)
    scope = ExportScope(caller.login.owner, context.clock.time(), own, located, has_places)
    sink = ExportSink()
    steps = export_steps(scope, sink)
    context.exports.add(caller.login.owner_id)
    try:
        await context.store.writer.flush()
        result: Any = None
        while (query := await asyncio.to_thread(_next, steps, result)) is not None:
            if part := sink.take():
                yield part
            result = await context.store.read_history(caller.login.owner, query)
        yield sink.take()
    finally:
        context.exports.discard(caller.login.owner_id)


def _next(steps: Steps, result: Any) -> Query | None:
    try:
        return steps.send(result)
    except StopIteration:
        return None
