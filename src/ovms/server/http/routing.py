"""Calls of owners: a path, and what answers it for whom."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from ovms.server.http.callers import HttpCaller
    from ovms.server.http.context import HttpContext

Handler = Callable[["HttpContext", "HttpCaller", "Request"], Awaitable["Response"]]
"""Answers the call of somebody who has been identified."""


def owner_call(
    context: HttpContext, path: str, handler: Handler, methods: Sequence[str] = ("GET",)
) -> Route:
    """Return the route of a call that only an owner may make."""

    async def answer(request: Request) -> Response:
        caller = await context.callers.identify(request)
        return await handler(context, caller, request)

    return Route(path, answer, methods=[*methods])
