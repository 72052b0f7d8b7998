"""Web Push: browsers, phones, and distributors of UnifiedPush. The key is a ``PushSubscription``.

A message is encrypted for the device (RFC 8291), so its push service learns nothing of it but its
length and urgency. The packages under ``pywebpush`` encrypt and sign; httpx sends, since pywebpush
brings two more HTTP clients, and connects wherever it is told to.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import quote

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from ovms.protocol.records.alert import AlertKind
from ovms.server.alerts.text import shortened
from ovms.server.notify.channel import Channel, Notice
from ovms.server.notify.errors import Gone, NotDelivered
from ovms.server.notify.outward import is_private_literal, resolve
from ovms.server.notify.push_keys import PushTarget, parse_target

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from ovms.server.notify.vapid import VapidKey

WEBPUSH_TIMEOUT: Final = 20.0
"""Seconds for connecting, and again for the answer."""

PAYLOAD_LIMIT: Final = 3000
"""Bytes of a message before it is encrypted: push services take 4096 in all."""

ENDED: Final = (404, 410)
"""Answers of a push service that knows the device no more."""


@dataclass(frozen=True, slots=True)
class PushPriority:
    """How a push service is to deliver: at once even to a phone that saves power, how long."""

    urgency: str
    ttl: int
    """Seconds that it keeps a message for a device that is off."""


PRIORITIES: Final = {
    AlertKind.ALERT.value: PushPriority("high", 86400),
    AlertKind.ERROR.value: PushPriority("high", 86400),
    AlertKind.INFORMATION.value: PushPriority("normal", 4 * 3600),
}
"""By kind of alert."""

TRIAL: Final = PushPriority("high", 300)
"""Of a test: somebody waits for it."""


class WebPushSettings(BaseModel):
    """Settings in the table ``[channels.webpush]``."""

    model_config = ConfigDict(extra="forbid")

    private: bool = Field(
        default=False,
        description="Push to addresses that are not of the Internet, too, and there without TLS.",
    )
    contact: str | None = Field(
        default=None,
        pattern="^(mailto:[^@ ]+@[^@ ]+|https://[^ ]+)$",
        description="Where the operators of push services reach you: mailto:… or https://….",
    )


class WebPushChannel(Channel):
    """Posts encrypted messages to push services. It sends once :attr:`vapid` is set."""

    push_type: ClassVar = "webpush"
    key_hint = "a browser's PushSubscription as JSON"
    settings = WebPushSettings
    is_for_apps = True
    is_renewed = True

    def __init__(self, settings: WebPushSettings, clock: Callable[[], float] = time.time) -> None:
        self.contact = settings.contact
        self.vapid: VapidKey | None = None
        self._private = settings.private
        self._clock = clock
        self._client: httpx.AsyncClient | None = None

    @classmethod
    def key_problem(cls, key: str) -> str | None:
        """Return what is wrong with a subscription."""
        try:
            parse_target(key)
        except ValueError as error:
            return str(error)
        return None

    @classmethod
    def receiver(cls, key: str) -> str:
        """Return the endpoint: a device has one, whatever its keys."""
        return parse_target(key).endpoint

    @classmethod
    def mask(cls, key: str) -> str:
        """Return the push service's host; the rest of the endpoint is a secret."""
        return parse_target(key).host

    def refusal(self, target: PushTarget) -> str | None:
        """Return why nothing can be pushed to a device, as far as its address shows."""
        if self._private:
            return None
        if target.scheme != "https":
            return "the push service must be called by https"
        is_private = is_private_literal(target.host)
        return "the push service is at a private address" if is_private else None

    async def send(self, key: str, notice: Notice) -> None:
        """Push a message."""
        target = parse_target(key)
        if self.vapid is None:
            raise NotDelivered("the server has no key for push services yet")
        refused = self.refusal(target)
        if refused is not None:
            raise NotDelivered(refused)
        address = await resolve(target.host, target.port, allows_private=self._private)
        priority = PRIORITIES.get(notice.kind, TRIAL)
        headers = {
            "Host": target.netloc,
            "Authorization": self.vapid.authorization(target.endpoint, self._clock()),
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(priority.ttl),
            "Urgency": priority.urgency,
        }
        _check(await self._post(target, address, headers, target.encrypt(payload(notice))))

    async def _post(
        self, target: PushTarget, address: str, headers: dict[str, str], body: bytes
    ) -> int:
        """Post to the address that was looked at; return the answer's status."""
        import httpx  # only here: it takes a tenth of a second

        if self._client is None:  # only here: certificates are loaded
            # What calls for it by variables would resolve the name again.
            self._client = httpx.AsyncClient(timeout=WEBPUSH_TIMEOUT, trust_env=False)
        url = httpx.URL(target.endpoint).copy_with(host=address)
        names = {"sni_hostname": target.host}
        try:
            async with self._client.stream(
                "POST", url, headers=headers, content=body, extensions=names
            ) as answer:
                return answer.status_code  # the body may be of any length, and says nothing
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            reason = f"the push service cannot be reached: {type(error).__name__}"
            raise NotDelivered(reason) from None

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


def payload(notice: Notice) -> bytes:
    """Return what the device's service worker gets: JSON of :data:`PAYLOAD_LIMIT` at most."""
    facts: dict[str, Any] = {
        "id": notice.id,
        "kind": notice.kind,
        "vehicle": notice.vehicle_name or None,
        "title": notice.title,
        "text": notice.body,
        "time": int(notice.created),
        "url": f"/cars/{quote(notice.vehicle_name, safe='')}/alerts"
        if notice.vehicle_name
        else "/",
    }
    made = msgspec.json.encode(facts)
    length = len(notice.body)
    while len(made) > PAYLOAD_LIMIT and length > 1:
        length = length * 3 // 4
        facts["text"] = shortened(notice.body, length)
        made = msgspec.json.encode(facts)
    return made


def _check(status: int) -> None:
    """Raise :class:`NotDelivered` unless the push service has taken the message."""
    if status in ENDED:
        raise Gone("the push service does not know the device any more")
    if not 200 <= status < 300:
        raise NotDelivered(f"the push service answered {status}")
