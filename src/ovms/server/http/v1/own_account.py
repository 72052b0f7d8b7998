"""``/account``: what the caller's own account is, has and may have."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ovms.server.http.v1.audit import audit
from ovms.server.http.v1.callers import AccountCall, Context
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import ApiAnswer, CallBody, Time, time_of
from ovms.server.http.v1.routing import make_router
from ovms.server.storage import administration
from ovms.server.storage.database import Lane
from ovms.server.storage.owner_locale import owner_locale, set_owner_locale
from ovms.server.storage.stale_journeys import refresh_all

if TYPE_CHECKING:
    from ovms.server.http.context import HttpContext

router = make_router("account")

Bound = Annotated[int, Field(ge=0)]


class AccountAnswer(ApiAnswer):
    """The caller's own account."""

    name: str
    email: str | None
    """The mail address; null without one."""
    email_confirmed: Time | None
    """When a mail to it was answered; null if an administrator has set it."""
    is_admin: bool
    has_password: bool
    has_totp: bool
    """One-time codes are asked for."""
    created: Time
    vehicles: Bound
    """How many there are."""
    vehicle_limit: Bound
    """How many there may be; 0 is no limit."""
    bytes: Bound
    """Of the history of all vehicles."""
    byte_limit: Bound
    """How many there may be; 0 is no limit."""
    is_over: bool
    """There are so many bytes that nothing more is kept."""
    zone: str
    """The IANA time zone of the days of journeys; the server's unless the owner named one."""
    currency: str
    """ISO 4217, of what charging costs; the server's unless the owner named one."""


class AccountChanges(CallBody):
    """What to change of the account; what is not there stays, and null is the server's."""

    zone: Annotated[str, Field(max_length=64)] | None = None
    """The IANA time zone of the days of journeys: `Europe/Berlin`."""
    currency: Annotated[str, Field(max_length=3)] | None = None
    """ISO 4217, of what charging costs: `EUR`."""


@router.get("/account")
async def get_account(caller: AccountCall, context: Context) -> AccountAnswer:
    """Return the caller's own account, with what it has and may have."""
    return await _answer(context, caller.login.owner)


@router.patch("/account")
async def change_account(
    body: AccountChanges, caller: AccountCall, context: Context
) -> AccountAnswer:
    """Change the time zone of days and the currency of costs. Those of past journeys follow."""
    changes = body.model_dump(include=body.model_fields_set)
    if changes:
        owner_id = caller.login.owner_id
        change = partial(
            set_owner_locale, owner_id=owner_id, changes=changes, now=context.clock.time()
        )
        await context.store.database.write(change)
        audit(context, caller, "account.change", detail=",".join(sorted(changes)))
        await refresh_all(context.store.database, owner_id)
    return await _answer(context, caller.login.owner)


async def _answer(context: HttpContext, name: str) -> AccountAnswer:
    database = context.store.database
    query = partial(administration.find_owner_details, name=name)
    owner = await database.read(query, Lane.HISTORY)
    if owner is None:
        raise ApiError(404, "The account is gone", "not_found")
    locale = await database.read(partial(owner_locale, owner_id=owner.id))
    confirmed, quotas = owner.email_confirmed, context.quotas
    limits = owner.vehicle_limit, owner.byte_limit
    return AccountAnswer(
        name=owner.name,
        email=owner.email or None,
        email_confirmed=None if confirmed is None else time_of(confirmed),
        is_admin=owner.admin,
        has_password=owner.has_password,
        has_totp=owner.has_totp,
        created=time_of(owner.created),
        vehicles=owner.vehicles,
        vehicle_limit=quotas.vehicles if limits[0] is None else limits[0],
        bytes=owner.bytes,
        byte_limit=quotas.bytes if limits[1] is None else limits[1],
        is_over=owner.is_over(quotas),
        zone=locale.zone,
        currency=locale.currency,
    )
