"""Clients of the API for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from ovms.app.api.client import ApiClient
from ovms.app.api.link import ApiLink

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.server.http.v1.site import ApiSite


def client_of(v1: ApiSite, owner: str | None = "bob", permit: str = "*") -> ApiClient:
    """Return a client of a site in this process, with a token or nobody's."""
    token = None if owner is None else v1.token(owner, permit)
    return ApiClient(ApiLink("http://server", token, transport=v1.http.client._transport))


def scripted(answer: Callable[[httpx.Request], httpx.Response], waits: list[float]) -> ApiClient:
    """Return a client of a server that answers so, and note for how long it waits."""

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    return ApiClient(
        ApiLink("http://server", "x", transport=httpx.MockTransport(answer), sleep=sleep)
    )
