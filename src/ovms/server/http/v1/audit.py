"""The audit trail: what was done to an account, a vehicle, or anything on the server."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

from fastapi import Query

from ovms.protocol.spelling import vehicle_key
from ovms.server.http.v1.callers import AccountCall, AdminCall, ApiCaller, Context, OwnCall
from ovms.server.http.v1.models import ApiAnswer, Time, time_of
from ovms.server.http.v1.routing import make_router
from ovms.server.http.v1.spans import SpanTime
from ovms.server.storage import queries
from ovms.server.storage.audit import AuditFilter, list_audit, shown_address
from ovms.server.storage.database import Lane

if TYPE_CHECKING:
    from datetime import datetime

    from ovms.server.http.context import HttpContext
    from ovms.server.values import AuditEntry

router = make_router("audit trail")

Limit = Annotated[int, Query(ge=1, le=1000, description="How many entries at most.")]
After = Annotated[
    str | None,
    Query(pattern="^[0-9]{1,18}$", description="`next` of the page before; without it, the first."),
]
Action = Annotated[
    str | None,
    Query(max_length=50, description="Only this action, or those that begin with it and a point."),
]
Since = Annotated[
    SpanTime | None,
    Query(description="Only entries from then on, ISO 8601 or Unix seconds; UTC without a zone."),
]
Until = Annotated[SpanTime | None, Query(description="Only entries before then.")]
Vehicle = Annotated[str | None, Query(max_length=100, description="Only entries of this vehicle.")]
Name = Annotated[str | None, Query(max_length=100, description="Only entries of this account.")]
Actor = Annotated[str | None, Query(max_length=100, description="Only what this one did.")]


class AuditAnswer(ApiAnswer):
    """Something that was done."""

    id: str
    time: Time
    action: str
    """Words with points between, such as `login.failed` or `command`; more of them will come."""
    actor: str | None
    """The owner who did it; `operator` for the command line of the server; null if unknown."""
    account: str | None
    """Whose account it was done to, or whose vehicle; null if none or no longer there."""
    vehicle_id: str | None
    detail: str
    """A few words more, for people."""
    address: str | None
    """Where it came from; null if unknown, and of others with whom the vehicle is shared."""


class AuditPage(ApiAnswer):
    """Entries of the audit trail, the newest first."""

    items: list[AuditAnswer]
    next: str | None
    """Ask for the next page with this as `after`; null on the last."""


def audit(
    context: HttpContext,
    caller: ApiCaller,
    action: str,
    *,
    vehicle_id: str | None = None,
    detail: str = "",
    owner_id: int | None = None,
) -> None:
    """Note what a caller has done; it waits for nothing.

    ``owner_id`` is the account that it was done to, if that is neither the caller's nor the
    vehicle's owner's. ``detail`` must hold no secret, PIN, token, position or message.
    """
    if owner_id is None and (vehicle_id is None or caller.is_own(vehicle_id)):
        owner_id = caller.login.owner_id
    context.audit.put(
        action,
        actor=caller.login.owner,
        owner_id=owner_id,
        vehicle_id=vehicle_id,
        detail=detail,
        address=caller.address,
    )


@router.get("/account/audit")
async def list_account_audit(
    caller: AccountCall,
    context: Context,
    limit: Limit = 100,
    after: After = None,
    action: Action = None,
    since: Since = None,
    until: Until = None,
) -> AuditPage:
    """Return what was done to the caller's account and vehicles, and by whom."""
    wanted = AuditFilter(
        caller.login.owner_id, action=action, since=_seconds(since), until=_seconds(until)
    )
    return await _page(context, wanted, limit, after, caller)


@router.get("/vehicles/{vehicle_id}/audit")
async def list_vehicle_audit(
    call: OwnCall,
    context: Context,
    limit: Limit = 100,
    after: After = None,
    action: Action = None,
    since: Since = None,
    until: Until = None,
) -> AuditPage:
    """Return what was done to a vehicle while it was the caller's."""
    wanted = AuditFilter(
        call.caller.login.owner_id, call.id, None, action, _seconds(since), _seconds(until)
    )
    return await _page(context, wanted, limit, after, call.caller)


@router.get("/admin/audit")
async def list_server_audit(
    _: AdminCall,
    context: Context,
    limit: Limit = 100,
    after: After = None,
    account: Name = None,
    actor: Actor = None,
    vehicle: Vehicle = None,
    action: Action = None,
    since: Since = None,
    until: Until = None,
) -> AuditPage:
    """Return what was done on the whole server."""
    owner_id = None
    if account is not None:
        find = partial(queries.find_owner, name=account)
        owner = await context.store.database.read(find)
        owner_id = owner.id if owner is not None else 0  # nobody's
    key = vehicle_key(vehicle) if vehicle is not None else None
    wanted = AuditFilter(owner_id, key, actor, action, _seconds(since), _seconds(until))
    return await _page(context, wanted, limit, after, None)


async def _page(
    context: HttpContext,
    wanted: AuditFilter,
    limit: int,
    after: str | None,
    reader: ApiCaller | None,
) -> AuditPage:
    """Return a page for somebody; ``None`` is an administrator, who sees all."""
    await context.audit.settle()
    before = int(after) if after is not None else None
    query = partial(list_audit, wanted=wanted, limit=limit + 1, before=before)
    found = await context.store.database.read(query, Lane.HISTORY)
    shown = found[:limit]
    return AuditPage(
        items=[_answer(entry, account, reader) for entry, account in shown],
        next=str(shown[-1][0].id) if len(found) > limit else None,
    )


def _answer(entry: AuditEntry, account: str | None, reader: ApiCaller | None) -> AuditAnswer:
    address = entry.address if reader is None else shown_address(entry, reader.login.owner)
    return AuditAnswer(
        id=str(entry.id),
        time=time_of(entry.time),
        action=entry.action,
        actor=entry.actor or None,
        account=account,
        vehicle_id=entry.vehicle_id,
        detail=entry.detail,
        address=address or None,
    )


def _seconds(time: datetime | None) -> float | None:
    return time.timestamp() if time is not None else None
