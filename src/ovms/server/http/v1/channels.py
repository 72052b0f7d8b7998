"""``/channels`` and ``/vehicles/…/channels``: where a vehicle's alerts go."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal, cast

from fastapi import Path
from pydantic import Field

from ovms.server.accounts.tokens import ADMIN_RIGHT, allows
from ovms.server.http.v1.audit import audit
from ovms.server.http.v1.callers import Caller, Context, ManageCall, OwnCall
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import ApiAnswer, CallBody, Time, time_of
from ovms.server.http.v1.routing import make_router
from ovms.server.notify.desk import TooManyAddresses
from ovms.server.notify.keys import APP_ID_LIMIT, KEY_LIMIT, masked
from ovms.server.notify.subscribing import SubscriptionRefused
from ovms.server.storage import queries
from ovms.server.storage.owner_mail import OWNER

if TYPE_CHECKING:
    from ovms.server.http.v1.callers import ApiCaller
    from ovms.server.values import Subscription

router = make_router("channels")

ChannelId = Annotated[
    str, Path(min_length=1, max_length=APP_ID_LIMIT, description="Its `id`, chosen by its maker.")
]


class ChannelKind(ApiAnswer):
    """A way by which this server can tell people of alerts."""

    type: str
    """Its name, as `mail`."""
    key: str
    """What a key looks like; empty if nobody says."""
    is_active: bool
    """The server is set up to send by it. Otherwise what is subscribed waits."""
    is_allowed: bool
    """The caller may subscribe by it. Some make the server call any address: those are for
    administrators."""


class ChannelAnswer(ApiAnswer):
    """Somebody who is told of a vehicle's alerts."""

    id: str
    """Its name among those of the vehicle; apps take an id of their own. `owner` is the owner's
    mail address, which is told where nobody else is."""
    type: str
    """One of `GET /channels`."""
    key: str
    """Where the alerts go; of what may be a secret only a part."""
    state: Literal["active", "failing", "waiting"]
    """`failing` if the last delivery failed, `waiting` until the server can send by its type."""
    failing: Time | None
    """Since when all deliveries have failed."""
    created: Time
    changed: Time
    """When it was last changed, or renewed by its app."""


class ChannelBody(CallBody):
    """Somebody to tell of a vehicle's alerts."""

    type: str = Field(max_length=32)
    """One of `GET /channels`."""
    key: str = Field(max_length=KEY_LIMIT)
    """Where the alerts are to go, in the words of the type: a mail address, a device's token."""


class TrialAnswer(ApiAnswer):
    """What became of a test alert."""

    is_delivered: bool
    """The service has accepted it."""
    reason: str | None
    """Why it was not delivered."""


@router.get("/channels")
async def list_channel_kinds(caller: Caller, context: Context) -> list[ChannelKind]:
    """Return by what this server can tell people of alerts."""
    desk = context.channels
    return [
        ChannelKind(
            type=name,
            key=str(kind.key_hint),
            is_active=name in desk.channels,
            is_allowed=kind.is_for_apps or _is_operator(caller),
        )
        for name, kind in sorted(desk.types.items())
    ]


@router.get("/vehicles/{vehicle_id}/channels")
async def list_channels(call: ManageCall, context: Context) -> list[ChannelAnswer]:
    """Return who is told of a vehicle's alerts: apps, addresses, and the owner by default."""
    return [_answer(context, each) for each in await context.channels.list(call.id)]


@router.get("/vehicles/{vehicle_id}/channels/{channel_id}")
async def get_channel(channel_id: ChannelId, call: ManageCall, context: Context) -> ChannelAnswer:
    """Return one of those who are told of a vehicle's alerts."""
    return _answer(context, await _find(context, call.id, channel_id))


@router.put("/vehicles/{vehicle_id}/channels/{channel_id}")
async def put_channel(
    channel_id: ChannelId, body: ChannelBody, call: OwnCall, context: Context
) -> ChannelAnswer:
    """Tell somebody of a vehicle's alerts, or somebody else under the same id.

    Only the vehicle's owner may: alerts may say where it is, and go on when a share is over.
    """
    find = partial(queries.get_vehicle, vehicle_id=call.id)
    vehicle = await context.store.database.read(find)
    kind = context.channels.types.get(body.type)
    by_operator = _is_operator(call.caller)
    if kind is not None and not (kind.is_for_apps or by_operator):
        text = (
            f"Only an administrator may subscribe by {body.type}: it makes the server call others"
        )
        raise ApiError(403, text, "not_admin")
    desk, key = context.channels, body.key.strip()
    try:
        await desk.put(vehicle, channel_id, body.type, key, by_operator=by_operator)
    except TooManyAddresses as error:
        raise ApiError(429, "The vehicle has had too many new addresses", wait=error.wait) from None
    except SubscriptionRefused as refused:
        reason = str(refused)
        raise ApiError(422, reason[:1].upper() + reason[1:]) from None
    audit(context, call.caller, "channel.put", vehicle_id=call.id, detail=body.type)
    return _answer(context, await _find(context, call.id, channel_id))


@router.delete("/vehicles/{vehicle_id}/channels/{channel_id}", status_code=204)
async def remove_channel(channel_id: ChannelId, call: ManageCall, context: Context) -> None:
    """Tell somebody no more of a vehicle's alerts; those that wait for them are dropped."""
    if channel_id == OWNER:
        text = "The owner is told where nobody else is: subscribe somebody else"
        raise ApiError(409, text, "owner_channel")
    if not await context.channels.end(call.id, channel_id):
        raise _no_channel()
    audit(context, call.caller, "channel.remove", vehicle_id=call.id)


@router.post("/vehicles/{vehicle_id}/channels/{channel_id}/test")
async def test_channel(channel_id: ChannelId, call: ManageCall, context: Context) -> TrialAnswer:
    """Send a test alert now, and wait for what becomes of it: up to 45 seconds.

    An account has five at once, then one in ten minutes (429).
    """
    subscription = await _find(context, call.id, channel_id)
    wait = context.channels.take_test(call.caller.login.owner_id)
    if wait:
        raise ApiError(429, "Too many tests", wait=wait)
    reason = await context.channels.test(subscription)
    audit(context, call.caller, "channel.test", vehicle_id=call.id, detail=subscription.push_type)
    return TrialAnswer(is_delivered=reason is None, reason=reason)


async def _find(context: Context, vehicle_id: str, channel_id: str) -> Subscription:
    for each in await context.channels.list(vehicle_id):
        if each.app_id == channel_id:
            return each
    raise _no_channel()


def _no_channel() -> ApiError:
    return ApiError(404, "The vehicle has no such channel", "no_channel")


def _is_operator(caller: ApiCaller) -> bool:
    return caller.login.admin and allows(caller.login.permit, ADMIN_RIGHT)


def _answer(context: Context, each: Subscription) -> ChannelAnswer:
    state = "active" if each.failing is None else "failing"
    if each.push_type not in context.channels.channels:
        state = "waiting"
    return ChannelAnswer(
        id=each.app_id,
        type=each.push_type,
        key=masked(context.channels.types.get(each.push_type), each.key),
        state=cast("Literal['active', 'failing', 'waiting']", state),
        failing=None if each.failing is None else time_of(each.failing),
        created=time_of(each.created),
        changed=time_of(each.changed),
    )
