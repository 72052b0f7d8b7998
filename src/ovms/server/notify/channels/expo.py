"""Expo's push service, for apps that are built with it. The key is the app's push token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, Field

from ovms.server.alerts.text import shortened
from ovms.server.notify.channel import Channel, Notice
from ovms.server.notify.errors import Gone, NotDelivered

if TYPE_CHECKING:
    import httpx

EXPO_TIMEOUT: Final = 20.0
"""Seconds for connecting, and again for the answer."""

BODY_LIMIT: Final = 800
"""Characters of a body: Expo accepts 4096 bytes in all, and a character has up to four."""

DEVICE_GONE: Final = "DeviceNotRegistered"


class ExpoSettings(BaseModel):
    """Settings of the server, at their top level."""

    expo_url: str = Field(
        default="https://exp.host/--/api/v2/push/send",
        description="Where alerts for Expo apps are posted.",
    )


class ExpoChannel(Channel):
    """Posts to Expo, and reads the ticket that comes back."""

    push_type = "expo"
    key_hint = "the push token of an app that is built with Expo"
    settings = ExpoSettings
    is_for_apps = True
    is_renewed = True

    def __init__(self, settings: ExpoSettings) -> None:
        self._url = settings.expo_url
        self._client: httpx.AsyncClient | None = None

    async def send(self, key: str, notice: Notice) -> None:
        """Post a message."""
        import httpx  # only here: it takes a tenth of a second

        if self._client is None:  # only here: certificates are loaded
            self._client = httpx.AsyncClient(timeout=EXPO_TIMEOUT)
        try:
            answer = await self._client.post(self._url, json=message(key, notice))
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise NotDelivered(f"Expo cannot be reached: {type(error).__name__}") from None
        check(answer)

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


def message(key: str, notice: Notice) -> dict[str, object]:
    """Return the message that Expo gets."""
    return {
        "to": key,
        "title": notice.title,
        "body": shortened(notice.body, BODY_LIMIT),
        "data": {"vehicleid": notice.vehicle_name},
        "sound": "default",
    }


def check(answer: httpx.Response) -> None:
    """Raise :class:`NotDelivered` unless the ticket says that the alert was accepted."""
    ticket = _ticket(answer)
    if answer.is_success and ticket.get("status") == "ok":
        return
    details = ticket.get("details")
    error = details.get("error") if isinstance(details, dict) else None
    if error == DEVICE_GONE:
        raise Gone("Expo does not know the device any more")
    # The text of the ticket contains the token.
    word = error if isinstance(error, str) and error.isalnum() else "no ticket"
    raise NotDelivered(f"Expo answered {answer.status_code}: {word}")


def _ticket(answer: httpx.Response) -> dict[str, Any]:
    """Return the ticket in an answer; an empty one if there is none."""
    try:
        found = answer.json()
    except ValueError:
        return {}
    data = found.get("data") if isinstance(found, dict) else None
    ticket = data[0] if isinstance(data, list) and data else data
    return ticket if isinstance(ticket, dict) else {}
