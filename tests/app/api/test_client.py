from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ovms.app import ConnectionLost, Error
from ovms.app.api.client import ApiClient
from ovms.app.api.errors import ApiNotFound, TryLater
from ovms.app.api.link import ApiLink

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


def client_of(v1: ApiSite, owner: str = "bob", permit: str = "*") -> ApiClient:
    """Return a client of a site in this process."""
    link = ApiLink("http://server", v1.token(owner, permit), transport=v1.http.client._transport)
    return ApiClient(link)


def scripted(answer: Callable[[httpx.Request], httpx.Response], waits: list[float]) -> ApiClient:
    """Return a client of a server that answers so, and note for how long it waits."""

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    link = ApiLink("http://server", "x", transport=httpx.MockTransport(answer))
    return ApiClient(link, sleep=sleep)


async def test_vehicles(v1: ApiSite) -> None:
    """Vehicles come as they are; another's is not found."""
    client = client_of(v1)
    assert [each.id for each in await client.vehicles()] == ["CAR1", "CAR2"]
    assert await client.vehicle("car1") == (await client.vehicles())[0]
    with pytest.raises(ApiNotFound) as refused:
        await client.vehicle("CAR3")
    assert refused.value.code == "no_vehicle"


async def test_any_call(v1: ApiSite) -> None:
    """A call that has no method here can be made all the same."""
    [first, _] = await client_of(v1).call("GET", "/vehicles")
    assert first["id"] == "CAR1"


async def test_pages() -> None:
    """A list is read page by page, each asked for only when it is needed."""
    asked: list[dict[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        after = int(request.url.params.get("after", 0))
        page = {"items": [after, after + 1], "next": str(after + 2) if after < 4 else None}
        return httpx.Response(200, json=page)

    client = scripted(answer, [])
    async with aclosing(client._items("/x", int, {"since": "y"})) as items:
        assert await anext(items) == 0
        assert asked == [{"limit": "500", "since": "y"}]
        assert [each async for each in items] == [1, 2, 3, 4, 5]
    assert [each.get("after") for each in asked] == [None, "2", "4"]


async def test_events_go_on() -> None:
    """A stream that ends is asked for again behind the last event, after a wait."""
    answers: list[Any] = [
        httpx.Response(200, text="retry: 2500\nid: 7\ndata: a\n\nid: 8\ndata: half"),
        httpx.ReadError("lost"),
        httpx.Response(503, headers={"retry-after": "40"}, json={}),
        httpx.Response(200, text="data: b\n\n"),
    ]
    asked: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers.get("last-event-id"))
        given = answers.pop(0)
        if isinstance(given, Exception):
            raise given
        assert isinstance(given, httpx.Response)
        return given

    waits: list[float] = []
    lost: list[Error] = []
    client = scripted(answer, waits)
    async with aclosing(client._stream("/x", lambda error, _: lost.append(error))) as events:
        assert [(await anext(events)).data for _ in range(2)] == ["a", "b"]
    assert asked == [None, "8", "8", "8"]
    assert [type(each) for each in lost] == [ConnectionLost, ConnectionLost, TryLater]
    assert waits[0] == 2.5
    assert waits[2] == 40


async def test_events_of_nothing() -> None:
    """What trying again cannot help is raised."""
    client = scripted(lambda _: httpx.Response(404, json={}), [])
    with pytest.raises(ApiNotFound):
        await anext(client._stream("/x", None))
