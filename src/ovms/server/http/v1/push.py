"""``/account/push``: the browsers and phones that alerts are pushed to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

from fastapi import Path
from pydantic import Field

from ovms.server.http.v1.audit import audit
from ovms.server.http.v1.callers import AccountCall, Context
from ovms.server.http.v1.channels import TrialAnswer
from ovms.server.http.v1.errors import ApiError
from ovms.server.http.v1.models import ApiAnswer, CallBody, Time, time_of
from ovms.server.http.v1.routing import make_router
from ovms.server.notify.keys import KEY_LIMIT, key_problem
from ovms.server.notify.push import push_channel, push_key
from ovms.server.notify.push_keys import parse_target, subscription_text
from ovms.server.storage import push_devices
from ovms.server.storage.push_names import app_of
from ovms.server.values import Subscription

if TYPE_CHECKING:
    from ovms.server.http.context import HttpContext
    from ovms.server.http.v1.callers import ApiCaller
    from ovms.server.notify.channels.webpush import WebPushChannel
    from ovms.server.values import PushDevice

router = make_router("channels")

DeviceId = Annotated[int, Path(ge=1, le=2**63 - 1, description="Its `id`.")]


class PushDeviceAnswer(ApiAnswer):
    """A browser or phone that the account's alerts are pushed to."""

    id: int
    name: str
    """What its owner calls it; may be empty."""
    service: str
    """The host of its push service."""
    created: Time
    changed: Time
    """When it was last renewed."""


class PushAnswer(ApiAnswer):
    """How this server pushes, and to which of the account's devices."""

    key: str | None
    """The public key of the server, which a browser calls `applicationServerKey`; null if the
    server does not push."""
    devices: list[PushDeviceAnswer]
    """The one that was renewed last comes first."""


class PushKeysBody(CallBody):
    """The keys of a device."""

    p256dh: str = Field(max_length=128)
    """Its public key, in base64url."""
    auth: str = Field(max_length=64)
    """The secret that it shares with whoever may push to it, in base64url."""


class PushBody(CallBody):
    """A browser's `PushSubscription` as `toJSON()` returns it, or an endpoint of UnifiedPush."""

    endpoint: str = Field(max_length=KEY_LIMIT)
    """Where the push service takes messages: an `https` URL."""
    keys: PushKeysBody
    expirationTime: float | None = None  # noqa: N815 (the browsers' word)
    """What a browser says when it ends; not needed."""
    name: str = Field(default="", max_length=64)
    """What to call the device, as `Firefox on Android`."""


@router.get("/account/push")
async def get_push(caller: AccountCall, context: Context) -> PushAnswer:
    """Return the key by which a browser subscribes, and the devices that alerts are pushed to."""
    devices = [_answer(each) for each in await _devices(context, caller)]
    return PushAnswer(key=push_key(context.channels.channels), devices=devices)


@router.post("/account/push")
async def put_push_device(
    body: PushBody, caller: AccountCall, context: Context
) -> PushDeviceAnswer:
    """Push alerts to a device, of all vehicles that the account may see; or renew it.

    A device is known by its endpoint. Alerts of a vehicle that is shared without `location` leave
    out where it is. An account has 20 devices; past it the one that was renewed longest ago goes.
    """
    channel = _channel(context)
    key = subscription_text(body.endpoint, body.keys.p256dh, body.keys.auth)
    problem = key_problem(type(channel), key) or channel.refusal(parse_target(key))
    if problem or not (body.name.isprintable() or not body.name):
        reason = problem or "the name cannot be printed"
        raise ApiError(422, reason[:1].upper() + reason[1:])
    owner_id, now = caller.login.owner_id, context.clock.time()
    put = partial(
        push_devices.put_device, owner_id=owner_id, key=key, name=body.name.strip(), now=now
    )
    device = await context.store.database.write(put)
    audit(context, caller, "push.put", detail=parse_target(key).host)
    return _answer(device)


@router.delete("/account/push/{device_id}", status_code=204)
async def remove_push_device(device_id: DeviceId, caller: AccountCall, context: Context) -> None:
    """Push no more to a device; what waits for it is dropped."""
    remove = partial(push_devices.remove_device, number=device_id, owner_id=caller.login.owner_id)
    if not await context.store.database.write(remove):
        raise _no_device()
    audit(context, caller, "push.remove")


@router.post("/account/push/{device_id}/test")
async def test_push_device(
    device_id: DeviceId, caller: AccountCall, context: Context
) -> TrialAnswer:
    """Push a test alert now, and wait until the push service has it: up to 45 seconds.

    An account has five tests at once, then one in ten minutes (429).
    """
    device = next((e for e in await _devices(context, caller) if e.id == device_id), None)
    if device is None:
        raise _no_device()
    wait = context.channels.take_test(caller.login.owner_id)
    if wait:
        raise ApiError(429, "Too many tests", wait=wait)
    app_id, push_type = app_of(device.id), push_devices.WEBPUSH
    subscription = Subscription(
        "", app_id, push_type, "", device.key, "", device.created, device.changed, None, 0
    )
    reason = await context.channels.test(subscription)
    audit(context, caller, "push.test")
    return TrialAnswer(is_delivered=reason is None, reason=reason)


def _channel(context: HttpContext) -> WebPushChannel:
    channel = push_channel(context.channels.channels)
    if channel is None or channel.vapid is None:
        raise ApiError(409, "The server does not push", "no_push")
    return channel


async def _devices(context: HttpContext, caller: ApiCaller) -> list[PushDevice]:
    query = partial(push_devices.list_devices, owner_id=caller.login.owner_id)
    return await context.store.database.read(query)


def _no_device() -> ApiError:
    return ApiError(404, "The account has no such device", "no_device")


def _answer(device: PushDevice) -> PushDeviceAnswer:
    return PushDeviceAnswer(
        id=device.id,
        name=device.name,
        service=parse_target(device.key).host,
        created=time_of(device.created),
        changed=time_of(device.changed),
    )
