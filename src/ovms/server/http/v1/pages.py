"""The pages about ``/api/v1``: its description for programs, and ``/docs`` for people.

Both are made with the first call for them, in a thread. ``/docs`` has no script and loads nothing
from any host; its policy (CSP) allows its own style and nothing else.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from base64 import b64encode
from functools import cached_property
from typing import TYPE_CHECKING, Final

from starlette.responses import Response
from starlette.routing import Route

from ovms.server.http.v1.docs_page import STYLE, page_of
from ovms.server.http.v1.routing import PREFIX

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request

DOCS: Final = "/docs"

DESCRIPTION: Final = f"{PREFIX}/openapi.json"

PAGE_AGE: Final = 300
"""Seconds that a browser may keep them."""

_STYLE_HASH: Final = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""What a browser may do with the page (Content-Security-Policy)."""


class ApiPages:
    """Answers the calls for the description and the page that shows it."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def routes(self) -> list[Route]:
        """Return their routes, which are no calls of the API."""
        return [
            Route(DESCRIPTION, self._describe, methods=["GET"]),
            Route(DOCS, self._show, methods=["GET"]),
        ]

    @cached_property
    def _description(self) -> bytes:
        return json.dumps(self._app.openapi(), ensure_ascii=False, separators=(",", ":")).encode()

    @cached_property
    def _page(self) -> bytes:
        return page_of(self._app.openapi(), DESCRIPTION).encode()

    async def _describe(self, _: Request) -> Response:
        body = await asyncio.to_thread(lambda: self._description)
        return Response(body, media_type="application/json", headers=_headers())

    async def _show(self, _: Request) -> Response:
        body = await asyncio.to_thread(lambda: self._page)
        headers = _headers() | {
            "content-security-policy": POLICY,
            "referrer-policy": "no-referrer",
            "x-frame-options": "DENY",
        }
        return Response(body, media_type="text/html", headers=headers)


def _headers() -> dict[str, str]:
    return {
        "cache-control": f"public, max-age={PAGE_AGE}",
        "x-content-type-options": "nosniff",
    }
