"""A caller of server-sent events, in process, who reads what comes while it comes."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Message

    from tests.server.http.v1.site import ApiSite

READ_TIMEOUT = 10.0


@dataclass(frozen=True)
class SentEvent:
    """An event that came."""

    name: str
    content: dict[str, Any]
    id: int | None


class StreamReader:
    """What one call sends. ``reads`` may be cleared: then the caller reads nothing."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.is_over = False
        self.reads = asyncio.Event()
        self.reads.set()
        self._came = asyncio.Event()
        self._gone = asyncio.Event()
        self._has_body = True

    async def receive(self) -> Message:
        """Return the call's empty body, then its end."""
        if self._has_body:
            self._has_body = False
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take a part of the answer."""
        await self.reads.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.body += message["body"]
            self.is_over = not message["more_body"]
        self._came.set()

    def leave(self) -> None:
        """Hang up."""
        self._gone.set()

    async def next(self) -> SentEvent:
        """Return the next event, once it is there."""
        while b"\n\n" not in self.body:
            assert not self.is_over, "the stream is over"
            self._came.clear()
            async with asyncio.timeout(READ_TIMEOUT):
                await self._came.wait()
        text, _, self.body = self.body.partition(b"\n\n")
        lines = dict(line.split(": ", 1) for line in text.decode().split("\n"))
        if "event" not in lines:  # how long to wait before coming again
            return await self.next()
        number = int(lines["id"]) if "id" in lines else None
        return SentEvent(lines["event"], json.loads(lines["data"]), number)


@asynccontextmanager
async def stream(
    v1: ApiSite, path: str, owner: str | None = "bob", permit: str = "*"
) -> AsyncIterator[StreamReader]:
    """Make a call and yield what it sends; at the end the caller has hung up."""
    reader = StreamReader()
    path, _, query = path.partition("?")
    headers = [] if owner is None else [("authorization", f"Bearer {v1.token(owner, permit)}")]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "path": f"/api/v1{path}", "raw_path": f"/api/v1{path}".encode(), "root_path": "",
        "query_string": query.encode(), "client": ("192.0.2.7", 4000), "scheme": "http",
        "headers": [(name.encode(), value.encode()) for name, value in headers],
        "server": ("server", 80), "state": {},
    }  # fmt: skip
    task = asyncio.create_task(v1.http.app(scope, reader.receive, reader.send))
    try:
        yield reader
    finally:
        reader.leave()
        reader.reads.set()
        async with asyncio.timeout(READ_TIMEOUT):
            await task
