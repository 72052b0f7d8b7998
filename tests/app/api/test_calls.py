from __future__ import annotations

from contextlib import aclosing
from typing import Any

import httpx
import pytest

from ovms.app import ConnectFailed, ConnectionLost, Error
from ovms.app.api.errors import ApiNotFound, TryLater
from tests.app.api.clients import scripted


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
        assert asked == [{"since": "y"}]
        assert [each async for each in items] == [1, 2, 3, 4, 5]
    assert [each.get("after") for each in asked] == [None, "2", "4"]


@pytest.mark.parametrize(
    "page", [{}, [], {"items": 1}, {"items": [{"x": 1}]}, {"items": [], "next": 1}]
)
async def test_wrong_pages(page: Any) -> None:
    """What is no page, or has other items, says so; without ``next`` it is the last."""
    client = scripted(lambda _: httpx.Response(200, json=page), [])
    with pytest.raises(ConnectFailed, match="not this API"):
        [each async for each in client._items("/x", int, {})]
    client = scripted(lambda _: httpx.Response(200, json={"items": [1], "new": 2}), [])
    assert [each async for each in client._items("/x", int, {})] == [1]


async def test_a_page_that_comes_again() -> None:
    """A list that would never end says so."""
    client = scripted(lambda _: httpx.Response(200, json={"items": [1], "next": "a"}), [])
    with pytest.raises(ConnectFailed, match="again and again"):
        [each async for each in client._items("/x", int, {})]


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
    async with aclosing(client._stream("/x", {}, lambda error, _: lost.append(error))) as events:
        assert [(await anext(events)).data for _ in range(2)] == ["a", "b"]
    assert asked == [None, "8", "8", "8"]
    assert [type(each) for each in lost] == [ConnectionLost, ConnectionLost, TryLater]
    assert waits[0] == 2.5
    assert waits[2] == 40


async def test_events_of_nothing() -> None:
    """What trying again cannot help is raised."""
    client = scripted(lambda _: httpx.Response(404, json={}), [])
    with pytest.raises(ApiNotFound):
        await anext(client._stream("/x", {}, None))
