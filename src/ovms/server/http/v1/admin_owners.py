"""``/admin/owners``: all owners, for administrators."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

from fastapi import Path, Query
from pydantic import Field

from ovms.server.http.v1.audit import audit
from ovms.server.http.v1.callers import AdminCall, Context, FreshAdminCall
from ovms.server.http.v1.changes import apply_changes
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import ApiAnswer, CallBody, Time, time_of
from ovms.server.http.v1.reset import (
    MailedAnswer,
    NewPassword,
    check_mail,
    hashed_password,
    mail_reset_to,
)
from ovms.server.http.v1.routing import make_router
from ovms.server.storage import administration, mail_codes, queries
from ovms.server.storage.database import Lane
from ovms.server.storage.errors import NotFound
from ovms.server.storage.quotas import MOST
from ovms.server.storage.totp import clear_totp

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ovms.server.http.context import HttpContext
    from ovms.server.http.v1.callers import ApiCaller
    from ovms.server.storage.administration import OwnerDetails
    from ovms.server.values import Owner

router = make_router("administration")

OwnerPath = Annotated[str, Path(description="The owner's name, in any case.", max_length=256)]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many at most.")]
After = Annotated[str, Query(max_length=256, description="`next` of the page before.")]
Search = Annotated[str, Query(max_length=100, description="Only those in whose names it stands.")]
OwnLimit = Annotated[int | None, Field(ge=0, le=MOST)]
Email = Annotated[str, Field(max_length=254)]


class OwnerAnswer(ApiAnswer):
    """An owner."""

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
    vehicles: int
    """How many there are."""
    vehicle_limit: int | None
    """How many there may be; 0 is no limit, null the server's `vehicles_per_owner`."""
    bytes: int
    """Of the history of all vehicles."""
    byte_limit: int | None
    """How many there may be; 0 is no limit, null the server's `bytes_per_owner`."""
    is_over: bool
    """There are so many bytes that nothing more is kept."""


class OwnersPage(ApiAnswer):
    """Owners, by name."""

    items: list[OwnerAnswer]
    next: str | None
    """Ask for the next page with this as `after`; null on the last."""


class NewOwnerBody(CallBody):
    """An owner to be."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    """A word without blanks and commas."""
    password: NewPassword | None = None
    """Without one nobody logs in by password; a mail can set it."""
    email: Email = ""
    is_admin: bool = False
    vehicle_limit: OwnLimit = None
    """0 is no limit, null the server's."""
    byte_limit: OwnLimit = None
    """0 is no limit, null the server's."""


class OwnerChangeBody(CallBody):
    """What is to change; what is not there stays."""

    email: Email | None = None
    """Empty or null takes it away."""
    is_admin: bool = False
    password: NewPassword | None = None
    """Null takes it away. All sessions of the owner end."""
    vehicle_limit: OwnLimit = None
    """0 is no limit, null the server's."""
    byte_limit: OwnLimit = None
    """0 is no limit, null the server's."""
    has_totp: bool = False
    """False switches one-time codes off; only their owner can switch them on."""


@router.get("/admin/owners")
async def list_owners(
    _: AdminCall, context: Context, limit: Limit = 100, after: After = "", search: Search = ""
) -> OwnersPage:
    """Return all owners, or those in whose name or mail address a text stands."""
    query = partial(administration.list_owner_details, limit=limit + 1, after=after, search=search)
    found = await context.store.database.read(query, Lane.HISTORY)
    shown = found[:limit]
    return OwnersPage(
        items=[_answer(context, each) for each in shown],
        next=shown[-1].key if len(found) > limit else None,
    )


@router.post("/admin/owners", status_code=201)
async def add_owner(body: NewOwnerBody, caller: FreshAdminCall, context: Context) -> OwnerAnswer:
    """Make an owner."""
    hashed = await _hashed(context, caller, body.password)
    limits = {"vehicle_limit": body.vehicle_limit, "byte_limit": body.byte_limit}

    def add(connection: Connection) -> Owner:
        now = context.clock.time()
        owner = queries.add_owner(
            connection, body.name, now, password_hash=hashed, email=body.email, admin=body.is_admin
        )
        queries.set_limits(connection, owner.id, limits, now)
        return owner

    owner = await context.store.database.write(add)
    audit(context, caller, "owner.add", owner_id=owner.id)
    return await _details(context, owner.name)


