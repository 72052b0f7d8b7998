"""What the calls of each subject are made with: answers, paths, pages and streams."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import msgspec

from ovms.app.api.errors import TryLater
from ovms.app.api.link import ApiLink, Query, decode, segment
from ovms.app.api.sse import EventParser, ServerEvent
from ovms.app.errors import ConnectFailed, ConnectionLost, Error, NoAnswer, Untrusted
from ovms.base.backoff import Backoff

LONGEST_WAIT: Final = 30.0
"""Seconds between two tries to follow events, at most, unless the server wants more."""

T = TypeVar("T")

OnLost = Callable[[Error, float], None]


class ApiModel(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer holds. Fields that a newer server adds are passed over."""


class ApiCalls:
    """Makes calls; each subject's class has the methods for its own."""

    def __init__(self, link: ApiLink) -> None:
        self._link = link

    async def _items(self, path: str, kind: type[T], query: Query) -> AsyncGenerator[T, None]:
        """Yield the rows of a list, page by page."""
        after: str | None = None
        while True:
            page = await self._link.ask("GET", path, _Page, query=query | {"after": after})
            for item in decode(page.items, list[kind]):  # type: ignore[valid-type]
                yield item
            if page.next is None:
                return
            if page.next == after:
                raise ConnectFailed("the server answers with the same page again and again")
            after = page.next

    async def _mailed(self, path: str, body: object = None) -> str:
        """Make a call that mails something; return what it says, a sentence for people."""
        return (await self._link.ask("POST", path, _Mailed, body=body)).message

    async def _parts(
        self, path: str, query: Query, *, accept: str = "*/*"
    ) -> AsyncGenerator[bytes, None]:
        """Yield an answer in parts as they come, however long it is."""
        headers = {"accept": accept}
        async with self._link.open("GET", path, query=query, headers=headers) as answer:
            async for part in answer.aiter_bytes():
                yield part

    async def _stream(
        self, path: str, query: Query, on_lost: OnLost | None
    ) -> AsyncGenerator[ServerEvent, None]:
        """Yield the events of a stream, across lost connections, without end."""
        backoff = Backoff(most=LONGEST_WAIT, random=random.Random())  # noqa: S311
        parser = EventParser()
        while True:
            parser = EventParser(parser.last_id)
            try:
                async with aclosing(self._listen(path, query, parser)) as events:
                    async for event in events:
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
            await self._link.sleep(wait)

    async def _listen(
        self, path: str, query: Query, parser: EventParser
    ) -> AsyncGenerator[ServerEvent, None]:
        """Yield the events of one connection."""
        headers = {"accept": "text/event-stream"}
        if parser.last_id:
            headers["last-event-id"] = parser.last_id
        async with self._link.open("GET", path, query=query, headers=headers) as answer:
            async for data in answer.aiter_bytes():
                for event in parser.feed(data):
                    yield event


class _Page(msgspec.Struct):
    items: msgspec.Raw
    next: str | None = None


class _Mailed(msgspec.Struct):
    message: str


def vehicle_path(vehicle_id: str, rest: str = "") -> str:
    """Return the path of a vehicle, or of something of it."""
    return f"/vehicles/{segment(vehicle_id)}{rest}"


def span(since: datetime | None, until: datetime | None) -> Query:
    """Return a span as the API reads it: behind ``since``, and up to ``until``."""
    return {"since": time_text(since), "until": time_text(until)}


def time_text(time: datetime | None) -> str | None:
    """Return a time as the API reads it; one without a zone is this machine's."""
    return None if time is None else time.astimezone(UTC).isoformat()


def given(**fields: Any) -> dict[str, Any]:
    """Return those fields of a change that were given, ``None`` too."""
    return {
        name: time_text(value) if isinstance(value, datetime) else value
        for name, value in fields.items()
        if value is not msgspec.UNSET
    }
