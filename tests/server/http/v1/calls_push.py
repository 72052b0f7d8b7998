from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.notify.channels.webpush import WebPushChannel, WebPushSettings
from ovms.server.notify.vapid import VapidKey, make_vapid_key
from tests.server.http.v1.cases import Case, Need
from tests.server.notify.devices import Browser

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

VAPID = VapidKey(make_vapid_key(), "mailto:ops@example.org")


def switch_on(v1: ApiSite, *, private: bool = False) -> WebPushChannel:
    """Have the site push."""
    channel = WebPushChannel(WebPushSettings(private=private))
    channel.vapid = VAPID
    v1.http.channels.channels = {**v1.http.channels.channels, "webpush": channel}
    return channel


def _on(v1: ApiSite) -> dict[str, str]:
    switch_on(v1)
    return {}


CALLS = {
    "GET /account/push": Case(Need.ACCOUNT),
    "POST /account/push": Case(
        Need.ACCOUNT,
        prepare=_on,
        request={"json": Browser("https://push.example.org/x").subscription},
    ),
    "DELETE /account/push/{device_id}": Case(Need.ACCOUNT, {"device_id": "1"}),
    "POST /account/push/{device_id}/test": Case(Need.ACCOUNT, {"device_id": "1"}),
}
