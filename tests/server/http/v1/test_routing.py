from __future__ import annotations

from inspect import isasyncgenfunction, iscoroutinefunction
from typing import TYPE_CHECKING

from fastapi.routing import APIRoute
from starlette.responses import Response

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


async def test_methods_of_a_path(v1: ApiSite) -> None:
    """A path that has no such method says which it has; two patterns may match it."""
    asked = {
        "POST /vehicles/CAR1/state": "GET",
        "PUT /vehicles": "GET, POST",
        "HEAD /vehicles": "GET, POST",
        "PUT /admin/owners/bob/reset": "DELETE, GET, PATCH, POST",
        "PATCH /vehicles/{a:path}/state": "GET",
    }
    for call, allowed in asked.items():
        answer = await v1.call(call)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed), call
        if not call.startswith("HEAD"):
            assert answer.json()["error"]["code"] == "method_not_allowed"


async def test_paths_without_a_call(v1: ApiSite) -> None:
    """Another path has the one error body, whatever words are in it."""
    for path in (
        "/",
        "/none",
        "/vehicles/CAR1/none",
        "/vehicles/CAR1/state/x",
        "/account/tokens/1/2",
    ):
        answer = await v1.call(f"GET {path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found"), path


async def test_odd_words_in_paths(v1: ApiSite) -> None:
    """What stands for a vehicle reaches its call, slashes and line ends that are none as well."""
    for path in ("/vehicles/{a:path}/state", "/vehicles/%0A/state", "/vehicles/state/state"):
        answer = await v1.call(f"GET {path}")
        assert answer.json()["error"]["code"] == "no_vehicle", path
    assert (await v1.call("GET /vehicles/CAR1/")).json()["id"] == "CAR1"


def test_no_kind_of_no_answer() -> None:
    """An answer without a body says of no call what kind the body is."""
    empty = [
        route
        for module in MODULES
        for route in module.router.routes
        if isinstance(route, APIRoute) and route.status_code == 204
    ]
    assert len(empty) > 10
    assert {route.response_class for route in empty} == {Response}
