from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def test_description(v1: ApiSite) -> None:
    """The API is described for programs and for people, without a log-in."""
    answer = await v1.call("GET /openapi.json", None)
    assert answer.json()["info"]["title"] == "OVMS"
    assert "/api/v1/vehicles" in answer.json()["paths"]
    assert (await v1.http.client.get("/docs")).status_code == 200


async def test_other_pages(v1: ApiSite) -> None:
    """Scripts of other pages may call with a token; no cookie goes along."""
    answer = await v1.call("GET /vehicles", headers={"origin": "https://else.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
