from __future__ import annotations

from inspect import isasyncgenfunction, iscoroutinefunction
from typing import TYPE_CHECKING

from fastapi.routing import APIRoute

from ovms.server.http.v1.app import MODULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi.dependencies.models import Dependant

    from tests.server.http.v1.site import ApiSite


async def test_described_errors(v1: ApiSite) -> None:
    """Each call says in the description that it may fail, and with which body."""
    paths = (await v1.call("GET /openapi.json", None)).json()["paths"]
    for methods in paths.values():
        for call in methods.values():
            body = call["responses"]["503"]["content"]["application/json"]["schema"]
            assert body == {"$ref": "#/components/schemas/ErrorBody"}
            assert call["tags"]


def _needed(dependant: Dependant) -> Iterator[Callable[..., object]]:
    """Yield all that a route calls before its answer, and what gives the answer."""
    if dependant.call is not None:
        yield dependant.call
    for each in dependant.dependencies:
        yield from _needed(each)


def test_nothing_runs_in_threads() -> None:
    """All that answers is async: FastAPI has a thread run the rest, which takes half a call."""
    needed = [
        call
        for module in MODULES
        for route in module.router.routes
        if isinstance(route, APIRoute)
        for call in _needed(route.dependant)
    ]
    assert len(needed) > 100
    named = {getattr(each, "__qualname__", type(each).__name__): each for each in needed}
    is_async = (iscoroutinefunction, isasyncgenfunction)
    in_threads = [
        name
        for name, each in named.items()
        if not any(test(each) or test(type(each).__call__) for test in is_async)
    ]
    assert in_threads == []
