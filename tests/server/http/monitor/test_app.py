from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.applications import Starlette

from ovms.server.http.monitor.app import Monitor, http_routes, port_routes
from tests.server.http.monitor.scrapes import Scraped

if TYPE_CHECKING:
    from starlette.routing import Route

    from ovms.server.http.monitor.sources import MonitorSources
    from tests.server.http.monitor.sites import FakeParts

TOKEN = "a-long-token"
RIGHT = {"authorization": f"Bearer {TOKEN}"}


async def get(
    routes: list[Route], path: str, headers: dict[str, str] | None = None
) -> httpx.Response:
    """Call a route."""
    transport = httpx.ASGITransport(Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
        return await client.get(path, headers=httpx.Headers(headers, encoding="latin-1"))


async def test_a_port_of_its_own(sources: MonitorSources) -> None:
    """Without a token all is open there: only the machine itself can call."""
    routes = port_routes(Monitor(sources), None)
    assert (await get(routes, "/healthz")).text == "ok\n"
    ready = await get(routes, "/readyz")
    assert (ready.status_code, ready.text) == (200, "ready\n")
    metrics = await get(routes, "/metrics")
    assert Scraped(metrics.text).value("ovms_ready") == 1
    assert metrics.headers["cache-control"] == "no-store"


async def test_a_port_of_its_own_with_a_token(sources: MonitorSources) -> None:
    """The metrics need the token there, too; health does not, for those who watch over it."""
    routes = port_routes(Monitor(sources), TOKEN)
    assert (await get(routes, "/healthz")).status_code == 200
    assert (await get(routes, "/readyz")).status_code == 200
    assert (await get(routes, "/metrics")).status_code == 401
    assert (await get(routes, "/metrics", RIGHT)).status_code == 200


async def test_why_it_is_not_ready(sources: MonitorSources, parts: FakeParts) -> None:
    """A server that cannot serve says so with 503, and why; it still lives."""
    parts.is_stopping = True
    routes = port_routes(Monitor(sources), None)
    answer = await get(routes, "/readyz")
    assert (answer.status_code, answer.text) == (503, "The server is stopping.\n")
    assert (await get(routes, "/healthz")).status_code == 200


async def test_strangers_learn_only_that_it_lives(sources: MonitorSources) -> None:
    """At the ports of HTTP nothing else is there without a token in the settings."""
    routes = http_routes(Monitor(sources), None)
    answer = await get(routes, "/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")
    for path in ("/readyz", "/metrics", "/status"):
        assert (await get(routes, path, RIGHT)).status_code == 404


SAID = {
    None: 401,
    "": 401,
    "Bearer": 401,
    "Bearer ": 401,
    f"Basic {TOKEN}": 401,
    TOKEN: 401,
    "Bearer a-long-toke": 401,
    "Bearer a-long-tokenx": 401,
    "Bearer \xe4-long-token": 401,
    f"Bearer {TOKEN}": 200,
    f"bearer  {TOKEN} ": 200,
}
"""What a caller says, and the answer."""


@pytest.mark.parametrize("path", ["/readyz", "/metrics"])
async def test_the_token(sources: MonitorSources, path: str) -> None:
    """Whoever does not say exactly the token is refused, and told how to say it."""
    routes = http_routes(Monitor(sources), TOKEN)
    for said, status in SAID.items():
        headers = {} if said is None else {"authorization": said}
        answer = await get(routes, path, headers)
        assert answer.status_code == status, said
        assert ("www-authenticate" in answer.headers) is (status == 401)
