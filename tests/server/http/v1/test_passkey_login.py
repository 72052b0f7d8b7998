from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.authenticator import Authenticator
from tests.server.http.v1.site import SESSION
from tests.server.http.v1.test_passkeys import URL, make_device, register

if TYPE_CHECKING:
    import httpx

    from tests.server.http.v1.site import ApiSite


async def log_in(v1: ApiSite, device: Authenticator, **headers: str) -> httpx.Response:
    """Log in with a passkey."""
    options = (await v1.call("POST /session/passkey/options", None)).json()["public_key"]
    return await send(v1, device.sign(options), **headers)


async def send(v1: ApiSite, credential: dict[str, Any], **headers: str) -> httpx.Response:
    """Send what a browser answers."""
    body = {"credential": credential}
    answer = await v1.call("POST /session/passkey", None, json=body, headers=headers)
    v1.http.client.cookies.clear()
    return answer


async def actions(v1: ApiSite) -> list[str]:
    """Return what the audit trail has of log-ins, tokens' left out."""
    found = (await v1.call("GET /account/audit", params={"action": "login"})).json()["items"]
    return [each["action"] for each in found if each["action"] != "login.token"]


async def test_a_login(v1: ApiSite) -> None:
    """A passkey alone opens a session of its owner."""
    device = make_device()
    await register(v1, device)
    answer = await log_in(v1, device)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["owner"], answer.json()["means"]) == ("Bob", "passkey")
    cookie = answer.headers["set-cookie"].partition(";")[0]
    who = await v1.call("GET /session", None, headers={"cookie": cookie})
    assert who.json()["owner"] == "Bob"
    assert (await v1.call("GET /account/passkeys")).json()[0]["last_used"] is not None
    assert await actions(v1) == ["login.passkey"]


async def test_its_end(v1: ApiSite) -> None:
    """Sessions end with the passkey by which they began."""
    device = make_device()
    made = await register(v1, device)
    cookie = (await log_in(v1, device)).headers["set-cookie"].partition(";")[0]
    await v1.call(f"DELETE /account/passkeys/{made.json()['id']}", "bob", SESSION)
    who = await v1.call("GET /session", None, headers={"cookie": cookie})
    assert who.status_code == 401
    assert (await log_in(v1, device)).status_code == 401


async def test_a_replay(v1: ApiSite) -> None:
    """An answer that was overheard logs nobody in again."""
    device = make_device()
    await register(v1, device)
    options = (await v1.call("POST /session/passkey/options", None)).json()["public_key"]
    credential = device.sign(options)
    assert (await send(v1, credential)).status_code == 200
    answer = await send(v1, credential)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "wrong_passkey")
    assert await actions(v1) == ["login.failed", "login.passkey"]


async def test_another_owners(v1: ApiSite) -> None:
    """A passkey that claims to be another owner's logs nobody in."""
    bobs, alices = make_device(), make_device()
    await register(v1, bobs)
    await register(v1, alices, "alice")
    bobs.handle = alices.handle
    assert (await log_in(v1, bobs)).status_code == 401
    assert (await log_in(v1, alices)).json()["owner"] == "Alice"


async def test_a_copy(v1: ApiSite) -> None:
    """A counter that goes back is refused, and its owner sees it in the audit trail."""
    device = Authenticator("ovms.example", URL, sign_count=5)
    await register(v1, device)
    assert (await log_in(v1, device)).status_code == 200
    device.sign_count = 3
    assert (await log_in(v1, device)).status_code == 401
    assert await actions(v1) == ["login.passkey_copied", "login.passkey"]


async def test_from_elsewhere(v1: ApiSite) -> None:
    """A page of another site cannot have a browser log in."""
    device = make_device()
    await register(v1, device)
    answer = await log_in(v1, device, **{"sec-fetch-site": "cross-site"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "cross_site")


@pytest.mark.parametrize("change", [{}, {"rawId": "€"}, {"id": "AA"}, {"type": "x"}])
async def test_unknown_ones(v1: ApiSite, change: dict[str, str]) -> None:
    """A passkey that was never made, or what is none, logs nobody in."""
    device = make_device()
    if change:
        await register(v1, device)
    object.__setattr__(v1.context, "public_url", URL)
    options = (await v1.call("POST /session/passkey/options", None)).json()["public_key"]
    answer = await send(v1, device.sign(options) | change)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "wrong_passkey")


async def test_without_an_address(v1: ApiSite) -> None:
    """A server that does not know where its pages are has no passkeys."""
    answer = await v1.call("POST /session/passkey/options", None)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no_public_url")


async def test_unknown_ones_are_noted(v1: ApiSite) -> None:
    """Administrators see that somebody tries passkeys that nobody has."""
    credential = {
        "id": "AAAA", "rawId": "AAAA", "type": "public-key",
        "response": {"clientDataJSON": "AAAA"},
    }  # fmt: skip
    object.__setattr__(v1.context, "public_url", URL)
    await send(v1, credential)
    page = await v1.call("GET /admin/audit", "root", params={"action": "login.failed"})
    assert [each["detail"] for each in page.json()["items"]] == ["by a passkey"]
