from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ovms.server.notify.channels.webpush import (
    PAYLOAD_LIMIT,
    WebPushChannel,
    WebPushSettings,
    payload,
)
from ovms.server.notify.errors import Gone, NotDelivered
from ovms.server.notify.push_keys import parse_target
from ovms.server.notify.vapid import SIGNED_FOR, VapidKey, make_vapid_key
from tests.server.notify.devices import Browser, claims_of
from tests.server.notify.servers import NOTICE, HttpReceiver, Reply

if TYPE_CHECKING:
    from ovms.server.notify.channel import Notice

NOW = 1_700_000_000.0
VAPID = VapidKey(make_vapid_key(), "mailto:ops@example.org")
ALERT = replace(NOTICE, kind="A")


def channel(*, private: bool = True) -> WebPushChannel:
    """Return a channel with a key."""
    made = WebPushChannel(WebPushSettings(private=private), lambda: NOW)
    made.vapid = VAPID
    return made


def key_of(browser: Browser, **more: Any) -> str:
    """Return the key of a browser."""
    return json.dumps({**browser.subscription, **more})


async def push(server: HttpReceiver, notice: Notice = ALERT) -> Browser:
    """Push a notice to a browser of a server; return the browser."""
    browser = Browser(f"http://{server.url}/push/secret?a=b")
    sender = channel()
    try:
        await sender.send(key_of(browser), notice)
    finally:
        await sender.close()
    return browser


async def test_a_message(http_server: HttpReceiver) -> None:
    """The device can read it, nobody else; its push service sees who sends and how urgent it is."""
    http_server.replies = [Reply(201, b"")]
    browser = await push(http_server)
    (request,) = http_server.requests
    assert (request.method, request.path) == ("POST", "/push/secret?a=b")
    assert request.headers["host"] == http_server.url
    assert (request.headers["ttl"], request.headers["urgency"]) == ("86400", "high")
    assert b"MyCar" not in request.body
    assert browser.read(request) == {
        "id": "ovms-7-1000", "kind": "A", "vehicle": "MyCar", "title": "Open Vehicles MyCar",
        "text": "Tür offen ⚡\nzweite", "time": 1000, "url": "/cars/MyCar/alerts",
    }  # fmt: skip
    claims = claims_of(request, VAPID.public)
    assert claims == {
        "aud": f"http://{http_server.url}", "exp": NOW + SIGNED_FOR,
        "sub": "mailto:ops@example.org",
    }  # fmt: skip


async def test_kinds(http_server: HttpReceiver) -> None:
    """Information waits for the phone to wake up; a test is soon of no use."""
    http_server.replies = [Reply(200, b"")]
    for kind in ("I", "E", ""):
        await push(http_server, replace(NOTICE, kind=kind))
    seen = [(each.headers["urgency"], each.headers["ttl"]) for each in http_server.requests]
    assert seen == [("normal", "14400"), ("high", "86400"), ("high", "300")]


def test_a_long_alert() -> None:
    """A text is cut until the message fits, whatever its letters take."""
    made = payload(replace(ALERT, body="\U0001f697\n" * 2000))
    assert PAYLOAD_LIMIT / 2 < len(made) <= PAYLOAD_LIMIT
    assert json.loads(made)["text"].endswith("…")


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, Gone), (410, Gone), (301, NotDelivered), (400, NotDelivered), (413, NotDelivered),
     (429, NotDelivered), (500, NotDelivered), (503, NotDelivered)],
)  # fmt: skip
async def test_refused(http_server: HttpReceiver, status: int, error: type[Exception]) -> None:
    """A device that is gone ends; all else is tried again, and no answer is followed elsewhere."""
    http_server.replies = [Reply(status, b"x" * 1000)]
    with pytest.raises(NotDelivered) as caught:
        await push(http_server)
    assert type(caught.value) is error
    assert "secret" not in str(caught.value)


async def test_no_server(http_server: HttpReceiver) -> None:
    """A push service that is down is named without the endpoint."""
    await http_server.down()
    with pytest.raises(NotDelivered, match="cannot be reached: ConnectError"):
        await push(http_server)


async def test_nothing_private_is_called(http_server: HttpReceiver) -> None:
    """What is not of the Internet is not called, by whatever name, unless a setting allows it."""
    port = http_server.port
    for endpoint, reason in (
        (f"http://127.0.0.1:{port}/", "by https"),
        (f"https://127.0.0.1:{port}/", "private address"),
        (f"https://[::ffff:127.0.0.1]:{port}/", "private address"),
        (f"https://localhost:{port}/", "private address"),
        (f"https://0x7f.1:{port}/", "private address|not known"),
    ):
        sender = channel(private=False)
        with pytest.raises(NotDelivered, match=reason):
            await sender.send(key_of(Browser(endpoint)), ALERT)
        await sender.close()
    assert http_server.requests == []


async def test_without_a_key() -> None:
    """Nothing is sent before the server has its key."""
    sender = WebPushChannel(WebPushSettings())
    with pytest.raises(NotDelivered, match="no key"):
        await sender.send(key_of(Browser("https://push.example.org/")), ALERT)


def test_what_is_known_of_a_key() -> None:
    """A device is known by its endpoint; only the push service's host is shown."""
    key = key_of(Browser("https://push.example.org/secret"))
    assert WebPushChannel.key_problem(key) is None
    assert WebPushChannel.receiver(key) == "https://push.example.org/secret"
    assert WebPushChannel.mask(key) == "push.example.org"
    assert "secret" not in repr(parse_target(key))


GOOD = Browser("https://push.example.org/").subscription["keys"]


@pytest.mark.parametrize(
    "wrong",
    [{"endpoint": "push.example.org"}, {"endpoint": "ftp://push.example.org/"},
     {"endpoint": "https://"}, {"endpoint": "https://bob:pw@push.example.org/"},
     {"endpoint": "https://push.example.org:99999/"}, {"endpoint": "https://a b/"},
     {"endpoint": "https://[::1/"}, {"endpoint": "https://pü.example/"}, {"endpoint": 7},
     {"keys": {}}, {"keys": GOOD | {"auth": "AAAA"}}, {"keys": GOOD | {"auth": "*" * 22}},
     {"keys": GOOD | {"p256dh": GOOD["auth"]}}, {"keys": GOOD | {"p256dh": "A" * 87}}],
)  # fmt: skip
def test_no_key(wrong: dict[str, Any]) -> None:
    """What nothing can be pushed to is no key; what is wrong is said without repeating it."""
    problem = WebPushChannel.key_problem(key_of(Browser("https://push.example.org/x"), **wrong))
    assert problem
    assert "example" not in problem
