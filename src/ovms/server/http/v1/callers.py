"""Who calls ``/api/v1``, and what they may do: dependencies of its routes.

A program sends ``Authorization: Bearer`` and an API token, whose rights (its *permit*) bound what
it may do; a browser sends the cookie of its session, which may do all that its owner may.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request

from ovms.protocol.spelling import vehicle_key
from ovms.server.accounts.tokens import ACCOUNT_RIGHT, ADMIN_RIGHT, allows, vehicle_rights
from ovms.server.http.callers import address_of
from ovms.server.http.context import HttpContext
from ovms.server.http.v1.cookies import cookie_of, is_secure
from ovms.server.http.v1.cross_site import SAFE_METHODS, is_from_here
from ovms.server.http.v1.errors import ApiError
from ovms.server.rights import NO_RIGHT, VehicleRight

if TYPE_CHECKING:
    from ovms.server.accounts.login import Login
    from ovms.server.values import WebSession


def context_of(request: Request) -> HttpContext:
    """Return what the calls need of the server."""
    return cast("HttpContext", request.app.state.context)


async def _context(request: Request) -> HttpContext:
    """Return the same; async, since FastAPI runs others in threads, which takes half a call."""
    return context_of(request)


Context = Annotated[HttpContext, Depends(_context)]


def held_rights(login: Login, vehicle_id: str) -> VehicleRight:
    """Return what a login may do with a vehicle, its id as stored."""
    rights = login.rights_on(vehicle_id) & vehicle_rights(login.permit)
    return rights if VehicleRight.VIEW in rights else NO_RIGHT


@dataclass(frozen=True, slots=True)
class ApiCaller:
    """Somebody who calls, and is logged in."""

    login: Login
    address: str
    """Where the caller is, without a port."""
    is_secure: bool
    """Others on the way cannot read the call, by what the server sees or a trusted proxy says."""
    session: WebSession | None = None
    """The session by whose cookie they call; ``None`` of a token."""

    @property
    def vehicles(self) -> list[str]:
        """The ids of the vehicles that the caller may see, sorted."""
        return [each for each in self.login.vehicles if self.rights_on(each)]

    def rights_on(self, vehicle_id: str) -> VehicleRight:
        """Return what the caller may do with a vehicle, its id as stored."""
        return held_rights(self.login, vehicle_id)

    def is_own(self, vehicle_id: str) -> bool:
        """Return whether a vehicle is the caller's, not shared with them."""
        return vehicle_id in self.login.vehicles and vehicle_id not in self.login.shared


@dataclass(frozen=True, slots=True)
class VehicleCall:
    """A call about one vehicle, by somebody who may make it."""

    caller: ApiCaller
    id: str
    """The vehicle's, as it is stored."""
    rights: VehicleRight
    """What the caller may do with it."""


