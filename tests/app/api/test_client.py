from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from ovms.app import ConnectFailed, InvalidRequest, api
from tests.app.api.clients import client_of, scripted

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def test_any_call(v1: ApiSite) -> None:
    """A call that has no method here can be made all the same."""
    [first, _] = await client_of(v1).call("GET", "/vehicles")
    assert first["id"] == "CAR1"


async def test_any_answer() -> None:
    """An answer without a body is ``None``; one that is no JSON says so."""
    client = scripted(lambda _: httpx.Response(204), [])
    assert await client.call("DELETE", "/x") is None
    client = scripted(lambda _: httpx.Response(200, text="time,soc"), [])
    with pytest.raises(ConnectFailed, match="not this API"):
        await client.call("GET", "/x")


def test_a_token_in_a_file(tmp_path: Path) -> None:
    """A token is read from a file, which has to be there and to hold one."""
    file = tmp_path / "token"
    with pytest.raises(FileNotFoundError):
        api.connect("http://server", file)
    file.write_text(" \n")
    with pytest.raises(InvalidRequest):
        api.connect("http://server", file)
    file.write_text("abc\n")
    sent = api.connect("http://server", file)._link._client.headers["authorization"]
    assert sent == "Bearer abc"
