"""``/account``: what the caller's own account is, has and may have."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from pydantic import Field

from ovms.server.http.v1.callers import AccountCall, Context
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import ApiAnswer, Time, time_of
from ovms.server.http.v1.routing import make_router
from ovms.server.storage import administration
from ovms.server.storage.database import Lane

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


@router.get("/account")
async def get_account(caller: AccountCall, context: Context) -> AccountAnswer:
    """Return the caller's own account, with what it has and may have."""
    query = partial(administration.find_owner_details, name=caller.login.owner)
    owner = await context.store.database.read(query, Lane.HISTORY)
    if owner is None:
        raise ApiError(404, "The account is gone", "not_found")
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
    )
