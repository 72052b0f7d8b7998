"""Calls about who is told of a vehicle's alerts, and by what."""

from __future__ import annotations

from datetime import datetime

from ovms.app.api.calls import ApiCalls, ApiModel, vehicle_path
from ovms.app.api.link import segment


class ApiChannelKind(ApiModel, frozen=True, kw_only=True):
    """A way by which this server can tell people of alerts."""

    type: str
    """Its name, as ``mail``."""
    key: str
    """What a key looks like; empty if nobody says."""
    is_active: bool
    """The server is set up to send by it. Otherwise what is subscribed waits."""
    is_allowed: bool
    """The caller may subscribe by it. Some make the server call any address: those are for
    administrators."""


class ApiChannel(ApiModel, frozen=True, kw_only=True):
    """Somebody who is told of a vehicle's alerts."""

    id: str
    """Its name among those of the vehicle; apps take an id of their own. ``owner`` is the owner's
    mail address, which is told where nobody else is."""
    type: str
    """One of ``GET /channels``."""
    key: str
    """Where the alerts go; of what may be a secret only a part."""
    state: str
    """``failing`` if the last delivery failed, ``waiting`` until the server can send by its
    type."""
    failing: datetime | None = None
    """Since when all deliveries have failed."""
    created: datetime
    changed: datetime
    """When it was last changed, or renewed by its app."""


class ApiTrial(ApiModel, frozen=True, kw_only=True):
    """What became of a test alert."""

    is_delivered: bool
    """The service has accepted it."""
    reason: str | None = None
    """Why it was not delivered."""


class ApiPushDevice(ApiModel, frozen=True, kw_only=True):
    """A browser or phone that the account's alerts are pushed to."""

    id: int
    name: str
    """What its owner calls it; may be empty."""
    service: str
    """The host of its push service."""
    created: datetime
    changed: datetime
    """When it was last renewed."""


class ApiPush(ApiModel, frozen=True, kw_only=True):
    """How the server pushes, and to which of the account's devices."""

    key: str | None = None
    """The public key of the server, which a browser calls ``applicationServerKey``; ``None`` if
    the server does not push."""
    devices: list[ApiPushDevice]
    """The one that was renewed last comes first."""


class ChannelCalls(ApiCalls):
    """Calls about channels."""

    async def channel_kinds(self) -> list[ApiChannelKind]:
        """Return by what the server can tell people of alerts."""
        return await self._link.ask("GET", "/channels", list[ApiChannelKind])

    async def channels(self, vehicle_id: str) -> list[ApiChannel]:
        """Return who is told of a vehicle's alerts."""
        return await self._link.ask("GET", vehicle_path(vehicle_id, "/channels"), list[ApiChannel])

    async def channel(self, vehicle_id: str, channel_id: str) -> ApiChannel:
        """Return one of those who are told."""
        return await self._link.ask("GET", _channel(vehicle_id, channel_id), ApiChannel)

    async def put_channel(
        self,
        vehicle_id: str,
        channel_id: str,
        type: str,  # noqa: A002 (the API's word)
        key: str,
    ) -> ApiChannel:
        """Tell somebody of a vehicle's alerts, or somebody else under the same id."""
        body = {"type": type, "key": key}
        return await self._link.ask("PUT", _channel(vehicle_id, channel_id), ApiChannel, body=body)

    async def remove_channel(self, vehicle_id: str, channel_id: str) -> None:
        """Tell somebody no more."""
        await self._link.read("DELETE", _channel(vehicle_id, channel_id))

    async def test_channel(self, vehicle_id: str, channel_id: str) -> ApiTrial:
        """Send a test alert, and return what became of it: up to 45 seconds later."""
        return await self._link.ask("POST", f"{_channel(vehicle_id, channel_id)}/test", ApiTrial)

    async def push(self) -> ApiPush:
        """Return the key by which a browser subscribes, and the devices alerts are pushed to."""
        return await self._link.ask("GET", "/account/push", ApiPush)

    async def put_push_device(
        self, endpoint: str, p256dh: str, auth: str, name: str = ""
    ) -> ApiPushDevice:
        """Push alerts to a device, or renew it: what a ``PushSubscription`` says, and its name."""
        keys = {"p256dh": p256dh, "auth": auth}
        body = {"endpoint": endpoint, "keys": keys, "name": name}
        return await self._link.ask("POST", "/account/push", ApiPushDevice, body=body)

    async def remove_push_device(self, device_id: int) -> None:
        """Push no more to a device."""
        await self._link.read("DELETE", f"/account/push/{device_id}")

    async def test_push_device(self, device_id: int) -> ApiTrial:
        """Push a test alert now; return what became of it."""
        return await self._link.ask("POST", f"/account/push/{device_id}/test", ApiTrial)


def _channel(vehicle_id: str, channel_id: str) -> str:
    return vehicle_path(vehicle_id, f"/channels/{segment(channel_id)}")
