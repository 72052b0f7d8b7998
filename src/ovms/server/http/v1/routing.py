"""The routers of ``/api/v1``, and how the route of a call is found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from ovms.server.http.v1.errors import ErrorBody

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fastapi.routing import APIRoute
    from starlette.routing import Route
    from starlette.types import Receive, Scope, Send

PREFIX: Final = "/api/v1"

DEFAULT_ERRORS: Final = (401, 403, 404, 422, 429, 500, 503)
"""Statuses of errors that any call may have."""

OTHER_ERRORS: Final = ("4XX", "5XX")
"""Any other error has the same body."""


def operation_id(route: APIRoute) -> str:
    """Return the name of a call for programs that are made from the description."""
    return route.name


class CallRouter(APIRouter):
    """A router whose calls without an answer do not say what kind the answer is."""

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Take a call in."""
        if options.get("status_code") == 204:
            options["response_class"] = Response
        super().add_api_route(path, endpoint, **options)


def make_router(tag: str) -> APIRouter:
    """Return a router for calls that are described under ``tag``."""
    errors: dict[int | str, dict[str, Any]] = {
        each: {"model": ErrorBody} for each in (*DEFAULT_ERRORS, *OTHER_ERRORS)
    }
    return CallRouter(
        prefix=PREFIX,
        tags=[tag],
        responses=errors,
        generate_unique_id_function=operation_id,
    )


class CallIndex(BaseRoute):
    """Finds the route of a call by two words of its path, then by its pattern.

    FastAPI would try each router and each route of it in turn, twice, which is 0.4 of a call.
    The words are the one behind the prefix, and the one behind what it is about:
    ``/api/v1/vehicles/CAR1/state`` is looked for among the routes of vehicles that end in
    ``state``, and among those with any other word there.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = [*routes]
        placed = [(each, _place(each.path)) for each in self.routes]
        self._found = {
            (first, second): [
                route for route, words in placed if words in ((first, second), (first, None))
            ]
            for _, (first, second) in placed
        }

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Take every call: what has no route is refused."""
        return Match.FULL, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have a call answered by its route."""
        await self.find(scope).handle(scope, receive, send)

    def find(self, scope: Scope) -> Route:
        """Return a call's route, and note it in the scope.

        Raises :class:`starlette.exceptions.HTTPException` (404, or 405 with the methods that the
        path has).
        """
        first, second = _words(scope["path"])
        found = self._found.get((first, second)) or self._found.get((first, None), [])
        allowed: set[str] = set()
        for route in found:
            match, parts = route.matches(scope)
            if match is Match.FULL:
                scope.update(parts, route=route)
                return route
            if match is Match.PARTIAL:
                allowed |= route.methods or set()
                scope.setdefault("route", route)
        if allowed:
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(allowed))})
        raise HTTPException(404)


def _words(path: str) -> tuple[str, str]:
    """Return the words by which a path is found; they are empty where it has too few."""
    words = [*path.split("/", 6), *[""] * 6]
    return words[3], words[5]


def _place(pattern: str) -> tuple[str, str | None]:
    """Return the words of the paths that a pattern matches; ``None`` is any."""
    first, second = _words(pattern)
    return first, None if second.startswith("{") else second
