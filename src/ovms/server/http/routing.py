"""Calls of owners: a path, and what answers it for whom."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from starlette.routing import Route

from ovms.server.http.bodies import fields_of
from ovms.server.http.callers import database_away
from ovms.server.http.errors import CallFailed
from ovms.server.storage.errors import StoreError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from ovms.server.http.callers import HttpCaller
    from ovms.server.http.context import HttpContext

Handler = Callable[["HttpContext", "HttpCaller", "Request"], Awaitable["Response"]]
"""Answers the call of somebody who has been identified."""

WITH_BODY: Final = ("POST", "PUT", "DELETE", "PATCH")
"""Methods of calls whose body may say who calls."""


def owner_call(
    context: HttpContext,
    path: str,
    handler: Handler,
    methods: Sequence[str] = ("GET",),
    right: str = "",
) -> Route:
    """Return the route of a call that only an owner may make, by a login with ``right``."""

    async def answer(request: Request) -> Response:
        caller = await context.callers.identify(request, await _form(request))
        caller.check_right(right)
        try:
            return await handler(context, caller, request)
        except StoreError:
            raise database_away() from None

    return Route(path, answer, methods=[*methods])


async def _form(request: Request) -> Mapping[str, str]:
    """Return the fields of a call's body; who calls says nothing in one that cannot be read."""
    if request.method not in WITH_BODY:
        return {}
    try:
        return await fields_of(request)
    except CallFailed:
        return {}
