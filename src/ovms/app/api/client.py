"""The API of a server, a method a call."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from ovms.app.api.errors import TryLater
from ovms.app.api.link import CALL_TIMEOUT, ApiLink, Query, segment
from ovms.app.api.models import ApiVehicle
from ovms.app.api.sse import EventParser, ServerEvent
from ovms.app.errors import ConnectFailed, ConnectionLost, Error, NoAnswer, Untrusted
from ovms.base.backoff import Backoff

PAGE_SIZE = 500
"""Rows that are asked for at a time."""

LONGEST_WAIT = 30.0
"""Seconds between two tries to follow events, at most, unless the server wants more."""

T = TypeVar("T")

Sleep = Callable[[float], Awaitable[None]]
OnLost = Callable[[Error, float], None]


def connect(
    url: str,
    token: str | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    timeout: float = CALL_TIMEOUT,
) -> ApiClient:
    """Return a client of the server at ``https://HOST:PORT``, to be used in ``async with``.

    The server's certificate must verify: by the machine's roots, or by ``tls``
    (:func:`ovms.app.tls_context`). Raises :class:`InvalidRequest`; nothing is sent yet.
    """
    return ApiClient(ApiLink(url, token, tls, timeout))


class ApiClient:
    """A server's API. Methods raise :class:`ApiRefused` and :class:`NetError`."""

    def __init__(self, link: ApiLink, *, sleep: Sleep = asyncio.sleep) -> None:
        self._link = link
        self._sleep = sleep

    async def close(self) -> None:
        """Close its connections. May be called again."""
        await self._link.close()

    async def __aenter__(self) -> Self:
        """Use the API."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close its connections."""
        await self.close()

    async def call(
        self, method: str, path: str, *, query: Query | None = None, body: object = None
    ) -> Any:
        """Make any call, its path behind ``/api/v1``; return its answer as JSON or ``None``."""
        answer = await self._link.read(method, path, query=query, body=body)
        return msgspec.json.decode(answer) if answer else None

    # -- vehicles ---------------------------------------------------------------------------

    async def vehicles(self) -> list[ApiVehicle]:
        """Return the vehicles that the caller may see."""
        return await self._link.ask("GET", "/vehicles", list[ApiVehicle])

    async def vehicle(self, vehicle_id: str) -> ApiVehicle:
        """Return one vehicle."""
        return await self._link.ask("GET", f"/vehicles/{segment(vehicle_id)}", ApiVehicle)

    # -- how pages and events are read ------------------------------------------------------

    async def _items(self, path: str, kind: type[T], query: Query) -> AsyncGenerator[T, None]:
        """Yield the rows of a list, page by page."""
        after: str | None = None
        while True:
            asked = {"limit": PAGE_SIZE} | query | {"after": after}
            page = await self._link.ask("GET", path, _Page, query=asked)
            for item in msgspec.json.decode(page.items, type=list[kind]):  # type: ignore[valid-type]
                yield item
            after = page.next
            if after is None:
                return

    async def _stream(self, path: str, on_lost: OnLost | None) -> AsyncGenerator[ServerEvent, None]:
        """Yield the events of a stream, across lost connections, without end."""
        backoff = Backoff(most=LONGEST_WAIT, random=random.Random())  # noqa: S311
        parser = EventParser()
        while True:
            parser = EventParser(parser.last_id)
            try:
                async for event in self._listen(path, parser):
                    backoff.reset()
                    yield event
                error: Error = ConnectionLost("the stream of events has ended")
            except Untrusted:
                raise
            except (ConnectFailed, ConnectionLost, NoAnswer, TryLater) as caught:
                error = caught
            wait = backoff.next()
            wait = max(wait, parser.retry or 0.0, getattr(error, "retry_after", None) or 0.0)
            if on_lost is not None:
                on_lost(error, wait)
            await self._sleep(wait)

    async def _listen(self, path: str, parser: EventParser) -> AsyncIterator[ServerEvent]:
        """Yield the events of one connection."""
        headers = {"accept": "text/event-stream"}
        if parser.last_id:
            headers["last-event-id"] = parser.last_id
        async with self._link.open("GET", path, headers=headers) as answer:
            async for data in answer.aiter_bytes():
                for event in parser.feed(data):
                    yield event


class _Page(msgspec.Struct):
    items: msgspec.Raw
    next: str | None