@router.get("/admin/owners/{name:path}")
async def get_owner(name: OwnerPath, _: AdminCall, context: Context) -> OwnerAnswer:
    """Return an owner."""
    return await _details(context, name)


@router.patch("/admin/owners/{name:path}")
async def change_owner(
    name: OwnerPath, body: OwnerChangeBody, caller: FreshAdminCall, context: Context
) -> OwnerAnswer:
    """Change an owner: address, role, limits, password. The last administrator stays one."""
    given = body.model_fields_set
    if "has_totp" in given and body.has_totp:
        raise ApiError(422, "Only their owner can switch one-time codes on", "invalid")
    await _find(context, name)  # before a password is hashed for nobody
    hashed = await _hashed(context, caller, body.password)

    def change(connection: Connection) -> Owner:
        now, owner = context.clock.time(), queries.get_owner(connection, name)
        if "is_admin" in given and not body.is_admin:
            administration.check_not_last(connection, owner)
        queries.set_owner(
            connection,
            name,
            now,
            email=(body.email or "") if "email" in given else None,
            admin=body.is_admin if "is_admin" in given else None,
        )
        limits = {each: getattr(body, each) for each in given & {"vehicle_limit", "byte_limit"}}
        queries.set_limits(connection, owner.id, limits, now)
        if "password" in given:
            mail_codes.set_password_of(connection, owner.id, hashed, now)
        if "has_totp" in given:
            clear_totp(connection, owner.id, now)
        return owner

    since = context.clock.time()
    owner = await context.store.database.write(change)
    if "password" in given:
        context.callers.web.forget(owner.id)
    await apply_changes(context, since)
    audit(context, caller, "owner.change", owner_id=owner.id, detail=", ".join(sorted(given)))
    return await _details(context, owner.name)


@router.post("/admin/owners/{name:path}/reset", status_code=202)
async def mail_owner_reset(name: OwnerPath, caller: AdminCall, context: Context) -> MailedAnswer:
    """Mail an owner a code that sets a password, also a first one."""
    check_mail(context)
    owner = await _find(context, name)
    if not owner.email:
        raise ApiError(409, "The owner has no mail address", "no_address")
    to = mail_codes.MailedOwner(owner.id, owner.name, owner.email)
    context.desk.mailer.ask(caller.address, partial(mail_reset_to, context, to))
    audit(context, caller, "owner.reset", owner_id=owner.id)
    return MailedAnswer(message="A mail is on its way.")


@router.delete("/admin/owners/{name:path}", status_code=204)
async def remove_owner(
    name: OwnerPath,
    caller: FreshAdminCall,
    context: Context,
    with_vehicles: Annotated[bool, Query(description="Remove the owner's vehicles, too.")] = False,
) -> None:
    """Remove an owner. The last administrator stays."""

    def remove(connection: Connection) -> Owner:
        owner = queries.get_owner(connection, name)
        administration.check_not_last(connection, owner)
        return queries.remove_owner(
            connection, name, context.clock.time(), with_vehicles=with_vehicles
        )

    since = context.clock.time()
    owner = await context.store.database.write(remove)
    context.callers.web.forget(owner.id)
    await apply_changes(context, since)
    audit(context, caller, "owner.remove", owner_id=owner.id, detail=f"account {owner.id}")
    await context.store.forget_deleted()


async def _hashed(context: HttpContext, caller: ApiCaller, password: str | None) -> str | None:
    return None if password is None else await hashed_password(context, password, caller.address)


async def _find(context: HttpContext, name: str) -> Owner:
    return await context.store.database.read(partial(queries.get_owner, name=name))


async def _details(context: HttpContext, name: str) -> OwnerAnswer:
    query = partial(administration.find_owner_details, name=name)
    found = await context.store.database.read(query, Lane.HISTORY)
    if found is None:
        raise NotFound(f"there is no owner {name}")
    return _answer(context, found)


def _answer(context: HttpContext, owner: OwnerDetails) -> OwnerAnswer:
    confirmed = owner.email_confirmed
    return OwnerAnswer(
        name=owner.name,
        email=owner.email or None,
        email_confirmed=None if confirmed is None else time_of(confirmed),
        is_admin=owner.admin,
        has_password=owner.has_password,
        has_totp=owner.has_totp,
        created=time_of(owner.created),
        vehicles=owner.vehicles,
        vehicle_limit=owner.vehicle_limit,
        bytes=owner.bytes,
        byte_limit=owner.byte_limit,
        is_over=owner.is_over(context.quotas),
    )
