"""What passes calls on to ``/api/v1``, which is imported and built when the first comes.

FastAPI and pydantic take half a second and 20 MB: for nothing where nobody calls them.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from ovms.server.http.context import HttpContext

PATHS = ("/api/v1", "/docs")
"""What the paths of these calls begin with."""


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
        await self._app(scope, receive, send)

    def _make(self) -> ASGIApp:
        from ovms.server.http.v1.app import make_v1

        return make_v1(self._context)
