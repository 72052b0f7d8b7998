from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.http.v1.calls_links import SECRET

if TYPE_CHECKING:
    from tests.server.http.v1.site import ApiSite


@pytest.mark.parametrize(
    "call", ["GET /vehicles/CAR1/state", "GET /vehicles/CAR1/track.gpx", f"GET /links/{SECRET}",
             "GET /nothing", "PUT /vehicles"]
)  # fmt: skip
async def test_answers(v1: ApiSite, call: str) -> None:
    """No cache keeps an answer, and what it loads does not tell where it was."""
    headers = (await v1.call(call)).headers
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")


async def test_what_says_otherwise(v1: ApiSite) -> None:
    """The description is for everybody, and a browser may keep it for a while."""
    assert (await v1.call("GET /openapi.json")).headers["cache-control"] == "public, max-age=300"
