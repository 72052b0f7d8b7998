"""``/vehicles/…/links`` and ``/links``: links to a live position, for whoever has one.

A link shows where the vehicle is now and nothing else, and ends by itself. Its secret stands in its
URL, which is its purpose; it is told once, and nothing logs it.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final, cast

from fastapi import Depends, Path, Request
from pydantic import Field
from starlette.responses import Response

from ovms.base.buckets import Buckets
from ovms.server.accounts.buckets import network_of
from ovms.server.http.callers import address_of
from ovms.server.http.field.latest import view_of
from ovms.server.http.live import (
    STREAMS_A_LINK,
    EndReason,
    LiveClosed,
    NoSuchVehicle,
    TooManyStreams,
    position_json,
)
from ovms.server.http.v1.audit import audit
from ovms.server.http.v1.callers import Context, LocationCall, VehicleCall
from ovms.server.http.v1.cookies import is_secure
from ovms.server.http.v1.decoded import VehicleState
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.events import STREAMED, EventAnswer, too_many
from ovms.server.http.v1.models import ApiAnswer, CallBody, GivenTime, Time, time_of
from ovms.server.http.v1.routing import PREFIX, make_router
from ovms.server.rights import VehicleRight
from ovms.server.storage import position_links
from ovms.server.storage.errors import StoreError
from ovms.server.storage.names import MAX_LABEL
from ovms.server.values import SharedPosition

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ovms.server.http.context import HttpContext
    from ovms.server.http.live import EventStream
    from ovms.server.values import PositionLink

SECRET_BYTES: Final = 24
"""Random bytes of a link: nobody guesses one, and it stays short."""

CALLS: Final = 60
"""Calls of links by one network at once."""

REFILL: Final = 1.0
"""Seconds until there is one more."""

NETWORKS_LIMIT: Final = 10_000
"""Networks whose calls are counted."""

CHECK_INTERVAL: Final = 5.0
"""Seconds after which a stream that tells something looks whether its link still counts."""

router = make_router("links")


class NewLink(CallBody):
    """A link to make."""

    expires: GivenTime
    """When it ends by itself, within seven days."""
    label: Annotated[str, Field(max_length=MAX_LABEL)] = ""
    """What it is for, told only to who may make links."""


class LinkAnswer(ApiAnswer):
    """A link to a vehicle's live position."""

    id: int
    label: str
    """What it is for."""
    owner: str
    """The name of who made it."""
    created: Time
    expires: Time
    """When it ends by itself."""
    last_used: Time | None
    """When somebody last looked, to the minute; null for never."""


class MadeLink(LinkAnswer):
    """A link that was made. What leads to it is told this once."""

    path: str
    """The path of the call that shows the position; with `/events` behind it, live."""
    url: str | None
    """The same as a whole URL; null if the server does not know how people find it."""


class PositionAnswer(ApiAnswer):
    """Where a vehicle is now. All but name and end is null while that is not known."""

    name: str | None
    """What its owner calls it; null for nothing."""
    expires: Time
    """When the link ends."""
    time: Time | None
    """When the server got the position."""
    age: int | None
    """Seconds since then."""
    is_stale: bool | None
    """The vehicle may be somewhere else by now."""
    latitude: float | None
    """Degrees, north positive."""
    longitude: float | None
    """Degrees, east positive."""
    direction: float | None
    """Degrees: 0 is north, 90 east."""
    speed: float | None
    """Speed, km/h."""


def make_calls() -> Buckets[str]:
    """Return what counts the calls of links, which anybody may make, by their network."""
    return Buckets(CALLS, REFILL, NETWORKS_LIMIT)


async def link_call(call: LocationCall) -> VehicleCall:
    """Return a call about the links to a vehicle."""
    if VehicleRight.MANAGE not in call.rights:
        raise ApiError(403, "This needs the right manage", "no_right")
    return call


LinkCall = Annotated[VehicleCall, Depends(link_call)]
LinkId = Annotated[int, Path(ge=1, le=2**53)]
LinkSecret = Annotated[str, Path(max_length=64, description="What stands in the link.")]


@router.get("/vehicles/{vehicle_id}/links")
async def list_links(call: LinkCall, context: Context) -> list[LinkAnswer]:
    """Return the links to a vehicle's live position that have not ended, the oldest first."""
    now = context.clock.time()
    find = partial(position_links.list_links, vehicle_id=call.id, now=now)
    return [_answer(each) for each in await context.store.database.read(find)]


