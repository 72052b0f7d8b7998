"""The calls of operators: ``/healthz``, ``/readyz`` and ``/metrics``.

They are never open to strangers. The port of its own has all of them; at the ports of HTTP only
whoever knows the token gets more than that the process lives.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from hmac import compare_digest
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from ovms.server.http.answers import text_answer
from ovms.server.http.monitor.health import reasons_against

if TYPE_CHECKING:
    from starlette.requests import Request

    from ovms.server.http.monitor.exposition import Exposition
    from ovms.server.http.monitor.sources import MonitorSources

Answer = Callable[["Request"], Awaitable[Response]]

NO_STORE: Final = {"cache-control": "no-store"}


class Monitor:
    """What an operator may ask of the running server."""

    def __init__(self, sources: MonitorSources) -> None:
        self._sources = sources
        self._exposition: Exposition | None = None

    async def alive(self, request: Request) -> Response:
        """Answer that the process lives: its event loop has come to this."""
        return text_answer("ok")

    async def ready(self, request: Request) -> Response:
        """Answer whether the server can serve; if not, why not, a line each."""
        reasons = await reasons_against(self._sources)
        if reasons:
            return text_answer("\n".join(reasons.values()), 503)
        return text_answer("ready")

    async def metrics(self, request: Request) -> Response:
        """Answer with all metrics, as text or in OpenMetrics."""
        if self._exposition is None:  # the library is loaded for those who scrape
            from ovms.server.http.monitor.exposition import Exposition

            self._exposition = Exposition(self._sources)
        text, content_type = await self._exposition.make(request.headers.get("accept", ""))
        return Response(text, headers={"content-type": content_type, **NO_STORE})


def port_routes(monitor: Monitor, token: str | None) -> list[Route]:
    """Return the routes of the port of its own, of which a token protects all but health."""
    return [
        Route("/healthz", monitor.alive),
        Route("/readyz", monitor.ready),
        Route("/metrics", monitor.metrics if token is None else guarded(monitor.metrics, token)),
    ]


def http_routes(monitor: Monitor, token: str | None) -> list[Route]:
    """Return the routes at the ports of HTTP; without a token only that the process lives."""
    alive = Route("/healthz", monitor.alive)
    if token is None:
        return [alive]
    return [
        alive,
        Route("/readyz", guarded(monitor.ready, token)),
        Route("/metrics", guarded(monitor.metrics, token)),
    ]


def make_port_app(monitor: Monitor, token: str | None) -> Starlette:
    """Return the application of the port of its own: no page of another site may read it."""
    return Starlette(routes=port_routes(monitor, token))


def guarded(answer: Answer, token: str) -> Answer:
    """Return a call that only whoever says ``Authorization: Bearer TOKEN`` may make."""
    return partial(_check_token, answer=answer, token=token.encode())


async def _check_token(request: Request, answer: Answer, token: bytes) -> Response:
    scheme, _, said = request.headers.get("authorization", "").partition(" ")
    is_right = compare_digest(said.strip().encode("utf-8", "replace"), token)
    if scheme.lower() != "bearer" or not is_right:
        refusal = text_answer("The token of the metrics is missing or wrong", 401)
        refusal.headers["www-authenticate"] = 'Bearer realm="ovms"'
        return refusal
    return await answer(request)
