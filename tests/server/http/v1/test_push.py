from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ovms.server.notify.desk import TESTS_AT_ONCE
from tests.server.http.v1.calls_push import VAPID, switch_on
from tests.server.http.v1.test_channels import refused
from tests.server.notify.devices import Browser
from tests.server.notify.servers import HttpReceiver

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite

PHONE = Browser("https://push.example.org/secret")


async def test_a_device(v1: ApiSite) -> None:
    """It is added, renewed, listed and removed; its endpoint is shown to nobody."""
    switch_on(v1)
    body = PHONE.subscription | {"name": "Firefox on Android"}
    made = await v1.call("POST /account/push", json=body)
    assert made.json() == {
        "id": 1, "name": "Firefox on Android", "service": "push.example.org",
        "created": "2023-11-14T22:13:20.000Z", "changed": "2023-11-14T22:13:20.000Z",
    }  # fmt: skip
    assert (await v1.call("POST /account/push", json=body)).json()["id"] == 1
    listed = await v1.call("GET /account/push")
    assert listed.json() == {"key": VAPID.public, "devices": [made.json()]}
    assert "secret" not in listed.text
    assert refused(await v1.call("DELETE /account/push/1", "alice")) == (404, "no_device")
    assert (await v1.call("DELETE /account/push/1")).status_code == 204
    assert refused(await v1.call("DELETE /account/push/1")) == (404, "no_device")


@pytest.mark.parametrize(
    "wrong",
    [{"endpoint": "http://push.example.org/"}, {"endpoint": "https://10.0.0.1/"},
     {"endpoint": "https://router/"}, {"endpoint": "https://push.example.org/" + "x" * 1024},
     {"keys": {"p256dh": "", "auth": ""}}, {"keys": None}, {"name": "a\nb"}, {"name": "x" * 65},
     {"more": 1}],
)  # fmt: skip
async def test_no_device(v1: ApiSite, wrong: dict[str, Any]) -> None:
    """What nothing may be pushed to is refused."""
    switch_on(v1)
    answer = await v1.call("POST /account/push", json=PHONE.subscription | wrong)
    assert refused(answer) == (422, "invalid")
    assert (await v1.call("GET /account/push")).json()["devices"] == []


async def test_a_server_that_does_not_push(v1: ApiSite) -> None:
    """It has no key, and takes no device."""
    assert (await v1.call("GET /account/push")).json() == {"key": None, "devices": []}
    answer = await v1.call("POST /account/push", json=PHONE.subscription)
    assert refused(answer) == (409, "no_push")


async def test_a_test(v1: ApiSite) -> None:
    """A test alert is pushed at once; there are some at once."""
    channel = switch_on(v1, private=True)
    async with HttpReceiver() as server:
        browser = Browser(f"http://{server.url}/x")
        made = (await v1.call("POST /account/push", json=browser.subscription)).json()
        call = f"POST /account/push/{made['id']}/test"
        assert refused(await v1.call("POST /account/push/9/test")) == (404, "no_device")
        assert refused(await v1.call(call, "alice")) == (404, "no_device")
        assert (await v1.call(call)).json() == {"is_delivered": True, "reason": None}
        said = browser.read(server.requests[0])
        assert (said["title"], said["url"], said["vehicle"]) == ("Open Vehicles", "/", None)
        await server.down()
        failed = (await v1.call(call)).json()
        assert not failed["is_delivered"]
        assert "cannot be reached" in failed["reason"]
    for _ in range(TESTS_AT_ONCE - 2):
        await v1.call(call)
    assert refused(await v1.call(call)) == (429, "too_many")
    await channel.close()
