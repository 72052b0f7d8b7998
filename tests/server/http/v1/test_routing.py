from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


async def test_described_errors(v1: ApiSite) -> None:
    """Each call says in the description that it may fail, and with which body."""
    paths = (await v1.call("GET /openapi.json", None)).json()["paths"]
    for methods in paths.values():
        for call in methods.values():
            body = call["responses"]["503"]["content"]["application/json"]["schema"]
            assert body == {"$ref": "#/components/schemas/ErrorBody"}
            assert call["tags"]
