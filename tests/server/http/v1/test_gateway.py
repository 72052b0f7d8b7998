from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ovms.server.http.v1.gateway import ApiGateway

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


@pytest.mark.parametrize(
    ("path", "is_ours"),
    [("/api/v1", True), ("/api/v1/vehicles", True), ("/docs", True), ("/docs/x", True),
     ("/api/v10", False), ("/api/vehicles", False), ("/docsx", False), ("/", False)],
)  # fmt: skip
def test_paths(path: str, is_ours: bool) -> None:
    """Calls of /api/v1 and its description are passed on, and no others."""
    assert ApiGateway.takes(path) == is_ours


async def test_calls_are_counted(v1: ApiSite) -> None:
    """Calls are counted by their template and status."""
    await v1.call("GET /vehicles/CAR1")
    await v1.call("GET /vehicles/NONE")
    counts = v1.context.requests.done
    template = "/api/v1/vehicles/{vehicle_id}"
    assert counts["GET", template, 200] == counts["GET", template, 404] == 1


async def test_a_page_has_it_built(v1: ApiSite) -> None:
    """Whoever asks for a page calls it in a moment; asked twice it is built once."""
    gateway = ApiGateway(v1.context)
    assert not gateway.is_built
    gateway.prepare()
    gateway.prepare()
    first = await gateway.ready()
    assert gateway.is_built
    assert await gateway.ready() is first


@pytest.mark.parametrize(
    ("call", "cache"),
    [("GET /vehicles", "no-store"), ("GET /nothing", "no-store"),
     ("GET /openapi.json", "public, max-age=300"), ("DELETE /account/sessions", "no-store")],
)  # fmt: skip
async def test_headers(v1: ApiSite, call: str, cache: str) -> None:
    """No answer is taken for a page, and none that is private stays in a cache."""
    headers = (await v1.call(call)).headers
    assert headers.get_list("cache-control") == [cache]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"


def test_lazily() -> None:
    """The server of those who never call it imports neither FastAPI nor pydantic's models."""
    code = "import ovms.server.http.app, sys; print('fastapi' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
