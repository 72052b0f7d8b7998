"""The application that answers all calls: routes, errors, paths and headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from ovms.server.http import brokers
from ovms.server.http.answers import text_answer
from ovms.server.http.errors import CallFailed
from ovms.server.http.field import commands, cookie, data, history, tokens, vehicles

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from ovms.server.http.context import HttpContext


def make_app(context: HttpContext) -> Starlette:
    """Return the application."""
    app = Starlette(routes=_routes(context))
    app.add_exception_handler(CallFailed, _call_failed)
    app.add_exception_handler(HTTPException, _no_such_call)
    return app


def _routes(context: HttpContext) -> list[Route]:
    # Starlette tries them in this order: the calls that pollers make come first.
    modules = (data, vehicles, cookie, history, tokens, commands, brokers)
    return [route for module in modules for route in module.routes(context)]


async def _call_failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, CallFailed)
    return text_answer(str(error), error.status, error.wait)


async def _no_such_call(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code in (404, 405):
        return text_answer("Not found", 404)
    return text_answer(error.detail, error.status_code)