async def identify(request: Request, context: Context) -> ApiCaller:
    """Return who calls, and count the call. Raises :class:`ApiError` (401, 403, 429 or 503)."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        address = address_of(request)
        login = await context.callers.log_in_by_token(token.strip(), address)
        caller = ApiCaller(login, address, is_secure(request))
    else:
        caller = await _by_cookie(request, context)
    context.callers.count(caller.login)
    return caller


async def _by_cookie(request: Request, context: HttpContext) -> ApiCaller:
    key = cookie_of(request)
    live = await context.callers.web.find(key) if key else None
    if live is None:
        raise ApiError(401, "Log in, or send a token as Authorization: Bearer TOKEN")
    if request.method not in SAFE_METHODS and not is_from_here(request, context.public_url):
        raise ApiError(403, "The call does not say that it comes from this site", "cross_site")
    return ApiCaller(live.login, address_of(request), is_secure(request), live.row)


Caller = Annotated[ApiCaller, Depends(identify)]
"""A parameter of routes that everybody who is logged in may call."""


NO_VEHICLE = "There is no such vehicle, or it is not yours"


def vehicle_call(right: VehicleRight) -> Callable[..., Awaitable[VehicleCall]]:
    """Return the dependency of a route about a vehicle that needs a right on it."""

    async def check(vehicle_id: str, caller: Caller) -> VehicleCall:
        key = vehicle_key(vehicle_id)
        rights = caller.rights_on(key)
        if not rights:  # nor does anybody learn so that it exists
            raise ApiError(404, NO_VEHICLE, "no_vehicle")
        if right not in rights:
            raise ApiError(403, f"This needs the right {(right.name or '').lower()}", "no_right")
        if key in caller.login.tls_only and not caller.is_secure:
            raise ApiError(403, "The vehicle takes calls over TLS only", "tls_only")
        return VehicleCall(caller, key, rights)

    return check


async def renewed(call: VehicleCall, context: HttpContext) -> VehicleCall:
    """Return a call as it stands now, after a wait. Raises :class:`ApiError` (401 or 404)."""
    login = await context.callers.renew(call.caller.login)
    if login is None:
        raise ApiError(401, "The log-in has ended")
    caller = replace(call.caller, login=login)
    rights = caller.rights_on(call.id)
    if not rights:
        raise ApiError(404, NO_VEHICLE, "no_vehicle")
    return VehicleCall(caller, call.id, rights)


ViewCall = Annotated[VehicleCall, Depends(vehicle_call(VehicleRight.VIEW))]
LocationCall = Annotated[VehicleCall, Depends(vehicle_call(VehicleRight.LOCATION))]
CommandCall = Annotated[VehicleCall, Depends(vehicle_call(VehicleRight.COMMAND))]
ManageCall = Annotated[VehicleCall, Depends(vehicle_call(VehicleRight.MANAGE))]


async def own_call(vehicle_id: str, caller: Caller) -> VehicleCall:
    """Return a call about a vehicle that only its owner may make, as to share it."""
    call = await vehicle_call(VehicleRight.VIEW)(vehicle_id, caller)
    if not caller.is_own(call.id):  # first: no right that a share can have would help
        raise ApiError(403, "Only the vehicle's owner may do this", "not_owner")
    return await vehicle_call(VehicleRight.MANAGE)(vehicle_id, caller)


OwnCall = Annotated[VehicleCall, Depends(own_call)]


async def account_call(caller: Caller) -> ApiCaller:
    """Return a call about the caller's own account."""
    if not allows(caller.login.permit, ACCOUNT_RIGHT):
        raise ApiError(403, f"This needs the right {ACCOUNT_RIGHT}", "no_right")
    return caller


AccountCall = Annotated[ApiCaller, Depends(account_call)]


async def admin_call(caller: Caller) -> ApiCaller:
    """Return a call about all of the server."""
    if not (caller.login.admin and allows(caller.login.permit, ADMIN_RIGHT)):
        raise ApiError(403, "Only an administrator may do this", "not_admin")
    return caller


AdminCall = Annotated[ApiCaller, Depends(admin_call)]


@dataclass(frozen=True, slots=True)
class SessionCaller:
    """Somebody who calls by the cookie of a session, not by a token."""

    caller: ApiCaller
    session: WebSession

    @property
    def login(self) -> Login:
        """The owner's login."""
        return self.caller.login


async def session_call(caller: Caller) -> SessionCaller:
    """Return a call that only a session may make, whatever a token permits."""
    if caller.session is None:
        raise ApiError(403, "Log in for this: a token may not do it", "session_needed")
    return SessionCaller(caller, caller.session)


SessionCall = Annotated[SessionCaller, Depends(session_call)]


async def fresh_call(
    call: Annotated[SessionCaller, Depends(session_call)], context: Context
) -> SessionCaller:
    """Return a call that changes by what the owner logs in, or what cannot be undone.

    Its session was begun within ten minutes, or ``POST /session/proof`` was called in them.
    """
    _check_fresh(call.caller, context)
    return call


FreshCall = Annotated[SessionCaller, Depends(fresh_call)]
"""A parameter of routes that a token may not call, nor somebody at a browser left open."""


async def fresh_account_call(
    caller: Annotated[ApiCaller, Depends(account_call)], context: Context
) -> ApiCaller:
    """Return a call about the caller's account that gives somebody a way into it.

    A token may make it within its rights; a session must be freshly proved.
    """
    _check_fresh(caller, context)
    return caller


FreshAccountCall = Annotated[ApiCaller, Depends(fresh_account_call)]


async def fresh_admin_call(
    caller: Annotated[ApiCaller, Depends(admin_call)], context: Context
) -> ApiCaller:
    """Return the same about any account: an administrator's own is one of them."""
    _check_fresh(caller, context)
    return caller


FreshAdminCall = Annotated[ApiCaller, Depends(fresh_admin_call)]


def _check_fresh(caller: ApiCaller, context: HttpContext) -> None:
    """Raise :class:`ApiError` (403) if the caller's session was not proved a short while ago."""
    if caller.session is not None and not context.callers.web.is_fresh(caller.session):
        raise ApiError(403, "Prove who you are by POST /session/proof, then again", "proof_needed")
