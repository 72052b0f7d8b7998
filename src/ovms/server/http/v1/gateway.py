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

    @staticmethod
    def takes(path: str) -> bool:
        """Return whether a path is one of these."""
        return path.startswith(PATHS) and any(
            path == each or path.startswith(f"{each}/") for each in PATHS
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call (ASGI)."""
        if self._app is None:
            async with self._lock:
                if self._app is None:
                    self._app = await asyncio.to_thread(self._make)

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                given = {name.lower() for name, _ in headers}
                more = [each for each in DEFAULT_HEADERS.items() if each[0] not in given]
                message = {**message, "headers": [*headers, *more]}
            await send(message)

        await self._app(scope, receive, send_safely)

    def _make(self) -> ASGIApp:
        from ovms.server.http.v1.app import make_v1

        return make_v1(self._context)