@router.post("/vehicles/{vehicle_id}/links", status_code=201)
async def add_link(body: NewLink, call: LinkCall, context: Context) -> MadeLink:
    """Make a link to a vehicle's live position: whoever has it sees where the vehicle is.

    It shows nothing else, and ends by itself, also when who made it may no longer make links.
    """
    secret = urlsafe_b64encode(os.urandom(SECRET_BYTES)).decode()
    add = partial(
        position_links.add_link, vehicle_id=call.id, owner_id=call.caller.login.owner_id,
        secret=secret, now=context.clock.time(), expires=body.expires.timestamp(), label=body.label,
    )  # fmt: skip
    link = await context.store.database.write(add)
    audit(context, call.caller, "link.add", vehicle_id=call.id, detail=str(link.id))
    path = f"{PREFIX}/links/{secret}"
    url = f"{context.public_url.rstrip('/')}{path}" if context.public_url else None
    return MadeLink(**_answer(link).model_dump(), path=path, url=url)


@router.delete("/vehicles/{vehicle_id}/links/{link_id}", status_code=204)
async def remove_link(link_id: LinkId, call: LinkCall, context: Context) -> Response:
    """Remove a link: who looks at it sees nothing more at once."""
    remove = partial(position_links.remove_link, vehicle_id=call.id, link_id=link_id)
    await context.store.database.write(remove)
    context.live.end_link(_key(link_id))
    audit(context, call.caller, "link.remove", vehicle_id=call.id, detail=str(link_id))
    return Response(status_code=204)


async def open_link(request: Request, secret: LinkSecret, context: Context) -> SharedPosition:
    """Return what a link leads to, and count the call. Raises :class:`ApiError`."""
    calls = cast("Buckets[str]", request.app.state.link_calls)
    if wait := calls.take(network_of(address_of(request)), context.clock.monotonic()):
        raise ApiError(429, "Too many calls", wait=wait)
    found = await _find(context, secret)
    if found is None:
        raise ApiError(404, "There is no such link, or it has ended", "no_link")
    if found.tls_only and not is_secure(request):
        raise ApiError(403, "The vehicle takes calls over TLS only", "tls_only")
    now, used = context.clock.time(), found.link.last_used
    if used is None or now - used >= position_links.USE_INTERVAL:
        touch = partial(position_links.touch_link, link_id=found.link.id, now=now)
        await context.store.database.write(touch)
    return found


OpenLink = Annotated[SharedPosition, Depends(open_link)]


@router.get("/links/{secret}")
async def show_position(found: OpenLink, context: Context) -> PositionAnswer:
    """Return where a vehicle is now, to whoever has a link to its position."""
    link = found.link
    view = await view_of(context, link.vehicle_id)
    is_online = view.room is not None and view.room.car is not None
    state = VehicleState.of(link.vehicle_id, view.latest, is_online=is_online)
    return PositionAnswer(
        name=found.name or None,
        expires=time_of(link.expires),
        **position_json(state, context.clock.time()),
    )


@router.get(
    "/links/{secret}/events", response_class=EventAnswer, status_code=200, responses=STREAMED
)
async def follow_position(secret: LinkSecret, found: OpenLink, context: Context) -> Response:
    """Follow a vehicle's position by server-sent events, for whoever has a link to it.

    Each `position` has what the call for the position answers, without name and end. `end` tells
    that the link has ended (`link_ended`), or why the stream has, as in the streams of vehicles.
    """
    link = found.link
    try:
        stream = context.live.open(_key(link.id), limit=STREAMS_A_LINK)
    except TooManyStreams:
        raise too_many() from None
    except LiveClosed:
        raise ApiError(503, "The server stops") from None
    try:
        await context.live.follow(stream, link.vehicle_id)
    except NoSuchVehicle:
        context.live.leave(stream)
        raise ApiError(404, "There is no such link, or it has ended", "no_link") from None
    except BaseException:
        context.live.leave(stream)
        raise
    return EventAnswer(context.live, stream, _checker(context, stream, secret, link.expires))


def _checker(
    context: HttpContext, stream: EventStream, secret: str, expires: float
) -> Callable[[], Awaitable[None]]:
    """Return what ends a stream when its link counts no more."""
    checked = context.clock.monotonic()

    async def check() -> None:
        nonlocal checked
        if context.clock.time() >= expires:
            context.live.hide(stream)
            return
        now = context.clock.monotonic()
        if now - checked < CHECK_INTERVAL:
            return
        checked = now
        try:
            if await _find(context, secret) is None:
                context.live.hide(stream)
        except StoreError:
            stream.end(EndReason.TROUBLE)

    return check


async def _find(context: HttpContext, secret: str) -> SharedPosition | None:
    find = partial(position_links.find_link, secret=secret, now=context.clock.time())
    return await context.store.database.read(find)


def _key(link_id: int) -> object:
    return "link", link_id


def _answer(link: PositionLink) -> LinkAnswer:
    used = link.last_used
    return LinkAnswer(
        id=link.id,
        label=link.label,
        owner=link.owner,
        created=time_of(link.created),
        expires=time_of(link.expires),
        last_used=None if used is None else time_of(used),
    )
