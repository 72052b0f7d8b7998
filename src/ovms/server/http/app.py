"""The application that answers all calls: routes, errors, paths and headers.

What is no call may be a page of the web app (:mod:`ovms.server.http.pages`); else it is answered
with 404, another method than a call's own too, as the field does. Every
answer may be read by scripts of any web page; their browser's question beforehand (CORS preflight)
is answered without credentials.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from ovms.base.failures import FailureLog
from ovms.base.logs import get_logger
from ovms.server.http import brokers
from ovms.server.http.answers import text_answer
from ovms.server.http.errors import CallFailed
from ovms.server.http.field import commands, cookie, data, history, tokens, vehicles
from ovms.server.http.monitor.requests import RequestCounts
from ovms.server.http.pages import WebPages
from ovms.server.http.v1.gateway import ApiGateway

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
    return HttpApp(
        [*further, *_routes(context)],
        context.requests,
        ApiGateway(context),
        WebPages(context.web),
    )


class HttpApp:
    """Answers each call by its route, and whatever else comes."""

    def __init__(
        self,
        routes: Sequence[Route],
        counts: RequestCounts | None = None,
        gateway: ApiGateway | None = None,
        pages: WebPages | None = None,
    ) -> None:
        self._counts = counts or RequestCounts()
        self._gateway = gateway
        self._pages = pages
        self._routes = RouteIndex(routes)
        self._failures = FailureLog(log, "unexpected error; the call is answered with 500")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call (ASGI)."""
        if scope["type"] != "http":
            return
        scope = {**scope, "path": tidy(scope["path"]), "app": self}
        if self._gateway is not None and self._gateway.takes(scope["path"]):
            await self._pass_on(self._gateway, scope, receive, send)
            return
        began = time.monotonic()
        try:
            response = await self._answer(scope, receive)
        except Exception as error:
            response = self._failure(scope, error)
        response.raw_headers.append(OPEN_TO_ALL)
        try:
            await response(scope, receive, send)
        finally:
            self._note(scope, response.status_code, began)

    async def _pass_on(
        self, gateway: ApiGateway, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Have a call answered by ``/api/v1``."""
        began, status = time.monotonic(), 0

        async def note(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await gateway(scope, receive, note)
        except Exception as error:
            if not status:  # else it was answered and logged, or its connection is closed
                status = 500
                await self._failure(scope, error)(scope, receive, send)
        finally:
            self._note(scope, status, began)

    def _note(self, scope: Scope, status: int, began: float) -> None:
        """Count a call that was answered, and log it at DEBUG."""
        seconds = time.monotonic() - began
        self._counts.note(scope["method"], route_of(scope), status, seconds)
        log.debug("call", method=scope["method"], route=route_of(scope), status=status,
                  peer=(scope["client"] or ("",))[0], ms=round(seconds * 1000))  # fmt: skip

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        """Return the answer to a call.

        Without Starlette's application, router and wrappers: they take a quarter of a call.
        """
        if scope["method"] == "OPTIONS":
            return _options(scope)
        try:
            route = self._routes.find(scope)
        except HTTPException:
            page = await self._pages.answer(scope) if self._pages is not None else None
            if page is None:
                raise
            if self._gateway is not None:
                self._gateway.prepare()  # the page calls it in a moment
            return page
        answered: Response = await route.endpoint(Request(scope, receive))
        return answered

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


class RouteIndex:
    """Finds the route of a call by the first parts of its path, then by its pattern."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes: dict[str, list[Route]] = {}
        for route in routes:
            literal = next(start for start in _starts(route.path) if "{" not in start)
            self._routes.setdefault(literal, []).append(route)

    def find(self, scope: Scope) -> Route:
        """Return a call's route, and note it in the scope.

        Raises :class:`starlette.exceptions.HTTPException` (404).
        """
        for start in _starts(scope["path"]):
            for route in self._routes.get(start, ()):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    scope.update(found, route=route)
                    return route
        raise HTTPException(404)


def _starts(path: str) -> tuple[str, str, str]:
    """Return the first two parts of a path, the first, and what all begin with."""
    parts = path.split("/", 3)
    return "/".join(parts[:3]), "/".join(parts[:2]), ""


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
    modules = (data, vehicles, cookie, history, tokens, commands, brokers)
    return [route for module in modules for route in module.routes(context)]
