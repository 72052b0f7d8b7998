from __future__ import annotations

import json

import pytest

from ovms.server.notify.channel import Notice
from ovms.server.notify.channels.expo import BODY_LIMIT, ExpoChannel, ExpoSettings, message
from ovms.server.notify.errors import Gone, NotDelivered
from tests.server.notify.servers import NOTICE, HttpReceiver, Reply

TOKEN = "ExponentPushToken[abcdefghijklmnop]"


async def _send(server: HttpReceiver) -> None:
    channel = ExpoChannel(ExpoSettings(expo_url=f"http://{server.url}/push"))
    try:
        await channel.send(TOKEN, NOTICE)
    finally:
        await channel.close()


async def test_payload(http_server: HttpReceiver) -> None:
    """Expo gets what the app understands."""
    http_server.tickets({"status": "ok", "id": "1"})
    await _send(http_server)
    (request,) = http_server.requests
    assert (request.method, request.path) == ("POST", "/push")
    assert request.headers["content-type"] == "application/json"
    assert request.json == {
        "to": TOKEN,
        "title": "Open Vehicles MyCar",
        "body": "Tür offen ⚡\nzweite",
        "data": {"vehicleid": "MyCar"},
        "sound": "default",
    }


async def test_tickets_in_a_list(http_server: HttpReceiver) -> None:
    """A list of one ticket is as good."""
    http_server.replies = [Reply(200, b'{"data": [{"status": "ok"}]}')]
    await _send(http_server)


async def test_device_is_gone(http_server: HttpReceiver) -> None:
    """A device that Expo does not know ends the subscription; the reason does not tell it."""
    details = {"error": "DeviceNotRegistered"}
    http_server.tickets({"status": "error", "message": f"{TOKEN} is none", "details": details})
    with pytest.raises(Gone) as caught:
        await _send(http_server)
    assert "abcdef" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (200, '{"data": {"status": "error", "details": {"error": "MessageRateExceeded"}}}', "Rate"),
        (200, '{"data": {"status": "error", "message": "ExponentPushToken"}}', "200: no ticket"),
        (400, '{"errors": [{"code": "BAD"}]}', "400"),
        (429, "", "429"),
        (502, "<html>", "502"),
        (500, '{"data": {"status": "ok"}}', "500"),
        (200, "[]", "no ticket"),
        (200, '{"data": []}', "no ticket"),
        (200, '{"data": [7]}', "no ticket"),
    ],
)
async def test_not_delivered(
    http_server: HttpReceiver, status: int, body: str, reason: str
) -> None:
    """Anything but a good ticket is tried again."""
    http_server.replies = [Reply(status, body.encode())]
    with pytest.raises(NotDelivered, match=reason) as caught:
        await _send(http_server)
    assert not isinstance(caught.value, Gone)


async def test_no_server(http_server: HttpReceiver) -> None:
    """A service that is down, or an address that is invalid, is named as the reason."""
    await http_server.down()
    with pytest.raises(NotDelivered, match="cannot be reached"):
        await _send(http_server)
    channel = ExpoChannel(ExpoSettings(expo_url="http://["))
    with pytest.raises(NotDelivered, match="cannot be reached"):
        await channel.send(TOKEN, NOTICE)
    await channel.close()
    await channel.close()


def test_body_is_bounded() -> None:
    """Even with the longest characters, a message stays under what Expo takes."""
    for length in (BODY_LIMIT, BODY_LIMIT + 1):
        made = message(TOKEN, Notice("", "C" * 32, "T" * 50, "😀" * length, 0.0))
        assert len(str(made["body"])) == BODY_LIMIT
        assert len(json.dumps(made, ensure_ascii=False).encode()) < 4096
