"""The application that answers all calls: routes, errors, paths and headers.

What is no call is answered with 404, another method than a call's own too, as the field does. Every
answer may be read by scripts of any web page; their browser's question beforehand (CORS preflight)
is answered without credentials.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Router

from ovms.base.failures import FailureLog
from ovms.base.logs import get_logger
from ovms.server.http import brokers
from ovms.server.http.answers import text_answer
from ovms.server.http.errors import CallFailed
from ovms.server.http.field import commands, cookie, data, history, tokens, vehicles
from ovms.server.http.monitor.requests import RequestCounts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starlette.routing import Route
    from starlette.types import Message, Receive, Scope, Send

    from ovms.server.http.context import HttpContext

METHODS: Final = "GET, HEAD, POST, PUT, DELETE, OPTIONS"

OPEN_TO_ALL: Final = (b"access-control-allow-origin", b"*")
"""The header of every answer."""

PREFLIGHT_AGE: Final = 86400
"""Seconds that a browser may remember the answer to its question beforehand."""

_SLASHES: Final = re.compile("/{2,}")

log = get_logger("ovms.http")


def make_app(context: HttpContext, further: Iterable[Route] = ()) -> HttpApp:
    """Return the application, with ``further`` routes of one's own."""
    return HttpApp([*further, *_routes(context)], context.requests)


class HttpApp:
    """Answers each call by its route, and whatever else comes."""

    def __init__(self, routes: Sequence[Route], counts: RequestCounts | None = None) -> None:
        self._counts = counts or RequestCounts()
        # Without Starlette's application around it: its layers take a tenth of a call.
        self._router = Router(routes, redirect_slashes=False)
        self._failures = FailureLog(log, "unexpected error; the call is answered with 500")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call (ASGI)."""
        if scope["type"] != "http":
            return
        scope = {**scope, "path": tidy(scope["path"]), "app": self}
        began, status = time.monotonic(), 0

        async def send_open(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), OPEN_TO_ALL]}
            await send(message)

        answer = _options(scope) if scope["method"] == "OPTIONS" else self._router
        try:
            await answer(scope, receive, send_open)
        except Exception as error:
            failure = self._failure(scope, error)
            if not status:  # else the answer has begun, and its connection is closed
                await failure(scope, receive, send_open)
        seconds = time.monotonic() - began
        self._counts.note(scope["method"], route_of(scope), status, seconds)
        log.debug("call", method=scope["method"], route=route_of(scope), status=status,
                  peer=(scope["client"] or ("",))[0], ms=round(seconds * 1000))  # fmt: skip

    def _failure(self, scope: Scope, error: Exception) -> Response:
        """Return the answer to a call that failed; log it if nobody has foreseen it."""
        if isinstance(error, CallFailed):
            return text_answer(str(error), error.status, error.wait)
        if isinstance(error, HTTPException):
            is_unknown = error.status_code in (404, 405)
            text, status = ("Not found", 404) if is_unknown else (error.detail, error.status_code)
            return text_answer(text, status)
        self._failures.failed(route_of(scope), error, method=scope["method"])
        return text_answer("Internal server error", 500)


def tidy(path: str) -> str:
    """Return a path without double and trailing slashes: clients of the field send both."""
    if "//" in path or path.endswith("/"):
        return _SLASHES.sub("/", path).rstrip("/") or "/"
    return path or "/"


def route_of(scope: Scope) -> str:
    """Return the pattern of a call's path; the path itself may hold a token."""
    return str(getattr(scope.get("route"), "path", "none"))


def _options(scope: Scope) -> Response:
    """Return the answer to a browser that asks what it may send."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    answer = {"allow": METHODS}
    if b"access-control-request-method" in headers:
        answer = {
            "access-control-allow-methods": METHODS,
            "access-control-allow-headers": headers.get(b"access-control-request-headers", "*"),
            "access-control-max-age": str(PREFLIGHT_AGE),
        }
    return Response(status_code=204, headers=answer)


def _routes(context: HttpContext) -> list[Route]:
    # Starlette tries them in this order: the calls that pollers make come first.
    modules = (data, vehicles, cookie, history, tokens, commands, brokers)
    return [route for module in modules for route in module.routes(context)]
