from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ovms.server.http.v1 import passkeys as module
from tests.authenticator import Authenticator
from tests.server.http.v1.site import SESSION

if TYPE_CHECKING:
    import httpx

    from tests.server.http.v1.site import ApiSite

URL = "https://ovms.example"


async def register(v1: ApiSite, device: Authenticator, owner: str = "bob") -> httpx.Response:
    """Make a passkey of an owner."""
    object.__setattr__(v1.context, "public_url", URL)
    answer = await v1.call("POST /account/passkeys/options", owner, SESSION)
    assert answer.status_code == 200, answer.text
    body = {"name": "phone", "credential": device.create(answer.json()["public_key"])}
    return await v1.call("POST /account/passkeys", owner, SESSION, json=body)


def make_device() -> Authenticator:
    """Return an authenticator for the site's pages."""
    return Authenticator("ovms.example", URL)


async def test_a_passkey(v1: ApiSite) -> None:
    """A passkey is made, listed, noted in the audit trail, and removed."""
    made = await register(v1, make_device())
    assert made.status_code == 201, made.text
    listed = (await v1.call("GET /account/passkeys")).json()
    assert listed == [made.json()]
    assert (listed[0]["name"], listed[0]["last_used"]) == ("phone", None)
    call = f"DELETE /account/passkeys/{listed[0]['id']}"
    assert (await v1.call(call, "alice", SESSION)).status_code == 404
    assert (await v1.call(call, "bob", SESSION)).status_code == 204
    assert (await v1.call("GET /account/passkeys")).json() == []
    trail = (await v1.call("GET /account/audit", params={"action": "passkey"})).json()
    assert [each["action"] for each in trail["items"]] == ["passkey.remove", "passkey.add"]


async def test_twice(v1: ApiSite) -> None:
    """A credential is one passkey, whoever brings it again."""
    device = make_device()
    await register(v1, device)
    answer = await register(v1, device, "alice")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "passkey_exists")


async def test_a_wrong_one(v1: ApiSite) -> None:
    """A passkey that a page of another site has made is refused."""
    answer = await register(v1, Authenticator("ovms.example", "https://evil.example"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "wrong_passkey")


async def test_too_many(v1: ApiSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the limit none is asked for."""
    await register(v1, make_device())
    monkeypatch.setattr(module, "PASSKEY_LIMIT", 1)
    answer = await v1.call("POST /account/passkeys/options", "bob", SESSION)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "too_many_passkeys")


async def test_without_an_address(v1: ApiSite) -> None:
    """A server that does not know where its pages are has no passkeys."""
    answer = await v1.call("POST /account/passkeys/options", "bob", SESSION)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no_public_url")


async def test_a_proof_is_needed(v1: ApiSite) -> None:
    """A browser that was left open makes and removes none."""
    made = await register(v1, make_device())
    v1.clock.advance(700)
    for call in ("POST /account/passkeys/options", f"DELETE /account/passkeys/{made.json()['id']}"):
        answer = await v1.call(call, "bob", SESSION)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "proof_needed")
