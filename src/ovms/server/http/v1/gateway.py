"""What passes calls on to ``/api/v1``, which is imported and built when the first comes.

FastAPI and pydantic take half a second and 20 MB: for nothing where nobody calls them.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from ovms.server.http.context import HttpContext

PATHS = ("/api/v1", "/docs")
"""What the paths of these calls begin with."""


DEFAULT_HEADERS = {
    b"cache-control": b"no-store",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
}
"""Headers of each answer that has no other of that name: what is private stays in no cache, and a
browser takes no answer for a page."""


class ApiGateway:
    """Passes calls on to ``/api/v1``."""

    def __init__(self, context: HttpContext) -> None:
        self._context = context
        self._app: ASGIApp | None = None
        self._lock = asyncio.Lock()
        self._preparing: asyncio.Task[ASGIApp] | None = None

    @staticmethod
    def takes(path: str) -> bool:
        """Return whether a path is one of these."""
        return path.startswith(PATHS) and any(
            path == each or path.startswith(f"{each}/") for each in PATHS
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call (ASGI)."""
        app = await self.ready()

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                given = {name.lower() for name, _ in headers}
                more = [each for each in DEFAULT_HEADERS.items() if each[0] not in given]
                message = {**message, "headers": [*headers, *more]}
            await send(message)

        await app(scope, receive, send_safely)

    def prepare(self) -> None:
        """Have it built for a call that is about to come: a page was asked for."""
        if self._app is None and self._preparing is None:
            self._preparing = asyncio.create_task(self.ready())

    @property
    def is_built(self) -> bool:
        """Whether the next call need not wait for it."""
        return self._app is not None

    async def ready(self) -> ASGIApp:
        """Return what answers the calls, built if need be."""
        if self._app is None:
            async with self._lock:
                if self._app is None:
                    self._app = await asyncio.to_thread(self._make)
        return self._app

    def _make(self) -> ASGIApp:
        from ovms.server.http.v1.app import make_v1

        return make_v1(self._context)
