"""What is erased: records of a vehicle, all its data, the caller's own account."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fastapi import Response

from ovms.server.http.v1.audit import audit
from ovms.server.http.v1.callers import Context, FreshCall, OwnCall
from ovms.server.http.v1.changes import apply_changes
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.routing import make_router
from ovms.server.storage import queries
from ovms.server.storage.errors import InvalidValue

if TYPE_CHECKING:
    from ovms.server.http.context import HttpContext

router = make_router("account")


@router.delete("/vehicles/{vehicle_id}/data", status_code=204, response_class=Response)
async def erase_vehicle_data(call: OwnCall, context: Context) -> None:
    """Erase what a vehicle has sent: messages, history, alerts, traffic, failed calls.

    The vehicle stays as it is set up, and its car may go on.
    """
    audit(context, call.caller, "vehicle.erase", vehicle_id=call.id)
    await erase_vehicle(context, call.id)


async def erase_vehicle(context: HttpContext, vehicle_id: str) -> None:
    """Erase what a vehicle has sent, in the database and in memory."""
    await context.store.writer.flush()
    await context.store.database.write(partial(queries.erase_data, vehicle_id=vehicle_id))
    context.hub.forget_data(vehicle_id)
    await context.store.forget_deleted()


@router.delete("/account", status_code=204, response_class=Response)
async def erase_account(call: FreshCall, context: Context) -> None:
    """Erase the caller's account with its vehicles and all their data. Nothing brings it back.

    The last administrator cannot go.
    """
    owner, now = call.login.owner, context.clock.time()
    await context.store.writer.flush()
    await context.audit.settle()
    try:
        erase = partial(queries.erase_account, name=owner, now=now)
        await context.store.database.write(erase)
    except InvalidValue as error:
        raise ApiError(409, str(error), "last_admin") from error
    await apply_changes(context, now)
    await context.store.forget_deleted()
